"""Strict DAG-CBOR: what is accepted is encoded to the same bytes again."""

from fuzz.harness import fuzz
from papyrus.ipld import dag_cbor


def parse(data: bytes) -> None:
    """Decode, and encode again what was accepted."""
    value = dag_cbor.decode(data)
    if dag_cbor.encode(value) != data:
        raise ValueError(f"{data.hex()} is accepted, but is not canonical")


if __name__ == "__main__":
    fuzz(parse)
