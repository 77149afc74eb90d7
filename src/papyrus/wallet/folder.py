"""The folder of a wallet: making one, its head, its password. `key_files` says what is in it.

Nothing here is ever half done. Each file is replaced whole, the head before its copy, and of two
good ones the head rules; whatever a killed process left undone is done at the next unlocking. Two
processes that change the same wallet wait for one another.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from papyrus.primitives.errors import LocalFault
from papyrus.storage.files import locked_file, sync_folder
from papyrus.storage.private_files import (
    check_private_folder,
    make_private_folder,
    read_private,
    write_private,
)
from papyrus.wallet.encryption import KEY_LENGTH, SALT_LENGTH, ScryptCost, check_new_password
from papyrus.wallet.errors import DamagedWallet, WalletError, WrongPassword
from papyrus.wallet.key_files import (
    MAX_FILE_SIZE,
    Head,
    decode_head,
    decode_record,
    encode_head,
    encode_record,
    new_head,
    new_record,
    open_head,
    open_record,
)

HEAD = "wallet.json"
COPY = "wallet.copy.json"
UNENCRYPTED_HEAD = "wallet.unencrypted.json"
KEYS = "keys"
TRASH = "trash"
SUFFIX = ".json"
UNENCRYPTED_SUFFIX = ".unencrypted.json"

_LOCK = "lock"
_WALLET_LENGTH = 16


@dataclass(frozen=True, slots=True)
class WalletKey:
    """What a password opens: the key of a wallet, which its secrets are locked with."""

    wallet: bytes
    """The wallet's number."""
    secret: bytes = field(repr=False)


def has_wallet(folder: Path) -> bool:
    """Return whether there is a wallet in a folder, be it a damaged one."""
    return any((folder / name).exists() for name in (HEAD, COPY, UNENCRYPTED_HEAD))


def create_wallet(folder: Path, password: str, cost: ScryptCost | None = None) -> None:
    """Make a wallet that a password protects; takes half a second.

    WalletError where there is one, or the password is too short.
    """
    check_new_password(password)
    key, salt = secrets.token_bytes(KEY_LENGTH), secrets.token_bytes(SALT_LENGTH)
    wallet = secrets.token_bytes(_WALLET_LENGTH)
    head = new_head(wallet, key, password, salt, cost or ScryptCost())
    with _new_folder(folder):
        _write_heads(folder, head)


def create_unencrypted_wallet(folder: Path) -> None:
    """Make a wallet whose secrets lie open to whoever can read the disk, as its names say.

    WalletError where there is one.
    """
    head = Head(secrets.token_bytes(_WALLET_LENGTH))
    with _new_folder(folder):
        write_private(folder / UNENCRYPTED_HEAD, encode_head(head))


def check_folder(folder: Path) -> None:
    """Raise LocalFault unless a wallet's folders are there, and are their owner's alone."""
    if not has_wallet(folder):
        raise WalletError(
            f"there is no wallet in {folder}: `papyrus wallet new` makes one, with its first key"
        )
    for each in (folder, folder / KEYS, folder / TRASH):
        check_private_folder(each)


def read_head(folder: Path) -> Head:
    """Return the head of a wallet, or where it is damaged its copy.

    DamagedWallet where neither is good; WalletError where there is no wallet.
    """
    fault: DamagedWallet | None = None
    for name in (HEAD, COPY, UNENCRYPTED_HEAD):
        data = read_private(folder / name, MAX_FILE_SIZE)
        # The unencrypted head rules only where there has never been another.
        if data is None or (fault is not None and name == UNENCRYPTED_HEAD):
            continue
        try:
            return decode_head(data, folder / name)
        except DamagedWallet as damage:
            fault = fault or damage
    if fault is not None:
        raise fault
    raise WalletError(f"there is no wallet in {folder}")


def wallet_key(folder: Path, password: str) -> WalletKey:
    """Return the key of a wallet, which its password opens; takes half a second.

    WrongPassword where it does not.
    """
    head = read_head(folder)
    return WalletKey(head.wallet, _open(head, password))


def change_password(folder: Path, old: str, new: str, cost: ScryptCost | None = None) -> None:
    """Make another password open a wallet; the old one opens it no more. Takes a second.

    The keys stay locked as they are: who had the old password and a copy of the folder's old
    head can still open them. WrongPassword where the old one is not the wallet's.
    """
    check_new_password(new)
    head = read_head(folder)
    if not head.encrypted:
        raise WalletError("the wallet has no password yet: set one")
    key = _open(head, old)
    salt = secrets.token_bytes(SALT_LENGTH)
    changed = new_head(head.wallet, key, new, salt, cost or ScryptCost())
    with changing(folder):
        if read_head(folder) != head:
            raise WalletError("the password was changed by someone else meanwhile: try again")
        _write_heads(folder, changed)


def set_password(folder: Path, password: str, cost: ScryptCost | None = None) -> None:
    """Lock all keys of a wallet that had no password with one; takes half a second.

    What lay open before may still be found on the disk, where drives keep what is deleted.
    """
    check_new_password(password)
    head = read_head(folder)
    if head.encrypted:
        raise WalletError("the wallet has a password: change it")
    key, salt = secrets.token_bytes(KEY_LENGTH), secrets.token_bytes(SALT_LENGTH)
    changed = new_head(head.wallet, key, password, salt, cost or ScryptCost())
    with changing(folder):
        if read_head(folder) != head:
            raise WalletError("the wallet was changed by someone else meanwhile: try again")
        _write_heads(folder, changed)
        _lock_what_lies_open(folder, key)


def mend(folder: Path, key: WalletKey) -> None:
    """Do what a killed process left undone: a head and a copy that differ, keys that lie open."""
    with changing(folder):
        head = read_head(folder)
        if head.encrypted and head.wallet == key.wallet:
            _write_heads(folder, head)
            _lock_what_lies_open(folder, key.secret)


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Keep other processes from changing a wallet until the block ends."""
    with locked_file(folder / _LOCK):
        yield


@contextmanager
def _new_folder(folder: Path) -> Iterator[None]:
    """Make the folders of a wallet, and let the block make its head."""
    make_private_folder(folder)
    with changing(folder):
        if has_wallet(folder):
            raise WalletError(f"there is a wallet in {folder} already")
        for name in (KEYS, TRASH):
            make_private_folder(folder / name)
            if any((folder / name).glob(f"*{SUFFIX}")):
                raise WalletError(
                    f"there are keys in {folder / name} whose wallet is not there: put back its "
                    f"{HEAD} from a backup, or move them away"
                )
        yield


def _write_heads(folder: Path, head: Head) -> None:
    data = encode_head(head)
    for name in (HEAD, COPY):
        if read_private(folder / name, MAX_FILE_SIZE) != data:
            write_private(folder / name, data)


def _open(head: Head, password: str) -> bytes:
    key = open_head(head, password)
    if key is None:
        raise WrongPassword
    return key


def _lock_what_lies_open(folder: Path, key: bytes) -> None:
    for place in (folder / KEYS, folder / TRASH):
        for path in sorted(place.glob(f"*{UNENCRYPTED_SUFFIX}")):
            data = read_private(path, MAX_FILE_SIZE)
            if data is None:
                continue
            record = decode_record(data, path)
            locked = new_record(record.wallet, open_record(record, None, path), key)
            name = path.name.removesuffix(UNENCRYPTED_SUFFIX) + SUFFIX
            write_private(path.with_name(name), encode_record(locked))
            _remove(path)
    if (folder / UNENCRYPTED_HEAD).exists():
        _remove(folder / UNENCRYPTED_HEAD)


def _remove(path: Path) -> None:
    try:
        path.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise LocalFault(f"cannot remove {path}: {error.strerror or error}") from error
