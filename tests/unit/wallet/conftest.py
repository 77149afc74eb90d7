"""Wallets on disk whose passwords cost next to nothing to try."""

from pathlib import Path

import pytest

from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.folder import create_unencrypted_wallet, create_wallet
from papyrus.wallet.keystore import FileKeystore

PASSWORD = "correct horse"  # noqa: S105 - of tests alone


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def password() -> str:
    return PASSWORD


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cheap() -> ScryptCost:
    return ScryptCost(2, 1, 1)


@pytest.fixture
def locked(tmp_path: Path, clock: Clock, cheap: ScryptCost) -> FileKeystore:
    """Return a new store with a password, locked."""
    create_wallet(tmp_path / "wallet", PASSWORD, cheap)
    return FileKeystore(tmp_path / "wallet", clock)


@pytest.fixture
def store(locked: FileKeystore) -> FileKeystore:
    """Return a new store with a password, unlocked."""
    locked.unlock(PASSWORD)
    return locked


@pytest.fixture
def unencrypted(tmp_path: Path) -> FileKeystore:
    """Return a new store without a password."""
    create_unencrypted_wallet(tmp_path / "open")
    return FileKeystore(tmp_path / "open")
