"""The node's blocks on disk: an LMDB environment in a folder of its own.

Blocks are kept under their binary CIDs. A write is one transaction of LMDB: it is on the disk when
the call returns, and before that no reader of any process sees a part of it, however the writer
ends. So a CID may be announced as soon as `put`, `put_many` or the block of `batch` is over. A
flush of the disk costs milliseconds, so whoever writes more than one block uses a batch.

Any number of processes may read and write at once; writers wait for one another, readers for no
one. A reader works on the last committed state and holds it only for the length of a call, so that
the space of what was replaced is free again at once.

LMDB maps its file into memory and must be told a size; when the data outgrow it, the map is doubled
here, and the other processes notice and follow. A map may only be changed while no transaction of
the process is open, and LMDB does not watch over that: the lock of the map does.

Surprising: an environment may be opened once in a process and must not be used across a fork. Both
are refused in words.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self, TypeVar

import lmdb

from papyrus.ipld.car import MAX_SECTION_LENGTH
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.lmdb_environment import (
    DATA_FILE,
    FIRST_MAP,
    MOST_GROWTH,
    expect_format,
    open_environment,
    prepare_folder,
    told,
)

MAX_BLOCK_LENGTH = MAX_SECTION_LENGTH
"""Longest block kept: what a CAR file may carry, so that every store can be exported."""

_GROUP_BYTES = 16 << 20
"""Each block may touch a page of its own, sixteen times as long as most blocks are, and LMDB keeps
the pages a transaction touches in memory and their old state on the disk until it is done."""

_READ_BLOCKS = 4096
_READ_BYTES = 16 << 20
_FIRST_CID = b"\x01"
"""Every CID begins with its version or, in version 0, with 0x12."""

_Result = TypeVar("_Result")
_OPEN: dict[Path, "LmdbBlockstore"] = {}
_ABANDONED: list[Any] = []
"""Environments of the process that this one was forked from: they are never closed here."""


@dataclass(frozen=True, slots=True)
class StoreStats:
    """How much a store holds."""

    blocks: int
    used_size: int
    """Bytes of the pages in use."""
    file_size: int
    """Bytes of the file; what is not in use is written to before the file grows."""
    map_size: int
    readers: int
    """Places in the table of readers that are taken, in all processes."""


class LmdbBlockstore:
    """A durable store of blocks, shared with other processes."""

    def __init__(self, folder: Path, *, read_only: bool = False, map_size: int = FIRST_MAP) -> None:
        """Open the store in a folder, made with access for the user alone where there is none.

        LocalFault where the folder cannot be used, holds something else, or a later format.
        """
        self.folder = folder
        self.read_only = read_only
        self._map = threading.Lock()
        """Held during each read, and while the map changes."""
        self._write = threading.Lock()
        """Held during each write, and while the map changes; taken before the lock of the map."""
        self._users = prepare_folder(folder, read_only=read_only)
        self._key = folder.resolve()
        try:
            self._env: Any = self._open(map_size)
        except LocalFault:
            self._users.close()
            raise
        _OPEN[self._key] = self

    def get(self, cid: Cid) -> bytes | None:
        """Return a block, or None where the store lacks it; LocalFault where it cannot be read."""
        while True:
            try:
                with self._map:
                    # Not `_read`: this is the call that everything else waits for.
                    transaction = self._env.begin()
                    try:
                        data: bytes | None = transaction.get(cid)
                    finally:
                        transaction.abort()
                    return data
            except lmdb.Error as error:
                self._mend(error)

    def has(self, cid: Cid) -> bool:
        """Return whether the store holds the block."""

        def is_there(transaction: Any) -> bool:
            with transaction.cursor() as cursor:
                return bool(cursor.set_key(cid))

        return self._read(is_there)

    def put(self, cid: Cid, data: bytes) -> None:
        """Keep a block; it is on the disk when this returns. LocalFault where that is refused."""
        self.put_many(((cid, data),))

    def put_many(self, blocks: Iterable[tuple[Cid, bytes]]) -> int:
        """Keep any number of blocks, and return how many of them were new.

        All are on the disk when this returns. They are written in groups of up to 16 MiB, each
        visible as a whole; `batch` is for blocks that must be seen together or not at all.
        """
        source = iter(blocks)
        added = 0
        while group := _next_group(source):
            added += self._put_together(group)
        return added

    def put_sorted(self, groups: Iterable[list[tuple[bytes, bytes]]]) -> Iterator[int]:
        """Keep groups of blocks that come in the order of their CIDs, first to last.

        For each group gives, once it is on the disk, how many of its blocks were new. It is written
        as a whole, while the next is made. A store of any size takes them as quickly as the disk
        writes, and leaves no room on pages where all that is there comes before.
        """
        with ThreadPoolExecutor(1) as writer:
            before: Future[int] | None = None
            for group in groups:
                if before is not None:
                    yield before.result()
                placed = threading.Event()
                before = writer.submit(self._put_in_order, group, placed)
                # LMDB gives up the interpreter at every block, and gets it back late from a thread
                # that computes: only the flush goes on beside one.
                placed.wait()
            if before is not None:
                yield before.result()

    @contextmanager
    def batch(self) -> Iterator["Batch"]:
        """Give a store whose blocks are all kept, together, when the block ends without an error.

        They are on the disk then. Until then they are in memory, and seen through the batch alone.
        """
        batch = Batch(self)
        yield batch
        if batch.pending:
            self._put_together(list(batch.pending.items()))
            batch.pending.clear()

    def blocks(self) -> Iterator[tuple[Cid, bytes]]:
        """Give every block in the order of the CIDs.

        No transaction is open between two blocks, and at most 16 MiB are held beside one block;
        blocks that are written meanwhile may be met or missed.
        """
        start = _FIRST_CID
        while found := self._read(partial(_page_of, start)):
            for key, data in found:
                yield Cid(key), data
            start = found[-1][0] + b"\x00"

    def remove(self, cids: Iterable[Cid]) -> int:
        """Remove blocks, and return how many there were; LocalFault where that is refused."""
        wanted = list(cids)

        def remove_all(transaction: Any) -> int:
            return sum(bool(transaction.delete(cid)) for cid in wanted)

        return self._change(remove_all)

    def stats(self) -> StoreStats:
        """Return how much the store holds."""
        with self._map:
            try:
                found, info = self._env.stat(), self._env.info()
            except lmdb.Error as error:
                self._refuse(error)
        pages = found["branch_pages"] + found["leaf_pages"] + found["overflow_pages"]
        return StoreStats(
            blocks=found["entries"] - 1,
            used_size=pages * found["psize"],
            file_size=(self.folder / DATA_FILE).stat().st_size,
            map_size=info["map_size"],
            readers=info["num_readers"],
        )

    def __len__(self) -> int:
        return int(self._read(lambda transaction: transaction.stat()["entries"])) - 1

    def close(self) -> None:
        """Let go of the store; what was written is on the disk already."""
        with self._write, self._map:
            if _OPEN.get(self._key) is self:
                del _OPEN[self._key]
                self._env.close()
            self._users.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self, map_size: int) -> Any:
        if self._key in _OPEN:
            raise LocalFault(f"the block store {self.folder} is open in this process already")
        environment = open_environment(self.folder, read_only=self.read_only, map_size=map_size)
        try:
            expect_format(environment, self.folder, read_only=self.read_only)
        except LocalFault:
            environment.close()
            raise
        except lmdb.Error as error:
            environment.close()
            raise told(error, self.folder) from error
        return environment

    def _put_in_order(self, blocks: list[tuple[bytes, bytes]], placed: threading.Event) -> int:
        """Keep blocks in one write, and tell when all that is left of it is to reach the disk."""

        def put_all(transaction: Any) -> int:
            with transaction.cursor() as cursor:
                follows = blocks[0][0] > cursor.key() if blocks and cursor.last() else False
                _, added = cursor.putmulti(blocks, overwrite=False, append=follows)
            placed.set()
            return int(added)

        try:
            return self._change(put_all)
        finally:  # also where it failed
            placed.set()

    def _put_together(self, blocks: list[tuple[Cid, bytes]]) -> int:
        for cid, data in blocks:
            if len(data) > MAX_BLOCK_LENGTH:
                raise LocalFault(
                    f"block {cid} of {len(data)} bytes is refused: {MAX_BLOCK_LENGTH} are allowed"
                )
        # Neighbours meet on pages that are at hand already.
        ordered = sorted(blocks, key=itemgetter(0))

        def put_all(transaction: Any) -> int:
            # A block that is there is the same block: writing it again would only cost pages.
            _, added = transaction.cursor().putmulti(ordered, overwrite=False)
            return int(added)

        return self._change(put_all)

    def _read(self, work: Callable[[Any], _Result]) -> _Result:
        """Return what some work finds in the last committed state."""
        while True:
            try:
                with self._map, self._env.begin() as transaction:
                    return work(transaction)
            except lmdb.Error as error:
                self._mend(error)

    def _change(self, work: Callable[[Any], _Result]) -> _Result:
        """Do some work in one transaction, again from the beginning where the map is too small."""
        if self.read_only:
            raise LocalFault(f"the block store {self.folder} was opened for reading alone")
        with self._write:
            while True:
                try:
                    with self._env.begin(write=True) as transaction:
                        return work(transaction)
                except lmdb.MapFullError:
                    self._resize(grow=True)
                except lmdb.MapResizedError:
                    self._resize()
                except lmdb.Error as error:
                    self._refuse(error)

    def _mend(self, error: lmdb.Error) -> None:
        """Make it possible to read again after an error, or raise LocalFault."""
        if isinstance(error, lmdb.MapResizedError):
            with self._write:
                self._resize()
        elif not (isinstance(error, lmdb.ReadersFullError) and self._env.reader_check()):
            self._refuse(error)

    def _resize(self, *, grow: bool = False) -> None:
        """Take the map's size from the file, as another process left it, or double it."""
        with self._map:
            try:
                size = self._env.info()["map_size"]
                self._env.set_mapsize(size + min(size, MOST_GROWTH) if grow else 0)
            except lmdb.Error as error:
                self._refuse(error)

    def _refuse(self, error: lmdb.Error) -> NoReturn:
        if self._key not in _OPEN:
            raise LocalFault(f"the block store {self.folder} is closed") from error
        raise told(error, self.folder) from error

    def _abandon(self) -> None:
        """Make the store unusable in a forked process, whose parent goes on with it."""
        _ABANDONED.append(self._env)
        self._env = _Abandoned(self.folder)
        self._map, self._write = threading.Lock(), threading.Lock()


class Batch:
    """Blocks that are to be kept together, in front of the store that will keep them."""

    __slots__ = ("_base", "pending")

    def __init__(self, base: LmdbBlockstore) -> None:
        """Read through to `base`, and write nothing to it."""
        self._base = base
        self.pending: dict[Cid, bytes] = {}

    def get(self, cid: Cid) -> bytes | None:
        """Return a block of the batch, else of the store."""
        data = self.pending.get(cid)
        return self._base.get(cid) if data is None else data

    def put(self, cid: Cid, data: bytes) -> None:
        """Take a block into the batch."""
        self.pending[cid] = data

    def has(self, cid: Cid) -> bool:
        """Return whether the batch or the store holds the block."""
        return cid in self.pending or self._base.has(cid)


class _Abandoned:
    """What a forked process has in place of its parent's environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getattr__(self, name: str) -> NoReturn:
        raise LocalFault(
            f"the block store {self._folder} was opened before this process was forked: "
            "open it again here"
        )


def _next_group(source: Iterator[tuple[Cid, bytes]]) -> list[tuple[Cid, bytes]]:
    """Return the next blocks that are written together."""
    group, size = list[tuple[Cid, bytes]](), 0
    while size < _GROUP_BYTES and (some := list(islice(source, 64))):
        group += some
        size += sum(len(cid) + len(data) for cid, data in some)
    return group


def _page_of(start: bytes, transaction: Any) -> list[tuple[bytes, bytes]]:
    """Return some blocks from a key on."""
    cursor = transaction.cursor()
    found: list[tuple[bytes, bytes]] = []
    size = 0
    if cursor.set_range(start):
        for key, data in cursor:
            found.append((key, data))
            size += len(data)
            if size >= _READ_BYTES or len(found) >= _READ_BLOCKS:
                break
    return found


def _after_fork() -> None:
    for store in _OPEN.values():
        store._abandon()  # noqa: SLF001 - the module's own class
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
