"""Sectors of zeros come to encode data: which may, and what becomes of them (FIP-0019)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.miner.data_activation import ActivatedData
from papyrus.actors.miner.deadline import must_find_partition, open_partitions
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.fees import adjusted_daily_proof_fee, daily_proof_fee
from papyrus.actors.miner.funds import add_initial_pledge, require_balance_invariants
from papyrus.actors.miner.params.onboarding import (
    ProveReplicaUpdates3Params,
    SectorUpdateManifest,
)
from papyrus.actors.miner.partition import replace_sectors
from papyrus.actors.miner.placement import deadline_scope, sector_is_active
from papyrus.actors.miner.pledge import PledgeInputs, current_pledge_inputs
from papyrus.actors.miner.power import NO_POWER, PowerPair, quality_adjusted_power_for_weight
from papyrus.actors.miner.proof_policy import is_sealed_sector
from papyrus.actors.miner.proving_period import deadline_is_mutable
from papyrus.actors.miner.sector_activation import put_sectors, require_funds_for_pledge
from papyrus.actors.miner.sectors import SIMPLE_QUALITY_POWER, SectorOnChainInfo
from papyrus.actors.miner.state import State, load_deadlines, with_deadlines
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.proof_types import update_proof_of
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, illegal_state
from papyrus.vm.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ReplicaUpdate:
    """A sector that is to encode data."""

    manifest: SectorUpdateManifest
    sector: SectorOnChainInfo
    """As it is before."""
    proof: bytes


def validate_updates(
    rt: Runtime,
    state: State,
    updates: Sequence[ReplicaUpdate],
    params: ProveReplicaUpdates3Params,
) -> BatchReturn:
    """Return which sectors may be updated; abort for one that may not, where all must succeed."""
    codes = []
    seen: set[int] = set()
    for update in updates:
        number = update.manifest.sector
        try:
            if number in seen:
                raise illegal_argument(f"skipping duplicate sector {number}")
            seen.add(number)
            _require_updatable(rt, state, update, params.update_proofs_type)
        except ActorError:
            if params.require_activation_success:
                raise
            codes.append(ExitCode.USR_ILLEGAL_ARGUMENT)
        else:
            codes.append(ExitCode.OK)
    return BatchReturn.of(codes)


def apply_updates(
    rt: Runtime, updates: Sequence[tuple[ReplicaUpdate, ActivatedData]], sector_size: int
) -> tuple[PowerPair, TokenAmount]:
    """Put the updated sectors in the place of the old; return what power and pledge that adds.

    Aborts where there are not the funds to pledge. The power actor is yet to be told.
    """
    inputs = current_pledge_inputs(rt)
    state = rt.load(State)
    by_deadline: dict[int, list[tuple[ReplicaUpdate, SectorOnChainInfo]]] = {}
    for update, data in updates:
        sector = _updated(rt.policy, rt.epoch, sector_size, update, data, inputs)
        by_deadline.setdefault(update.manifest.deadline, []).append((update, sector))
    state, power, pledge = _replace_in_deadlines(rt, state, by_deadline, sector_size)
    state = put_sectors(
        rt.store, state, [sector for group in by_deadline.values() for _, sector in group]
    )
    if pledge > 0:
        require_funds_for_pledge(state, rt.balance, pledge)
    state = add_initial_pledge(state, pledge)
    require_balance_invariants(state, rt.balance)
    rt.save(state)
    return power, pledge


def _require_updatable(rt: Runtime, state: State, update: ReplicaUpdate, proof_type: int) -> None:
    """Abort unless a sector is active, without data, and where its manifest says."""
    policy, manifest, sector = rt.policy, update.manifest, update.sector
    number = manifest.sector
    if len(update.proof) > policy.max_replica_update_proof_size:
        raise illegal_argument(
            f"update proof is too large ({len(update.proof)}), skipping sector {number}"
        )
    if manifest.deadline >= policy.deadlines_in_period:
        raise illegal_argument(
            f"deadline {manifest.deadline} not in range 0..{policy.deadlines_in_period}, "
            f"skipping sector {number}"
        )
    if not is_sealed_sector(manifest.new_sealed_cid):
        raise illegal_argument(
            f"new sealed CID had wrong prefix {manifest.new_sealed_cid}, skipping sector {number}"
        )
    period_start = state.current_proving_period_start(policy, rt.epoch)
    if not deadline_is_mutable(policy, period_start, manifest.deadline, rt.epoch):
        raise illegal_argument(
            f"cannot upgrade sectors in immutable deadline {manifest.deadline}, "
            f"skipping sector {number}"
        )
    if not sector_is_active(
        rt.store, state, manifest.deadline, manifest.partition, number, require_proven=True
    ):
        raise illegal_argument(f"sector isn't active, skipping sector {number}")
    if sector.deal_weight + sector.verified_deal_weight != 0:
        raise illegal_argument(f"cannot update sector with non-zero data, skipping sector {number}")
    expected = update_proof_of(sector.seal_proof)
    if expected is None:
        raise illegal_state(f"couldn't load update proof type of {sector.seal_proof}")
    if proof_type != expected:
        raise illegal_argument(f"expected proof type {expected}, was {proof_type}")


def _updated(
    policy: Policy,
    epoch: int,
    sector_size: int,
    update: ReplicaUpdate,
    data: ActivatedData,
    inputs: PledgeInputs,
) -> SectorOnChainInfo:
    """Return a sector with other data from now on: its pledge never falls."""
    old = update.sector
    duration = old.expiration - epoch
    verified_weight = data.verified_space * duration
    power = quality_adjusted_power_for_weight(sector_size, duration, verified_weight)
    return replace(
        old,
        flags=old.flags | SIMPLE_QUALITY_POWER,
        sealed_cid=update.manifest.new_sealed_cid,
        sector_key_cid=old.sector_key_cid or old.sealed_cid,
        power_base_epoch=epoch,
        deal_weight=data.unverified_space * duration,
        verified_deal_weight=verified_weight,
        expected_day_reward=None,
        replaced_day_reward=None,
        expected_storage_pledge=None,
        initial_pledge=max(old.initial_pledge, inputs.initial_pledge(power)),
        daily_fee=_updated_fee(policy, sector_size, duration, old, power, inputs),
    )


def _updated_fee(
    policy: Policy,
    sector_size: int,
    duration: int,
    old: SectorOnChainInfo,
    power: int,
    inputs: PledgeInputs,
) -> TokenAmount:
    """Return the daily fee in proportion to power, or a first one for an old sector (FIP-0100)."""
    if old.daily_fee == 0:
        return daily_proof_fee(policy, inputs.circulating_supply, power)
    old_power = quality_adjusted_power_for_weight(sector_size, duration, old.verified_deal_weight)
    return adjusted_daily_proof_fee(old.daily_fee, old_power, power)


def _replace_in_deadlines(
    rt: Runtime,
    state: State,
    by_deadline: Mapping[int, Sequence[tuple[ReplicaUpdate, SectorOnChainInfo]]],
    sector_size: int,
) -> tuple[State, PowerPair, TokenAmount]:
    """Replace sectors where they are; return also what power and pledge that adds."""
    deadlines = load_deadlines(rt.store, state)
    power, pledge = NO_POWER, ZERO
    for index in sorted(by_deadline):
        scope = deadline_scope(rt.store, state, rt.policy, index, sector_size)
        deadline = load_deadline(rt.store, deadlines, index)
        partitions = open_partitions(rt.store, deadline)
        live_power, daily_fee = deadline.live_power, deadline.daily_fee
        for update, sector in by_deadline[index]:
            place = update.manifest.partition
            partition = must_find_partition(partitions, place)
            partition, change = replace_sectors(scope, partition, [update.sector], [sector])
            partitions.set(place, partition)
            power += change.power
            pledge += change.pledge
            live_power += change.power
            daily_fee += change.daily_fee
        deadline = replace(
            deadline, partitions=partitions.flush(), live_power=live_power, daily_fee=daily_fee
        )
        deadlines = with_deadline(rt.store, rt.policy, deadlines, index, deadline)
    return with_deadlines(rt.store, state, deadlines), power, pledge
