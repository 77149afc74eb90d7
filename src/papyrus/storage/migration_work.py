"""The unfinished work of a migration on disk, so that an interrupted one goes on.

Beside the file to be made lies a folder with what was written so far: `blocks.car`, every new block
in the order it came; `done.cids`, pairs of the CIDs of an old node of the state tree and of what it
became; and `of.cbor`, which migration it is. A migration that is run again asks what became of a
node, and where the answer is among the blocks, the whole subtree is: nodes are written after all
that they lead to. That holds after a crash too, for the file of blocks is read again, each block is
checked against its CID, and everything from the first damaged one on is cut off.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from papyrus.ipld import dag_cbor
from papyrus.ipld.car import CarReader, verify_block
from papyrus.ipld.cid import CHAIN_LENGTH, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.varint import encode_unsigned
from papyrus.storage.files import write_atomic

_BLOCKS, _DONE, _OF = "blocks.car", "done.cids", "of.cbor"
_PAIR = 2 * CHAIN_LENGTH
_NO_BLOCKS = b"\x11" + dag_cbor.encode({"roots": [], "version": 1})
"""How the file of blocks begins: a CAR without roots."""
_LENGTH_BITS = 32
_LENGTH_MASK = (1 << _LENGTH_BITS) - 1


def work_folder(output: Path) -> Path:
    """Return the folder of the work on a file."""
    return output.with_name(f"{output.name}.migrating")


class MigrationWork:
    """A store of the new blocks, and the memo of the nodes done.

    In memory are the place of each new block and the pairs of nodes.
    """

    def __init__(self, folder: Path, migration: list[object]) -> None:
        """Go on with the work in a folder if it is of the same migration, else begin it.

        `migration` says which it is, in IPLD data. LocalFault where the folder cannot be used.
        """
        self.folder = folder
        self._index: dict[Cid, int] = {}
        self._done: dict[Cid, Cid] = {}
        try:
            identity = dag_cbor.encode(migration)
            if not _is_of(folder, identity):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
                (folder / _BLOCKS).write_bytes(_NO_BLOCKS)
                (folder / _DONE).touch()
                write_atomic(folder / _OF, identity)
            self._end = self._read_blocks()
            self._read_done()
            self._blocks: BinaryIO = (folder / _BLOCKS).open("r+b")
            self._blocks.seek(self._end)
            self._pairs: BinaryIO = (folder / _DONE).open("r+b")
            self._pairs.seek(0, 2)
        except OSError as error:
            raise _unusable(folder, error) from error

    @property
    def nodes_done(self) -> int:
        """How many nodes are known to be done."""
        return len(self._done)

    def get(self, cid: Cid) -> bytes | None:
        """Return a new block, or None where there is none of that CID."""
        place = self._index.get(cid)
        if place is None:
            return None
        try:
            self._blocks.seek(place >> _LENGTH_BITS)
            data = self._blocks.read(place & _LENGTH_MASK)
            self._blocks.seek(self._end)
        except OSError as error:
            raise _unusable(self.folder, error) from error
        if not verify_block(cid, data):
            raise LocalFault(f"another process has changed {self.folder}: delete it and try again")
        return data

    def put(self, cid: Cid, data: bytes) -> None:
        """Keep a new block; LocalFault where the disk refuses."""
        if cid in self._index:
            return
        head = encode_unsigned(len(cid) + len(data)) + cid
        try:
            self._blocks.write(head)
            self._blocks.write(data)
        except OSError as error:
            raise _unusable(self.folder, error) from error
        self._index[cid] = self._end + len(head) << _LENGTH_BITS | len(data)
        self._end += len(head) + len(data)

    def has(self, cid: Cid) -> bool:
        """Return whether the block is among the new ones."""
        return cid in self._index

    def became(self, old: Cid) -> Cid | None:
        """Return what a node became, if it is known to be done."""
        return self._done.get(old)

    def note(self, old: Cid, new: Cid) -> None:
        """Remember that a node and its subtree are done."""
        if len(old) == len(new) == CHAIN_LENGTH:
            self._done[old] = new
            try:
                self._pairs.write(old + new)
            except OSError as error:
                raise _unusable(self.folder, error) from error

    def close(self) -> None:
        """Leave the work as it is, to go on with later."""
        try:
            self._blocks.close()
            self._pairs.close()
        except OSError as error:
            raise _unusable(self.folder, error) from error

    def remove(self) -> None:
        """Delete the work, which is done."""
        with suppress(LocalFault):
            self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _read_blocks(self) -> int:
        """Find the blocks that are whole, cut the file off after them, and return its length."""
        path = self.folder / _BLOCKS
        end = len(_NO_BLOCKS)
        with path.open("r+b") as file:
            if file.read(end) != _NO_BLOCKS:
                file.seek(0)
                file.write(_NO_BLOCKS)
            file.seek(0)
            with suppress(DecodeError):
                for section in CarReader(file).sections():
                    length = len(section.data)
                    self._index[section.cid] = section.data_offset << _LENGTH_BITS | length
                    end = section.data_offset + length
            file.truncate(end)
        return end

    def _read_done(self) -> None:
        path = self.folder / _DONE
        data = path.read_bytes()
        whole = len(data) // _PAIR * _PAIR
        for at in range(0, whole, _PAIR):
            new = Cid(data[at + CHAIN_LENGTH : at + _PAIR])
            if new in self._index:
                self._done[Cid(data[at : at + CHAIN_LENGTH])] = new
        with path.open("r+b") as file:
            file.truncate(whole)


class WorkMemo:
    """The memo of a migration, kept with its work."""

    def __init__(self, work: MigrationWork) -> None:
        """Ask and tell the work."""
        self._work = work

    def get(self, old: Cid) -> Cid | None:
        """Return the rewritten node, or None."""
        return self._work.became(old)

    def put(self, old: Cid, new: Cid) -> None:
        """Remember a node."""
        self._work.note(old, new)


def _is_of(folder: Path, identity: bytes) -> bool:
    names = (_BLOCKS, _DONE)
    of = folder / _OF
    return (
        of.is_file()
        and of.read_bytes() == identity
        and all((folder / name).is_file() for name in names)
    )


def _unusable(folder: Path, error: OSError) -> LocalFault:
    return LocalFault(f"cannot work in {folder}: {error.strerror or error}")
