"""Whether the blocks of a chain file survive a round trip through Papyrus' own types.

Each DAG-CBOR block is decoded and encoded again. What the headers lead to is read as what it is
(headers, messages, receipts, actors) and written again from the record. Both must give the same
bytes, so the same CID. Of the state trees, the one before the head is walked whole, and of each
older one what differs from the next.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cbor2

from papyrus.chain.snapshot_format import snapshot_head
from papyrus.cli.chain_contents import (
    StateTree,
    TipsetBlocks,
    messages_of,
    open_state,
    read_messages,
    receipts_of,
    tipsets,
)
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import DAG_CBOR, Cid
from papyrus.ipld.hamt import diff
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.car_files import CarFile
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import MsgMeta
from papyrus.types.receipt import Receipt

GENESIS_PARENT = Cid.from_string("bafyreiaqpwbbyjo4a42saasj36kkrpv4tsherf2e7bvezkert2a7dhonoi")
"""The text that every network's genesis block names as its parent: no block, but plain CBOR."""


@dataclass(slots=True)
class RoundTrip:
    """What came of it."""

    blocks: int = 0
    """DAG-CBOR blocks that were encoded again."""
    other_codecs: int = 0
    """Blocks of other codecs, which have nothing to encode."""
    records: Counter[str] = field(default_factory=Counter)
    """Records that were read and written again, by type."""


def round_trip(car: CarFile, progress: Callable[[int], None] | None = None) -> RoundTrip:
    """Encode everything again; DecodeError names the first block or record that comes out changed.

    `progress` hears the bytes of blocks read since last.
    """
    result = RoundTrip()
    for cid, data in car.blocks():
        if cid.codec == DAG_CBOR:
            _check_block(cid, data)
            result.blocks += 1
        else:
            result.other_codecs += 1
        if progress is not None:
            progress(len(data))
    newer: StateTree | None = None
    seen: set[Cid] = set()
    for tipset in tipsets(car, snapshot_head(car, car.roots)):
        for name, cid, before, after in _records(car, tipset, seen):
            _check_record(name, cid, before, after, result)
        root = tipset.blocks[0][1].parent_state_root
        if root not in seen and (tree := open_state(car, root)) is not None:
            seen.add(root)
            _check_state(car, tree, newer, result)
            newer = tree
    return result


def _check_block(cid: Cid, data: bytes) -> None:
    """Raise DecodeError unless the block is what encoding its value gives."""
    if cid == GENESIS_PARENT:
        # Quirk: its map is in the order of its writer, which no canonical encoder gives.
        if cbor2.dumps(cbor2.loads(data)) != data:
            raise DecodeError(f"block {cid} comes out changed when it is encoded again")
        return
    try:
        value, lenient = dag_cbor.decode(data), False
    except DecodeError:
        value, lenient = dag_cbor.decode(data, lenient_text=True), True
    if dag_cbor.encode(value, lenient_text=lenient) != data:
        raise DecodeError(f"block {cid} comes out changed when it is encoded again")


def _records(
    car: CarFile, tipset: TipsetBlocks, seen: set[Cid]
) -> Iterator[tuple[str, Cid, Any, Any]]:
    """Give what a tipset leads to: type, CID, its form in the file, and as written again."""
    for cid, header in tipset.blocks:
        yield "BlockHeader", cid, car.get(cid), header.to_cbor()
        if header.messages not in seen and (messages := messages_of(car, header)) is not None:
            seen.add(header.messages)
            meta = car.get(header.messages) or b""
            yield "MsgMeta", header.messages, meta, MsgMeta.from_cbor(meta).to_cbor()
            for message_cid, message in read_messages(car, messages):
                if message is not None and message_cid not in seen:
                    seen.add(message_cid)
                    name = type(message).__name__
                    yield name, message_cid, car.get(message_cid), message.to_cbor()
        root = header.parent_message_receipts
        if root not in seen and (receipts := receipts_of(car, header)) is not None:
            seen.add(root)
            for _, value in receipts.items():  # noqa: PERF102 - an AMT, which has no values()
                yield "Receipt", root, value, Receipt.from_ipld(value).to_ipld()


def _check_state(car: CarFile, tree: StateTree, newer: StateTree | None, result: RoundTrip) -> None:
    """Check the root and the actors of a state tree, those alone that the newer one has not."""
    if tree.version:
        data = car.get(tree.root) or b""
        _check_record("StateRoot", tree.root, data, StateRoot.from_cbor(data).to_cbor(), result)
    for value in _actor_values(tree, newer):
        fields = len(value) if isinstance(value, list) else 0
        again = ActorState.from_ipld(value).to_ipld(fields=fields)
        _check_record("ActorState", tree.root, value, again, result)


def _actor_values(tree: StateTree, newer: StateTree | None) -> Iterator[Any]:
    if newer is None or newer.version != tree.version:
        for _, value in tree.actors.items():  # noqa: PERF102 - a HAMT, which has no values()
            yield value
        return
    difference = diff(newer.actors, tree.actors)
    yield from difference.added.values()
    for _, value in difference.changed.values():
        yield value


def _check_record(name: str, cid: Cid, before: Any, after: Any, result: RoundTrip) -> None:
    """Count a record, or raise DecodeError where it comes out changed."""
    if before != after:
        raise DecodeError(f"a {name} at {cid} comes out changed when it is written again")
    result.records[name] += 1


def check_whole(car: CarFile, missing_roots: tuple[Cid, ...]) -> None:
    """Raise LocalFault where the file lacks the block of one of its roots."""
    if missing_roots:
        raise LocalFault(
            f"{car.path} is not whole: it lacks the block of its root {missing_roots[0]}"
        )
