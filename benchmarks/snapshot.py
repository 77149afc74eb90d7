"""Snapshots going in and out, against copying a file of the size and flushing it.

The chain is one of Lotus' with its real blocks, and behind them come altered copies of these: over
a gigabyte that no header leads to, of a chain's sizes and shapes, since no real chain of that size
is at hand. The import checks each against its CID, keeps it, goes through the chain and indexes it;
its rate is that of the blocks' bytes. For comparison the same blocks are kept as they come, which
is what becomes slow as a store grows. Ratios are speeds, so 0.5 is half as fast as the baseline.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfileobj
from time import perf_counter
from typing import ParamSpec

from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_export import export_snapshot
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.ipld.cid import Cid
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage.car_files import open_car, save_car
from papyrus.storage.lmdb_store import LmdbBlockstore

SHARED = Path(os.environ.get("PAPYRUS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
CHAIN = SHARED / "chains" / "migration-nv24-nv26" / "chain.car.zst"
COPIES = 16
"""Altered copies of each block."""

_ALTERED = 8

P = ParamSpec("P")
Row = tuple[str, float, str, str, float | None]


def blocks() -> Iterator[tuple[Cid, bytes]]:
    """Give the blocks of the chain and then their altered copies."""
    found = list(open_car(CHAIN).blocks())
    yield from found
    for copy in range(COPIES):
        for _, data in found:
            if len(data) > 2 * _ALTERED:
                at = len(data) // 2
                altered = data[:at] + copy.to_bytes(_ALTERED) + data[at + _ALTERED :]
                yield Cid.of(altered), altered


def seconds(work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> float:
    """Return how long some work takes, with nothing left for the disk to write before."""
    os.sync()
    start = perf_counter()
    work(*args, **kwargs)
    return perf_counter() - start


def copy(source: Path, target: Path) -> None:
    """Copy a file and flush it."""
    with source.open("rb") as content, target.open("wb") as file:
        copyfileobj(content, file, 1 << 20)
        os.fsync(file.fileno())


def import_as_layer(folder: Path, path: Path) -> None:
    """Make a snapshot the chain of a folder without copying it."""
    import_snapshot(folder, path, LOTUS_ITEST, as_layer=True)


def put_as_they_come(path: Path, folder: Path) -> None:
    """Check every block of a file and keep it, in the order of the file."""
    with LmdbBlockstore(folder) as store:
        store.put_many(open_car(path).blocks())


def bench() -> Iterator[Row]:
    """Yield megabytes of blocks a second."""
    if not CHAIN.is_file():
        raise LookupError(f"there is no {CHAIN}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, packed = folder / "made.car", folder / "made.car.zst"
        for path in (plain, packed):
            save_car(path, open_car(CHAIN).roots, blocks())
        size = sum(len(data) for _, data in blocks()) / 1e6
        copied = size / seconds(copy, plain, folder / "copied")
        (folder / "copied").unlink()
        yield f"a file of {size:,.0f} MB copied, flushed", copied, "MB/s", "", None
        other = size / seconds(put_as_they_come, plain, folder / "other")
        yield "blocks checked and kept as they come", other, "MB/s", "", None
        taken = size / seconds(import_snapshot, folder / "plain", plain, LOTUS_ITEST)
        yield "snapshot import, .car", taken, "MB/s", "the file copied", taken / copied
        yield "snapshot import, .car", taken, "MB/s", "kept as they come", taken / other
        unpacked = size / seconds(import_snapshot, folder / "packed", packed, LOTUS_ITEST)
        yield "snapshot import, .car.zst", unpacked, "MB/s", ".car", unpacked / taken
        for which in ("first", "next"):
            layered = size / seconds(import_as_layer, folder / "layered", plain)
            yield f"as a layer, {which} time", layered, "MB/s", "import", layered / taken
        yield from export_rows(folder / "plain", copied)


def export_rows(folder: Path, copied: float) -> Iterator[Row]:
    """Yield the rate of writing the chain itself again, without what was added to it."""
    with open_chain(folder, LOTUS_ITEST) as chain:
        for name in ("out.car", "out.car.zst"):
            start = perf_counter()
            done = export_snapshot(chain.store.blocks, chain.store.head, folder / name, recent=None)
            rate = done.size / 1e6 / (perf_counter() - start)
            kind = name.removeprefix("out")
            yield f"snapshot export, {kind}", rate, "MB/s", "the file copied", rate / copied
