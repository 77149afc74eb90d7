"""The keys of a devnet: those that everybody knows, and those that its user has made.

The keys of the mnemonic are made again at each start and never touch the disk. Any other, made or
imported by a method or by `papyrus wallet --chain devnet`, is kept where every node keeps its own:
in `keystore` in the devnet's folder, 0600, each file replaced whole. Where there is no wallet yet,
one is made without a password, since nobody is to be asked for one here, and its files say so in
their names; one that has a password is respected, and locked until it is told.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from papyrus.devnet.options import DevnetOptions
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.wallet.errors import KeyExists, UnknownAddress
from papyrus.wallet.folder import create_unencrypted_wallet, has_wallet
from papyrus.wallet.key_store import MemoryKeystore
from papyrus.wallet.keys import Key
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.passwords import opened_keystore


def keys_beside(settings: Path, folder: Path) -> "DevnetKeystore":
    """Return the keys of the devnet that a settings file is of, those in a folder locked.

    For commands, while the devnet runs or not: what they change it sees at once. LocalFault.
    """
    try:
        found = json.loads(settings.read_text())
    except (OSError, ValueError) as error:
        raise LocalFault(f"{settings} cannot be read: {error}") from error
    people = DevnetOptions.from_settings(found).people()
    return DevnetKeystore(people.keys, folder, unlock=False)


class DevnetKeystore:
    """Known keys in memory, in front of those in a folder."""

    def __init__(
        self,
        known: Iterable[Key],
        folder: Path,
        unlock_seconds: float | None = None,
        *,
        unlock: bool = True,
    ) -> None:
        """Hold the known keys, the first one's address the default; open the folder if it is there.

        It is unlocked with the environment's password unless that is not wanted. LocalFault where
        others can look into it, or the password is wrong.
        """
        listed = list(known)
        self._known = MemoryKeystore(listed)
        self._known.set_default(listed[0].address if listed else None)
        self._folder = folder
        is_opened = unlock and has_wallet(folder)
        self._files = opened_keystore(folder, unlock_seconds) if is_opened else None

    @property
    def files(self) -> FileKeystore | None:
        """The keys in the folder; a command may have made it since the start."""
        if self._files is None and has_wallet(self._folder):
            self._files = FileKeystore(self._folder)
        return self._files

    def addresses(self) -> list[Address]:
        """Return the addresses whose keys are here, sorted by their text."""
        kept = () if self.files is None else self.files.addresses()
        return sorted({*self._known.addresses(), *kept}, key=str)

    def has(self, address: Address) -> bool:
        """Return whether the key of an address is here."""
        return self._known.has(address) or (self.files is not None and self.files.has(address))

    def read(self, address: Address) -> Key:
        """Return the key of an address; UnknownAddress, WalletLocked or DamagedWallet."""
        if self.files is None or self._known.has(address):
            return self._known.read(address)
        return self.files.read(address)

    def add(self, key: Key) -> None:
        """Keep a key, durably; KeyExists, WalletLocked."""
        if self._known.has(key.address):
            raise KeyExists(key.address)
        self._made_files().add(key)

    def remove(self, address: Address) -> bool:
        """Put a key into the trash, and return whether there was one; a known one comes back."""
        if self._known.remove(address):
            return True
        return self.files is not None and self.files.remove(address)

    def removed(self) -> list[Address]:
        """Return the addresses whose keys are in the trash."""
        kept = () if self.files is None else self.files.removed()
        return sorted({*self._known.removed(), *kept}, key=str)

    def restore(self, address: Address) -> None:
        """Take a key out of the trash; UnknownAddress, KeyExists."""
        try:
            self._known.restore(address)
        except UnknownAddress:
            if self.files is None:
                raise
            self.files.restore(address)

    def default(self) -> Address | None:
        """Return the address that was chosen to be used, or else the first of those known."""
        chosen = None if self.files is None else self.files.chosen_default()
        return chosen if chosen is not None and self.has(chosen) else self._known.default()

    def set_default(self, address: Address | None) -> None:
        """Have an address used where none is named, or the first of those known."""
        self._made_files().set_default(address)

    def _made_files(self) -> FileKeystore:
        """Return the keys in the folder, which is made a wallet if it is none."""
        if self.files is None:
            create_unencrypted_wallet(self._folder)
        return self.files or FileKeystore(self._folder)
