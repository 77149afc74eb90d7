"""Writing a snapshot of a chain (FRC-0108; the walk is that of Lotus' export).

The chain is walked from the head down. Of each tipset come the headers, and of the recent ones
their messages, the state and the receipts that they stand on; below that headers alone, and in the
end all of genesis. Each block comes once. In memory is what was met, some twenty bytes a block. The
file takes its name when it is whole and on the disk.

Receipts and events go along as far as they are kept: they can be made again from the states. So can
the actors' code be taken from elsewhere, and it is not here unless the store has it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from papyrus.chain.finality_certificates import Certificates
from papyrus.chain.snapshot_format import HeaderLinks, SnapshotMetadata, walk_headers
from papyrus.chain.visited import VisitedCids
from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import BLAKE_PREFIXES, CBOR, DAG_CBOR, IDENTITY, RAW, Cid
from papyrus.ipld.links import cids_in
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.varint import encode_unsigned
from papyrus.storage.files import atomic_writer
from papyrus.storage.zstd_frames import FrameWriter
from papyrus.types.tipset import Tipset

RECENT_TIPSETS = 2000
"""Epochs whose states a lite snapshot holds, unless told; what is published holds as many."""

LEAST_RECENT = CHAIN_FINALITY
"""With fewer a node could not judge the next block."""

COMPRESSION_LEVEL = 3
"""Of snapshots: more makes them little smaller and much slower."""

_TOLD_BLOCKS = 4096
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class SnapshotProgress:
    """How far an export or an import is."""

    blocks: int
    size: int
    """Bytes of the blocks."""
    height: ChainEpoch | None = None
    """Where the walk has come to on its way down."""


Progress = Callable[[SnapshotProgress], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A snapshot that was written."""

    blocks: int
    size: int
    """Bytes of the blocks, before compression."""
    states_from: ChainEpoch
    """The lowest height above genesis with messages and a state."""


def export_snapshot(
    store: Blockstore,
    head: Tipset,
    path: Path,
    *,
    recent: ChainEpoch | None = RECENT_TIPSETS,
    version: int = 2,
    certificates: Certificates | None = None,
    progress: Progress | None = None,
) -> Exported:
    """Write a snapshot of the chain that ends in `head`, whole or not at all.

    `recent` is for how many epochs it holds messages and states, None for all. Certificates go into
    version 2 alone. It is compressed where the name ends in `.zst`. LocalFault where a block is
    missing, the certificates are damaged or the disk refuses.
    """
    if version not in {1, 2}:
        raise LocalFault(f"a snapshot has version 1 or 2, not {version}")
    lowest = _lowest(head, recent)
    sections = _sections(store, head, lowest, lowest)
    start = _start_of_version_1(head) if version == 1 else _start_of_version_2(head, certificates)
    with atomic_writer(path) as file:
        stream = FrameWriter(file, COMPRESSION_LEVEL) if path.suffix == ".zst" else None
        count, size = _write(stream or file, start, sections, progress)
        if stream is not None:
            stream.finish()
    return Exported(count, size, lowest)


def snapshot_pieces(
    store: Blockstore,
    head: Tipset,
    recent: ChainEpoch | None = RECENT_TIPSETS,
    *,
    skip_old_messages: bool = True,
) -> Iterator[bytes]:
    """Give a snapshot of version 1 in pieces of about a MiB, as `export_snapshot` would write it.

    It may also hold the messages of epochs whose states it leaves out. LocalFault, at once, where
    `recent` is too little for a node, and on the way where a block is missing.
    """
    lowest = _lowest(head, recent)
    messages_from = lowest if skip_old_messages else 1
    sections = _sections(store, head, lowest, messages_from)
    return _pieces(chain(_start_of_version_1(head), (section for section, _, _ in sections)))


def _pieces(sections: Iterable[bytes]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    length = 0
    for section in sections:
        waiting.append(section)
        length += len(section)
        if length >= _PIECE:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)


def _lowest(head: Tipset, recent: ChainEpoch | None) -> ChainEpoch:
    """Return the lowest height with messages and a state."""
    if recent is None:
        return 1
    if recent < LEAST_RECENT:
        # Quirk: Lotus says "greater", and takes as many (cli/chain.go, ChainExportCmd).
        raise LocalFault(
            f'"recent-stateroots" has to be greater than {LEAST_RECENT}, not {recent}: by the '
            "states of fewer epochs a node could not judge the next block, and 0 is all"
        )
    return max(head.height - recent + 1, 1)


def snapshot_blocks(
    store: Blockstore, head: Tipset, states_from: ChainEpoch, messages_from: ChainEpoch
) -> Iterator[tuple[Cid, bytes, ChainEpoch]]:
    """Give each block of a snapshot once, with the height at which it was met.

    It has states and messages from these heights on. LocalFault where a block is missing.
    """
    visited = VisitedCids()
    try:
        for tipset in walk_headers(store, head.key):
            height = tipset[0][2].height
            for cid, data, _ in tipset:
                if visited.add(cid):
                    yield cid, data, height
            for _, _, links in tipset:
                for root, is_needed in _roots(links, states_from, messages_from):
                    for cid, data in _tree(store, root, visited, is_needed):
                        yield cid, data, height
    except DecodeError as error:
        raise LocalFault(f"the chain cannot be read: {error}") from error


def _roots(
    links: HeaderLinks, states_from: ChainEpoch, messages_from: ChainEpoch
) -> list[tuple[Cid, bool]]:
    """Return what goes along with a header, and whether it must be there."""
    if links.height == 0:
        # Its messages are none, and what it names as its parent is from before the chain.
        others = (links.messages, links.receipts, *links.parents)
        return [(links.state_root, True), *((cid, False) for cid in others)]
    messages = [(links.messages, True)] if links.height >= messages_from else []
    if links.height < states_from:
        return messages
    return [*messages, (links.state_root, True), (links.receipts, False)]


def _tree(
    store: Blockstore, root: Cid, visited: VisitedCids, is_needed: bool
) -> Iterator[tuple[Cid, bytes]]:
    """Give the blocks under a root that were not met before, parents before children."""
    wanted = [root]
    while wanted:
        cid = wanted.pop()
        if not (cid.startswith(BLAKE_PREFIXES) or _is_of_block(cid)) or not visited.add(cid):
            continue
        data = store.get(cid)
        if data is None:
            if is_needed and cid.codec != RAW:
                raise LocalFault(f"block {cid} is not kept here: export the states of fewer epochs")
            continue
        yield cid, data
        if cid.codec == DAG_CBOR:
            wanted += reversed(cids_in(data))


def _is_of_block(cid: Cid) -> bool:
    return cid.codec in {DAG_CBOR, CBOR, RAW} and cid.hash_code != IDENTITY


def _write(
    stream: BinaryIO | FrameWriter,
    start: Iterable[bytes],
    sections: Iterable[tuple[bytes, int, ChainEpoch]],
    progress: Progress | None,
) -> tuple[int, int]:
    """Write the file, and return how many blocks of the chain it holds and their bytes."""
    for part in start:
        stream.write(part)
    count = size = 0
    for section, length, height in sections:
        stream.write(section)
        count += 1
        size += length
        if progress is not None and count % _TOLD_BLOCKS == 0:
            progress(SnapshotProgress(count, size, height))
    return count, size


def _start_of_version_1(head: Tipset) -> Iterator[bytes]:
    yield _file_head(head.key.cids)


def _start_of_version_2(head: Tipset, certificates: Certificates | None) -> Iterator[bytes]:
    """Give the head of the file, the metadata and the certificates, in pieces."""
    named = None if certificates is None else certificates.cid
    metadata = SnapshotMetadata(head.key, named).to_cbor()
    root = Cid.of(metadata)
    yield _file_head((root,))
    yield _section(root, metadata)
    if certificates is not None:
        yield encode_unsigned(len(certificates.cid) + certificates.size) + certificates.cid
        yield from certificates.pieces()


def _file_head(roots: tuple[Cid, ...]) -> bytes:
    header = dag_cbor.encode({"roots": list(roots), "version": 1})
    return encode_unsigned(len(header)) + header


def _sections(
    store: Blockstore, head: Tipset, states_from: ChainEpoch, messages_from: ChainEpoch
) -> Iterator[tuple[bytes, int, ChainEpoch]]:
    """Give the part of the file for each block, with the block's length and height."""
    for cid, data, height in snapshot_blocks(store, head, states_from, messages_from):
        yield _section(cid, data), len(data), height


def _section(cid: Cid, data: bytes) -> bytes:
    return encode_unsigned(len(cid) + len(data)) + cid + data
