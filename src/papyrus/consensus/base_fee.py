"""The base fee of the next tipset (FIP-0115, node.md 3.9).

Every block carries the base fee in force for its own messages, computed from its parent tipset.
Until the FireHorse height the fee follows use: it rises while blocks ask for more than half of the
gas they may hold and falls while they ask for less, by an eighth at most. From then on it follows
premiums: it falls steadily, unless so much is on offer that the message at the eightieth
percentile of a full block still pays a premium.

The argument is always the parent tipset; its height, not the child's, picks the formula.
"""

from collections.abc import Iterable, Sequence

from papyrus.consensus.selection import messages_of
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rules.network import BaseFeeHeights, Network
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset

BLOCK_GAS_LIMIT = 10_000_000_000
BLOCK_GAS_TARGET = BLOCK_GAS_LIMIT // 2
BLOCK_GAS_TARGET_INDEX = BLOCK_GAS_LIMIT * 80 // 100 - 1
"""The unit of gas, dearest first, whose premium decides."""

MAX_CHANGE_DIVISOR = 8
MINIMUM_BASE_FEE = TokenAmount(100)
PACKING_EFFICIENCY = (4, 5)
"""How full a full tipset was taken to be at first, as a fraction."""

ChainMessage = Message | SignedMessage


def next_base_fee(
    heights: BaseFeeHeights,
    height: ChainEpoch,
    base_fee: TokenAmount,
    blocks: Sequence[Sequence[ChainMessage]],
) -> TokenAmount:
    """Return the attoFIL a child of a tipset must carry as its base fee.

    `blocks` holds the messages of each block of the tipset, in order, BLS messages first;
    `base_fee` is the tipset's own.
    """
    if heights.fixed_between is not None:
        low, high = heights.fixed_between
        if low < height < high:
            return MINIMUM_BASE_FEE
    if height >= heights.premiums_from:
        premium = percentile_premium(offers(base_fee, blocks), BLOCK_GAS_TARGET_INDEX)
        return next_base_fee_from_premium(base_fee, premium)
    limits = {message.cid: message.unsigned.gas_limit for block in blocks for message in block}
    return next_base_fee_from_use(
        base_fee, sum(limits.values()), len(blocks), packed=height <= heights.packed_until
    )


def base_fee_after(tipset: Tipset, store: Blockstore, network: Network) -> TokenAmount:
    """Return the attoFIL that a child of a tipset must carry as its base fee.

    LocalFault where a message of it is missing; Invalid where its messages cannot be read.
    """
    blocks = [messages_of(store, block) for block in tipset.blocks]
    return next_base_fee(network.base_fee, tipset.height, tipset.parent_base_fee, blocks)


def next_base_fee_from_use(
    base_fee: TokenAmount, gas_limits: int, block_count: int, *, packed: bool
) -> TokenAmount:
    """Return the next fee where blocks ask for so much gas in all.

    `packed` divides the sum by the packing efficiency, as before the Smoke upgrade.
    """
    numerator, denominator = PACKING_EFFICIENCY if packed else (1, 1)
    delta = denominator * gas_limits // (block_count * numerator) - BLOCK_GAS_TARGET
    delta = max(-BLOCK_GAS_TARGET, min(BLOCK_GAS_TARGET, delta))
    # Both divisions round down, so a falling fee falls by the larger amount.
    change = base_fee * delta // BLOCK_GAS_TARGET // MAX_CHANGE_DIVISOR
    return TokenAmount(max(base_fee + change, MINIMUM_BASE_FEE))


def next_base_fee_from_premium(base_fee: TokenAmount, premium: int) -> TokenAmount:
    """Return the next fee where the deciding message pays so much premium (FIP-0115)."""
    step = (base_fee + MAX_CHANGE_DIVISOR - 1) // MAX_CHANGE_DIVISOR
    return TokenAmount(max(MINIMUM_BASE_FEE, base_fee + min(step, premium - step)))


def offers(
    base_fee: TokenAmount, blocks: Iterable[Iterable[ChainMessage]]
) -> list[tuple[int, int]]:
    """Return (effective premium, gas limit) of each message, once for each sender and nonce."""
    seen = set()
    found = []
    for block in blocks:
        for chain_message in block:
            message = chain_message.unsigned
            # Senders are compared as written: one account under two addresses counts twice.
            turn = (message.sender, message.nonce)
            if turn not in seen:
                seen.add(turn)
                found.append((message.effective_premium(base_fee), message.gas_limit))
    return found


def percentile_premium(premiums: Iterable[tuple[int, int]], index: int) -> int:
    """Return the premium of one unit of gas, counted from the dearest; 0 beyond the last.

    `premiums` holds pairs of premium and gas limit, and each unit of the limit counts once.
    """
    reached = 0
    for premium, limit in sorted(premiums, reverse=True):
        reached += limit
        if index < reached:
            return premium
    return 0
