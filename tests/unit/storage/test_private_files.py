import os
import stat
from pathlib import Path

import pytest

from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import atomic_writer
from papyrus.storage.private_files import (
    check_private_folder,
    make_private_folder,
    move_durably,
    read_private,
    write_private,
)

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def generous_umask():
    """Let nothing but the code under test keep others out."""
    before = os.umask(0)
    yield
    os.umask(before)


@posix
def test_private_file_is_never_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with atomic_writer(path, private=True) as file:
        file.write(b"secret")
        (part,) = tmp_path.iterdir()
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_private(path, 6) == b"secret"


def test_private_file_takes_the_place_of_another(tmp_path: Path) -> None:
    write_private(tmp_path / "file", b"old")
    write_private(tmp_path / "file", b"new")
    assert read_private(tmp_path / "file", 3) == b"new"
    assert read_private(tmp_path / "absent", 3) is None


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    write_private(path, b"secret")
    path.chmod(mode)
    with pytest.raises(LocalFault, match=rf"mode {mode:o}.*run `chmod 600 "):
        read_private(path, 6)


@posix
def test_folder_that_others_may_use_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "secrets"
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    make_private_folder(folder)
    folder.chmod(0o750)
    for look in (make_private_folder, check_private_folder):
        with pytest.raises(LocalFault, match=r"mode 750.*run `chmod 700 "):
            look(folder)
    with pytest.raises(LocalFault, match="cannot look into"):
        check_private_folder(tmp_path / "absent")


def test_file_too_large_or_no_file_at_all_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "file", b"secret")
    with pytest.raises(LocalFault, match="larger than the 5 bytes"):
        read_private(tmp_path / "file", 5)
    with pytest.raises(LocalFault, match="cannot read"):
        read_private(tmp_path / "file" / "below", 5)
    with pytest.raises(LocalFault, match="cannot make"):
        make_private_folder(tmp_path / "file" / "below")


def test_moved_file_is_at_its_new_place_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "file", b"secret")
    make_private_folder(tmp_path / "away")
    move_durably(tmp_path / "file", tmp_path / "away" / "file")
    assert read_private(tmp_path / "away" / "file", 6) == b"secret"
    assert not (tmp_path / "file").exists()
    with pytest.raises(LocalFault, match="cannot move"):
        move_durably(tmp_path / "file", tmp_path / "away" / "file")
