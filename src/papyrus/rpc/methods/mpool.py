"""Mpool: the messages that wait, and pushing more of them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import randrange
from typing import Annotated, Any, Protocol
from uuid import UUID

from papyrus.chain.store import ChainStore
from papyrus.ipld.cid import Cid
from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.check_statuses import (
    Check,
    basis_of,
    check_messages,
    pending_messages,
    with_replacements,
)
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.gas_estimation import SendSpec
from papyrus.mpool.pending_at import pending_at
from papyrus.mpool.pool import MessagePool
from papyrus.mpool.selection import select_messages
from papyrus.node.chain_thread import ChainThread
from papyrus.node.known_senders import know_senders
from papyrus.node.pushing import Pushing
from papyrus.node.sending import Sending
from papyrus.node.tipset_states import TipsetStates
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rpc.declarations import (
    ADMIN,
    HEAD,
    READ,
    SIGN,
    WRITE,
    Context,
    method,
    subscription,
)
from papyrus.rpc.errors import actor_not_found, invalid_parameters
from papyrus.rpc.execution_failures import failures_told
from papyrus.rpc.feeds import Feed
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rules.network import Network
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import TipsetKey

_NOBODY = UUID(int=0)
_NANOSECONDS = 10**9
_MOST_IN_A_BATCH = 1000


class MpoolNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> ChainStore:
        """The chain."""
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
        """Who makes messages out of wishes."""
        ...

    @property
    def states(self) -> TipsetStates:
        """The states after tipsets."""
        ...

    @property
    def thread(self) -> ChainThread:
        """A thread beside the event loop."""
        ...


@dataclass(frozen=True, slots=True)
class MessageSendSpec:
    """What the sender wants to spend, and how the wish is known, in Lotus' MessageSendSpec."""

    max_fee: TokenAmount | None = None
    """What all of its gas may cost; 0 or null for the node's default."""
    msg_uuid: UUID | None = None
    """A name for the wish: told again, it is not sent again."""
    maximize_fee_cap: bool = False
    """Whether the fee cap uses all of the fee."""

    def spec(self) -> SendSpec:
        """Return what the gas is estimated by."""
        return SendSpec(self.max_fee or ZERO, self.maximize_fee_cap)

    def wish(self) -> UUID | None:
        """Return the name of the wish, if it has one."""
        return None if self.msg_uuid == _NOBODY else self.msg_uuid


@dataclass(frozen=True, slots=True)
class MpoolSettings:
    """The pool's settings, in Lotus' MpoolConfig."""

    priority_addrs: list[Address]
    size_limit_high: int
    size_limit_low: int
    replace_by_fee_ratio: float
    """With two decimals at most."""
    prune_cooldown: int
    """Nanoseconds."""
    gas_limit_overestimation: float


@dataclass(frozen=True, slots=True)
class MpoolUpdate:
    """A message that came (0) or went (1)."""

    type: int
    message: SignedMessage


@dataclass(frozen=True, slots=True)
class MessagePrototype:
    """A message that somebody is to sign, and whether its nonce is the one it will have."""

    message: Message
    valid_nonce: bool


@dataclass(frozen=True, slots=True)
class MessageCheckStatus:
    """One check of one message, in Lotus' MessageCheckStatus."""

    cid: Cid
    code: int
    """What is checked: 1 its form, 2 its length, ... 12 the sender's balance."""
    holds: Annotated[bool, Named("OK")]
    error: Annotated[str, Named("Err")]
    hint: dict[str, Any] | None


@method("MpoolPending", READ)
async def mpool_pending(context: Context[MpoolNode], key: TipsetKey = HEAD) -> list[SignedMessage]:
    """Return what waits, as seen from a tipset."""
    node = context.node
    return pending_at(node.pool, node.pool_view, tipset_of(node.chain, key))


@method("MpoolSelect", READ)
async def mpool_select(
    context: Context[MpoolNode], key: TipsetKey, ticket_quality: float
) -> list[SignedMessage]:
    """Return messages for a block on a tipset whose ticket is so good, from 0 to 1."""
    if not 0 <= ticket_quality <= 1:
        raise invalid_parameters(f"a ticket's quality is from 0 to 1, not {ticket_quality:g}")
    node = context.node
    base = tipset_of(node.chain, key)
    await node.states.after(base)
    if len(node.pool) > node.pool.config.size_limit_high:
        await node.pushing.prune()
    await know_senders(node.pool, node.pool_view, base, node.pool.senders())
    candidates = node.pool.candidates(base)
    chosen = await node.thread.run(select_messages, candidates, ticket_quality, randrange)
    return [message.signed for message in chosen]


@method("MpoolPush", WRITE)
async def mpool_push(context: Context[MpoolNode], message: SignedMessage) -> Cid:
    """Let a signed message wait and publish it; return its CID."""
    return await context.node.pushing.push(message)


@method("MpoolPushUntrusted", WRITE)
async def mpool_push_untrusted(context: Context[MpoolNode], message: SignedMessage) -> Cid:
    """Let a message of someone who is not trusted wait, within narrower limits."""
    return await context.node.pushing.push(message, untrusted=True)


@method("MpoolPushMessage", SIGN)
async def mpool_push_message(
    context: Context[MpoolNode], message: Message, spec: MessageSendSpec | None = None
) -> SignedMessage:
    """Fill in a message's gas and nonce, sign it with its sender's key, and let it wait."""
    return await push_message(context.node, message, spec)


@method("MpoolBatchPush", WRITE)
async def mpool_batch_push(context: Context[MpoolNode], messages: list[SignedMessage]) -> list[Cid]:
    """Let signed messages wait, in order, up to the first that is refused."""
    _expect_batch(messages)
    return await context.node.pushing.push_all(messages)


@method("MpoolBatchPushUntrusted", WRITE)
async def mpool_batch_push_untrusted(
    context: Context[MpoolNode], messages: list[SignedMessage]
) -> list[Cid]:
    """Let messages of someone who is not trusted wait, in order."""
    _expect_batch(messages)
    return await context.node.pushing.push_all(messages, untrusted=True)


@method("MpoolBatchPushMessage", SIGN)
async def mpool_batch_push_message(
    context: Context[MpoolNode], messages: list[Message], spec: MessageSendSpec | None = None
) -> list[SignedMessage]:
    """Do with each message what MpoolPushMessage does, in order."""
    _expect_batch(messages)
    return [await push_message(context.node, message, spec) for message in messages]


@method("MpoolGetNonce", READ)
async def mpool_get_nonce(context: Context[MpoolNode], address: Address) -> int:
    """Return the nonce of an address' next message, after those that wait."""
    try:
        return context.node.pool.next_nonce(address)
    except LookupError as error:
        raise actor_not_found() from error


@subscription("MpoolSub", READ)
async def mpool_sub(context: Context[MpoolNode]) -> AsyncIterator[MpoolUpdate]:
    """Open a channel with each message that comes or goes."""
    feed: Feed[MpoolUpdate] = Feed()
    end = context.node.pool.subscribe(
        lambda change: feed.publish(MpoolUpdate(change.kind.value, change.message))
    )
    try:
        async for update in feed:
            yield update
    finally:
        end()


@method("MpoolGetConfig", READ)
async def mpool_get_config(context: Context[MpoolNode]) -> MpoolSettings:
    """Return the pool's settings."""
    config = context.node.pool.config
    return MpoolSettings(
        priority_addrs=list(config.priority_addresses),
        size_limit_high=config.size_limit_high,
        size_limit_low=config.size_limit_low,
        replace_by_fee_ratio=config.replace_by_fee_percent / 100,
        prune_cooldown=int(config.prune_cooldown * _NANOSECONDS),
        gas_limit_overestimation=config.gas_limit_overestimation,
    )


@method("MpoolSetConfig", ADMIN)
async def mpool_set_config(context: Context[MpoolNode], config: MpoolSettings) -> None:
    """Set the pool's settings, for later starts too, whatever config.toml says."""
    percent = round(config.replace_by_fee_ratio * 100, 6)
    if percent != int(percent):
        raise invalid_parameters(f"ratio may only have two decimals: {config.replace_by_fee_ratio}")
    await context.node.pushing.configure(
        MpoolConfig(
            priority_addresses=tuple(config.priority_addrs),
            size_limit_high=config.size_limit_high,
            size_limit_low=config.size_limit_low,
            replace_by_fee_percent=int(percent),
            prune_cooldown=config.prune_cooldown / _NANOSECONDS,
            gas_limit_overestimation=config.gas_limit_overestimation,
        )
    )


@method("MpoolClear", WRITE)
async def mpool_clear(context: Context[MpoolNode], local: bool) -> None:
    """Let nothing wait but the messages of this node's users, and on request not those either."""
    context.node.pool.clear(local=local)


@method("MpoolCheckMessages", READ, versions=(1,))
async def mpool_check_messages(
    context: Context[MpoolNode], prototypes: list[MessagePrototype]
) -> list[list[MessageCheckStatus]]:
    """Return what speaks for and against messages that are to come after what waits."""
    _expect_batch(prototypes)
    return await _checked(
        context,
        [prototype.message for prototype in prototypes],
        follows_pending=True,
        any_nonce=[not prototype.valid_nonce for prototype in prototypes],
    )


@method("MpoolCheckPendingMessages", READ, versions=(1,))
async def mpool_check_pending_messages(
    context: Context[MpoolNode], sender: Address
) -> list[list[MessageCheckStatus]]:
    """Return what speaks for and against what waits of a sender."""
    messages = pending_messages(context.node.pool, sender)
    return await _checked(context, messages, follows_pending=False)


@method("MpoolCheckReplaceMessages", READ, versions=(1,))
async def mpool_check_replace_messages(
    context: Context[MpoolNode], messages: list[Message]
) -> list[list[MessageCheckStatus]]:
    """Return what speaks for and against what would wait with messages in the places of others."""
    _expect_batch(messages)
    replaced = with_replacements(context.node.pool, messages)
    return await _checked(context, replaced, follows_pending=False)


async def push_message(
    node: MpoolNode, message: Message, spec: MessageSendSpec | None = None
) -> SignedMessage:
    """Return a message that waits now, filled in and signed; RpcError in Lotus' words."""
    spec = spec or MessageSendSpec()
    with failures_told():
        return await node.sending.send(message, spec.spec(), spec.wish())


def _expect_batch(messages: list[Any]) -> None:
    if len(messages) > _MOST_IN_A_BATCH:
        raise invalid_parameters(f"{len(messages)} messages at once: {_MOST_IN_A_BATCH} at most")


async def _checked(
    context: Context[MpoolNode],
    messages: list[Message],
    *,
    follows_pending: bool,
    any_nonce: list[bool] | None = None,
) -> list[list[MessageCheckStatus]]:
    node = context.node
    senders = [message.sender for message in messages]
    await know_senders(node.pool, node.pool_view, node.pool_view.head, senders)
    basis = basis_of(
        messages, node.pool, node.pool_view, node.network, follows_pending=follows_pending
    )

    def work() -> list[list[MessageCheckStatus]]:
        found = check_messages(messages, basis, any_nonce)
        return [[_status(check) for check in checks] for checks in found]

    return await asyncio.to_thread(work)


def _status(check: Check) -> MessageCheckStatus:
    hint = check.hint and {name: _plain(value) for name, value in check.hint.items()}
    return MessageCheckStatus(check.cid, int(check.code), check.holds, check.error, hint)


def _plain(value: Any) -> Any:
    return str(int(value)) if isinstance(value, TokenAmount) else value


class MpoolMethods:
    """The group, as a server registers and a client has it."""

    mpool_pending = mpool_pending
    mpool_select = mpool_select
    mpool_push = mpool_push
    mpool_push_untrusted = mpool_push_untrusted
    mpool_push_message = mpool_push_message
    mpool_batch_push = mpool_batch_push
    mpool_batch_push_untrusted = mpool_batch_push_untrusted
    mpool_batch_push_message = mpool_batch_push_message
    mpool_get_nonce = mpool_get_nonce
    mpool_sub = mpool_sub
    mpool_get_config = mpool_get_config
    mpool_set_config = mpool_set_config
    mpool_clear = mpool_clear
    mpool_check_messages = mpool_check_messages
    mpool_check_pending_messages = mpool_check_pending_messages
    mpool_check_replace_messages = mpool_check_replace_messages
