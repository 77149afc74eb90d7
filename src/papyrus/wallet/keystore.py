"""A wallet's keys in files.

Secrets can be had only while the store is unlocked, for a time or until it is locked again;
addresses can always be. While it is unlocked the process holds the wallet's key, and each secret
for no longer than it is used. What other processes change in the folder is seen at once, for
nothing of it is remembered.
"""

import time
from collections.abc import Callable
from pathlib import Path

from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.storage.files import clear_stale_parts
from papyrus.storage.private_files import move_durably, read_private, write_private
from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.errors import (
    DamagedWallet,
    KeyExists,
    UnknownAddress,
    WalletError,
    WalletLocked,
)
from papyrus.wallet.folder import (
    KEYS,
    SUFFIX,
    TRASH,
    UNENCRYPTED_SUFFIX,
    WalletKey,
    change_password,
    changing,
    check_folder,
    mend,
    read_head,
    set_password,
    wallet_key,
)
from papyrus.wallet.key_files import (
    MAX_FILE_SIZE,
    Head,
    decode_record,
    encode_record,
    new_record,
    open_record,
)
from papyrus.wallet.keys import Key

_DEFAULT = "default"


class FileKeystore:
    """Keys in a folder, locked with a password unless its names say that they are not."""

    @property
    def files(self) -> "FileKeystore":
        """The keys that lie in files: all of them."""
        return self

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Open a wallet's folder, locked; LocalFault where there is none, or others can look in.

        The clock's seconds decide when an unlocking ends.
        """
        check_folder(folder)
        read_head(folder)
        for name in (KEYS, TRASH):
            clear_stale_parts(folder / name)
        self.folder = folder
        self._clock = clock
        self._wallet = b""
        self._key = bytearray()
        self._until: float | None = None

    @property
    def encrypted(self) -> bool:
        """Whether a password protects the secrets."""
        return read_head(self.folder).encrypted

    @property
    def is_unlocked(self) -> bool:
        """Whether secrets can be had; the key is wiped once the time is over."""
        if self._key and self._until is not None and self._clock() >= self._until:
            self.lock()
        return bool(self._key) or not self.encrypted

    def unlock(self, password: str, seconds: float | None = None) -> None:
        """Let secrets be had for so many seconds, or until `lock`; WrongPassword.

        Takes half a second. Where that is too long, call `wallet_key` elsewhere and then
        `unlock_with`.
        """
        if self.encrypted:
            self.unlock_with(wallet_key(self.folder, password), seconds)

    def unlock_with(self, key: WalletKey, seconds: float | None = None) -> None:
        """Let secrets be had with the wallet's key, for so many seconds or until `lock`."""
        if seconds is not None and not seconds > 0:
            raise WalletError("a wallet is unlocked for a number of seconds above zero")
        self.lock()
        mend(self.folder, key)
        self._wallet = key.wallet
        self._key[:] = key.secret
        self._until = None if seconds is None else self._clock() + seconds

    def lock(self) -> None:
        """Let no secret be had, and wipe the wallet's key."""
        self._key[:] = bytes(len(self._key))
        del self._key[:]
        self._until = None

    def change_password(self, old: str, new: str, cost: ScryptCost | None = None) -> None:
        """Make another password open the wallet, or set its first one (`old` is then not used).

        WrongPassword where the old one is not the wallet's. The store is locked afterwards.
        """
        if self.encrypted:
            change_password(self.folder, old, new, cost)
        else:
            set_password(self.folder, new, cost)
        self.lock()

    def addresses(self) -> list[Address]:
        """Return the addresses whose keys are here, sorted by their text."""
        return sorted(self._listed(KEYS), key=str)

    def has(self, address: Address) -> bool:
        """Return whether the key of an address is here."""
        return self._path(address) is not None

    def read(self, address: Address) -> Key:
        """Return the key of an address; UnknownAddress, WalletLocked or DamagedWallet."""
        path = self._path(address)
        data = None if path is None else read_private(path, MAX_FILE_SIZE)
        if path is None or data is None:
            raise UnknownAddress(address)
        head = read_head(self.folder)
        key = self._unlocked_key(head)
        record = decode_record(data, path)
        if record.wallet != head.wallet:
            raise DamagedWallet(path, "it is of another wallet")
        if record.address != address:
            raise DamagedWallet(path, sentence("it is the file of {}", record.address))
        return open_record(record, key, path)

    def add(self, key: Key) -> None:
        """Keep a key, durably; KeyExists, WalletLocked."""
        with changing(self.folder):
            head = read_head(self.folder)
            own = self._unlocked_key(head)
            if self.has(key.address):
                raise KeyExists(key.address)
            record = new_record(head.wallet, key, own)
            suffix = SUFFIX if head.encrypted else UNENCRYPTED_SUFFIX
            path = self.folder / KEYS / f"{key.address.to_string()}{suffix}"
            write_private(path, encode_record(record))

    def remove(self, address: Address) -> bool:
        """Put a key into the trash, and return whether there was one."""
        with changing(self.folder):
            path = self._path(address)
            if path is None:
                return False
            name = address.to_string()
            suffix = path.name.removeprefix(name)
            target, number = self.folder / TRASH / path.name, 0
            while target.exists():
                number += 1
                target = self.folder / TRASH / f"{name}-{number}{suffix}"
            move_durably(path, target)
            if self.chosen_default() == address:
                write_private(self.folder / _DEFAULT, b"")
        return True

    def removed(self) -> list[Address]:
        """Return the addresses whose keys are in the trash."""
        return sorted(self._listed(TRASH), key=str)

    def restore(self, address: Address) -> None:
        """Take a key out of the trash; UnknownAddress, KeyExists."""
        with changing(self.folder):
            path = self._listed(TRASH).get(address)
            if path is None:
                raise UnknownAddress(address)
            if self.has(address):
                raise KeyExists(address)
            plain = path.name.endswith(UNENCRYPTED_SUFFIX)
            suffix = UNENCRYPTED_SUFFIX if plain else SUFFIX
            move_durably(path, self.folder / KEYS / f"{address.to_string()}{suffix}")

    def default(self) -> Address | None:
        """Return the address that is used where none is named, if its key is here."""
        address = self.chosen_default()
        return address if address is not None and self.has(address) else None

    def chosen_default(self) -> Address | None:
        """Return the address that was chosen for that, whether or not its key is here."""
        path = self.folder / _DEFAULT
        data = read_private(path, MAX_FILE_SIZE)
        if not data:
            return None
        try:
            return Address.from_string(data.decode("ascii", "replace").strip())
        except DecodeError as error:
            raise WalletError(
                f"{path} is damaged: {error}; run `papyrus wallet set-default ADDRESS`"
            ) from error

    def set_default(self, address: Address | None) -> None:
        """Have an address, or none, used where none is named."""
        text = "" if address is None else f"{address.to_string()}\n"
        with changing(self.folder):
            write_private(self.folder / _DEFAULT, text.encode("ascii"))

    def problems(self) -> list[str]:
        """Return what is wrong with the files of keys; with secrets if the store is unlocked."""
        found = []
        for place in (KEYS, TRASH):
            for path in sorted((self.folder / place).glob(f"*{SUFFIX}")):
                try:
                    record = decode_record(read_private(path, MAX_FILE_SIZE) or b"", path)
                    if self.is_unlocked:
                        open_record(record, self._key or None, path)
                except LocalFault as fault:
                    found.append(str(fault))
        return found

    def _unlocked_key(self, head: Head) -> bytearray | None:
        """Return the wallet's key, None where it has none; WalletLocked."""
        if not head.encrypted:
            return None
        # What lies in the folder may have become another wallet since it was unlocked.
        if not self.is_unlocked or self._wallet != head.wallet:
            raise WalletLocked
        return self._key

    def _path(self, address: Address) -> Path | None:
        for suffix in (SUFFIX, UNENCRYPTED_SUFFIX):
            path = self.folder / KEYS / f"{address.to_string()}{suffix}"
            if path.exists():
                return path
        return None

    def _listed(self, place: str) -> dict[Address, Path]:
        """Return the files of keys by address; in the trash there may be several of one."""
        found = {}
        for path in sorted((self.folder / place).glob(f"*{SUFFIX}")):
            name = path.name.partition(".")[0].partition("-")[0]
            try:
                found[Address.from_string(name)] = path
            except DecodeError:
                continue  # not one of ours: the names of ours are addresses
        return found
