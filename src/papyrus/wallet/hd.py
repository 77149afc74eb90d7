"""Keys from one seed: BIP-32 derivation on secp256k1, along the paths of BIP-44.

A path names a key under the seed, such as m/44'/461'/0'/0/7. Its second number is the coin: 461 is
Filecoin (SLIP-0044), which Lotus with a Ledger and most wallets take on every network; a few take
1, "any coin's testnet", where addresses begin with t (iso-filecoin). 60 is Ethereum, and there the
accounts of MetaMask and of Hardhat are found.

BLS keys have no derivation of their own that Filecoin's wallets agree on. What iso-filecoin does is
done here: the secret derived for secp256k1, taken modulo the order of the BLS group.
"""

import hmac
import re
from dataclasses import dataclass, field

from papyrus.crypto import bls
from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.keys import SECP256K1_ORDER, SECRET_LENGTH, Key, compressed_public_key, make_key

HARDENED = 1 << 31
"""Added to a number of a path that is written with an apostrophe: its parent's public key is not
enough to derive it."""

FILECOIN_COIN = 461
TESTNET_COIN = 1
ETHEREUM_COIN = 60

MAX_DEPTH = 16
"""Numbers in a path; BIP-44 has 5."""
MIN_SEED_LENGTH = 16
MAX_SEED_LENGTH = 64

_MASTER = b"Bitcoin seed"
_STEP = re.compile(r"([0-9]{1,10})(['hH]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ExtendedKey:
    """A secp256k1 secret, and what is needed to derive those below it."""

    secret: bytes = field(repr=False)
    chain_code: bytes = field(repr=False)


def master_key(seed: bytes) -> ExtendedKey:
    """Return the key at the root of a seed; DecodeError outside of 16 to 64 bytes."""
    if not MIN_SEED_LENGTH <= len(seed) <= MAX_SEED_LENGTH:
        raise DecodeError(f"a seed of {len(seed)} bytes, from 16 to 64")
    digest = hmac.digest(_MASTER, seed, "sha512")
    return _extended(int.from_bytes(digest[:32], "big"), digest[32:])


def child_key(parent: ExtendedKey, number: int) -> ExtendedKey:
    """Return the child of a key with a number below 2^32, from 2^31 on a hardened one."""
    start = b"\0" + parent.secret if number >= HARDENED else compressed_public_key(parent.secret)
    digest = hmac.digest(parent.chain_code, start + number.to_bytes(4, "big"), "sha512")
    offset = int.from_bytes(digest[:32], "big")
    if offset >= SECP256K1_ORDER:
        raise _no_key()
    own = int.from_bytes(parent.secret, "big")
    return _extended((own + offset) % SECP256K1_ORDER, digest[32:])


def parse_path(text: str) -> tuple[int, ...]:
    """Return the numbers of a path like m/44'/461'/0'/0/0; DecodeError where it is none."""
    root, *steps = text.split("/", MAX_DEPTH + 1)
    found = [_STEP.fullmatch(step) for step in steps]
    if root != "m" or len(steps) > MAX_DEPTH or not all(found):
        raise DecodeError(f"{text[:80]!r} is not a path like m/44'/461'/0'/0/0")
    numbers = [(int(match[1]), bool(match[2])) for match in found if match]
    if any(number >= HARDENED for number, _ in numbers):
        raise DecodeError("a number of a derivation path lies below 2^31")
    return tuple(number + HARDENED if hardened else number for number, hardened in numbers)


def path_text(path: tuple[int, ...]) -> str:
    """Return a path as people write it."""
    steps = (f"{each - HARDENED}'" if each >= HARDENED else str(each) for each in path)
    return "/".join(("m", *steps))


def account_path(kind: SignatureType, index: int, coin: int | None = None) -> tuple[int, ...]:
    """Return the path of an account: m/44'/COIN'/0'/0/INDEX.

    Where no coin is given it is 60 for delegated keys, which are Ethereum's, and 461 for others.
    DecodeError where the index or the coin is not below 2^31.
    """
    if coin is None:
        coin = ETHEREUM_COIN if kind == SignatureType.DELEGATED else FILECOIN_COIN
    if not (0 <= index < HARDENED and 0 <= coin < HARDENED):
        raise DecodeError("a number of a derivation path lies below 2^31")
    return (44 + HARDENED, coin + HARDENED, HARDENED, 0, index)


def derive_key(kind: SignatureType, seed: bytes, path: tuple[int, ...]) -> Key:
    """Return the key of a kind that lies at a path under a seed."""
    node = master_key(seed)
    for number in path:
        node = child_key(node, number)
    secret = node.secret
    if kind == SignatureType.BLS:
        number = int.from_bytes(secret, "big") % bls.GROUP_ORDER
        secret = number.to_bytes(SECRET_LENGTH, "little")
    return make_key(kind, secret, path_text(path))


def _extended(number: int, chain_code: bytes) -> ExtendedKey:
    if not 0 < number < SECP256K1_ORDER:
        raise _no_key()
    return ExtendedKey(number.to_bytes(SECRET_LENGTH, "big"), chain_code)


def _no_key() -> DecodeError:
    """Return the error of one seed or number in 2^127, for which BIP-32 says to take the next."""
    return DecodeError("there is no key at this place of the derivation: take the next number")
