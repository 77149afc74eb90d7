"""Strict DAG-CBOR: what is accepted is encoded to the same bytes again."""

from fuzz.harness import fuzz
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid

SAMPLE = [None, True, -(1 << 40), 1 << 63, b"bytes", "text", {"a": 1, "bb": [Cid.of(b"seed")]}]


def parse(data: bytes) -> None:
    """Decode, and encode again what was accepted."""
    value = dag_cbor.decode(data)
    if dag_cbor.encode(value) != data:
        raise ValueError(f"{data.hex()} is accepted, but is not canonical")


if __name__ == "__main__":
    fuzz(parse, [dag_cbor.encode(SAMPLE)])
