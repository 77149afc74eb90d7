"""Proving once a day that sectors are still there: `SubmitWindowedPoSt`.

A proof is taken on trust and kept for as long as anyone may dispute it, except where it restores
power: then it is checked before anything is given back (FIP-0010).
"""

from papyrus.actors.dispatch import method
from papyrus.actors.miner.deadline import Deadline
from papyrus.actors.miner.deadline_proofs import (
    PoStResult,
    record_post_proofs,
    record_proven_sectors,
)
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.funds import require_balance_invariants
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import SubmitWindowedPoStParams
from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.proof_policy import max_partitions_loaded
from papyrus.actors.miner.proving_period import DeadlineInfo
from papyrus.actors.miner.state import (
    State,
    load_deadlines,
    load_info,
    open_sectors,
    with_deadlines,
)
from papyrus.actors.miner.window_post import window_post_holds
from papyrus.actors.power.calls import update_claimed_power
from papyrus.proofs.proof_types import post_proof_length
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, illegal_state
from papyrus.vm.runtime import RandomnessPurpose, Runtime

_RANDOMNESS_LENGTH = 32


@method(numbers.SUBMIT_WINDOWED_POST)
def submit_windowed_post(rt: Runtime, params: SubmitWindowedPoStParams) -> None:
    """Record partitions of the open deadline as proven, with what the proof skips as faulty.

    New sectors get their power, recovering ones theirs back if the proof holds; any other proof is
    kept to be disputed. The proof must name a block of this chain since the challenge.
    """
    policy = rt.policy
    _require_plausible(policy, params)
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    _require_fitting(policy, info, params)
    window = state.deadline_info(policy, rt.epoch)
    _require_timely(rt, window, params)

    deadlines = load_deadlines(rt.store, state)
    scope = Scope(rt.store, open_sectors(rt.store, state), info.sector_size, window.quant)
    deadline, result = record_proven_sectors(
        scope,
        load_deadline(rt.store, deadlines, params.deadline),
        window.last + policy.fault_max_age,
        params.partitions,
    )
    if not result.sectors - result.ignored_sectors:
        raise illegal_argument("cannot prove partitions with no active sectors")
    deadline = _with_proof(rt, scope, window, deadline, result, params)
    deadlines = with_deadline(rt.store, policy, deadlines, params.deadline, deadline)
    rt.save(with_deadlines(rt.store, state, deadlines))

    update_claimed_power(rt, result.power_delta.raw, result.power_delta.quality_adjusted)
    require_balance_invariants(rt.load(State), rt.balance)


def _require_plausible(policy: Policy, params: SubmitWindowedPoStParams) -> None:
    """Abort where the parameters make no sense for any miner."""
    if len(params.proofs) != 1:
        raise illegal_argument(f"expected exactly one proof, got {len(params.proofs)}")
    if params.proofs[0].post_proof not in policy.window_post_proofs:
        raise illegal_argument(f"proof type {params.proofs[0].post_proof} not allowed")
    if params.deadline >= policy.deadlines_in_period:
        raise illegal_argument(
            f"invalid deadline {params.deadline} of {policy.deadlines_in_period}"
        )
    if len(params.chain_commit_randomness) > _RANDOMNESS_LENGTH:
        raise illegal_argument(
            f"expected at most {_RANDOMNESS_LENGTH} bytes of randomness, "
            f"got {len(params.chain_commit_randomness)}"
        )


def _require_fitting(policy: Policy, info: MinerInfo, params: SubmitWindowedPoStParams) -> None:
    """Abort unless the proof is of this miner's type and of a size for its partitions."""
    proof = params.proofs[0]
    length = post_proof_length(info.window_post_proof_type)
    if length is None:
        raise illegal_state("failed to determine max window post proof size")
    if proof.post_proof != info.window_post_proof_type:
        raise illegal_argument(
            f"expected proof of type {info.window_post_proof_type}, got {proof.post_proof}"
        )
    most = length * len(params.partitions)
    if len(proof.proof_bytes) > most:
        raise illegal_argument(f"expected proof to be smaller than {most} bytes")
    limit = min(
        max_partitions_loaded(policy, info.window_post_partition_sectors),
        policy.posted_partitions_max,
    )
    if len(params.partitions) > limit:
        raise illegal_argument(f"too many partitions {len(params.partitions)}, limit {limit}")


def _require_timely(rt: Runtime, window: DeadlineInfo, params: SubmitWindowedPoStParams) -> None:
    """Abort unless the proof is for the window that is open, and made on this chain."""
    epoch, commit_epoch = rt.epoch, params.chain_commit_epoch
    if not window.is_open:
        raise illegal_state(f"proving period {window.period_start} not yet open at {epoch}")
    if params.deadline != window.index:
        raise illegal_argument(
            f"invalid deadline {params.deadline} at epoch {epoch}, expected {window.index}"
        )
    if commit_epoch < window.challenge:
        raise illegal_argument(
            f"expected chain commit epoch {commit_epoch} to be after {window.challenge}"
        )
    if commit_epoch >= epoch:
        raise illegal_argument(
            f"chain commit epoch {commit_epoch} must be less than the current epoch {epoch}"
        )
    drawn = rt.ticket_randomness(RandomnessPurpose.POST_CHAIN_COMMIT, commit_epoch, b"")
    if drawn != params.chain_commit_randomness:
        raise illegal_argument("post commit randomness mismatched")


def _with_proof(
    rt: Runtime,
    scope: Scope,
    window: DeadlineInfo,
    deadline: Deadline,
    result: PoStResult,
    params: SubmitWindowedPoStParams,
) -> Deadline:
    """Return the deadline with a proof to be disputed, or check the proof if it restores power."""
    if result.recovered_power.is_zero:
        return record_post_proofs(scope.store, deadline, result.partitions, params.proofs)
    challenged = scope.sectors.load_for_proof(result.sectors, result.ignored_sectors)
    if not window_post_holds(rt, window.challenge, challenged, params.proofs):
        raise illegal_argument("invalid post was submitted")
    return deadline
