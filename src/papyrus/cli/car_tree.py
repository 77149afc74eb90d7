"""What lies under the roots of a chain file, as data for `papyrus car tree` and `car info`."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from papyrus.chain.snapshot_format import snapshot_head
from papyrus.cli.chain_contents import (
    ActorNames,
    StateTree,
    TipsetBlocks,
    actors,
    messages_of,
    open_state,
    read_header,
    read_messages,
    receipts_of,
    tipsets,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import DAG_CBOR, Cid
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.car_files import CarFile
from papyrus.types.block import BlockHeader
from papyrus.types.message import Message, SignedMessage

COUNTED_ACTORS = 100_000
"""How many actors are counted before a state tree is called larger than that."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a person asked to see."""

    tipsets: int = 10
    messages: bool = False
    actors: bool = False
    actor_limit: int | None = COUNTED_ACTORS


def tipset_trees(car: CarFile, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Give each tipset from the head back, as far as wanted; the state with the first."""
    head = snapshot_head(car, car.roots)
    for number, tipset in enumerate(islice(tipsets(car, head), wanted.tipsets)):
        yield _tipset_tree(car, tipset, wanted, with_state=number == 0)


def other_roots(car: CarFile, wanted: Wanted) -> list[dict[str, Any]]:
    """Return what the roots are that are not block headers: state trees, or plain blocks."""
    found: list[dict[str, Any]] = []
    for root in car.roots:
        if read_header(car, root) is not None:
            continue
        data = car.get(root)
        state = None
        if data is not None and root.codec == DAG_CBOR:
            with suppress(DecodeError):  # it is something else
                state = state_tree(car, root, listed=wanted.actors, limit=wanted.actor_limit)
        found.append(
            {"cid": str(root), "size": None if data is None else len(data), "state": state}
        )
    return found


def state_tree(
    store: Blockstore, root: Cid, *, listed: bool, limit: int | None
) -> dict[str, Any] | None:
    """Return version, number of actors and FIL of a state tree.

    None where the file lacks it, or a part of it. With a limit, counting stops there and `complete`
    is false.
    """
    tree = open_state(store, root)
    if tree is None:
        return None
    try:
        return _summary(store, tree, listed=listed, limit=limit)
    except LocalFault:
        return None


def _summary(
    store: Blockstore, tree: StateTree, *, listed: bool, limit: int | None
) -> dict[str, Any]:
    """Return what `state_tree` does of an open tree; LocalFault where a part of it is missing."""
    names = ActorNames(store, tree)
    count, balance = 0, ZERO
    rows: list[dict[str, Any]] = []
    complete = True
    for address, actor in actors(tree):
        if limit is not None and count >= limit:
            complete = False
            break
        count += 1
        balance += actor.balance
        if listed:
            rows.append(
                {
                    "address": str(address),
                    "actor": names.name(actor.code),
                    "balance": str(int(actor.balance)),
                    "nonce": actor.nonce,
                    "code": str(actor.code),
                    "head": str(actor.head),
                    "delegated_address": (
                        None if actor.delegated_address is None else str(actor.delegated_address)
                    ),
                }
            )
    summary: dict[str, Any] = {
        "cid": str(tree.root),
        "version": tree.version,
        "actors": count,
        "balance": str(int(balance)),
        "complete": complete,
    }
    if listed:
        rows.sort(key=_by_address)
        summary["listed"] = rows
    return summary


def _by_address(row: dict[str, Any]) -> tuple[int, str]:
    address: str = row["address"]
    return (int(address[2:]) if address[1] == "0" else 1 << 64, address)


def _tipset_tree(
    car: CarFile, tipset: TipsetBlocks, wanted: Wanted, *, with_state: bool
) -> dict[str, Any]:
    first = tipset.blocks[0][1]
    receipts = receipts_of(car, first)
    tree: dict[str, Any] = {
        "height": tipset.height,
        "timestamp": first.timestamp,
        "time": _time(first.timestamp),
        "parents": [str(cid) for cid in first.parents],
        "parent_base_fee": str(int(first.parent_base_fee)),
        "parent_state_root": str(first.parent_state_root),
        "parent_receipts": {
            "cid": str(first.parent_message_receipts),
            "count": None if receipts is None else receipts.count,
        },
        "blocks": [_block_tree(car, cid, header, wanted) for cid, header in tipset.blocks],
    }
    if with_state:
        tree["state"] = state_tree(
            car, first.parent_state_root, listed=wanted.actors, limit=wanted.actor_limit
        )
    return tree


def _block_tree(car: CarFile, cid: Cid, header: BlockHeader, wanted: Wanted) -> dict[str, Any]:
    messages = messages_of(car, header)
    tree: dict[str, Any] = {
        "cid": str(cid),
        "miner": str(header.miner),
        "win_count": header.election_proof.win_count if header.election_proof else 0,
        "messages": {
            "cid": str(header.messages),
            "bls": None if messages is None else messages.bls.count,
            "secp256k1": None if messages is None else messages.secp256k1.count,
        },
    }
    if wanted.messages and messages is not None:
        tree["messages"]["listed"] = [
            _message_tree(message_cid, message)
            for message_cid, message in read_messages(car, messages)
        ]
    return tree


def _message_tree(cid: Cid, message: Message | SignedMessage | None) -> dict[str, Any]:
    """Return a line's worth of a message, or its CID alone where the file lacks it."""
    if message is None:
        return {"cid": str(cid)}
    plain = message.unsigned
    return {
        "cid": str(cid),
        "from": str(plain.sender),
        "to": str(plain.to),
        "method": plain.method,
        "nonce": plain.nonce,
        "value": str(int(plain.value)),
    }


def _time(timestamp: int) -> str | None:
    """Return a header's time in ISO 8601, or None for one beyond the calendar."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
