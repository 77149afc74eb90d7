"""Native code comes back as it was put, or not at all."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from papyrus.primitives.errors import LocalFault
from papyrus.storage.compiled_code import CompiledCode

CODE = b"native code" * 1000


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "compiled"


@pytest.fixture
def cache(folder):
    return CompiledCode(folder)


def content(path):
    return Path(path).read_bytes()


def test_what_was_put_is_there(cache, folder):
    cache.put("a", CODE)
    cache.put("b", b"other")
    assert content(cache.get("a")) == CODE
    assert content(CompiledCode(folder).get("b")) == b"other"


def test_what_was_not_put_is_not_there(cache):
    assert cache.get("a") is None
    cache.put("a", CODE)
    assert cache.get("b") is None


def test_folder_and_files_are_private(cache, folder):
    cache.put("a", CODE)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(Path(cache.get("a")).stat().st_mode) == 0o600


@pytest.mark.parametrize("spoilt", [b"", CODE[:-1], CODE + b"x", b"N" + CODE[1:]])
def test_spoilt_file_is_removed_and_replaced(cache, folder, spoilt):
    cache.put("a", CODE)
    (path,) = folder.iterdir()
    path.write_bytes(spoilt)
    assert cache.get("a") is None
    assert list(folder.iterdir()) == []
    cache.put("a", CODE)
    assert content(cache.get("a")) == CODE


def test_folder_that_others_may_write_to_is_not_trusted(cache, folder):
    cache.put("a", CODE)
    folder.chmod(0o770)
    with pytest.raises(LocalFault, match="yours"):
        cache.get("a")
    with pytest.raises(LocalFault, match="yours"):
        cache.put("a", CODE)


def test_folder_that_cannot_be_made_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    cache = CompiledCode(tmp_path / "file" / "compiled")
    cache.put("a", CODE)
    assert cache.get("a") is None


def test_folder_is_below_papyrus_own(tmp_path, monkeypatch):
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    CompiledCode().put("a", CODE)
    assert [path.parent.name for path in tmp_path.rglob("*.cwasm")] == ["compiled"]


PUT_OFTEN = """
import sys
from pathlib import Path
from papyrus.storage.compiled_code import CompiledCode

cache, code = CompiledCode(Path(sys.argv[1])), b"native code" * 1000
for _ in range(20):
    cache.put("a", code)
    if Path(cache.get("a")).read_bytes() != code:
        sys.exit(1)
    cache.put(sys.argv[2], code)
"""


def test_processes_share_a_folder(folder):
    writers = [
        subprocess.Popen([sys.executable, "-c", PUT_OFTEN, str(folder), name]) for name in "bc"
    ]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert [path.suffix for path in folder.iterdir()] == [".cwasm"] * 3
