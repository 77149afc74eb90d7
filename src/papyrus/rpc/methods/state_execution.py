"""Messages executed for an answer: again, or without sending them. A worker executes them."""

from typing import Protocol

from papyrus.actors.market.params import (
    SectorDeals,
    VerifyDealsForActivationParams,
    VerifyDealsForActivationReturn,
)
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.chain.search import NO_LIMIT
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64
from papyrus.node.execution import ExecutionMeans
from papyrus.node.workers import Runner
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.execution_failures import failures_told
from papyrus.rpc.json_text import written
from papyrus.rpc.methods import state_work
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rpc.methods.state_messages import MessagesNode, find
from papyrus.rpc.methods.state_work import MessageTransfers
from papyrus.rpc.views.invocations import ComputedState, InvocationResult
from papyrus.types.message import MESSAGE_VERSION, Message
from papyrus.types.tipset import TipsetKey

_VERIFY_DEALS = 5
_NEVER = 2**63 - 1
_MOST_EPOCHS_AHEAD = 20_000
"""Above a tipset on which messages are tried."""


class ExecutionNode(MessagesNode, Protocol):
    """What the group needs of the node."""

    @property
    def workers(self) -> Runner[ExecutionMeans]:
        """Who executes."""
        ...


@method("StateCall", READ)
async def state_call(
    context: Context[ExecutionNode], message: Message, key: TipsetKey = HEAD
) -> InvocationResult:
    """Return what a message would do that nobody sends, on the state a tipset stands on.

    It needs no signature, nonce or funds for gas, and its sender may be any actor. Before an
    upgrade that rewrites the state it runs on the last tipset before that.
    """
    node = context.node
    tipset = tipset_of(node.chain, key)
    with failures_told():
        text = await node.workers.run(state_work.call_text, tipset, message)
    return written(InvocationResult, text)


@method("StateReplay", READ)
async def state_replay(
    context: Context[ExecutionNode], key: TipsetKey, message: Cid
) -> InvocationResult:
    """Return how a message was executed, by executing its tipset again.

    The key is that of the tipset that holds the message; without one, the message is looked for.
    """
    node = context.node
    if key.cids:
        tipset, cid = node.chain.tipset(key), message
    else:
        found = await find(node, message, None, NO_LIMIT, allow_replaced=True)
        if found is None:
            raise RpcError(ErrorCode.GENERIC, f"didn't find msg {message}")
        tipset, cid = node.chain.tipset(found.tipset.parents), found.cid
    text = await node.workers.run(state_work.replay_text, tipset, cid)
    if text is None:
        raise RpcError(ErrorCode.GENERIC, "given message not found in tipset")
    return written(InvocationResult, text)


@method("StateCompute", READ)
async def state_compute(
    context: Context[ExecutionNode], height: ChainEpoch, messages: list[Message], key: TipsetKey
) -> ComputedState:
    """Return the state after a tipset and every message executed for it.

    Messages given are executed on top of it, at a height; the state they make is not kept.
    """
    node = context.node
    tipset = tipset_of(node.chain, key)
    if height > tipset.height + _MOST_EPOCHS_AHEAD:
        raise RpcError(
            ErrorCode.GENERIC,
            f"height {height} is over {_MOST_EPOCHS_AHEAD} epochs above {tipset.height}",
        )
    with failures_told():
        text = await node.workers.run(state_work.compute_text, tipset, height, tuple(messages))
    return written(ComputedState, text)


@method("StateComputeDataCID", READ, versions=(1,))
async def state_compute_data_cid(
    context: Context[ExecutionNode],
    miner: Address,
    seal_proof: I64,
    deals: list[U64],
    key: TipsetKey = HEAD,
) -> Cid | None:
    """Return the CID of the unsealed data of a sector with some deals; null without deals."""
    if not deals:
        return None
    sector = SectorDeals(0, seal_proof, _NEVER, tuple(deals))
    ask = _verify_deals(miner, sector)
    node = context.node
    with failures_told():
        receipt = await node.workers.run(state_work.call_receipt, tipset_of(node.chain, key), ask)
    if not receipt.is_success:
        raise RpcError(
            ErrorCode.GENERIC,
            f"receipt for VerifyDealsForActivation had exit code {receipt.exit_code}",
        )
    try:
        (cid,) = VerifyDealsForActivationReturn.from_cbor(receipt.return_data).unsealed_cids
    except (DecodeError, ValueError) as error:
        raise RpcError(ErrorCode.GENERIC, f"Sectors output must have 1 entry: {error}") from error
    if cid is None:
        raise RpcError(ErrorCode.GENERIC, "computed data CID is nil")
    return cid


@method("Papyrus.StateTransfers", READ)
async def state_transfers(
    context: Context[ExecutionNode], key: TipsetKey = HEAD
) -> list[MessageTransfers]:
    """Return every movement of value that the messages of a tipset made.

    With those between actors while a message ran, the fees, and the protocol's own messages, they
    explain every change of every balance from the state before the tipset to the one after it.
    """
    node = context.node
    return await node.workers.run(state_work.tipset_transfers, tipset_of(node.chain, key))


def _verify_deals(miner: Address, sector: SectorDeals) -> Message:
    return Message(
        version=MESSAGE_VERSION,
        to=STORAGE_MARKET,
        sender=miner,
        nonce=0,
        value=ZERO,
        gas_limit=0,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=_VERIFY_DEALS,
        params=VerifyDealsForActivationParams((sector,)).to_cbor(),
    )


class StateExecution:
    """The group, as a server registers and a client has it."""

    state_call = state_call
    state_replay = state_replay
    state_compute = state_compute
    state_compute_data_cid = state_compute_data_cid
    state_transfers = state_transfers
