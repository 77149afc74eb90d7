import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import DecodeError
from papyrus.storage import bundle_files
from papyrus.storage.bundle_files import manifest_entries, manifest_link, read_bundles
from papyrus.storage.car_files import save_car


def test_car_is_read_whole(made_up, tmp_path: Path) -> None:
    (tmp_path / "a.car").write_bytes(made_up.car)
    heard: list[tuple[int, str]] = []
    (bundle,) = read_bundles(tmp_path / "a.car", lambda *news: heard.append(news))
    assert (bundle.manifest, bundle.entries) == (made_up.row.manifest, made_up.entries)
    unpacked = {cid: zstandard.decompress(data) for cid, data in bundle.code.items()}
    assert unpacked == {Cid.of(data, RAW): data for data in made_up.code.values()}
    assert heard == [(len(made_up.car), "a.car")]


@pytest.mark.parametrize("pack", [bytes, zstandard.compress])
def test_archive_is_read_member_by_member(
    made_up, other_bundle, archive, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    files = {"./x/one.car": made_up.car, "README": b"not a bundle", "two.car": other_bundle.car}
    (tmp_path / "a.tar").write_bytes(pack(archive(files)))
    found = [bundle.manifest for bundle in read_bundles(tmp_path / "a.tar")]
    assert found == [made_up.row.manifest, other_bundle.row.manifest]


@pytest.mark.usefixtures("made_up")
def test_unknown_manifest_is_refused(tmp_path: Path) -> None:
    code = dag_cbor.encode([["system", Cid.of(b"", RAW)]])
    manifest = dag_cbor.encode([1, Cid.of(code)])
    save_car(tmp_path / "a.car", [Cid.of(manifest)], [(Cid.of(manifest), manifest)])
    with pytest.raises(DecodeError, match="no release of builtin-actors has the manifest"):
        read_bundles(tmp_path / "a.car")


def test_two_roots_are_no_bundle(made_up, tmp_path: Path) -> None:
    save_car(tmp_path / "a.car", [made_up.row.manifest] * 2, made_up.blocks)
    with pytest.raises(DecodeError, match="2 roots, not one"):
        read_bundles(tmp_path / "a.car")


@pytest.mark.parametrize("left_out", range(5))
def test_missing_block_is_named(made_up, tmp_path: Path, left_out: int) -> None:
    blocks = [*made_up.blocks]
    cid, _ = blocks.pop(left_out)
    save_car(tmp_path / "a.car", [made_up.row.manifest], blocks)
    with pytest.raises(DecodeError, match=f"not a whole bundle: block {cid} is missing"):
        read_bundles(tmp_path / "a.car")


def test_every_truncation_is_refused(made_up, other_bundle, archive, tmp_path: Path) -> None:
    packed = archive({"one.car": made_up.car, "two.car": other_bundle.car})
    path = tmp_path / "file"
    for raw in (made_up.car, packed, zstandard.compress(packed)):
        end = len(raw.rstrip(b"\0")) if raw is packed else len(raw)
        for cut in (*range(0, end, 97), end - 1):
            path.write_bytes(raw[:cut])
            with pytest.raises(DecodeError):
                read_bundles(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_changed_bytes_are_refused_or_harmless(made_up, archive, data: st.DataObject) -> None:
    packed = archive({"one.car": made_up.car})
    raw = bytearray(data.draw(st.sampled_from([made_up.car, packed, zstandard.compress(packed)])))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(raw)
        try:
            bundles = read_bundles(path)
        except DecodeError:
            return
        assert [bundle.manifest for bundle in bundles] == [made_up.row.manifest]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda raw: raw[:1024].replace(b"one.car", b"two.car") + raw[1024:], "checksum"),
        (lambda raw: raw[:124] + b"x" + raw[125:], "where a number belongs"),
        (lambda raw: raw + b"\1" * 512 * 2000, "goes on after its end mark"),
        (lambda raw: raw[: -len(raw) + len(raw.rstrip(b"\0")) // 512 * 512 + 512], "no end mark"),
    ],
)
def test_spoilt_archive_is_refused(made_up, archive, tmp_path: Path, spoil, reason: str) -> None:
    (tmp_path / "a.tar").write_bytes(spoil(archive({"one.car": made_up.car})))
    with pytest.raises(DecodeError, match=reason):
        read_bundles(tmp_path / "a.tar")


@pytest.mark.usefixtures("made_up")
def test_archive_without_bundles_is_refused(archive, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(archive({"README": b"hello"}))
    with pytest.raises(DecodeError, match="holds no bundle"):
        read_bundles(tmp_path / "a.tar")


def test_oversized_files_are_refused(made_up, archive, monkeypatch, tmp_path: Path) -> None:
    large = {f"{number}.txt": bytes(9000) for number in range(3)}
    for raw, name, limit in (
        (made_up.car, "MAX_BUNDLE_SIZE", 100),
        (archive({"one.car": made_up.car}), "MAX_BUNDLE_SIZE", 100),
        (archive(large), "MAX_ARCHIVE_SIZE", 20_000),
        (archive(large), "MAX_MEMBERS", 2),
    ):
        (tmp_path / "a").write_bytes(raw)
        with monkeypatch.context() as limited:
            limited.setattr(bundle_files, name, limit)
            with pytest.raises(DecodeError, match="too large"):
                read_bundles(tmp_path / "a")


@pytest.mark.parametrize("block", [b"\x80", b"\x82\x01\x02", dag_cbor.encode([2, Cid.of(b"")])])
def test_malformed_manifest_is_refused(block: bytes) -> None:
    with pytest.raises(DecodeError, match="the manifest is not"):
        manifest_link(block)


@pytest.mark.parametrize(
    "value", [1, [1], [["a", 1]], [["a", Cid.of(b"")], ["a", Cid.of(b"")]], [[Cid.of(b""), "a"]]]
)
def test_malformed_list_of_actors_is_refused(value: object) -> None:
    with pytest.raises(DecodeError, match="the manifest's list of actors"):
        manifest_entries(dag_cbor.encode(value))
