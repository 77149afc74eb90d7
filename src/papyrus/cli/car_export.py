"""Taking blocks out of a chain file."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from papyrus.cli.output import Progress
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import CBOR, DAG_CBOR, RAW, Cid
from papyrus.ipld.links import cids_in

_SUFFIXES = {DAG_CBOR: ".cbor", CBOR: ".cbor", RAW: ".bin"}


class Counted:
    """Blocks on their way, counted as they pass."""

    def __init__(self, blocks: Iterable[tuple[Cid, bytes]], bar: Progress) -> None:
        """Pass the blocks on, and tell the bar."""
        self._blocks = blocks
        self._bar = bar
        self.blocks = 0
        self.data_size = 0

    def __iter__(self) -> Iterator[tuple[Cid, bytes]]:
        for cid, data in self._blocks:
            self.blocks += 1
            self.data_size += len(data)
            self._bar.advance(len(data))
            yield cid, data


def reachable(car: Blockstore, roots: Iterable[Cid]) -> Iterator[tuple[Cid, bytes]]:
    """Give the roots, which must be there, and all that they lead to in the store, once each."""
    wanted = list(roots)
    for root in wanted:
        load(car, root)
    seen: set[Cid] = set()
    wanted.reverse()
    while wanted:
        cid = wanted.pop()
        data = None if cid in seen else car.get(cid)
        if data is None:
            continue
        seen.add(cid)
        yield cid, data
        if cid.codec == DAG_CBOR:
            wanted += reversed(cids_in(data))


def export_blocks(folder: Path, blocks: Iterable[tuple[Cid, bytes]]) -> None:
    """Write each block to a file of the folder, named by its CID."""
    folder.mkdir(parents=True, exist_ok=True)
    for cid, data in blocks:
        (folder / f"{cid}{_SUFFIXES.get(cid.codec, '.bin')}").write_bytes(data)
