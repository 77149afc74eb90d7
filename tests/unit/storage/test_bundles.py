import subprocess
import sys
import threading
from pathlib import Path

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.bundles import BundleInfo, BundleStore

IMPORT_FOREVER = """
import sys
from pathlib import Path
from papyrus.storage import bundle_manifests, bundles
from papyrus.storage.bundle_files import read_bundles
from papyrus.storage.bundle_manifests import PinnedBundle
from papyrus.ipld.cid import Cid

table = (PinnedBundle(90, "tiny", "v90.0.0", Cid.from_string(sys.argv[2]), superseded=False),)
bundle_manifests.PINNED_BUNDLES = bundles.PINNED_BUNDLES = table
verified = read_bundles(Path(sys.argv[3]))
print("ready", flush=True)
number = 0
while True:
    bundles.BundleStore(Path(sys.argv[1], str(number))).keep(verified)
    number += 1
"""


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "bundles")


@pytest.fixture
def car(made_up, tmp_path: Path) -> Path:
    path = tmp_path / "a.car"
    path.write_bytes(made_up.car)
    return path


def test_nothing_is_kept_at_first(made_up, store: BundleStore) -> None:
    assert store.list() == ()
    assert not store.has(90, "tiny")
    assert store.code_store().get(made_up.row.manifest) is None
    with pytest.raises(LocalFault, match=r"papyrus bundle fetch 90 --network tiny"):
        store.load(90, "tiny")


def test_imported_bundle_serves_every_version_of_its_manifest(
    made_up, store: BundleStore, car: Path
) -> None:
    infos = store.import_file(car)
    expected = tuple(
        BundleInfo(version, "tiny", "v90.0.0", made_up.row.manifest, superseded=False)
        for version in (90, 91)
    )
    assert infos == store.list() == expected
    assert store.has(90, "tiny")
    assert not store.has(92, "tiny")


def test_loaded_bundle_names_its_code(made_up, store: BundleStore, car: Path) -> None:
    store.import_file(car)
    bundle = store.load(91, "tiny")
    assert store.load_manifest(made_up.row.manifest).actors == bundle.actors
    assert list(bundle.actors) == list(made_up.code)
    assert bundle.manifest_data == made_up.entries
    assert {name: bundle.store.get(cid) for name, cid in bundle.actors.items()} == made_up.code


@pytest.mark.usefixtures("made_up")
def test_unknown_manifest_is_told(store: BundleStore) -> None:
    with pytest.raises(LocalFault, match="no bundle with the manifest"):
        store.load_manifest(Cid.of(b"\x80"))


def test_code_store_finds_all_that_is_kept(
    made_up, other_bundle, store: BundleStore, car: Path, tmp_path: Path
) -> None:
    (tmp_path / "b.car").write_bytes(other_bundle.car)
    store.import_file(car)
    store.import_file(tmp_path / "b.car")
    kept = store.code_store()
    for cid, data in (*made_up.blocks, *other_bundle.blocks):
        assert kept.get(cid) == data
        assert kept.has(cid)
    assert kept.get(Cid.of(b"unknown", RAW)) is None
    with pytest.raises(LocalFault, match="cannot be put"):
        kept.put(Cid.of(b""), b"")


@pytest.mark.usefixtures("made_up")
def test_strangers_in_the_folder_are_passed_over(store: BundleStore, car: Path) -> None:
    store.import_file(car)
    (store.folder / "code" / "x.wasm.zst").write_bytes(b"")
    (store.folder / "manifests" / "notes.cbor").write_bytes(b"")
    assert len(store.kept_cids()) == 5


def test_refused_file_leaves_nothing(made_up, archive, store: BundleStore, tmp_path: Path) -> None:
    spoilt = bytearray(made_up.car)
    spoilt[-1] ^= 1
    (tmp_path / "a.tar").write_bytes(archive({"one.car": made_up.car, "two.car": bytes(spoilt)}))
    with pytest.raises(DecodeError, match=r"two\.car is damaged"):
        store.import_file(tmp_path / "a.tar")
    assert not store.folder.exists()


@pytest.mark.parametrize("spoil", [lambda data: data[:-9], lambda _: b"", lambda data: b"x" + data])
def test_damaged_module_is_told_and_mended_by_import(
    made_up, store: BundleStore, car: Path, spoil
) -> None:
    store.import_file(car)
    module = Cid.of(made_up.code["init"], RAW)
    path = store.folder / "code" / f"{module}.wasm.zst"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(LocalFault, match=r"is damaged: delete it and import its bundle again"):
        store.code_store().get(module)
    store.import_file(car)
    assert store.code_store().get(module) == made_up.code["init"]


def test_two_importers_at_once_are_safe(made_up, store: BundleStore, car: Path) -> None:
    threads = [threading.Thread(target=store.import_file, args=(car,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = store.code_store()
    assert all(kept.get(cid) == data for cid, data in made_up.blocks)
    assert not list(store.folder.rglob("*.part"))


@pytest.mark.slow
def test_killed_import_leaves_no_half_bundle(made_up, car: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", IMPORT_FOREVER, str(tmp_path / "out")]
    command += [str(made_up.row.manifest), str(car)]
    for _ in range(3):
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        process.stdout.readline()
        while not (tmp_path / "out" / "5").exists():
            assert process.poll() is None
        process.kill()
        process.wait()
        process.stdout.close()
        for folder in (tmp_path / "out").iterdir():
            kept = BundleStore(folder)
            if kept.has(90, "tiny"):
                store = kept.code_store()
                assert all(store.get(cid) == data for cid, data in made_up.blocks)
            for cid in kept.kept_cids():
                assert kept.read_block(cid) == dict(made_up.blocks)[cid]
            folder.rename(tmp_path / f"seen-{folder.name}-{process.pid}")


def test_default_folder_is_in_papyrus_path(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    assert BundleStore().folder == tmp_path / "bundles"


@pytest.mark.bundle("v18/mainnet")
def test_official_bundle_holds_the_actors() -> None:
    store = BundleStore()
    if not store.has(18, "mainnet"):
        pytest.skip("no bundle v18/mainnet: run `papyrus bundle fetch 18`")
    bundle = store.load(18, "mainnet")
    assert len(bundle.actors) == 16
    assert all(bundle.store.get(cid)[:4] == b"\0asm" for cid in bundle.actors.values())
