"""The HAMT and the AMT from 10^3 to 10^6 entries, where time must grow as the depth does.

The HAMT holds actors as the state tree does; the AMT, receipts. A read opens the tree afresh and
gets a sample of keys; a change opens it afresh, sets them and flushes. What each is compared with
is a plain cbor2 decode of the very blocks the reads read: the least that any reader must do.
Times are of the processor, and ratios are times: 2 is twice as slow as the baseline.
"""

import random
from collections.abc import Callable, Iterator
from time import process_time
from typing import Any

import cbor2

from papyrus.ipld.amt import Amt, amt_root
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt

SIZES = (1_000, 100_000, 1_000_000)
SAMPLE = 500
ROUNDS = 3
BASELINE = "cbor2 decode of the same blocks"
CODE = Cid.of(b"code")

Row = tuple[str, float, str, str, float | None]
Open = Callable[[MemoryBlockstore], Any]


def actor_key(number: int) -> bytes:
    """Return an ID address."""
    return b"\0" + number.to_bytes(3, "big")


def actor(number: int) -> list[Any]:
    """Return what the state tree holds of an actor."""
    head = Cid.of(number.to_bytes(3, "big"))
    return [CODE, head, number, b"\0" + number.to_bytes(8, "big"), None]


def receipt(number: int) -> list[Any]:
    """Return a receipt without events."""
    return [0, b"", 1_000_000 + number, None]


def seconds(work: Callable[[], object]) -> float:
    """Return the least processor time that the work took in a few rounds."""
    times = []
    for _ in range(ROUNDS):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


def blocks_read(open_tree: Open, blocks: dict[Cid, bytes], keys: list[Any]) -> list[bytes]:
    """Return the blocks that getting these keys from a tree opened afresh reads."""
    read: list[bytes] = []
    store = MemoryBlockstore(blocks)

    def get(cid: Cid) -> bytes | None:
        read.append(blocks[cid])
        return blocks[cid]

    store.get = get  # type: ignore[assignment]  # a slot of the instance
    tree = open_tree(store)
    for key in keys:
        tree.get(key)
    return read


def rows(
    name: str, open_tree: Open, blocks: dict[Cid, bytes], keys: list[Any], value: Any
) -> Iterator[Row]:
    """Yield the times of a read and of a change, each per key of the sample."""

    def read() -> None:
        tree = open_tree(MemoryBlockstore(blocks))
        for key in keys:
            tree.get(key)

    def change() -> None:
        tree = open_tree(MemoryBlockstore(dict(blocks)))
        for key in keys:
            tree.set(key, value)
        tree.flush()

    read_blocks = blocks_read(open_tree, blocks, keys)
    least = seconds(lambda: [cbor2.loads(block) for block in read_blocks])
    copying = seconds(lambda: dict(blocks))
    for what, taken in (("get", seconds(read)), ("set and flush", seconds(change) - copying)):
        yield f"{name} {what}", taken / len(keys) * 1e6, "us", BASELINE, taken / least


def bench() -> list[Row]:
    """Build the trees and measure them."""
    source = random.Random(0)  # noqa: S311 - a sample that is the same each time
    found: list[Row] = []
    for size in SIZES:
        numbers = source.sample(range(size), SAMPLE)
        store = MemoryBlockstore()
        tree = Hamt(store)
        for number in range(size):
            tree.set(actor_key(number), actor(number))
        root = tree.flush()
        keys = [actor_key(number) for number in numbers]
        found += rows(
            f"HAMT of {size:,}",
            lambda blocks, root=root: Hamt(blocks, root),  # type: ignore[misc]  # bound early
            store.blocks,
            keys,
            actor(0),
        )
        store = MemoryBlockstore()
        start = process_time()
        root = amt_root(store, (receipt(number) for number in range(size)))
        taken = process_time() - start
        found += rows(
            f"AMT of {size:,}",
            lambda blocks, root=root: Amt(blocks, root, version=0),  # type: ignore[misc]  # bound early
            store.blocks,
            numbers,
            receipt(0),
        )
        found.append((f"amt_root of {size:,}, per value", taken / size * 1e6, "us", "", None))
    return found
