"""DAG-CBOR against cbor2, which is C but accepts what the encoding forbids.

The blocks are those of the official vectors' states. "Strict on cbor2" is the shortest exact check
on top of it: decode, encode again in canonical order, compare. Ratios are times, so a ratio below
1 is faster than the baseline.
"""

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import cbor2

from papyrus.conformance.vector_files import parse_body, read_header
from papyrus.conformance.vectors import vector_store
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import DAG_CBOR

SHARED = Path(os.environ.get("PAPYRUS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
VECTORS = 12
ROUNDS = 3


def sample() -> list[bytes]:
    """Return the DAG-CBOR blocks of some vectors' states; LookupError where there are none."""
    files = sorted((SHARED / "vectors").rglob("*.json"))
    if not files:
        raise LookupError(f"no vectors at {SHARED}: set PAPYRUS_SHARED to the folder above them")
    stores = [vector_store(parse_body(read_header(path))) for path in islice(files, VECTORS)]
    return [data for store in stores for cid, data in store.blocks.items() if cid.codec == DAG_CBOR]


def strictly(data: bytes) -> Any:
    """Decode with cbor2, and refuse what is not canonical."""
    value = cbor2.loads(data)
    if cbor2.dumps(value, canonical=True) != data:
        raise ValueError("not canonical")
    return value


def best(work: Callable[[bytes], object], blocks: list[bytes]) -> float:
    """Return the seconds that the quickest of some rounds over all blocks takes."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        for data in blocks:
            work(data)
        times.append(perf_counter() - start)
    return min(times)


def bench() -> list[tuple[str, float, str, str, float | None]]:
    """Return megabytes a second of decoding, and how the time compares."""
    blocks = sample()
    size = sum(map(len, blocks)) / 1e6
    lax, strict = best(cbor2.loads, blocks), best(strictly, blocks)
    ours = best(dag_cbor.decode, blocks)
    values = [dag_cbor.decode(data) for data in blocks]
    start = perf_counter()
    for value in values:
        dag_cbor.encode(value)
    written = perf_counter() - start
    return [
        ("cbor2, lax", size / lax, "MB/s", "", None),
        ("strict on cbor2", size / strict, "MB/s", "cbor2, lax", strict / lax),
        ("dag_cbor.decode", size / ours, "MB/s", "strict on cbor2", ours / strict),
        ("dag_cbor.encode", size / written, "MB/s", "dag_cbor.decode", written / ours),
    ]
