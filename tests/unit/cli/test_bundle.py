import json
import subprocess
import sys
from pathlib import Path

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.storage import bundle_download, bundle_manifests, bundles
from papyrus.storage.bundle_manifests import PinnedBundle


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, car_bytes, tmp_path: Path) -> tuple[PinnedBundle, Path]:
    """Return a bundle that the table of official ones is made to list, and its file."""
    code = b"\0asm"
    entries = dag_cbor.encode([["system", Cid.of(code, RAW)]])
    manifest = dag_cbor.encode([1, Cid.of(entries)])
    blocks = [(Cid.of(manifest), manifest), (Cid.of(entries), entries), (Cid.of(code, RAW), code)]
    row = PinnedBundle(90, "tiny", "v90.0.0", Cid.of(manifest), superseded=False)
    replaced = PinnedBundle(90, "old", "v90.0.0", Cid.of(manifest), superseded=True)
    for module in (bundle_manifests, bundles, bundle_download):
        monkeypatch.setattr(module, "PINNED_BUNDLES", (row, replaced))
    path = tmp_path / "builtin-actors-tiny.car"
    path.write_bytes(car_bytes([row.manifest], blocks))
    return row, path


def test_import_keeps_and_list_shows(papyrus, tiny) -> None:
    row, path = tiny
    result = papyrus("bundle", "import", path)
    assert result.stdout == "builtin-actors-tiny.car: v90/tiny, v90/old (v90.0.0, replaced)\n"
    assert str(row.manifest) in papyrus("bundle", "list").stdout
    tiny_bundle = {
        "version": 90,
        "network": "tiny",
        "release": "v90.0.0",
        "superseded": False,
        "manifest": str(row.manifest),
    }
    old_bundle = {**tiny_bundle, "network": "old", "superseded": True}
    kept = json.loads(papyrus("bundle", "list", "--json").stdout)
    assert kept == [old_bundle, tiny_bundle]
    kept = json.loads(papyrus("bundle", "import", path, "--json").stdout)
    assert kept == [tiny_bundle, old_bundle]


def test_empty_list_says_what_to_do(papyrus) -> None:
    result = papyrus("bundle", "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "run `papyrus bundle fetch 18`" in result.stderr
    assert json.loads(papyrus("bundle", "list", "--json").stdout) == []


@pytest.mark.parametrize("content", [b"", b"hello", b"\x28\xb5\x2f\xfd", bytes(2000)])
def test_bad_file_is_refused_and_leaves_nothing(papyrus, home, tmp_path, content: bytes) -> None:
    (tmp_path / "bad.tar.zst").write_bytes(content)
    result = papyrus("bundle", "import", tmp_path / "bad.tar.zst")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("papyrus: ")
    assert not home.exists()


def test_truncated_file_is_refused(papyrus, tiny, home: Path) -> None:
    _, path = tiny
    path.write_bytes(path.read_bytes()[:-1])
    result = papyrus("bundle", "import", path)
    assert result.exit_code == 1
    assert "damaged or truncated" in result.stderr
    assert not home.exists()


def test_fetch_takes_another_page_from_option_or_environment(
    papyrus, tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, path = tiny
    folder = tmp_path / "releases" / "v90.0.0"
    folder.mkdir(parents=True)
    path.rename(folder / path.name)
    command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"]
    server = subprocess.Popen(
        command, cwd=tmp_path / "releases", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        port = server.stdout.readline().split(b"port ")[1].split()[0].decode()
        url = f"http://127.0.0.1:{port}"
        arguments = ("bundle", "fetch", "90", "-n", "tiny", "--json")
        result = papyrus(*arguments, "--base-url", url)
        assert result.stderr == ""
        found = json.loads(result.stdout)
        assert found[0]["manifest"] == str(row.manifest)
        monkeypatch.setenv("PAPYRUS_BUNDLES_URL", url)
        assert papyrus("bundle", "fetch", "v90.0.0", "-n", "tiny").stdout.startswith("v90/tiny")
        assert papyrus("bundle", "fetch", "90", "-n", "mainnet").exit_code == 1
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def test_fetch_of_what_is_not_there_is_told(papyrus) -> None:
    result = papyrus("bundle", "fetch", "18", "--base-url", "http://127.0.0.1:1")
    assert result.exit_code == 1
    assert result.stderr.startswith("papyrus: cannot download http://127.0.0.1:1/v18.0.0/")
