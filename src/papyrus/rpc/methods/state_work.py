"""What workers do for the State group: execute messages and write down what was seen.

Plain functions over the means a worker holds. What is long comes back as the text of JSON, so that
no process has to hold or carry a trace as a tree. Nothing is kept of what is executed here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

from papyrus.chain import calls
from papyrus.chain.transfers import TransferKind, transfers
from papyrus.consensus.transition import World
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.node.execution import ExecutionMeans
from papyrus.node.tipset_work import world_over
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.views.invocations import computed_text, invocation_text
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset


@dataclass(frozen=True, slots=True)
class TransferView:
    """Value that moved while a message was executed."""

    kind: str
    """message, internal, burn or tip."""
    sender: Annotated[Address, Named("From")]
    """The ID address."""
    receiver: Annotated[Address, Named("To")]
    """The ID address."""
    named: Annotated[Address, Named("ToAsNamed")]
    """The receiver as the call named it."""
    value: TokenAmount
    method: int
    depth: int
    """How deep the call was nested; 0 for the message itself."""


@dataclass(frozen=True, slots=True)
class MessageTransfers:
    """All that one message moved."""

    message: Cid
    exit_code: int
    is_implicit: bool
    """Whether it is the protocol's own: a reward, or cron."""
    transfers: list[TransferView]


def replay_text(means: ExecutionMeans, tipset: Tipset, cid: Cid) -> str | None:
    """Return the InvocResult of a message of a tipset; None where the tipset does not have it."""
    found = calls.replay(_world(means), tipset, cid, perf_counter)
    return None if found is None else invocation_text(found, means.network.address_prefix)


def compute_text(
    means: ExecutionMeans, tipset: Tipset, height: ChainEpoch, messages: Sequence[Message]
) -> str:
    """Return the ComputeStateOutput of a tipset and messages on top of it."""
    done = calls.compute(_world(means), tipset, height, messages, perf_counter)
    return computed_text(done, means.network.address_prefix)


def call_text(means: ExecutionMeans, tipset: Tipset, message: Message) -> str:
    """Return the InvocResult of a message that nobody sent."""
    seen, _ = calls.call(_world(means), tipset, message, perf_counter)
    return invocation_text(seen, means.network.address_prefix)


def call_receipt(means: ExecutionMeans, tipset: Tipset, message: Message) -> Receipt:
    """Return the receipt of a message that nobody sent."""
    seen, _ = calls.call(_world(means), tipset, message, perf_counter)
    return seen.applied.result.receipt


def tipset_transfers(means: ExecutionMeans, tipset: Tipset) -> list[MessageTransfers]:
    """Return what every message of a tipset moved, those of the protocol itself included."""
    done = calls.compute(_world(means), tipset, tipset.height, (), perf_counter)
    return [
        MessageTransfers(
            message=each.applied.cid,
            exit_code=int(each.applied.result.receipt.exit_code),
            is_implicit=each.applied.is_implicit,
            transfers=_views(each),
        )
        for each in done.invocations
    ]


def _views(invocation: calls.Invocation) -> list[TransferView]:
    return [
        TransferView(
            kind=str(TransferKind(each.kind)),
            sender=Address.from_id(each.sender),
            receiver=Address.from_id(each.receiver),
            named=each.to,
            value=each.value,
            method=each.method,
            depth=each.depth,
        )
        for each in transfers(invocation)
    ]


def _world(means: ExecutionMeans) -> World:
    return world_over(means, MemoryBlockstore())
