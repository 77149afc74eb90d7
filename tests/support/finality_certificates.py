"""Finality certificates over a chain, whose signatures are nobody's."""

from collections.abc import Sequence
from itertools import pairwise

from papyrus.chain.finality_certificates import CertificatesHeader
from papyrus.consensus.f3.power_table import apply_power_deltas, power_table_cid, power_table_of
from papyrus.ipld.tuples import Record
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.varint import encode_unsigned
from papyrus.types.finality_certificate import (
    FinalityCertificate,
    FinalizedTipset,
    PowerDelta,
    PowerEntry,
    SupplementalData,
)
from papyrus.types.tipset import TipsetKey

FIRST_TABLE = tuple(PowerEntry(1000 + n, 10**20 - n, bytes([n]) * 48) for n in range(4))
STRETCH = 5


def make_certificates(
    tipsets: Sequence[tuple[int, TipsetKey]],
    first: int = 0,
    signature: bytes = b"signed by nobody",
) -> tuple[CertificatesHeader, list[FinalityCertificate]]:
    """Return certificates that finalize tipsets, the lowest first, some at a time.

    In each the power of the first participant grows by one, and in the third one is new.
    """
    table = power_table_of(FIRST_TABLE)
    chain = [
        FinalizedTipset(epoch, key.to_bytes(), power_table_cid(table), bytes(32))
        for epoch, key in tipsets
    ]
    ends = [*range(0, len(chain) - 1, STRETCH), len(chain) - 1]
    made = []
    for number, (start, end) in enumerate(pairwise(ends)):
        deltas = [PowerDelta(1000, 1, b"")]
        if number == 2:
            deltas.append(PowerDelta(1010, 7, b"n" * 48))
        table = apply_power_deltas(table, deltas)
        made.append(
            FinalityCertificate(
                first + number,
                tuple(chain[start : end + 1]),
                SupplementalData(bytes(32), power_table_cid(table)),
                BitField.from_bits([0, 1, 3]),
                signature,
                tuple(deltas),
            )
        )
    return CertificatesHeader(1, first, first + len(made) - 1, FIRST_TABLE), made


def encoded(header: Record, certificates: Sequence[Record]) -> bytes:
    """Return certificates as a snapshot carries them."""
    blocks = [record.to_cbor() for record in (header, *certificates)]
    return b"".join(encode_unsigned(len(block)) + block for block in blocks)
