"""Why a message waits, in one sentence, and the command that ends it.

A message waits for one of few reasons, and the first that holds is the one to remove: a nonce is
missing before it, a message before it waits for a reason of its own, its sender cannot pay, its
fee cap is under the base fee, or others pay more. Whoever asks gets the figures.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.consensus.message_validity import minimum_gas
from papyrus.ipld.cid import Cid
from papyrus.mpool.chain_view import Account, ChainView
from papyrus.mpool.gas_estimation import DEFAULT_MAX_FEE, SendSpec, cap_gas_fee
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.pool import MessagePool
from papyrus.mpool.recent import Departure, Fate
from papyrus.mpool.refusals import Refusal, refused
from papyrus.mpool.selection import select_messages
from papyrus.mpool.sender_messages import replacement_premium
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.network import Network
from papyrus.types.message import Message

_BEST_TICKET = 1.0


class Cause(Enum):
    """What keeps a message from the chain."""

    UNKNOWN = "unknown"
    """Nothing of it is known here."""
    ON_CHAIN = "on-chain"
    NONCE_USED = "nonce-used"
    """Another message with its nonce is on the chain."""
    REPLACED = "replaced"
    DROPPED = "dropped"
    CLEARED = "cleared"
    NO_SENDER = "no-sender"
    NONCE_GAP = "nonce-gap"
    NOT_ENOUGH_FUNDS = "not-enough-funds"
    GAS_LIMIT = "gas-limit"
    FEE_CAP = "fee-cap"
    BEHIND_ANOTHER = "behind-another"
    PREMIUM = "premium"
    NOTHING = "nothing"
    """The next block may well take it."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer to why a message waits."""

    cause: Cause
    sentence: str
    command: str | None = None
    """What ends it, typed as it stands; None where there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Adviser:
    """Who is asked; `locate` gives the height at which the chain has a message, or None."""

    pool: MessagePool
    view: ChainView
    network: Network
    locate: Callable[[Cid], ChainEpoch | None]

    def why(self, cid: Cid) -> Advice:
        """Return why a message is not on the chain, or that it is."""
        message = self.pool.find(cid)
        if message is None:
            return self._about_absent(cid)
        account = self.pool.account(message.sender)
        if account is None:
            sender = self._text(message.sender)
            return Advice(
                Cause.NO_SENDER,
                f"Its sender {sender} is not on the chain yet, and so cannot pay for it.",
                self._send(message.sender, message.required_funds + message.value),
            )
        return self._about_waiting(message, account)

    def _about_absent(self, cid: Cid) -> Advice:
        height = self.locate(cid)
        fate = self.pool.fate(cid)
        if height is None and fate is not None and fate.by == cid:
            height = fate.height
        if height is not None:
            return Advice(Cause.ON_CHAIN, f"It is on the chain, in the tipset at height {height}.")
        if fate is None:
            return Advice(
                Cause.UNKNOWN,
                "No such message waits here, and the chain has none: it was never sent here, or "
                "was lost before it was kept.",
            )
        return _about_fate(fate)

    def _about_waiting(self, message: PendingMessage, account: Account) -> Advice:
        queue = self.pool.queue(message.sender)
        by_nonce = {} if queue is None else queue.by_nonce
        balance = int(account.balance)
        for nonce in range(account.nonce, message.nonce + 1):
            one = by_nonce.get(nonce)
            if one is None:
                return self._gap(message.sender, nonce)
            trouble = self._trouble(one, balance)
            if trouble is not None and one is message:
                return trouble
            if trouble is not None:
                return Advice(
                    Cause.BEHIND_ANOTHER,
                    f"It is behind message {one.cid} with nonce {nonce} of the same sender, which "
                    f"waits itself: {trouble.sentence}",
                    trouble.command,
                )
            balance -= one.required_funds + one.value
        return self._about_competition(message)

    def _gap(self, sender: Address, nonce: int) -> Advice:
        text = self._text(sender)
        return Advice(
            Cause.NONCE_GAP,
            f"The message with nonce {nonce} of its sender {text} is missing, and must come first.",
            f"papyrus send --from {text} --nonce {nonce} {text} 0",
        )

    def _trouble(self, message: PendingMessage, balance: int) -> Advice | None:
        """Return what keeps a message by itself from the next block, if something does."""
        if balance < message.required_funds:
            return Advice(
                Cause.NOT_ENOUGH_FUNDS,
                f"Its gas may cost {_fil(message.required_funds)}, and its sender has "
                f"{_fil(max(balance, 0))} left for it.",
                self._send(message.sender, message.required_funds - balance),
            )
        prices = self.network.inclusion_prices_at(self.view.head.height + 1)
        least = minimum_gas(message.length, prices)
        if message.gas_limit < least:
            return Advice(
                Cause.GAS_LIMIT,
                f"Its gas limit of {message.gas_limit} does not pay the {least} that its place on "
                "the chain costs.",
                _fix(message),
            )
        base_fee = int(self.view.base_fee_after(self.view.head))
        if message.fee_cap < base_fee:
            return Advice(
                Cause.FEE_CAP,
                f"Its fee cap is {message.fee_cap} attoFIL, and the base fee of the next block is "
                f"{base_fee} attoFIL.",
                _fix(message),
            )
        return None

    def _about_competition(self, message: PendingMessage) -> Advice:
        candidates = self.pool.candidates(self.view.head)
        gas = sum(one.gas_limit for queue in candidates.queues for one in queue.messages)
        if gas > BLOCK_GAS_LIMIT:
            chosen = select_messages(candidates, _BEST_TICKET, lambda _: 0)
            if chosen and all(one is not message for one in chosen):
                paid = min(_effective_premium(one, candidates.base_fee) for one in chosen)
                offered = _effective_premium(message, candidates.base_fee)
                return Advice(
                    Cause.PREMIUM,
                    f"Others pay more: it offers a premium of {offered} attoFIL, and the cheapest "
                    f"that would fill the next block {paid} attoFIL.",
                    _fix(message),
                )
        return Advice(Cause.NOTHING, "Nothing keeps it: one of the next blocks should take it.")

    def _send(self, to: Address, amount: int) -> str:
        return f"papyrus send {self._text(to)} {TokenAmount(amount).unitless()}"

    def _text(self, address: Address) -> str:
        return address.to_string(self.network.address_prefix)


def replacement(
    message: PendingMessage,
    estimated: Message,
    percent: int,
    spec: SendSpec | None = None,
    default_max_fee: TokenAmount = DEFAULT_MAX_FEE,
) -> Message:
    """Return the message, to be signed, that takes another's place and should not wait.

    `estimated` is the `unpriced` message with what would be offered now; `percent` is what is
    offered at least, of the premium so far. Raises Invalid where what may be spent is too
    little to replace it at all.
    """
    premium = max(estimated.gas_premium, replacement_premium(message.premium, percent))
    fee_cap = max(estimated.gas_fee_cap, premium)
    offered = replace(
        estimated,
        gas_premium=TokenAmount(premium),
        gas_fee_cap=TokenAmount(fee_cap),
    )
    capped = cap_gas_fee(offered, spec or SendSpec(), default_max_fee)
    least = replacement_premium(message.premium)
    if capped.gas_premium < least:
        raise refused(
            Refusal.PREMIUM_TOO_LOW_TO_REPLACE,
            f"to replace {message.cid} takes a premium of {least} attoFIL, so its gas costs up to "
            f"{_fil(least * estimated.gas_limit)}, more than may be spent: raise --fee-limit",
        )
    return capped


def unpriced(message: PendingMessage, prices: GasPrices) -> Message:
    """Return a message with its premium and fee cap open, to be estimated anew.

    So is a gas limit that no block would take any more.
    """
    keeps_limit = message.gas_limit >= minimum_gas(message.length, prices)
    return replace(
        message.signed.message,
        gas_limit=message.gas_limit if keeps_limit else 0,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
    )


def _about_fate(fate: Fate) -> Advice:
    if fate.departure is Departure.APPLIED:
        where = "" if fate.height is None else f" at height {fate.height}"
        by = "another message" if fate.by is None else f"message {fate.by}"
        return Advice(
            Cause.NONCE_USED, f"It can never be on the chain: {by} used its nonce{where}."
        )
    if fate.departure is Departure.REPLACED:
        return Advice(
            Cause.REPLACED,
            f"Message {fate.by} with the same nonce took its place.",
            f"papyrus mpool why {fate.by}",
        )
    if fate.departure is Departure.DROPPED:
        return Advice(
            Cause.DROPPED,
            "It was dropped because too many messages that pay more wait here: send it again with "
            "a higher premium.",
        )
    return Advice(Cause.CLEARED, "It was removed from the pool on request: send it again.")


def _effective_premium(message: PendingMessage, base_fee: int) -> int:
    return min(message.premium, max(message.fee_cap - base_fee, 0))


def _fix(message: PendingMessage) -> str:
    return f"papyrus mpool fix {message.cid}"


def _fil(amount: int) -> str:
    return TokenAmount(amount).to_fil()
