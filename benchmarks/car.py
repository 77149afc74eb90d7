"""Chain files against plain hashing: how much of the time to verify a CAR is its one hard task.

The file is made here, with blocks of the sizes that chains have (a median of 120 bytes, a mean of
about 500: state is small nodes and a few large ones). The baseline is blake2b-256 over the same
blocks, already in memory. Ratios are speeds, so 0.5 is half as fast as the baseline.
"""

import random
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from time import perf_counter

from papyrus.ipld.cid import Cid
from papyrus.storage.car_files import CarFile, open_car, save_car

BLOCKS = 40_000
ROUNDS = 5


def sample() -> list[tuple[Cid, bytes]]:
    """Return blocks of a chain's sizes, the same each time."""
    source = random.Random(3)  # noqa: S311 - a sample that is the same each time
    sizes = (min(int(source.lognormvariate(4.8, 1.7)) + 1, 60_000) for _ in range(BLOCKS))
    blocks = [source.randbytes(size) for size in sizes]
    return [(Cid.of(data), data) for data in blocks]


def best(work: Callable[[], object]) -> float:
    """Return the seconds of the quickest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def hash_all(blocks: list[tuple[Cid, bytes]]) -> None:
    """Hash every block, and do nothing else."""
    for _, data in blocks:
        blake2b(data, digest_size=32).digest()


def read_all(path: Path, cids: list[Cid]) -> int:
    """Open the file as a block store, and get every block."""
    with CarFile(path) as store:
        return sum(len(store.get(cid) or b"") for cid in cids)


def bench() -> list[tuple[str, float, str, str, float | None]]:
    """Return megabytes a second of hashing, verifying and reading at random."""
    blocks = sample()
    cids = [cid for cid, _ in blocks]
    random.Random(4).shuffle(cids)  # noqa: S311 - an order that is the same each time
    size = sum(len(data) for _, data in blocks) / 1e6
    plain = size / best(lambda: hash_all(blocks))
    rows: list[tuple[str, float, str, str, float | None]] = [
        ("blake2b-256 of the blocks", plain, "MB/s", "", None)
    ]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sample.car", "sample.car.zst"):
            path = Path(folder, name)
            save_car(path, cids[:1], blocks)
            for task, work in (
                ("verify", lambda path=path: open_car(path).verify()),
                ("index and get all", lambda path=path: read_all(path, cids)),
            ):
                speed = size / best(work)
                rows.append((f"{task} {name}", speed, "MB/s", "plain blake2b", speed / plain))
    return rows
