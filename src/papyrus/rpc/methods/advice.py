"""Advice: why a message waits, and a replacement that should not.

Lotus has no such methods, so they are in a namespace of their own: Papyrus.MpoolWhy answers what
`papyrus mpool why` shows, Papyrus.MpoolFix does what `papyrus mpool fix` promises.
"""

from dataclasses import dataclass
from typing import Protocol

from papyrus.ipld.cid import Cid
from papyrus.mpool.advice import Adviser, replacement, unpriced
from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.pool import MessagePool
from papyrus.node.pushing import Pushing
from papyrus.node.sending import Sending
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.declarations import READ, SIGN, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.execution_failures import failures_told
from papyrus.rpc.methods.mpool import MessageSendSpec
from papyrus.rules.network import Network
from papyrus.storage.chain_index import find_message
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.types.message import SignedMessage
from papyrus.wallet.wallet import Wallet


class AdviceNode(Protocol):
    """What the group needs of the node."""

    @property
    def index(self) -> ChainIndex:
        """Where messages are on the chain."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...

    @property
    def pool(self) -> MessagePool:
        """What waits."""
        ...

    @property
    def pushing(self) -> Pushing:
        """How users' messages come to wait."""
        ...

    @property
    def pool_view(self) -> StoredChainView:
        """The chain as the pool sees it."""
        ...

    @property
    def sending(self) -> Sending:
        """Who estimates gas."""
        ...

    @property
    def wallet(self) -> Wallet:
        """Who signs."""
        ...


@dataclass(frozen=True, slots=True)
class MessageAdvice:
    """Why a message waits."""

    cause: str
    """One word, for programs: fee-cap, nonce-gap, on-chain, nothing, ..."""
    sentence: str
    command: str | None
    """What ends it, to be typed as it stands; null where there is nothing to do."""


@method("Papyrus.MpoolWhy", READ, versions=(1,))
async def mpool_why(context: Context[AdviceNode], message: Cid) -> MessageAdvice:
    """Return in one sentence why a message is not on the chain, and the command that ends it."""
    node = context.node

    def locate(cid: Cid) -> ChainEpoch | None:
        found = find_message(node.index, cid)
        return None if found is None else found.tipset.height

    advice = Adviser(node.pool, node.pool_view, node.network, locate).why(message)
    return MessageAdvice(advice.cause.value, advice.sentence, advice.command)


@method("Papyrus.MpoolFix", SIGN, versions=(1,))
async def mpool_fix(
    context: Context[AdviceNode], message: Cid, spec: MessageSendSpec | None = None
) -> SignedMessage:
    """Replace a message that waits by one that offers what is needed now, and return it."""
    node = context.node
    waiting = node.pool.find(message)
    if waiting is None:
        raise RpcError(ErrorCode.GENERIC, f"message {message} does not wait here")
    wanted = (spec or MessageSendSpec()).spec()
    prices = node.network.inclusion_prices_at(node.pool_view.head.height + 1)
    with failures_told():
        estimated = await node.sending.estimate(unpriced(waiting, prices), wanted)
    offered = replacement(waiting, estimated, node.pool.config.replace_by_fee_percent, wanted)
    signed = node.wallet.sign_message(offered, node.pool_view.key_of(offered.sender))
    await node.pushing.push(signed)
    return signed


class AdviceMethods:
    """The group, as a server registers and a client has it."""

    mpool_why = mpool_why
    mpool_fix = mpool_fix
