"""Network version 24, TukTuk: actors v15.

The power actor learns over which epochs the consensus pledge moves to its new formula (FIP-0081):
from the height of the upgrade on, for a year on mainnet and for days on test networks.
"""

from functools import partial

from papyrus.actors.migrations.context import Changes, Migration, put_record
from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal
from papyrus.types.actor import ActorState


@cbor_tuple
class FilterEstimate(Record):
    """A smoothed amount and how it moves, in 128-bit fixed point."""

    position: BigInt
    velocity: BigInt


@cbor_tuple
class PowerV14(Record):
    """The state of the power actor up to actors v14."""

    total_raw_byte_power: BigInt
    total_bytes_committed: BigInt
    total_quality_adj_power: BigInt
    total_qa_bytes_committed: BigInt
    total_pledge_collateral: TokenAmount
    this_epoch_raw_byte_power: BigInt
    this_epoch_quality_adj_power: BigInt
    this_epoch_pledge_collateral: TokenAmount
    this_epoch_qa_power_smoothed: FilterEstimate
    miner_count: I64
    miner_above_min_power_count: I64
    cron_event_queue: Cid
    first_cron_epoch: ChainEpoch
    claims: Cid
    proof_validation_batch: Cid | None


@cbor_tuple
class PowerV15(Record):
    """The state of the power actor from actors v15 on."""

    total_raw_byte_power: BigInt
    total_bytes_committed: BigInt
    total_quality_adj_power: BigInt
    total_qa_bytes_committed: BigInt
    total_pledge_collateral: TokenAmount
    this_epoch_raw_byte_power: BigInt
    this_epoch_quality_adj_power: BigInt
    this_epoch_pledge_collateral: TokenAmount
    this_epoch_qa_power_smoothed: FilterEstimate
    miner_count: I64
    miner_above_min_power_count: I64
    ramp_start_epoch: I64
    ramp_duration_epochs: U64
    cron_event_queue: Cid
    first_cron_epoch: ChainEpoch
    claims: Cid
    proof_validation_batch: Cid | None


def changes(migration: Migration) -> Changes:
    """Return how actors change; Fatal where the ramp would not start on the chain."""
    start, duration = ramp(migration)
    if start <= 0 or duration == 0:
        raise Fatal(f"the pledge's ramp cannot start at height {start} for {duration} epochs")
    return {"storagepower": partial(_power, migration)}


def ramp(migration: Migration) -> tuple[int, int]:
    """Return the height at which the ramp starts and its epochs."""
    facts = migration.facts
    start = migration.height if facts.pledge_ramp_start is None else facts.pledge_ramp_start
    return start, facts.pledge_ramp_epochs


def _power(migration: Migration, _actor_id: int, actor: ActorState) -> ActorState:
    old = PowerV14.from_cbor(load(migration.store, actor.head))
    start, duration = ramp(migration)
    new = PowerV15(
        total_raw_byte_power=old.total_raw_byte_power,
        total_bytes_committed=old.total_bytes_committed,
        total_quality_adj_power=old.total_quality_adj_power,
        total_qa_bytes_committed=old.total_qa_bytes_committed,
        total_pledge_collateral=old.total_pledge_collateral,
        this_epoch_raw_byte_power=old.this_epoch_raw_byte_power,
        this_epoch_quality_adj_power=old.this_epoch_quality_adj_power,
        this_epoch_pledge_collateral=old.this_epoch_pledge_collateral,
        this_epoch_qa_power_smoothed=old.this_epoch_qa_power_smoothed,
        miner_count=old.miner_count,
        miner_above_min_power_count=old.miner_above_min_power_count,
        ramp_start_epoch=start,
        ramp_duration_epochs=duration,
        cron_event_queue=old.cron_event_queue,
        first_cron_epoch=old.first_cron_epoch,
        claims=old.claims,
        proof_validation_batch=old.proof_validation_batch,
    )
    return actor.with_head(put_record(migration.store, new))
