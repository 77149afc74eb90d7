import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.files import atomic_writer, clear_stale_parts, locked_file, write_atomic
from papyrus.storage.home import home


def test_file_appears_whole(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    with atomic_writer(path) as file:
        file.write(b"half")
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"
    assert os.listdir(path.parent) == ["file"]  # noqa: PTH208 - hidden files too


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def interrupted() -> None:
        with atomic_writer(path) as file:
            file.write(b"new")
            raise DecodeError("the source is damaged")

    with pytest.raises(DecodeError):
        interrupted()
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LocalFault, match="cannot write"):
        write_atomic(tmp_path / "file" / "below", b"")


def test_only_stale_parts_are_cleared(tmp_path: Path) -> None:
    for name, age in ((".a.1-x.part", 7200), (".b.1-x.part", 0), ("c.part", 7200)):
        (tmp_path / name).write_bytes(b"")
        then = time.time() - age
        os.utime(tmp_path / name, (then, then))
    clear_stale_parts(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == [".b.1-x.part", "c.part"]
    clear_stale_parts(tmp_path / "absent")


def test_lock_lets_in_one_at_a_time_and_survives_removal(tmp_path: Path) -> None:
    path = tmp_path / "file"
    inside: list[str] = []

    def second() -> None:
        with locked_file(path) as file:
            inside.append("second")
            file.write(b"x")

    with locked_file(path):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        inside.append("first")
        path.unlink()
    thread.join()
    assert inside == ["first", "second"]
    assert path.read_bytes() == b"x"


def test_home_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv("PAPYRUS_PATH")
    assert home() == Path.home() / ".papyrus"


def test_a_folder_removed_before_its_file_is_opened_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "downloads" / "file"
    open_path, removals = Path.open, [path.parent]

    def open_after_a_removal(self: Path, mode: str) -> Any:
        if removals:
            removals.pop().rmdir()
        return open_path(self, mode)

    monkeypatch.setattr(Path, "open", open_after_a_removal)
    with locked_file(path) as file:
        file.write(b"kept")
    assert removals == []
    monkeypatch.undo()
    assert path.read_bytes() == b"kept"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "downloads").write_bytes(b"a file where the folder should be")
    with (
        pytest.raises(LocalFault, match="cannot lock"),
        locked_file(tmp_path / "downloads" / "file"),
    ):
        pass
