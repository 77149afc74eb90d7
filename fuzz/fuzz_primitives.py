"""Addresses, amounts, varints, bit fields, signatures and CIDs, from bytes and from text."""

from fuzz.harness import fuzz, one_of
from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import RAW, SHA2_256, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, decode_bigint, encode_bigint
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.varint import decode_unsigned, decode_zigzag, encode_unsigned

DELEGATED = Address.from_ethereum(bytes(range(20)))
CID = Cid.of(b"seed", RAW, SHA2_256)
RUNS = BitField.from_ranges([(0, 1), (5, 40), (1000, 100_000)])

CASES = (
    (Address.from_bytes, bytes(DELEGATED)),
    (Address.from_chain_bytes, bytes(Address.from_id(1234))),
    (lambda data: Address.from_string(data.decode(errors="replace")), str(DELEGATED).encode()),
    (lambda data: TokenAmount.parse(data.decode(errors="replace")), b"1.5 FIL"),
    (decode_bigint, encode_bigint(-(10**30))),
    (decode_unsigned, encode_unsigned(1 << 40)),
    (decode_zigzag, encode_unsigned(12345)),
    (Signature.from_bytes, b"\x01" + bytes(65)),
    (Cid.from_bytes, bytes(CID)),
    (lambda data: Cid.from_string(data.decode(errors="replace")), str(CID).encode()),
    (lambda data: BitField.from_bytes(data).to_bytes(), RUNS.to_bytes()),
)


if __name__ == "__main__":
    fuzz(
        one_of(tuple(parse for parse, _ in CASES)),
        [bytes([number]) + sample for number, (_, sample) in enumerate(CASES)],
    )
