"""The durable store of blocks against a dict and against plain files, one for each block.

The blocks are made here, of the sizes that chains have. A dict is what nothing durable can reach;
files are what one has without a database. Both sides of a comparison keep the same promise: a batch
in the store ends with a flush of the disk, and so do the files, each and their folder. Ratios are
speeds, so 0.5 is half as fast as what it is compared with. What a machine's disk does with a flush
shows in the first rows alone; reads come from memory on both sides.
"""

import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from papyrus.ipld.cid import Cid
from papyrus.storage.car_files import open_car, save_car
from papyrus.storage.lmdb_store import LmdbBlockstore

BLOCKS = 20_000
SYNCED = 300
ROUNDS = 3

Blocks = list[tuple[Cid, bytes]]
Row = tuple[str, float, str, str, float | None]


def sample() -> Blocks:
    """Return blocks of a chain's sizes, the same each time."""
    source = random.Random(5)  # noqa: S311 - a sample that is the same each time
    sizes = (min(int(source.lognormvariate(4.8, 1.7)) + 1, 60_000) for _ in range(BLOCKS))
    return [(Cid.of(data), data) for data in map(source.randbytes, sizes)]


def rate(count: int, work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return how many of the things that some work does are done in a second, at best."""
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return count / min(times)


def path_of(folder: Path, cid: Cid) -> Path:
    """Return where a block is kept as a file: spread over folders, as others do."""
    name = cid.hex()
    return folder / name[-2:] / name


def put_files(folder: Path, blocks: Blocks, *, flush: bool) -> None:
    """Keep every block in a file of its own, on the disk at the end if that is asked for."""
    for cid, data in blocks:
        path = path_of(folder, cid)
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            file.write(data)
            if flush:
                file.flush()
                os.fsync(file.fileno())


def get_files(folder: Path, cids: list[Cid]) -> int:
    """Read every block's file."""
    return sum(len(path_of(folder, cid).read_bytes()) for cid in cids)


def get_all(get: Callable[[Cid], bytes | None], cids: list[Cid]) -> int:
    """Get every block of a store."""
    return sum(len(get(cid) or b"") for cid in cids)


def put_one_by_one(store: LmdbBlockstore, blocks: Blocks) -> None:
    """Put each block by itself, so that each is flushed."""
    for cid, data in blocks:
        store.put(cid, data)


def bench() -> list[Row]:
    """Return blocks a second of putting, getting, and walking."""
    blocks = sample()
    cids = [cid for cid, _ in blocks]
    random.Random(6).shuffle(cids)  # noqa: S311 - an order that is the same each time
    table = dict(blocks)
    unit = "blocks/s"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "files").mkdir()
        (folder / "flushed").mkdir()
        with LmdbBlockstore(folder / "one") as one:
            single = rate(SYNCED, lambda: put_one_by_one(one, blocks[:SYNCED]), 1)
        flushed = rate(
            SYNCED, lambda: put_files(folder / "flushed", blocks[:SYNCED], flush=True), 1
        )
        with LmdbBlockstore(folder / "blocks") as store:
            put = rate(BLOCKS, lambda: store.put_many(blocks), 1)
            get = rate(BLOCKS, lambda: get_all(store.get, cids))
            has = rate(BLOCKS, lambda: all(map(store.has, cids)))
            walk = rate(BLOCKS, lambda: sum(1 for _ in store.blocks()))
        files_put = rate(BLOCKS, lambda: put_files(folder / "files", blocks, flush=False), 1)
        files_get = rate(BLOCKS, lambda: get_files(folder / "files", cids))
        dict_put = rate(BLOCKS, lambda: {}.update(blocks))
        dict_get = rate(BLOCKS, lambda: get_all(table.get, cids))
        save_car(folder / "a.car.zst", [], blocks)
        with open_car(folder / "a.car.zst", index_from=0) as car:
            car.ready()
            in_place = rate(BLOCKS, lambda: get_all(car.get, cids), 1)
    return [
        ("files, each flushed", flushed, unit, "", None),
        ("put one by one, durable", single, unit, "files, each flushed", single / flushed),
        ("put in a batch, durable", put, unit, "files, each flushed", put / flushed),
        ("files, not flushed", files_put, unit, "", None),
        ("put in a batch, durable", put, unit, "files, not flushed", put / files_put),
        ("put in a batch, durable", put, unit, "dict", put / dict_put),
        ("get from files", files_get, unit, "", None),
        ("get", get, unit, "files", get / files_get),
        ("get", get, unit, "dict", get / dict_get),
        ("has", has, unit, "dict get", has / dict_get),
        ("walk", walk, unit, "dict get", walk / dict_get),
        ("get from .car.zst in place", in_place, unit, "get", in_place / get),
    ]
