"""A set of CIDs that takes little memory: which blocks a long walk has met.

A snapshot of mainnet has hundreds of millions of blocks, and a Python set would take over a hundred
bytes for each. Here each takes sixteen bytes of its digest in an open-addressed table, a quarter to
a half of which is kept free. Two digests with those sixteen bytes in common are as unlikely as
finding any collision of a hash of 128 bits by chance, and nobody can choose them at less cost.
"""

from array import array
from collections.abc import MutableSequence
from hashlib import blake2b
from struct import Struct

from papyrus.ipld.cid import CHAIN_LENGTH, CHAIN_PREFIX, Cid

_WORDS = Struct("<QQ")
_WORD = 8
_SHARDS = 256
_SHARD_BITS = 8
_FIRST_SLOTS = 16


class VisitedCids:
    """The CIDs met so far."""

    def __init__(self) -> None:
        """Begin with none."""
        # Many small tables, so that one is enlarged at a time.
        self._shards: list[MutableSequence[int]] = [
            array("Q", bytes(2 * _WORD * _FIRST_SLOTS)) for _ in range(_SHARDS)
        ]
        self._used = [0] * _SHARDS

    def add(self, cid: Cid) -> bool:
        """Note a CID, and return whether it is new."""
        low, high = _words_of(cid)
        number = low % _SHARDS
        if not _insert(self._shards[number], low, high):
            return False
        self._used[number] += 1
        slots = len(self._shards[number]) // 2
        if 4 * self._used[number] > 3 * slots:
            self._shards[number] = _enlarged(self._shards[number])
        return True

    def __len__(self) -> int:
        return sum(self._used)


def _words_of(cid: Cid) -> tuple[int, int]:
    """Return what a CID is kept by; the first word is never 0, which marks a free slot."""
    if len(cid) == CHAIN_LENGTH and cid.startswith(CHAIN_PREFIX):
        low, high = _WORDS.unpack_from(cid, CHAIN_LENGTH - _WORDS.size)
    else:
        low, high = _WORDS.unpack(blake2b(cid, digest_size=_WORDS.size).digest())
    return low or 1, high


def _insert(table: MutableSequence[int], low: int, high: int) -> bool:
    mask = len(table) // 2 - 1
    at = low >> _SHARD_BITS & mask
    while found := table[2 * at]:
        if found == low and table[2 * at + 1] == high:
            return False
        at = at + 1 & mask
    table[2 * at], table[2 * at + 1] = low, high
    return True


def _enlarged(table: MutableSequence[int]) -> MutableSequence[int]:
    larger = array("Q", bytes(2 * _WORD * len(table)))
    for at in range(0, len(table), 2):
        if table[at]:
            _insert(larger, table[at], table[at + 1])
    return larger
