"""Reporting that a miner broke the consensus: it is fined, suspended, and the reporter paid."""

from dataclasses import replace

from papyrus.actors.common.attempts import attempt
from papyrus.actors.common.proofs import verify_consensus_fault
from papyrus.actors.dispatch import method
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.funds import (
    apply_penalty,
    repay_partial_debt,
    require_balance_invariants,
)
from papyrus.actors.miner.monies import (
    consensus_fault_penalty,
    reward_for_consensus_slash_report,
)
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import ReportConsensusFaultParams
from papyrus.actors.miner.state import State, load_info, with_info
from papyrus.actors.power.calls import update_pledge_total
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import METHOD_SEND
from papyrus.vm.aborts import forbidden, illegal_argument
from papyrus.vm.runtime import Runtime


@method(numbers.REPORT_CONSENSUS_FAULT)
def report_consensus_fault(rt: Runtime, params: ReportConsensusFaultParams) -> None:
    """Fine the miner for a fault that block headers prove, and suspend it for a finality.

    Anyone may report; the first to do so gets part of what can be burnt, as long as the fault is
    no older than the last suspension.
    """
    rt.accept_any_caller()
    fault = verify_consensus_fault(rt, params.header1, params.header2, params.header_extra)
    if fault is None:
        raise illegal_argument("No consensus fault found")
    if fault.target != rt.receiver_id:
        raise illegal_argument(f"fault by f0{fault.target} reported to miner {rt.receiver}")
    if rt.epoch <= fault.epoch:
        raise illegal_argument(f"invalid fault epoch {fault.epoch} ahead of current {rt.epoch}")
    epoch_reward = TokenAmount(this_epoch_reward(rt).reward_smoothed.estimate)

    state = rt.load(State)
    info = load_info(rt.store, state)
    if fault.epoch < info.consensus_fault_elapsed:
        raise forbidden(
            f"fault epoch {fault.epoch} is too old, last exclusion period ended at "
            f"{info.consensus_fault_elapsed}"
        )
    state = apply_penalty(state, consensus_fault_penalty(epoch_reward))
    state, taken, drawn = repay_partial_debt(rt.store, state, rt.epoch, rt.balance)
    reward = min(taken, reward_for_consensus_slash_report(epoch_reward))
    elapsed = rt.epoch + rt.policy.consensus_fault_ineligibility
    rt.save(with_info(rt.store, state, replace(info, consensus_fault_elapsed=elapsed)))

    # A reporter that cannot be paid changes nothing about the fault.
    attempt(rt, rt.caller, METHOD_SEND, value=reward)
    burn_funds(rt, taken - reward)
    update_pledge_total(rt, -drawn)
    require_balance_invariants(rt.load(State), rt.balance)
