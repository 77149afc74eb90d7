"""The files of a wallet, byte for byte.

A wallet is a folder:

| In it | What it is |
|---|---|
| `wallet.json` | the head: the wallet's number, and its key, locked with the password |
| `wallet.copy.json` | the same once more, should the first be damaged |
| `keys/ADDRESS.json` | a key, its secret locked with the wallet's key |
| `trash/ADDRESS.json` | a key that was deleted; `ADDRESS-1.json` and so on where there were more |
| `default` | the address that is used where none is named |

A wallet without a password says so in its names: `wallet.unencrypted.json` and
`ADDRESS.unencrypted.json`. Addresses are in mainnet's letters whatever the network.

Each file is one line of JSON with its fields in alphabetical order, no spaces, and a checksum: the
SHA-256 of the same line without it. So a damaged file is told from a wrong password. Secrets, like
all bytes here, are hexadecimal. What is locked is bound to every other field of its file (the
associated data is the line without `checksum`, `ciphertext` and `nonce`), so that no key can be
passed off as another's, or as one of another wallet.
"""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.sentences import sentence
from papyrus.wallet.encryption import Locked, ScryptCost, lock, stretch, unlock
from papyrus.wallet.errors import DamagedWallet, WalletError
from papyrus.wallet.keys import KIND_NAMES, Key, kind_named, make_key

VERSION = 1
MAX_FILE_SIZE = 4096

_HEAD = "papyrus-wallet"
_KEY = "papyrus-key"
_KDF = "scrypt"
_CIPHER = "aes-256-gcm"
_NONE = "none"

_Fields = dict[str, Any]
_BARE = ("checksum", "ciphertext", "nonce")


@dataclass(frozen=True, slots=True)
class Head:
    """What a wallet's own file says."""

    wallet: bytes
    """16 random bytes, which its keys name."""
    salt: bytes = b""
    cost: ScryptCost | None = None
    """What trying a password costs; None where there is none."""
    locked: Locked | None = None
    """The wallet's key; None where there is no password."""

    @property
    def encrypted(self) -> bool:
        """Whether a password is needed for the secrets."""
        return self.locked is not None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What a key's file says."""

    wallet: bytes
    address: Address
    kind: SignatureType
    path: str | None
    locked: Locked | None
    """The secret, where a password protects it."""
    secret: bytes | None = field(repr=False)
    """The secret itself, where none does."""


def new_head(
    wallet: bytes, key: bytes | bytearray, password: str, salt: bytes, cost: ScryptCost
) -> Head:
    """Return the head of a wallet whose key is locked with a password."""
    bare = Head(wallet, salt, cost, Locked(b"", b""))
    locked = lock(stretch(password, salt, cost), bytes(key), _associated(_head_fields(bare)))
    return Head(wallet, salt, cost, locked)


def open_head(head: Head, password: str) -> bytes | None:
    """Return the wallet's key, or None where the password is wrong; takes half a second."""
    if head.cost is None or head.locked is None:
        return None
    stretched = stretch(password, head.salt, head.cost)
    return unlock(stretched, head.locked, _associated(_head_fields(head)))


def encode_head(head: Head) -> bytes:
    """Return the bytes of a wallet's own file."""
    return _encode(_head_fields(head))


def decode_head(data: bytes, path: Path) -> Head:
    """Return what a wallet's own file says; DamagedWallet where it is not what was written."""
    fields = _decode(data, path, _HEAD)
    try:
        wallet = bytes.fromhex(fields["wallet"])
        if fields["cipher"] == _NONE:
            head = Head(wallet)
        else:
            cost = ScryptCost(fields["n"], fields["r"], fields["p"])
            head = Head(wallet, bytes.fromhex(fields["salt"]), cost, _locked(fields))
    except (KeyError, TypeError, ValueError, DecodeError):
        raise DamagedWallet(path, "a field of it is missing or is no such thing") from None
    if encode_head(head) != data:
        raise DamagedWallet(path, "it has fields that no such file has")
    return head


def new_record(wallet: bytes, key: Key, wallet_key: bytes | bytearray | None) -> KeyRecord:
    """Return what to write for a key, locked unless the wallet has no key."""
    if wallet_key is None:
        return KeyRecord(wallet, key.address, key.kind, key.path, None, key.secret)
    bare = KeyRecord(wallet, key.address, key.kind, key.path, Locked(b"", b""), None)
    locked = lock(wallet_key, key.secret, _associated(_record_fields(bare)))
    return KeyRecord(wallet, key.address, key.kind, key.path, locked, None)


def open_record(record: KeyRecord, wallet_key: bytes | bytearray | None, path: Path) -> Key:
    """Return the key of a record; DamagedWallet where the wallet's key does not open it."""
    secret = record.secret
    if record.locked is not None and wallet_key is not None:
        secret = unlock(wallet_key, record.locked, _associated(_record_fields(record)))
    if secret is None:
        raise DamagedWallet(path, "the key of this wallet does not open it")
    try:
        key = make_key(record.kind, secret, record.path)
    except DecodeError:
        raise DamagedWallet(path, "what it holds is no secret") from None
    if key.address != record.address:
        raise DamagedWallet(path, sentence("what it holds is the key of {}", key.address))
    return key


def encode_record(record: KeyRecord) -> bytes:
    """Return the bytes of a key's file."""
    return _encode(_record_fields(record))


def decode_record(data: bytes, path: Path) -> KeyRecord:
    """Return what a key's file says; DamagedWallet where it is not what was written."""
    fields = _decode(data, path, _KEY)
    try:
        encrypted = fields["cipher"] != _NONE
        derived = fields["path"]
        record = KeyRecord(
            bytes.fromhex(fields["wallet"]),
            Address.from_string(fields["address"]),
            kind_named(fields["kind"]),
            None if derived is None else str(derived),
            _locked(fields) if encrypted else None,
            None if encrypted else bytes.fromhex(fields["secret"]),
        )
    except (KeyError, TypeError, ValueError, DecodeError):
        raise DamagedWallet(path, "a field of it is missing or is no such thing") from None
    if encode_record(record) != data:
        raise DamagedWallet(path, "it has fields that no such file has")
    return record


def _head_fields(head: Head) -> _Fields:
    fields: _Fields = {
        "cipher": _CIPHER if head.encrypted else _NONE,
        "format": _HEAD,
        "version": VERSION,
        "wallet": head.wallet.hex(),
    }
    if head.cost is not None and head.locked is not None:
        fields |= {"kdf": _KDF, "n": head.cost.n, "r": head.cost.r, "p": head.cost.p}
        fields |= {"salt": head.salt.hex(), **_locked_fields(head.locked)}
    return fields


def _record_fields(record: KeyRecord) -> _Fields:
    fields: _Fields = {
        "address": record.address.to_string(),
        "cipher": _NONE if record.locked is None else _CIPHER,
        "format": _KEY,
        "kind": KIND_NAMES[record.kind],
        "path": record.path,
        "version": VERSION,
        "wallet": record.wallet.hex(),
    }
    if record.locked is not None:
        fields |= _locked_fields(record.locked)
    elif record.secret is not None:
        fields["secret"] = record.secret.hex()
    return fields


def _locked_fields(locked: Locked) -> _Fields:
    return {"nonce": locked.nonce.hex(), "ciphertext": locked.ciphertext.hex()}


def _locked(fields: _Fields) -> Locked:
    return Locked(bytes.fromhex(fields["nonce"]), bytes.fromhex(fields["ciphertext"]))


def _associated(fields: _Fields) -> bytes:
    return _line({name: value for name, value in fields.items() if name not in _BARE})


def _line(fields: _Fields) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode("ascii")


def _checksum(fields: _Fields) -> str:
    return hashlib.sha256(_line(fields)).hexdigest()


def _encode(fields: _Fields) -> bytes:
    return _line({**fields, "checksum": _checksum(fields)}) + b"\n"


def _decode(data: bytes, path: Path, expected: str) -> _Fields:
    """Return the fields of a file whose checksum is right."""
    fields = None
    with suppress(ValueError, RecursionError):
        fields = json.loads(data)
    if not isinstance(fields, dict):
        raise DamagedWallet(path, "it is not the JSON that was written")
    if fields.get("format") == expected and type(version := fields.get("version")) is int:
        told = fields.pop("checksum", None)
        if told != _checksum(fields):
            raise DamagedWallet(path, "its checksum does not match")
        if version != VERSION:
            raise WalletError(
                f"{path} is of version {version}, and this Papyrus knows version {VERSION}: "
                "use the Papyrus that wrote it, or a later one"
            )
        return fields
    raise DamagedWallet(path, f"it does not say that it is a {expected} file")
