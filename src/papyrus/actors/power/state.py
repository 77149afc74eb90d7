"""What the storage power actor keeps on chain: each miner's power, and whom to wake when.

A miner whose power is below the consensus minimum does not count toward the network's, unless fewer
than four miners reach it: then all that is committed counts.
"""

from typing import Annotated

from papyrus.actors.common.collections import ADDRESS_KEY, SIGNED_KEY, ArrayShape, MapShape
from papyrus.actors.common.nested_collections import MultimapShape
from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_state

CONSENSUS_MINER_MIN_MINERS = 4
"""Miners above the minimum from which on the power of those below it does not count."""

INITIAL_POWER_POSITION = 750_000 << 30
"""The first estimate of the network's quality-adjusted power: 750,000 GiB."""
INITIAL_POWER_VELOCITY = 3_840 << 30
"""Its first growth in an epoch: 120 sectors of 32 GiB."""

_CRON_QUEUE_BIT_WIDTH = 6

_POST_PROOFS = frozenset((*range(5), *range(10, 15)))
"""Registered proof types of Winning and Window PoSt that there are."""


@cbor_tuple
class Claim(Record):
    """A miner's power."""

    window_post_proof_type: I64
    """The registered proof type, by which the minimum is looked up."""
    raw_byte_power: BigInt
    quality_adjusted_power: BigInt
    """`quality_adj_power` in builtin-actors."""


@cbor_tuple
class CronEvent(Record):
    """A miner to be woken."""

    miner: Address
    """`miner_addr` in builtin-actors."""
    payload: bytes
    """What it is told; `callback_payload` in builtin-actors."""


CLAIMS: MapShape[Address, Claim] = MapShape(ADDRESS_KEY, Claim)
"""By the miner's ID address."""

CRON_QUEUE: MultimapShape[int, CronEvent] = MultimapShape(
    SIGNED_KEY, ArrayShape(CronEvent, _CRON_QUEUE_BIT_WIDTH), _CRON_QUEUE_BIT_WIDTH
)
"""By epoch, in the order in which they were enrolled."""


@cbor_tuple
class State(Record):
    """Power in bytes, pledge in attoFIL, and the miners."""

    total_raw_byte_power: BigInt
    """Of miners above the minimum."""
    total_bytes_committed: BigInt
    """Of all miners."""
    total_quality_adjusted_power: BigInt
    """Of miners above the minimum; `total_quality_adj_power` in builtin-actors."""
    total_quality_adjusted_bytes_committed: BigInt
    """Of all miners; `total_qa_bytes_committed` in builtin-actors."""
    total_pledge_collateral: TokenAmount
    this_epoch_raw_byte_power: BigInt
    """As of the end of the last epoch, like all that follows of this epoch."""
    this_epoch_quality_adjusted_power: BigInt
    """`this_epoch_quality_adj_power` in builtin-actors."""
    this_epoch_pledge_collateral: TokenAmount
    this_epoch_quality_adjusted_power_smoothed: FilterEstimate
    """`this_epoch_qa_power_smoothed` in builtin-actors."""
    miner_count: I64
    miner_above_minimum_power_count: I64
    """`miner_above_min_power_count` in builtin-actors."""
    ramp_start_epoch: I64
    """When pledges began to move to the rules of FIP-0081."""
    ramp_duration_epochs: U64
    """How long they take to get there."""
    cron_event_queue: Annotated[Cid, CRON_QUEUE]
    first_cron_epoch: ChainEpoch
    """The first epoch whose events may not have been handled."""
    claims: Annotated[Cid, CLAIMS]
    proof_validation_batch: Cid | None
    """None since FIP-0084, which ended the checking of proofs in bulk."""

    @property
    def current_total_power(self) -> tuple[int, int]:
        """The network's raw and quality-adjusted power in bytes at this moment."""
        if self.miner_above_minimum_power_count < CONSENSUS_MINER_MIN_MINERS:
            return self.total_bytes_committed, self.total_quality_adjusted_bytes_committed
        return self.total_raw_byte_power, self.total_quality_adjusted_power


def empty(store: Blockstore) -> State:
    """Return the state of a network without miners."""
    return State(
        total_raw_byte_power=0,
        total_bytes_committed=0,
        total_quality_adjusted_power=0,
        total_quality_adjusted_bytes_committed=0,
        total_pledge_collateral=ZERO,
        this_epoch_raw_byte_power=0,
        this_epoch_quality_adjusted_power=0,
        this_epoch_pledge_collateral=ZERO,
        this_epoch_quality_adjusted_power_smoothed=FilterEstimate.of(
            INITIAL_POWER_POSITION, INITIAL_POWER_VELOCITY
        ),
        miner_count=0,
        miner_above_minimum_power_count=0,
        ramp_start_epoch=0,
        ramp_duration_epochs=0,
        cron_event_queue=CRON_QUEUE.empty_root(store),
        first_cron_epoch=0,
        claims=CLAIMS.empty_root(store),
        proof_validation_batch=None,
    )


def consensus_minimum(policy: Policy, window_post_proof_type: int) -> int:
    """Return the bytes of raw power from which on a miner counts; ActorError for an unknown type.

    The minimum is the same for all sector sizes.
    """
    if window_post_proof_type not in _POST_PROOFS:
        raise illegal_state(f"unsupported proof type: {window_post_proof_type}")
    return policy.minimum_consensus_power


def meets_consensus_minimum(policy: Policy, state: State, claim: Claim) -> bool:
    """Return whether a miner with this claim may win blocks; ActorError for an unknown type."""
    if claim.raw_byte_power >= consensus_minimum(policy, claim.window_post_proof_type):
        return True
    if state.miner_above_minimum_power_count >= CONSENSUS_MINER_MIN_MINERS:
        return False
    return claim.raw_byte_power > 0
