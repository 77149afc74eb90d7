"""Network version 25, Teep: actors v16.

Miners: each deadline counts its live power and its daily fee (FIP-0100), the fee zero for all that
was sealed before; and what vests next stands in the miner's own state, the rest in a block of its
own that most messages then need not read. Sectors stay as they are: theirs without a fee decode.
Contracts: the state gets a place for transient storage (FIP-0097), empty here.
"""

from functools import partial
from typing import Annotated

from papyrus.actors.migrations.context import Changes, Migration, put_record
from papyrus.actors.migrations.shapes import (
    NO_POWER,
    Deadlines,
    DeadlineV15,
    MinerV15,
    PowerPair,
)
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ChainEpoch, Length
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.types.actor import ActorState

PARTITIONS_BIT_WIDTH = 3


@cbor_tuple
class VestingFund(Record):
    """An amount, and when it becomes free."""

    epoch: ChainEpoch
    amount: TokenAmount


@cbor_tuple
class VestingFundsV15(Record):
    """All that vests, up to actors v15."""

    funds: tuple[VestingFund, ...]


@cbor_transparent
class VestingFundsTail(Record):
    """What vests after the first fund, from actors v16 on."""

    funds: tuple[VestingFund, ...]


@cbor_tuple
class VestingFundsV16(Record):
    """All that vests, from actors v16 on."""

    head: VestingFund
    tail: Cid
    """A `VestingFundsTail`."""


@cbor_tuple
class MinerV16(Record):
    """The state of a miner from actors v16 on."""

    info: Cid
    pre_commit_deposits: TokenAmount
    locked_funds: TokenAmount
    vesting_funds: VestingFundsV16 | None
    fee_debt: TokenAmount
    initial_pledge: TokenAmount
    pre_committed_sectors: Cid
    pre_committed_sectors_cleanup: Cid
    allocated_sectors: Cid
    sectors: Cid
    proving_period_start: ChainEpoch
    current_deadline: U64
    deadlines: Cid
    early_terminations: BitField
    deadline_cron_active: bool


@cbor_tuple
class DeadlineV16(Record):
    """What is due at a deadline, from actors v16 on."""

    partitions: Cid
    expirations_epochs: Cid
    partitions_posted: BitField
    early_terminations: BitField
    live_sectors: U64
    total_sectors: U64
    faulty_power: PowerPair
    optimistic_post_submissions: Cid
    sectors_snapshot: Cid
    partitions_snapshot: Cid
    optimistic_post_submissions_snapshot: Cid
    live_power: PowerPair
    daily_fee: TokenAmount


@cbor_tuple
class Partition(Record):
    """A partition, of which only the live power is asked for here."""

    sectors: bytes
    unproven: bytes
    faults: bytes
    recoveries: bytes
    terminated: bytes
    expirations_epochs: Cid
    early_terminated: Cid
    live_power: PowerPair
    unproven_power: PowerPair
    faulty_power: PowerPair
    recovering_power: PowerPair


@cbor_tuple
class Tombstone(Record):
    """What is left of a contract that destroyed itself."""

    origin: U64
    nonce: U64


@cbor_tuple
class ContractV15(Record):
    """The state of a contract up to actors v15."""

    bytecode: Cid
    bytecode_hash: Annotated[bytes, Length(32)]
    contract_state: Cid
    nonce: U64
    tombstone: Tombstone | None


@cbor_tuple
class Lifespan(Record):
    """The message that transient storage lasts for."""

    origin: U64
    nonce: U64


@cbor_tuple
class TransientData(Record):
    """Storage that lasts for one message."""

    state: Cid
    lifespan: Lifespan


@cbor_tuple
class ContractV16(Record):
    """The state of a contract from actors v16 on."""

    bytecode: Cid
    bytecode_hash: Annotated[bytes, Length(32)]
    contract_state: Cid
    transient_data: TransientData | None
    nonce: U64
    tombstone: Tombstone | None


def changes(migration: Migration) -> Changes:
    """Return how actors change."""
    return {
        "storageminer": partial(_miner, migration.store),
        "evm": partial(_contract, migration.store),
    }


def _miner(store: Blockstore, _actor_id: int, actor: ActorState) -> ActorState:
    old = MinerV15.from_cbor(load(store, actor.head))
    due = Deadlines.from_cbor(load(store, old.deadlines)).due
    deadlines = Deadlines(tuple(_deadline(store, cid) for cid in due))
    new = MinerV16(
        info=old.info,
        pre_commit_deposits=old.pre_commit_deposits,
        locked_funds=old.locked_funds,
        vesting_funds=_vesting_funds(store, old.vesting_funds),
        fee_debt=old.fee_debt,
        initial_pledge=old.initial_pledge,
        pre_committed_sectors=old.pre_committed_sectors,
        pre_committed_sectors_cleanup=old.pre_committed_sectors_cleanup,
        allocated_sectors=old.allocated_sectors,
        sectors=old.sectors,
        proving_period_start=old.proving_period_start,
        current_deadline=old.current_deadline,
        deadlines=put_record(store, deadlines),
        early_terminations=old.early_terminations,
        deadline_cron_active=old.deadline_cron_active,
    )
    return actor.with_head(put_record(store, new))


def _vesting_funds(store: Blockstore, cid: Cid) -> VestingFundsV16 | None:
    funds = VestingFundsV15.from_cbor(load(store, cid)).funds
    if not funds:
        return None
    return VestingFundsV16(funds[0], put_record(store, VestingFundsTail(funds[1:])))


def _deadline(store: Blockstore, cid: Cid) -> Cid:
    old = DeadlineV15.from_cbor(load(store, cid))
    partitions = Amt(store, old.partitions, bit_width=PARTITIONS_BIT_WIDTH).items()
    powers = (Partition.from_ipld(value).live_power for _, value in partitions)
    new = DeadlineV16(
        partitions=old.partitions,
        expirations_epochs=old.expirations_epochs,
        partitions_posted=old.partitions_posted,
        early_terminations=old.early_terminations,
        live_sectors=old.live_sectors,
        total_sectors=old.total_sectors,
        faulty_power=old.faulty_power,
        optimistic_post_submissions=old.optimistic_post_submissions,
        sectors_snapshot=old.sectors_snapshot,
        partitions_snapshot=old.partitions_snapshot,
        optimistic_post_submissions_snapshot=old.optimistic_post_submissions_snapshot,
        live_power=sum(powers, start=NO_POWER),
        daily_fee=ZERO,
    )
    return put_record(store, new)


def _contract(store: Blockstore, _actor_id: int, actor: ActorState) -> ActorState:
    old = ContractV15.from_cbor(load(store, actor.head))
    new = ContractV16(
        bytecode=old.bytecode,
        bytecode_hash=old.bytecode_hash,
        contract_state=old.contract_state,
        transient_data=None,
        nonce=old.nonce,
        tombstone=old.tombstone,
    )
    return actor.with_head(put_record(store, new))
