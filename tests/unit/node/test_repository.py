"""One node in a folder: real processes, of which one comes second or is killed."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from papyrus.node.api_info import announced, environment_line
from papyrus.node.listen_address import ListenAddress
from papyrus.node.repository import open_repository
from papyrus.primitives.errors import LocalFault

HOLD = """
import sys
from pathlib import Path
from papyrus.node.repository import open_repository
from papyrus.primitives.errors import LocalFault
try:
    with open_repository(Path(sys.argv[1]), sys.argv[2]):
        print("held", flush=True)
        sys.stdin.read()
except LocalFault as fault:
    print(fault)
"""


@contextmanager
def process(home: Path, network: str = "devnet") -> Iterator[tuple[subprocess.Popen, str]]:
    """Give a process that opens a folder until its input ends, and what it said of that."""
    command = [sys.executable, "-c", HOLD, str(home), network]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as found:
        try:
            yield found, found.stdout.readline().strip()
        finally:
            found.kill()


def test_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    with open_repository(tmp_path / "home", "devnet") as repository:
        assert repository.folder == tmp_path / "home" / "devnet"
        assert repository.folder.stat().st_mode & 0o777 == 0o700
        assert repository.lock_file.read_text() == f"{os.getpid()}\n"
        assert repository.lock_file.stat().st_mode & 0o777 == 0o600
        names = {
            path.name: path.parent
            for path in (
                repository.config_file, repository.datastore, repository.keystore,
                repository.token_file, repository.secret_file, repository.api_file,
            )
        }  # fmt: skip
        assert set(names) == {
            "config.toml", "datastore", "keystore", "token", "jwt-secret", "api",
        }  # fmt: skip
        assert set(names.values()) == {repository.folder}
    assert repository.lock_file.read_text() == ""


def test_second_node_in_a_folder_is_told_of_the_first(tmp_path: Path) -> None:
    with process(tmp_path) as (first, said):
        assert said == "held"
        with process(tmp_path) as (_, refused):
            assert refused == (
                f"a node runs in {tmp_path / 'devnet'} already, process {first.pid}: stop it, or "
                "set PAPYRUS_PATH to another folder"
            )
        with pytest.raises(LocalFault, match=f"process {first.pid}: "):
            open_repository(tmp_path, "devnet").__enter__()
        with process(tmp_path, "calibnet") as (_, other):
            assert other == "held"
    with process(tmp_path) as (_, again):
        assert again == "held"


def test_same_process_cannot_open_a_folder_twice(tmp_path: Path) -> None:
    with (
        open_repository(tmp_path, "devnet"),
        pytest.raises(LocalFault, match=f"process {os.getpid()}: "),
        open_repository(tmp_path, "devnet"),
    ):
        pass


def test_lock_of_a_killed_node_holds_up_nobody(tmp_path: Path) -> None:
    with process(tmp_path) as (first, said):
        assert said == "held"
        first.kill()
        first.wait()
        lock = tmp_path / "devnet" / "repo.lock"
        assert lock.read_text() == f"{first.pid}\n"
        with open_repository(tmp_path, "devnet"):
            assert lock.read_text() == f"{os.getpid()}\n"


def test_process_that_is_no_node_keeps_no_lock(tmp_path: Path) -> None:
    """What a node starts, its workers among it, does not inherit the lock."""
    with open_repository(tmp_path, "devnet"):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with open_repository(tmp_path, "devnet"):
        assert child.poll() is None
    child.communicate(b"\n")


def test_folder_that_others_can_look_into_is_refused(tmp_path: Path) -> None:
    (tmp_path / "devnet").mkdir(0o755)
    with (
        pytest.raises(LocalFault, match=f"chmod 700 {tmp_path / 'devnet'}"),
        open_repository(tmp_path, "devnet"),
    ):
        pass


def test_file_in_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "devnet").write_text("")
    with pytest.raises(LocalFault, match="devnet"), open_repository(tmp_path, "devnet"):
        pass


@contextmanager
def as_nobody() -> Iterator[Path]:
    """Give a folder of someone without any rights, and be that one."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid():
            yield Path(folder)
            return
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_folder_that_cannot_be_written_to_is_told() -> None:
    with as_nobody() as home:
        folder = home / "devnet"
        folder.mkdir(0o500)
        with (
            pytest.raises(
                LocalFault, match=r"devnet cannot be written to: Permission denied; set "
            ),
            open_repository(home, "devnet"),
        ):
            pass
        folder.chmod(0o700)
        home.chmod(0o500)
        with (
            pytest.raises(LocalFault, match=r"cannot make .*calibnet: Permission denied"),
            open_repository(home, "calibnet"),
        ):
            pass
        home.chmod(0o700)


def test_disk_without_room_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(LocalFault, match=r"MiB left, and a node needs 1099511627776 MiB to start: "),
        open_repository(tmp_path, "devnet", least_free=1 << 60),
    ):
        pass


def test_full_disk_is_told(tmp_path: Path) -> None:
    """A limit on the length of files stands for a disk that takes no more."""
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n" + HOLD
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), "devnet"],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.stdout.startswith(f"the disk of {tmp_path / 'devnet'} is full: make room (")


def test_interface_is_announced_while_it_listens(tmp_path: Path) -> None:
    with open_repository(tmp_path, "devnet") as repository:
        repository.api_file.write_text("what a killed node left")
        with announced(repository, ListenAddress("0.0.0.0", 41_234)):  # noqa: S104 - nothing is bound
            assert repository.api_file.read_text() == "/ip4/127.0.0.1/tcp/41234/http"
        assert not repository.api_file.exists()
        with announced(repository, ListenAddress("::1", 1)):
            repository.api_file.unlink()


def test_line_for_clients_is_that_of_lotus() -> None:
    address = ListenAddress("127.0.0.1", 1234)
    assert environment_line(address, "abc") == "abc:/ip4/127.0.0.1/tcp/1234/http"
    assert environment_line(address, "") == "/ip4/127.0.0.1/tcp/1234/http"
