"""Addresses, amounts, varints, bit fields and signatures, from bytes and from text."""

from fuzz.harness import fuzz
from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, decode_bigint
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.varint import decode_unsigned, decode_zigzag

PARSERS = (
    Address.from_bytes,
    Address.from_chain_bytes,
    lambda data: Address.from_string(data.decode(errors="replace")),
    lambda data: TokenAmount.parse(data.decode(errors="replace")),
    decode_bigint,
    decode_unsigned,
    decode_zigzag,
    Signature.from_bytes,
    Cid.from_bytes,
    lambda data: Cid.from_string(data.decode(errors="replace")),
    lambda data: BitField.from_bytes(data).to_bytes(),
)


def parse(data: bytes) -> object:
    """Give all but the first byte to the parser that the first byte chooses."""
    return PARSERS[data[0] % len(PARSERS)](data[1:]) if data else None


if __name__ == "__main__":
    fuzz(parse)
