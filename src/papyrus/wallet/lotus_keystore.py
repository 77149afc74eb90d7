"""Reading the keys that Lotus keeps in `~/.lotus/keystore`, so that they can be imported.

There each key is a file of JSON in the clear, its name the base32 of `wallet-` and an address.
`default` is a copy of the default address' key, what begins with `trash-` was deleted, and others
are not of the wallet: the node's network identity and the secret of its tokens. The same key may be
there under the names of both networks.
"""

import base64
import binascii
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.storage.private_files import check_private_folder, read_private
from papyrus.wallet.errors import DamagedWallet
from papyrus.wallet.forms import Form, read_keys
from papyrus.wallet.keys import Key

MAX_FILE_SIZE = 1 << 16
_KEY = "wallet-"
_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class LotusKeys:
    """What a folder of Lotus holds of a wallet."""

    keys: tuple[Key, ...]
    default: Address | None
    passed_over: tuple[str, ...]
    """Keys that cannot be imported, each with the reason: those of a Ledger have no secret."""


def read_lotus_keystore(folder: Path) -> LotusKeys:
    """Return the keys of a Lotus keystore, or of the repository that it lies in.

    LocalFault where it cannot be read, or others than its owner can; DamagedWallet where a file is
    not what its name says.
    """
    if (folder / "keystore").is_dir():
        folder = folder / "keystore"
    check_private_folder(folder)
    keys: dict[Address, Key] = {}
    default: Address | None = None
    passed_over: list[str] = []
    for name, path in _named_files(folder):
        if name != _DEFAULT and not name.startswith(_KEY):
            continue
        data = read_private(path, MAX_FILE_SIZE) or b""
        try:
            (key,) = read_keys(data.decode("utf-8", "replace"), Form.JSON_LOTUS)
        except DecodeError as error:
            passed_over.append(f"{name}: {error}")
            continue
        if name == _DEFAULT:
            default = key.address
        elif key.address != _address(name, path):
            raise DamagedWallet(
                path, sentence("it is named {}, and holds the key of {}", name, key.address)
            )
        else:
            keys[key.address] = key
    if default is not None and default not in keys:
        default = None
    listed = sorted(keys.values(), key=lambda key: str(key.address))
    return LotusKeys(tuple(listed), default, tuple(passed_over))


def _named_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the files of a keystore with their names as Lotus means them."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise LocalFault(f"cannot look into {folder}: {error.strerror or error}") from error
    for path in paths:
        with suppress(binascii.Error, ValueError):  # not one of Lotus'
            padded = path.name + "=" * (-len(path.name) % 8)
            yield base64.b32decode(padded).decode("ascii"), path


def _address(name: str, path: Path) -> Address:
    try:
        return Address.from_string(name.removeprefix(_KEY))
    except DecodeError as error:
        raise DamagedWallet(path, f"it is named {name[:200]!r}: {error}") from error
