"""Who a miner is, and where its day stands, as Lotus tells it."""

from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.miner.funds import available_balance
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.proving_period import DeadlineInfo
from papyrus.actors.miner.state import ALLOCATED_SECTORS, State, load_info
from papyrus.actors.miner.vesting import load_vesting
from papyrus.primitives import base58
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.json_values import MAYBE_ADDRESS
from papyrus.rpc.views.state_at import StateAt

MINER = "storageminer"

_NO_CHANGE = -1
"""What Lotus says of a change of worker that nobody asked for."""


@dataclass(frozen=True, slots=True)
class BeneficiaryTermView:
    """What the beneficiary may still take, in attoFIL, and until when."""

    quota: TokenAmount
    used_quota: TokenAmount
    expiration: ChainEpoch


@dataclass(frozen=True, slots=True)
class PendingBeneficiaryView:
    """A change of beneficiary that not all have agreed to."""

    new_beneficiary: Address
    new_quota: TokenAmount
    new_expiration: ChainEpoch
    approved_by_beneficiary: bool
    approved_by_nominee: bool


@dataclass(frozen=True, slots=True)
class MinerInfoView:
    """Who a miner is."""

    owner: Address
    worker: Address
    new_worker: Annotated[Address | None, MAYBE_ADDRESS]
    control_addresses: list[Address]
    worker_change_epoch: ChainEpoch
    peer_id: str | None
    multiaddrs: list[bytes]
    window_post_proof_type: Annotated[int, Named("WindowPoStProofType")]
    sector_size: int
    window_post_partition_sectors: Annotated[int, Named("WindowPoStPartitionSectors")]
    consensus_fault_elapsed: ChainEpoch
    pending_owner_address: Address | None
    beneficiary: Address
    beneficiary_term: BeneficiaryTermView | None
    pending_beneficiary_term: PendingBeneficiaryView | None


@dataclass(frozen=True, slots=True)
class ProvingDeadline:
    """A deadline's window, in epochs, with the constants it follows from."""

    current_epoch: ChainEpoch
    period_start: ChainEpoch
    index: int
    open: ChainEpoch
    close: ChainEpoch
    challenge: ChainEpoch
    fault_cutoff: ChainEpoch
    period_deadlines: Annotated[int, Named("WPoStPeriodDeadlines")]
    proving_period: Annotated[ChainEpoch, Named("WPoStProvingPeriod")]
    challenge_window: Annotated[ChainEpoch, Named("WPoStChallengeWindow")]
    challenge_lookback: Annotated[ChainEpoch, Named("WPoStChallengeLookback")]
    fault_declaration_cutoff: ChainEpoch


def miner_state(state: StateAt, miner: Address) -> State:
    """Return a miner's own record; RpcError where the address is no miner's."""
    return state.record(miner, MINER, State)


def miner_info(state: StateAt, miner: Address) -> MinerInfoView:
    """Return who a miner is."""
    return _info_view(load_info(state.store, miner_state(state, miner)))


def _info_view(info: MinerInfo) -> MinerInfoView:
    change, term, pending = (
        info.pending_worker_key,
        info.beneficiary_term,
        info.pending_beneficiary_term,
    )
    return MinerInfoView(
        owner=info.owner,
        worker=info.worker,
        new_worker=None if change is None else change.new_worker,
        control_addresses=list(info.control_addresses),
        worker_change_epoch=_NO_CHANGE if change is None else change.effective_at,
        peer_id=_peer_id(info.peer_id),
        multiaddrs=list(info.multiaddrs),
        window_post_proof_type=info.window_post_proof_type,
        sector_size=info.sector_size,
        window_post_partition_sectors=info.window_post_partition_sectors,
        consensus_fault_elapsed=info.consensus_fault_elapsed,
        # Quirk: Lotus leaves it out when it copies the record, so that it is always null there.
        pending_owner_address=None,
        beneficiary=info.beneficiary,
        beneficiary_term=BeneficiaryTermView(term.quota, term.used_quota, term.expiration),
        pending_beneficiary_term=None
        if pending is None
        else PendingBeneficiaryView(
            new_beneficiary=pending.new_beneficiary,
            new_quota=pending.new_quota,
            new_expiration=pending.new_expiration,
            approved_by_beneficiary=pending.approved_by_beneficiary,
            approved_by_nominee=pending.approved_by_nominee,
        ),
    )


def _peer_id(data: bytes) -> str | None:
    """Return a libp2p peer ID as text, None for bytes that are no multihash."""
    is_multihash = len(data) > 2 and data[1] == len(data) - 2 and data[0] in (0x00, 0x12)
    return base58.encode(data) if is_multihash else None


def proving_deadline(state: StateAt, miner: Address) -> ProvingDeadline:
    """Return the deadline whose window is open at the state's epoch."""
    found = miner_state(state, miner).deadline_info(state.policy, state.epoch).next_not_elapsed()
    return _deadline_view(found)


def _deadline_view(info: DeadlineInfo) -> ProvingDeadline:
    policy = info.policy
    return ProvingDeadline(
        current_epoch=info.current_epoch,
        period_start=info.period_start,
        index=info.index,
        open=info.open,
        close=info.close,
        challenge=info.challenge,
        fault_cutoff=info.fault_cutoff,
        period_deadlines=policy.deadlines_in_period,
        proving_period=policy.proving_period,
        challenge_window=policy.challenge_window,
        challenge_lookback=policy.challenge_lookback,
        fault_declaration_cutoff=policy.fault_declaration_cutoff,
    )


def available(state: StateAt, miner: Address) -> TokenAmount:
    """Return what a miner could withdraw, in attoFIL: what is free and what has vested since."""
    own = miner_state(state, miner)
    vested = sum(
        entry.amount
        for entry in load_vesting(state.store, own.vesting_funds)
        if entry.epoch < state.epoch
    )
    return available_balance(own, state.actor(miner).balance) + vested


def allocated_numbers(state: StateAt, miner: Address) -> BitField:
    """Return every sector number that a miner has ever used."""
    return ALLOCATED_SECTORS.load(state.store, miner_state(state, miner).allocated_sectors).numbers
