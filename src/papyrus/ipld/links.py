"""The links of a block, and what finding them costs (FIP-0071).

Since nv21 the VM follows an actor's reads and writes: an actor may open a block only when it was
given its CID by its own state, a parameter, a return value or a block it opened. So every block
that is opened or created is scanned for links, and gas is charged for each field and each link
met. The scan reads heads only and is laxer than DAG-CBOR: it takes heads that are not minimal,
floats, any simple value and any tag, text that is not UTF-8 and map keys of any type in any
order; it refuses indefinite lengths, a truncated item and trailing bytes (ref-fvm
`fvm/src/ipld`). Links to commitments are ignored, links within an identity CID are found, and a
link to anything that state cannot hold makes the block unusable.

How to charge exactly. The reference pays for each field before reading its head and for each link
before reading its CID, out of the gas that is left, and then books the total. As the payments
only add up, that is the same as: cost = fields x price per field + cids x price per CID, counted
up to the failure if there is one. When the cost is above the gas left, all of it is used and the
message is out of gas. Otherwise the cost is charged first, and only then is a failure raised:
`LinkError` carries the counts for that.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat

from papyrus.ipld.cid import (
    BLAKE2B_256,
    BLAKE_PREFIXES,
    CBOR,
    CHAIN_LENGTH,
    CHAIN_PREFIX,
    DAG_CBOR,
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    IDENTITY,
    POSEIDON_BLS12_381_A2_FC1,
    RAW,
    SHA2_256_TRUNC254_PADDED,
    Cid,
    read,
)
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.errors import DecodeError, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber

ALLOWED_CODECS = frozenset({CBOR, DAG_CBOR, RAW})
"""What blocks of state may be."""

IGNORED_CODECS = frozenset({FIL_COMMITMENT_UNSEALED, FIL_COMMITMENT_SEALED})
"""What links may point at without there being a block."""

_U64 = 2**64 - 1
_CHAIN_LINK = b"\xd8\x2a\x58\x27\x00" + CHAIN_PREFIX
_HASH_PREFIX = CHAIN_PREFIX[2:]
"""What stands in a CID of a block of state between its codec and its digest."""
_DIGEST = re.compile(re.escape(_HASH_PREFIX) + b"(?=(.{32}))", re.DOTALL)
"""Such a digest where it stands; nothing of it is passed over, for another may begin in it."""
_CHAIN_LINK_LENGTH = 5 + CHAIN_LENGTH
_COMMITMENT_LENGTH = 32
_UNSEALED_LINK, _SEALED_LINK = (
    encode(Cid.of_digest(bytes(_COMMITMENT_LENGTH), codec, hash_code))[:-_COMMITMENT_LENGTH]
    for codec, hash_code in (
        (FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED),
        (FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1),
    )
)
"""How links to the two kinds of commitment begin, up to the digest."""

_CACHED_LENGTH = 4096
"""Blocks up to this long are remembered: the same few are opened again and again."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What scanning a block found."""

    fields: int
    """Items paid for, those within identity CIDs among them."""

    cids: int
    """Links paid for, the ignored ones among them."""

    links: tuple[Cid, ...]
    """Links to blocks, in order and with repetitions."""


class LinkError(SyscallError):
    """The block may not be used; raised to the actor once the counts are paid for."""

    def __init__(self, number: ErrorNumber, message: str, fields: int = 0, cids: int = 0) -> None:
        """Keep what the actor sees and what had been counted up to the failure."""
        super().__init__(number, message)
        self.fields = fields
        self.cids = cids


_NOTHING = Scan(0, 0, ())


def _known_length(first: int) -> int:
    """Return the length of an item where its first byte alone tells it, else 0."""
    major, low = first >> 5, first & 0x1F
    if major in (0, 1, 7) and low < 28:
        return (1, 2, 3, 5, 9)[max(0, low - 23)]
    if major in (2, 3) and low < 24:
        return 1 + low
    return 0


_KNOWN_LENGTHS = tuple(_known_length(first) for first in range(256))


def scan(codec: int, data: bytes) -> Scan:
    """Return what the reference's scan of a block counts and finds; raises `LinkError`."""
    if codec == DAG_CBOR:
        return _scan_again(data) if len(data) <= _CACHED_LENGTH else scan_dag_cbor(data)
    if codec in ALLOWED_CODECS:
        return _NOTHING
    raise LinkError(ErrorNumber.ILLEGAL_CODEC, f"codec {codec} not allowed")


def scan_dag_cbor(data: bytes) -> Scan:
    """Return the scan of DAG-CBOR, by the quick way where that tells; raises `LinkError`."""
    return _scan_common(data) or scan_exactly(data)


def scan_exactly(data: bytes) -> Scan:
    """Return the scan of DAG-CBOR one head at a time, as the reference does; raises `LinkError`."""
    visitor = _Visitor()
    try:
        visitor.scan(data)
    except LinkError as error:
        raise LinkError(error.number, error.message, visitor.fields, visitor.cids) from None
    except DecodeError as error:
        number = ErrorNumber.SERIALIZATION
        raise LinkError(number, str(error), visitor.fields, visitor.cids) from error
    return Scan(visitor.fields, visitor.cids, tuple(visitor.links))


def possible_digests_in(data: bytes) -> list[bytes]:
    """Return the digest of every CID of a block of state whose bytes occur in `data`.

    That is of every link of a block to other blocks, those within identity CIDs among them, and
    perhaps bytes that only look like one: never too few, which is what keeping blocks asks for.
    It costs a search where `cids_in` costs a walk.
    """
    return _DIGEST.findall(data)


def cids_in(data: bytes) -> list[Cid]:
    """Return every CID that a DAG-CBOR block links to, in order, whatever it points at.

    As lax as the scan, and bytes after the block's one item are not looked at. Raises
    `DecodeError` for what cannot be walked.
    """
    common = _scan_common(data)
    if common is not None and common.cids == len(common.links):
        return list(common.links)
    found: list[Cid] = []
    remaining = 1
    at = 0
    while remaining:
        remaining -= 1
        major, argument, at = _head(data, at)
        if major in (2, 3):
            at = _skip(data, at, argument)
        elif major == 4:
            remaining += argument
        elif major == 5:
            remaining += 2 * argument
        elif major == 6 and argument == 42:
            raw, at = _link_bytes(data, at)
            found.append(read(raw)[0])
        elif major == 6:
            remaining += 1
    return found


_scan_again = lru_cache(maxsize=4096)(scan_dag_cbor)


def _scan_common(  # noqa: C901, PLR0912, PLR0915 - one loop: a call per item would double its time
    data: bytes,
) -> Scan | None:
    """Return the scan of a block that is sound and has no identity link, else None.

    The heads come in the order of the bytes whatever the nesting, so it is enough to count how
    many items are still to come: `count` in this turn, and `more` found inside them.
    """
    links: list[Cid] = []
    ignored = 0
    fields = 0
    at = 0
    more = 1
    known_lengths = _KNOWN_LENGTHS
    try:
        while more:
            fields += more
            count, more = more, 0
            for _ in repeat(None, count):
                first = data[at]
                length = known_lengths[first]
                if length:
                    at += length
                elif 0x80 <= first < 0x98:
                    more += first - 0x80
                    at += 1
                elif first == 0x58:
                    at += 2 + data[at + 1]
                elif first == 0xD8 and data[at : at + 11] == _CHAIN_LINK:
                    end = at + _CHAIN_LINK_LENGTH
                    links.append(Cid(data[at + 5 : end]))
                    at = end
                elif first == 0xD8 and data.startswith(_UNSEALED_LINK, at):
                    ignored += 1
                    at += len(_UNSEALED_LINK) + _COMMITMENT_LENGTH
                elif first == 0xD8 and data.startswith(_SEALED_LINK, at):
                    ignored += 1
                    at += len(_SEALED_LINK) + _COMMITMENT_LENGTH
                else:
                    major, argument, at = _head(data, at)
                    if major in (2, 3):
                        at += argument
                    elif major == 4:
                        more += argument
                    elif major == 5:
                        more += 2 * argument
                    elif argument != 42:
                        more += 1
                    else:
                        raw, at = _link_bytes(data, at)
                        cid = _only_cid(raw)
                        if cid.hash_code == IDENTITY and cid.codec not in IGNORED_CODECS:
                            return None
                        if _is_to_block(cid):
                            links.append(cid)
                        else:
                            ignored += 1
            # An item takes a byte at least, so this cannot come out right.
            if more > len(data):
                return None
    except (IndexError, DecodeError, LinkError):
        return None
    if at != len(data):
        return None
    return Scan(fields, len(links) + ignored, tuple(links))


class _Visitor:
    """The reference's scan, one head at a time."""

    __slots__ = ("cids", "fields", "links")

    def __init__(self) -> None:
        self.fields = 0
        self.cids = 0
        self.links: list[Cid] = []

    def scan(self, data: bytes) -> None:
        remaining = 1
        at = 0
        while remaining:
            remaining -= 1
            self.fields += 1
            major, argument, at = _head(data, at)
            if major in (2, 3):
                at = _skip(data, at, argument)
            elif major == 4:
                remaining += argument
            elif major == 5:
                remaining += 2 * argument
            elif major == 6 and argument != 42:
                remaining += 1
            elif major == 6:
                self.cids += 1
                raw, at = _link_bytes(data, at)
                self.visit(_only_cid(raw))
            if remaining > _U64:
                raise DecodeError("cbor field count overflow")
        if at != len(data):
            raise DecodeError(f"{len(data) - at} trailing bytes in CBOR block")

    def visit(self, cid: Cid) -> None:
        if cid.hash_code == IDENTITY and cid.codec in ALLOWED_CODECS:
            # Each level takes six bytes or more of a digest of at most 64, so this ends soon.
            if cid.codec == DAG_CBOR:
                self.scan(cid.digest)
        elif _is_to_block(cid):
            self.links.append(cid)


def _is_to_block(cid: Cid) -> bool:
    """Return whether the CID is of a block; False for those that are ignored.

    Raises `LinkError` for a CID that no block of state can have.
    """
    if cid.startswith(BLAKE_PREFIXES):
        return True
    codec = cid.codec
    if codec in IGNORED_CODECS:
        return False
    if codec not in ALLOWED_CODECS:
        raise LinkError(ErrorNumber.NOT_FOUND, f"block links to CID with forbidden codec {codec}")
    hash_code, length = cid.hash_code, len(cid.digest)
    if hash_code != BLAKE2B_256 or length != 32:
        raise LinkError(
            ErrorNumber.NOT_FOUND,
            f"block links to CID with forbidden multihash type (code: {hash_code}, len: {length})",
        )
    return True


def _only_cid(raw: bytes) -> Cid:
    """Return the CID that all of `raw` is; raises `DecodeError`."""
    cid, end = read(raw)
    if end != len(raw):
        raise DecodeError(f"cid has {len(raw) - end} trailing bytes")
    return cid


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the major type and argument of the head at `at`, and the offset after it."""
    if at >= len(data):
        raise DecodeError("invalid cbor header")
    first = data[at]
    at += 1
    low = first & 0x1F
    if low < 24:
        return first >> 5, low, at
    end = at + (1 << (low - 24))
    if low > 27 or end > len(data):
        raise DecodeError("invalid cbor header")
    return first >> 5, int.from_bytes(data[at:end], "big"), end


def _skip(data: bytes, at: int, length: int) -> int:
    if length > len(data) - at:
        raise DecodeError("unexpected end of cbor stream")
    return at + length


def _link_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the binary CID of a link whose tag ends at `at`, and the offset after it."""
    major, length, at = _head(data, at)
    if major != 2:
        raise DecodeError("expected cbor type byte string in input")
    end = _skip(data, at, length)
    if data[at:end][:1] != b"\x00":
        raise DecodeError("DagCBOR CID does not start with a 0x byte")
    return data[at + 1 : end], end
