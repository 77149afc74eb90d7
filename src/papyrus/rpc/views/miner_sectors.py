"""A miner's sectors, and the deadlines and partitions they are proven in, as Lotus tells them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.miner.deadline import POST_SUBMISSIONS, Deadline, open_partitions
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.expirations import EXPIRATIONS
from papyrus.actors.miner.partition import Partition
from papyrus.actors.miner.sectors import SectorOnChainInfo, SectorPreCommitInfo
from papyrus.actors.miner.state import (
    PRE_COMMITTED_SECTORS,
    State,
    get_sector,
    load_deadlines,
    open_sectors,
)
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.views.miner_info import miner_state
from papyrus.rpc.views.state_at import StateAt


@dataclass(frozen=True, slots=True)
class SectorView:
    """A sector that is proven, or was."""

    sector_number: int
    seal_proof: int
    sealed_cid: Annotated[Cid, Named("SealedCID")]
    activation: ChainEpoch
    expiration: ChainEpoch
    deal_weight: TokenAmount
    verified_deal_weight: TokenAmount
    initial_pledge: TokenAmount
    expected_day_reward: TokenAmount | None
    expected_storage_pledge: TokenAmount | None
    power_base_epoch: ChainEpoch
    replaced_day_reward: TokenAmount | None
    sector_key_cid: Annotated[Cid | None, Named("SectorKeyCID")]
    flags: int
    daily_fee: TokenAmount


@dataclass(frozen=True, slots=True)
class PreCommitInfoView:
    """What was announced of a sector."""

    seal_proof: int
    sector_number: int
    sealed_cid: Annotated[Cid, Named("SealedCID")]
    seal_randomness_epoch: Annotated[ChainEpoch, Named("SealRandEpoch")]
    deal_ids: Annotated[list[int] | None, Named("DealIDs")] = None
    expiration: ChainEpoch = 0
    unsealed_cid: Cid | None = None


@dataclass(frozen=True, slots=True)
class PreCommitView:
    """A sector that is announced and not yet proven."""

    info: PreCommitInfoView
    pre_commit_deposit: TokenAmount
    pre_commit_epoch: ChainEpoch


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """What has been proven of a deadline."""

    post_submissions: BitField
    """Partitions proven in the window that is open."""
    disputable_proof_count: int
    daily_fee: TokenAmount


@dataclass(frozen=True, slots=True)
class PartitionView:
    """The sectors of a partition, by what they are."""

    all_sectors: BitField
    faulty_sectors: BitField
    recovering_sectors: BitField
    live_sectors: BitField
    active_sectors: BitField


@dataclass(frozen=True, slots=True)
class SectorCounts:
    """How many sectors a miner has."""

    live: int
    active: int
    faulty: int


@dataclass(frozen=True, slots=True)
class SectorLocation:
    """Where a sector is proven."""

    deadline: int
    partition: int


@dataclass(frozen=True, slots=True)
class SectorExpirationView:
    """When a sector ends; an epoch that it has none of is 0."""

    on_time: ChainEpoch
    early: ChainEpoch


def sectors(state: StateAt, miner: Address, numbers: BitField | None) -> list[SectorView]:
    """Return a miner's sectors in the order of their numbers, or those of some numbers.

    RpcError where one that was asked for is not there.
    """
    own = open_sectors(state.store, miner_state(state, miner))
    if numbers is None:
        return [_sector_view(sector) for _, sector in own.array.items()]
    found = []
    for number in numbers:
        sector = own.get(number)
        if sector is None:
            raise RpcError(ErrorCode.GENERIC, f"sector {number} not found")
        found.append(_sector_view(sector))
    return found


def active_sectors(state: StateAt, miner: Address) -> list[SectorView]:
    """Return the sectors that count for a miner's power."""
    own = miner_state(state, miner)
    active = BitField.union(p.active_sectors for _, p in _partitions(state, own))
    return sectors(state, miner, active)


def sector(state: StateAt, miner: Address, number: int) -> SectorView | None:
    """Return a sector, or None."""
    found = get_sector(state.store, miner_state(state, miner), number)
    return None if found is None else _sector_view(found)


def pre_commit(state: StateAt, miner: Address, number: int) -> PreCommitView | None:
    """Return what was announced of a sector that is not yet proven, or None."""
    own = miner_state(state, miner)
    found = PRE_COMMITTED_SECTORS.open(state.store, own.pre_committed_sectors).get(number)
    if found is None:
        return None
    return PreCommitView(
        _pre_commit_info_view(found.info), found.pre_commit_deposit, found.pre_commit_epoch
    )


def deadlines(state: StateAt, miner: Address) -> list[DeadlineView]:
    """Return a miner's deadlines in the order of their windows."""
    return [
        DeadlineView(
            deadline.partitions_posted,
            sum(
                1
                for _ in POST_SUBMISSIONS.open(
                    state.store, deadline.optimistic_post_submissions_snapshot
                ).items()
            ),
            deadline.daily_fee,
        )
        for deadline in _deadlines(state, miner_state(state, miner))
    ]


def partitions(state: StateAt, miner: Address, index: int) -> list[PartitionView]:
    """Return the partitions of a deadline; RpcError where there is no such deadline."""
    own = load_deadlines(state.store, miner_state(state, miner))
    if not 0 <= index < len(own.due):
        raise RpcError(ErrorCode.GENERIC, f"invalid deadline index {index} of {len(own.due)}")
    deadline = load_deadline(state.store, own, index)
    return [
        PartitionView(
            partition.sectors,
            partition.faults,
            partition.recoveries,
            partition.live_sectors,
            partition.active_sectors,
        )
        for _, partition in open_partitions(state.store, deadline).items()
    ]


def faults(state: StateAt, miner: Address) -> BitField:
    """Return the numbers of the faulty sectors."""
    own = miner_state(state, miner)
    return BitField.union(partition.faults for _, partition in _partitions(state, own))


def recoveries(state: StateAt, miner: Address) -> BitField:
    """Return the numbers of the faulty sectors that are declared recovered."""
    own = miner_state(state, miner)
    return BitField.union(partition.recoveries for _, partition in _partitions(state, own))


def counts(state: StateAt, miner: Address) -> SectorCounts:
    """Return how many sectors a miner has."""
    live = active = faulty = 0
    for _, partition in _partitions(state, miner_state(state, miner)):
        live += len(partition.live_sectors)
        active += len(partition.active_sectors)
        faulty += len(partition.faults)
    return SectorCounts(live, active, faulty)


def location(state: StateAt, miner: Address, number: int) -> SectorLocation | None:
    """Return where a sector is proven; RpcError where it is not."""
    for where, partition in _partitions(state, miner_state(state, miner)):
        if number in partition.sectors:
            return where
    raise RpcError(ErrorCode.GENERIC, f"sector {number} not due at any deadline")


def expiration(state: StateAt, miner: Address, number: int) -> SectorExpirationView | None:
    """Return when a sector ends; RpcError where the miner does not prove it.

    One that was terminated has no epoch left, of which Lotus says the same.
    """
    for _, partition in _partitions(state, miner_state(state, miner)):
        if number not in partition.sectors or number in partition.terminated:
            continue
        early = 0
        for epoch, expiring in EXPIRATIONS.open(state.store, partition.expirations).items():
            if number in expiring.early_sectors:
                early = epoch
            elif number in expiring.on_time_sectors:
                return SectorExpirationView(epoch, early)
        if early:
            return SectorExpirationView(0, early)
    raise RpcError(ErrorCode.GENERIC, f"failed to find sector {number}")


def _deadlines(state: StateAt, own: State) -> Iterator[Deadline]:
    found = load_deadlines(state.store, own)
    for index in range(len(found.due)):
        yield load_deadline(state.store, found, index)


def _partitions(state: StateAt, own: State) -> Iterator[tuple[SectorLocation, Partition]]:
    for index, deadline in enumerate(_deadlines(state, own)):
        for place, partition in open_partitions(state.store, deadline).items():
            yield SectorLocation(index, place), partition


def _sector_view(sector: SectorOnChainInfo) -> SectorView:
    return SectorView(
        sector_number=sector.sector_number,
        seal_proof=sector.seal_proof,
        sealed_cid=sector.sealed_cid,
        activation=sector.activation,
        expiration=sector.expiration,
        deal_weight=TokenAmount(sector.deal_weight),
        verified_deal_weight=TokenAmount(sector.verified_deal_weight),
        initial_pledge=sector.initial_pledge,
        expected_day_reward=sector.expected_day_reward,
        expected_storage_pledge=sector.expected_storage_pledge,
        power_base_epoch=sector.power_base_epoch,
        replaced_day_reward=sector.replaced_day_reward,
        sector_key_cid=sector.sector_key_cid,
        flags=sector.flags,
        daily_fee=sector.daily_fee if sector.daily_fee is not None else ZERO,
    )


def _pre_commit_info_view(info: SectorPreCommitInfo) -> PreCommitInfoView:
    return PreCommitInfoView(
        seal_proof=info.seal_proof,
        sector_number=info.sector_number,
        sealed_cid=info.sealed_cid,
        seal_randomness_epoch=info.seal_randomness_epoch,
        deal_ids=list(info.deal_ids),
        expiration=info.expiration,
        unsealed_cid=info.unsealed_cid,
    )
