"""What gas a message needs and what to offer for it (`node/impl/gasutils/gasutils.go`).

The limit is what a trial on top of all that waits took, and a quarter more. The premium is a bit
below the middle of what blocks lately were paid for half of their gas. The fee cap leaves room for
the base fee to rise for twenty epochs. All together stays under what the user wants to spend.

From the FireHorse upgrade on premiums move the base fee (FIP-0115), and the proposal advises to
look at what waits rather than at what was paid. Lotus does not, so neither does
`estimate_message_gas`; `premium_to_outbid` and `premium_that_keeps_the_base_fee` are that advice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from papyrus.consensus.base_fee import (
    BLOCK_GAS_LIMIT,
    BLOCK_GAS_TARGET,
    MAX_CHANGE_DIVISOR,
    percentile_premium,
)
from papyrus.mpool.chain_view import ChainView
from papyrus.mpool.recent import Recent
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.executor import ApplyResult

MINIMUM_PREMIUM = 100_000
"""The attoFIL offered at least, where the message may wait for some epochs."""

DEFAULT_MAX_FEE = TokenAmount.parse("0.07")
"""What gas costs at most where the user says nothing (Lotus' Fees.DefaultMaxFee)."""

EPOCHS_TO_INCLUSION = 10
EPOCHS_OF_RISING_FEES = 20

NOISE_DEVIATION = 0.005
"""How far the premium is varied, so that messages of the same worth stand in some order."""

_MOST_EPOCHS = 128
_REMEMBERED_TIPSETS = 50
_NOISE_ONE = 1 << 32

Offer = tuple[int, int]
"""A premium in attoFIL and the gas limit it was offered for."""

Trial = Callable[[Message, tuple[SignedMessage, ...]], ApplyResult]
"""Runs a message on the head, after others of its sender."""


@dataclass(frozen=True, slots=True)
class SendSpec:
    """What a user wants to spend."""

    max_fee: TokenAmount = ZERO
    """What all of its gas may cost; 0 for the node's default."""
    maximize_fee_cap: bool = False
    """Whether the fee cap uses all of that."""


class GasHistory:
    """What messages lately offered."""

    __slots__ = ("_offers", "_view")

    def __init__(self, view: ChainView) -> None:
        """Read tipsets from a view of the chain."""
        self._view = view
        self._offers: Recent[TipsetKey, tuple[Offer, ...]] = Recent(_REMEMBERED_TIPSETS)

    def before(self, tipset: Tipset, epochs: int) -> tuple[list[Offer], int]:
        """Return the offers in so many tipsets before one, and the number of their blocks."""
        found: list[Offer] = []
        blocks = 0
        for _ in range(epochs):
            if tipset.height == 0:
                break
            tipset = self._view.tipset(tipset.parents)
            blocks += len(tipset.blocks)
            found += self._of(tipset)
        return found, blocks

    def _of(self, tipset: Tipset) -> tuple[Offer, ...]:
        offers = self._offers.get(tipset.key)
        if offers is None:
            messages = (one.unsigned for one in self._view.messages_of(tipset).values())
            offers = tuple((int(one.gas_premium), one.gas_limit) for one in messages)
            self._offers.put(tipset.key, offers)
        return offers


def estimate_gas_limit(message: Message, pending: Iterable[SignedMessage], trial: Trial) -> int:
    """Return the gas a message took in a trial, after those of its sender that wait before it.

    Raises ActorError where it failed, with its exit code and what it returned.
    """
    prior = []
    for signed in pending:
        if signed.message.nonce == message.nonce:
            break
        prior.append(signed)
    free = replace(message, gas_limit=BLOCK_GAS_LIMIT, gas_fee_cap=ZERO, gas_premium=ZERO)
    result = trial(free, tuple(prior))
    receipt = result.receipt
    if not receipt.is_success:
        raise ActorError(
            receipt.exit_code, result.failure or "message execution failed", receipt.return_data
        )
    return receipt.gas_used


def estimate_premium(
    history: GasHistory, tipset: Tipset, epochs_to_inclusion: int, noise: float
) -> TokenAmount:
    """Return a premium with which a message should be taken within some epochs.

    `noise` is the factor by which it is varied, drawn around 1 with `NOISE_DEVIATION`.
    """
    epochs = min(max(epochs_to_inclusion, 1), _MOST_EPOCHS)
    premium = middle_premium(*history.before(tipset, 2 * epochs))
    if premium < MINIMUM_PREMIUM:
        # In halves: who wants the next block offers twice the least.
        premium = MINIMUM_PREMIUM * {1: 4, 2: 3}.get(epochs, 2) // 2
    return TokenAmount(premium * (int(noise * _NOISE_ONE) + 1) // _NOISE_ONE)


def middle_premium(offers: Iterable[Offer], block_count: int) -> int:
    """Return what is offered at 52.5 % of the target gas of so many blocks, the dearest first.

    It is the middle of that offer and the one before it.
    """
    left = BLOCK_GAS_TARGET * block_count // 2 + BLOCK_GAS_TARGET * block_count // 40
    last = before = 0
    for premium, gas_limit in sorted(offers, key=_premium_of, reverse=True):
        last, before = premium, last
        left -= gas_limit
        if left < 0:
            break
    return (last + before) // 2 if before else last


def estimate_fee_cap(base_fee: int, premium: int, epochs: int) -> TokenAmount:
    """Return a fee cap that holds for so many epochs of the steepest rise, the premium included."""
    factor = int((1 + 1 / MAX_CHANGE_DIVISOR) ** epochs * 256)
    return TokenAmount(base_fee * factor // 256 + premium)


def cap_gas_fee(message: Message, spec: SendSpec, default_max_fee: TokenAmount) -> Message:
    """Return a message whose gas costs no more than the user wants to spend."""
    max_fee = spec.max_fee or default_max_fee
    fee_cap = message.gas_fee_cap
    if message.gas_limit > 0 and (spec.maximize_fee_cap or fee_cap * message.gas_limit > max_fee):
        fee_cap = TokenAmount(max_fee // message.gas_limit)
    return replace(message, gas_fee_cap=fee_cap, gas_premium=min(fee_cap, message.gas_premium))


@dataclass(frozen=True, slots=True)
class GasEstimator:
    """All that filling in a message's gas needs."""

    view: ChainView
    history: GasHistory
    pending_of: Callable[[Address], Iterable[SignedMessage]]
    """Gives what waits of a sender, in order of nonce."""
    trial: Trial
    draw_noise: Callable[[], float]
    """Draws the factor by which a premium is varied."""
    overestimation: float = 1.25
    """The limit that is suggested, of the gas a trial took."""
    default_max_fee: TokenAmount = DEFAULT_MAX_FEE

    def gas_limit(self, message: Message) -> int:
        """Return the gas a message takes; ActorError where it fails."""
        return estimate_gas_limit(message, self.pending_of(message.sender), self.trial)

    def premium(self, epochs_to_inclusion: int = EPOCHS_TO_INCLUSION) -> TokenAmount:
        """Return a premium for a message on the head."""
        noise = self.draw_noise()
        return estimate_premium(self.history, self.view.head, epochs_to_inclusion, noise)

    def fee_cap(self, premium: int, epochs: int = EPOCHS_OF_RISING_FEES) -> TokenAmount:
        """Return a fee cap for a message on the head."""
        return estimate_fee_cap(int(self.view.head.parent_base_fee), premium, epochs)

    def message_gas(self, message: Message, spec: SendSpec | None = None) -> Message:
        """Return a message with every field of its gas that was 0 filled in, and its fee capped.

        ActorError where it fails in the trial.
        """
        filled = message
        if filled.gas_limit == 0:
            limit = int(float(self.gas_limit(filled)) * self.overestimation)
            filled = replace(filled, gas_limit=min(limit, BLOCK_GAS_LIMIT))
        if filled.gas_premium == 0:
            filled = replace(filled, gas_premium=self.premium())
        if filled.gas_fee_cap == 0:
            filled = replace(filled, gas_fee_cap=self.fee_cap(int(filled.gas_premium)))
        return cap_gas_fee(filled, spec or SendSpec(), self.default_max_fee)


def premium_to_outbid(offers: Iterable[Offer], gas_limit: int) -> TokenAmount:
    """Return the least premium with which so much gas still finds room in a block (FIP-0115).

    `offers` are the effective premiums of what waits. It is 0 while a block has room for all.
    """
    outbid = percentile_premium(offers, max(BLOCK_GAS_LIMIT - gas_limit, 0))
    return TokenAmount(outbid + 1 if outbid else 0)


def premium_that_keeps_the_base_fee(base_fee: int) -> TokenAmount:
    """Return the premium at which the base fee neither rises nor falls (FIP-0115)."""
    return TokenAmount(-(-base_fee // MAX_CHANGE_DIVISOR))


def _premium_of(offer: Offer) -> int:
    return offer[0]
