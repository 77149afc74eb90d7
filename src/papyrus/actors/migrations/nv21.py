"""Network version 21, Watermelon: actors v12.

A sector remembers when it was first proven, however often its content was replaced since, and
beside that when its power last changed; until then a replacement overwrote the one with the other
and kept the sector's earlier age apart (builtin-actors issue 914). Whether its power follows
FIP-0045 becomes the first of some flags. Everything that holds sectors changes with them: each
miner's table, and the snapshot of it at each deadline.
"""

from dataclasses import replace
from functools import partial

from papyrus.actors.migrations.context import Changes, Migration, put_record
from papyrus.actors.migrations.shapes import (
    SECTORS_BIT_WIDTH,
    Deadlines,
    DeadlineV15,
    MinerV15,
)
from papyrus.actors.migrations.trees import Memo, RecentMemo, rewrite_array
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.actor import ActorState

SIMPLE_QA_POWER = 1
"""The flag of a sector whose power follows FIP-0045."""


@cbor_tuple
class SectorV11(Record):
    """A sector as actors v9 to v11 knew it."""

    number: U64
    seal_proof: I64
    sealed_cid: Cid
    deal_ids: tuple[U64, ...]
    activation: ChainEpoch
    """When its present content was proven."""
    expiration: ChainEpoch
    deal_weight: BigInt
    verified_deal_weight: BigInt
    initial_pledge: TokenAmount
    expected_day_reward: TokenAmount
    expected_storage_pledge: TokenAmount
    replaced_sector_age: ChainEpoch
    """How old it was when its content was replaced."""
    replaced_day_reward: TokenAmount
    sector_key_cid: Cid | None
    """What it was sealed as, where its content was replaced."""
    simple_qa_power: bool


@cbor_tuple
class SectorV12(Record):
    """A sector as actors v12 know it."""

    number: U64
    seal_proof: I64
    sealed_cid: Cid
    deal_ids: tuple[U64, ...]
    activation: ChainEpoch
    """When it was first proven."""
    expiration: ChainEpoch
    deal_weight: BigInt
    verified_deal_weight: BigInt
    initial_pledge: TokenAmount
    expected_day_reward: TokenAmount
    expected_storage_pledge: TokenAmount
    power_base_epoch: ChainEpoch
    """When its power last changed."""
    replaced_day_reward: TokenAmount
    sector_key_cid: Cid | None
    flags: U64


def changes(migration: Migration) -> Changes:
    """Return how actors change."""
    # A sector becomes the same wherever it lies, so snapshots find most of their nodes done.
    return {"storageminer": partial(_miner, migration.store, RecentMemo())}


def migrate_sector(old: SectorV11) -> SectorV12:
    """Return the sector with its first activation."""
    age = old.replaced_sector_age if old.sector_key_cid is not None else 0
    return SectorV12(
        number=old.number,
        seal_proof=old.seal_proof,
        sealed_cid=old.sealed_cid,
        deal_ids=old.deal_ids,
        activation=old.activation - age,
        expiration=old.expiration,
        deal_weight=old.deal_weight,
        verified_deal_weight=old.verified_deal_weight,
        initial_pledge=old.initial_pledge,
        expected_day_reward=old.expected_day_reward,
        expected_storage_pledge=old.expected_storage_pledge,
        power_base_epoch=old.activation,
        replaced_day_reward=old.replaced_day_reward,
        sector_key_cid=old.sector_key_cid,
        flags=SIMPLE_QA_POWER if old.simple_qa_power else 0,
    )


def _miner(store: Blockstore, memo: Memo, _actor_id: int, actor: ActorState) -> ActorState:
    state = MinerV15.from_cbor(load(store, actor.head))
    due = Deadlines.from_cbor(load(store, state.deadlines)).due
    deadlines = Deadlines(tuple(_deadline(store, memo, cid) for cid in due))
    new = replace(
        state,
        sectors=_sectors(store, memo, state.sectors),
        deadlines=put_record(store, deadlines),
    )
    return actor.with_head(put_record(store, new))


def _deadline(store: Blockstore, memo: Memo, cid: Cid) -> Cid:
    old = DeadlineV15.from_cbor(load(store, cid))
    snapshot = _sectors(store, memo, old.sectors_snapshot)
    return put_record(store, replace(old, sectors_snapshot=snapshot))


def _sectors(store: Blockstore, memo: Memo, root: Cid) -> Cid:
    return rewrite_array(store, root, SECTORS_BIT_WIDTH, _sector, memo)


def _sector(_number: int, encoded: bytes) -> bytes:
    return migrate_sector(SectorV11.from_cbor(encoded)).to_cbor()
