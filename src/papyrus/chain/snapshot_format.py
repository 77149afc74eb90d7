"""What a snapshot is: a chain file that a node can start from (FRC-0108).

It holds the headers down to genesis, the genesis state, and of the latest tipsets the messages,
receipts and states. In version 1 the file's roots are the blocks of the head. In version 2 its one
root is a block of metadata that names the head and, perhaps, finality certificates, which then are
the second block of the file, as long as they may be.

A header is read here without making a record of it: there are tens of millions on mainnet, and the
walk through them needs a few links alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import TipsetKey

METADATA_VERSION = 2

_FIELDS = 16
_PARENTS, _HEIGHT, _STATE, _RECEIPTS, _MESSAGES = 5, 7, 8, 9, 10
"""Places of a header's fields."""


@dataclass(frozen=True, slots=True)
class SnapshotMetadata:
    """The first block of a snapshot of version 2."""

    head: TipsetKey
    f3_data: Cid | None = None
    """The finality certificates."""

    def to_cbor(self) -> bytes:
        """Return the block: a map, as Lotus writes it."""
        return dag_cbor.encode(
            {
                "F3Data": self.f3_data,
                "Version": METADATA_VERSION,
                "HeadTipsetKey": list(self.head.cids),
            }
        )


@dataclass(frozen=True, slots=True)
class SnapshotStart:
    """What the beginning of a snapshot tells."""

    head: TipsetKey
    version: int
    f3_data: Cid | None = None
    """The finality certificates, which come next in the file."""
    header: BlockHeader | None = None
    """A block of the head, where that is what the file begins with."""


@dataclass(frozen=True, slots=True)
class HeaderLinks:
    """What a header leads to."""

    parents: tuple[Cid, ...]
    height: ChainEpoch
    state_root: Cid
    receipts: Cid
    messages: Cid


def read_metadata(data: bytes) -> SnapshotMetadata | None:
    """Return the metadata that a block is, or None where it is something else.

    DecodeError where it is metadata of a version that is not known, or does not make sense.
    """
    try:
        fields = dag_cbor.decode(data)
    except DecodeError:
        return None
    if not isinstance(fields, dict) or "HeadTipsetKey" not in fields:
        return None
    version, head, f3_data = (fields.get(name) for name in ("Version", "HeadTipsetKey", "F3Data"))
    if version != METADATA_VERSION:
        raise DecodeError(f"the snapshot has version {version}, and this Papyrus knows 1 and 2")
    if not isinstance(head, list) or not head or not all(type(cid) is Cid for cid in head):
        raise DecodeError("the snapshot's metadata names no head")
    if f3_data is not None and (type(f3_data) is not Cid or f3_data.codec != RAW):
        raise DecodeError("the snapshot's metadata names finality certificates that are not raw")
    return SnapshotMetadata(TipsetKey(tuple(head)), f3_data)


def read_start(reader: CarReader) -> SnapshotStart:
    """Return what the first block of a snapshot tells, behind which the reader then stands.

    DecodeError where there are no roots or blocks, or metadata of a version that is not known.
    """
    if not reader.roots:
        raise DecodeError("it has no roots")
    first = next(iter(reader), None)
    if first is None:
        raise DecodeError("it has no blocks")
    cid, data = first
    metadata = read_metadata(data) if reader.roots == (cid,) else None
    if metadata is not None:
        return SnapshotStart(metadata.head, 2, metadata.f3_data)
    head = TipsetKey(reader.roots)
    return SnapshotStart(head, 1, header=_header_of(head, first))


def header_of_head(reader: CarReader, start: SnapshotStart) -> BlockHeader | None:
    """Return a block of the head where it comes next, as all implementations write it, else None.

    DecodeError where it is no header.
    """
    return start.header or _header_of(start.head, next(iter(reader), None))


def _header_of(head: TipsetKey, block: tuple[Cid, bytes] | None) -> BlockHeader | None:
    return BlockHeader.from_cbor(block[1]) if block and block[0] in head.cids else None


def snapshot_head(store: Blockstore, roots: Sequence[Cid]) -> tuple[Cid, ...]:
    """Return the blocks of the head of a chain file: its roots, or those that its metadata names.

    DecodeError where it is a snapshot of a version that is not known.
    """
    data = store.get(roots[0]) if len(roots) == 1 else None
    metadata = None if data is None else read_metadata(data)
    return tuple(roots) if metadata is None else metadata.head.cids


def header_links(data: bytes) -> HeaderLinks:
    """Return what a header leads to; DecodeError where the block is none."""
    fields = dag_cbor.decode(data)
    if not isinstance(fields, list) or len(fields) != _FIELDS:
        raise DecodeError("a header has 16 fields")
    parents, height = fields[_PARENTS], fields[_HEIGHT]
    links = [fields[place] for place in (_STATE, _RECEIPTS, _MESSAGES)]
    if type(height) is not int or not isinstance(parents, list):
        raise DecodeError("a header has a height and parents")
    if not all(type(cid) is Cid for cid in (*parents, *links)):
        raise DecodeError("a header links to its parents, state, receipts and messages")
    return HeaderLinks(tuple(parents), height, *links)


def walk_headers(
    store: Blockstore, head: TipsetKey
) -> Iterator[list[tuple[Cid, bytes, HeaderLinks]]]:
    """Give the blocks of each tipset from the head to genesis: CID, bytes and links.

    DecodeError where one is missing or they are no chain.
    """
    cids, above = head.cids, None
    while True:
        tipset = _tipset(store, cids)
        _, _, first = tipset[0]
        if first.height < 0 or (above is not None and first.height >= above):
            raise DecodeError(f"height {first.height} comes after height {above}")
        yield tipset
        if first.height == 0:
            return
        cids, above = first.parents, first.height


def _tipset(store: Blockstore, cids: tuple[Cid, ...]) -> list[tuple[Cid, bytes, HeaderLinks]]:
    """Return the blocks of a tipset; DecodeError where one is missing or they are none."""
    tipset = []
    for cid in cids:
        data = store.get(cid)
        if data is None:
            raise DecodeError(f"block {cid}, a header, is missing")
        try:
            tipset.append((cid, data, header_links(data)))
        except DecodeError as error:
            raise DecodeError(f"block {cid} is no header: {error}") from error
    if not tipset:
        raise DecodeError("a tipset has at least one block")
    _, _, first = tipset[0]
    if len(set(cids)) < len(cids):
        raise DecodeError(f"the tipset at {first.height} has one block twice")
    for cid, _, links in tipset:
        if (links.height, links.parents) != (first.height, first.parents):
            raise DecodeError(f"block {cid} does not belong to its tipset")
    return tipset
