"""What worker processes are asked to do in tests: they import this module by its name."""

import gc
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papyrus.ipld.cid import RAW, Cid
from papyrus.node.execution import ExecutionMeans
from papyrus.primitives.errors import ActorError, Invalid, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.lmdb_store import LmdbBlockstore


@dataclass(frozen=True, slots=True)
class Desk:
    """The means of a worker in tests."""

    label: str
    store: LmdbBlockstore | None = None


def open_desk(label: str, folder: Path | None = None) -> Desk:
    return Desk(label, None if folder is None else LmdbBlockstore(folder))


def open_no_desk(reason: str) -> Desk:
    raise LocalFault(reason)


def die_early() -> Desk:
    os._exit(7)


def open_once(mark: Path) -> Desk:
    """Come up the first time, and die each other time while the mark is there."""
    if mark.exists():
        os._exit(9)
    mark.touch()
    return Desk("once")


def label_and_pid(desk: Desk) -> tuple[str, int]:
    return desk.label, os.getpid()


def add(_desk: Desk, *numbers: int, start: int = 0) -> int:
    return sum(numbers, start)


def echo(_desk: Desk, value: Any) -> Any:
    return value


def put(desk: Desk, data: bytes) -> Cid:
    cid = Cid.of(data, RAW)
    if desk.store is not None:
        desk.store.put(cid, data)
    return cid


def compute(_desk: Desk, seconds: float) -> int:
    """Keep a processor busy, as an execution does."""
    end = time.perf_counter() + seconds
    rounds = 0
    while time.perf_counter() < end:
        rounds += sum(range(1000)) > 0
    return rounds


def tell_and_compute(_desk: Desk, path: Path, seconds: float) -> int:
    path.write_text(str(os.getpid()))
    return compute(_desk, seconds)


def kill_self(_desk: Desk, number: int = signal.SIGKILL) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    time.sleep(60)


def leave(_desk: Desk, code: int) -> None:
    os._exit(code)


def break_a_rule(_desk: Desk) -> None:
    raise Invalid("bad-ticket", "the ticket is not the miner's")


def abort(_desk: Desk) -> None:
    raise ActorError(16, "no such sector", b"\x01", 0x55)


def divide(_desk: Desk, number: int) -> float:
    return 1 / number


def return_a_function(_desk: Desk) -> Any:
    return lambda: None


def write_without_end(desk: Desk, told: Path) -> None:
    """Write groups of blocks, of which most moments are in the midst."""
    for group in range(1_000_000):
        bodies = [b"%d %d" % (group, number) + bytes(4000) for number in range(200)]
        if desk.store is not None:
            desk.store.put_many((Cid.of(data, RAW), data) for data in bodies)
        told.write_text(str(group))


def keep(means: ExecutionMeans, cid: Cid, data: bytes) -> tuple[Network, str]:
    means.store.put(cid, data)
    return means.network, type(means.engine).__name__


def objects_that_stay(_desk: Desk) -> int:
    """Return how many objects the garbage collector does not look at."""
    return gc.get_freeze_count()
