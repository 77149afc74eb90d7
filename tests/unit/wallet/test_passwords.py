from pathlib import Path

import pytest

from papyrus.primitives.errors import LocalFault
from papyrus.storage.private_files import write_private
from papyrus.wallet.errors import WalletError
from papyrus.wallet.passwords import PASSWORD, PASSWORD_FILE, password_from_environment


def test_password_is_taken_out_of_the_environment() -> None:
    environment = {PASSWORD: "correct horse", "HOME": "/"}
    assert password_from_environment(environment) == "correct horse"
    assert environment == {"HOME": "/"}
    assert password_from_environment(environment) is None


def test_environment_of_the_process_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_FILE, raising=False)
    monkeypatch.setenv(PASSWORD, "correct horse")
    assert password_from_environment() == "correct horse"
    assert password_from_environment() is None


@pytest.mark.parametrize("content", ["correct horse", "correct horse\n", "correct horse\r\nmore"])
def test_password_is_the_first_line_of_a_file(tmp_path: Path, content: str) -> None:
    write_private(tmp_path / "password", content.encode())
    assert password_from_environment({PASSWORD_FILE: str(tmp_path / "password")}) == "correct horse"


def test_file_that_is_not_good_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    environment = {PASSWORD_FILE: str(path)}
    with pytest.raises(WalletError, match="there is no such file"):
        password_from_environment(environment)
    for data in (b"", b"\xff"):
        write_private(path, data)
        with pytest.raises(WalletError, match="whose first line is no password"):
            password_from_environment(environment)
    path.write_text("correct horse")
    path.chmod(0o644)
    with pytest.raises(LocalFault, match="chmod 600"):
        password_from_environment(environment)
    with pytest.raises(WalletError, match="unset one of them"):
        password_from_environment({**environment, PASSWORD: "x"})
