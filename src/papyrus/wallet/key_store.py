"""What a wallet needs of the place where its keys are, and such a place in memory."""

from collections.abc import Iterable
from typing import Protocol

from papyrus.primitives.address import Address
from papyrus.wallet.errors import KeyExists, UnknownAddress
from papyrus.wallet.keys import Key
from papyrus.wallet.keystore import FileKeystore


class KeyStore(Protocol):
    """What a wallet needs of the place where its keys are."""

    @property
    def files(self) -> FileKeystore | None:
        """Those of them that lie in files, which may be locked; None where there are none."""
        ...

    def addresses(self) -> list[Address]:
        """Return the addresses whose keys are here, sorted by their text."""
        ...

    def has(self, address: Address) -> bool:
        """Return whether the key of an address is here."""
        ...

    def read(self, address: Address) -> Key:
        """Return the key of an address; UnknownAddress, WalletLocked or DamagedWallet."""
        ...

    def add(self, key: Key) -> None:
        """Keep a key, durably; KeyExists, WalletLocked."""
        ...

    def remove(self, address: Address) -> bool:
        """Put a key into the trash, and return whether there was one."""
        ...

    def removed(self) -> list[Address]:
        """Return the addresses whose keys are in the trash."""
        ...

    def restore(self, address: Address) -> None:
        """Take a key out of the trash; UnknownAddress, KeyExists."""
        ...

    def default(self) -> Address | None:
        """Return the address that is used where none is named, if its key is here."""
        ...

    def set_default(self, address: Address | None) -> None:
        """Have an address, or none, used where none is named."""
        ...


class MemoryKeystore:
    """Keys that a process holds until it ends: those that everybody knows, or a test's."""

    files = None

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        """Begin with some keys."""
        self._keys = {key.address: key for key in keys}
        self._removed: list[Key] = []
        self._default: Address | None = None

    def addresses(self) -> list[Address]:
        """Return the addresses whose keys are here, sorted by their text."""
        return sorted(self._keys, key=str)

    def has(self, address: Address) -> bool:
        """Return whether the key of an address is here."""
        return address in self._keys

    def read(self, address: Address) -> Key:
        """Return the key of an address, or raise UnknownAddress."""
        key = self._keys.get(address)
        if key is None:
            raise UnknownAddress(address)
        return key

    def add(self, key: Key) -> None:
        """Keep a key; KeyExists where it is here."""
        if key.address in self._keys:
            raise KeyExists(key.address)
        self._keys[key.address] = key

    def remove(self, address: Address) -> bool:
        """Put a key into the trash, and return whether there was one."""
        key = self._keys.pop(address, None)
        if key is None:
            return False
        self._removed.append(key)
        if self._default == address:
            self._default = None
        return True

    def removed(self) -> list[Address]:
        """Return the addresses whose keys are in the trash."""
        return sorted({key.address for key in self._removed}, key=str)

    def restore(self, address: Address) -> None:
        """Take a key out of the trash; UnknownAddress, KeyExists."""
        for key in self._removed:
            if key.address == address:
                self.add(key)
                self._removed.remove(key)
                return
        raise UnknownAddress(address)

    def default(self) -> Address | None:
        """Return the address that is used where none is named."""
        return self._default

    def set_default(self, address: Address | None) -> None:
        """Have an address, or none, used where none is named."""
        self._default = address
