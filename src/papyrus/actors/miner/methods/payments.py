"""What flows into and out of a miner: rewards, withdrawals, debts, and what is locked."""

from dataclasses import replace

from papyrus.actors.dispatch import method
from papyrus.actors.miner.burning import burn_funds
from papyrus.actors.miner.funds import (
    add_locked_funds,
    apply_penalty,
    available_balance,
    repay_debts,
    repay_partial_debt,
    require_balance_invariants,
    unlock_vested_funds,
    unlocked_balance,
)
from papyrus.actors.miner.monies import (
    TERMINATION_LIFETIME_CAP,
    locked_part_of_reward,
    pledge_penalty_for_continued_fault,
    pledge_penalty_for_termination,
)
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.payments import (
    ApplyRewardParams,
    GetVestingFundsReturn,
    MaxTerminationFeeParams,
    WithdrawBalanceParams,
)
from papyrus.actors.miner.state import State, load_info, with_info
from papyrus.actors.miner.vesting import REWARD_VESTING_SPEC, load_vesting
from papyrus.actors.power.calls import current_total_power, update_pledge_total
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.actors.singletons import REWARD
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.types.message import METHOD_SEND
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state, insufficient_funds
from papyrus.vm.runtime import Runtime


@method(numbers.APPLY_REWARDS)
def apply_rewards(rt: Runtime, params: ApplyRewardParams) -> None:
    """Lock three quarters of a block's reward, and take its penalty from what there is."""
    if params.reward < 0:
        raise illegal_argument("cannot lock up a negative amount of funds")
    if params.penalty < 0:
        raise illegal_argument("cannot penalize a negative amount of funds")
    state = rt.load(State)
    rt.require_caller(REWARD)
    to_lock = locked_part_of_reward(params.reward)
    unlocked = unlocked_balance(state, rt.balance)
    if unlocked < to_lock:
        raise insufficient_funds(
            f"insufficient funds to lock, available: {unlocked}, requested: {to_lock}"
        )
    state, vested = add_locked_funds(rt.store, state, rt.epoch, to_lock, REWARD_VESTING_SPEC)
    state = apply_penalty(state, params.penalty)
    state, to_burn, drawn = repay_partial_debt(rt.store, state, rt.epoch, rt.balance)
    rt.save(state)

    update_pledge_total(rt, to_lock - vested - drawn)
    burn_funds(rt, to_burn)
    require_balance_invariants(rt.load(State), rt.balance)


@method(numbers.WITHDRAW_BALANCE, numbers.WITHDRAW_BALANCE_EXPORTED)
def withdraw_balance(rt: Runtime, params: WithdrawBalanceParams) -> TokenAmount:
    """Pay the beneficiary what is asked for, as far as it is available, after all debt.

    Returns what was paid. Owner and beneficiary may ask; a beneficiary other than the owner gets no
    more than its quota (FIP-0029). Nothing is paid while terminated sectors are to be paid for.
    """
    if params.amount_requested < 0:
        raise illegal_argument(f"negative fund requested for withdrawal: {params.amount_requested}")
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(info.owner, info.beneficiary)
    if state.early_terminations:
        raise forbidden(
            f"cannot withdraw funds while {len(state.early_terminations)} deadlines have "
            "terminated sectors with outstanding fees"
        )
    state, vested = unlock_vested_funds(rt.store, state, rt.epoch)
    available = available_balance(state, rt.balance)
    state, to_burn = repay_debts(state, rt.balance)
    amount = min(available, params.amount_requested)
    if amount < 0:
        raise illegal_state(f"negative amount to withdraw: {amount}")
    if info.beneficiary != info.owner:
        term = info.beneficiary_term
        quota = term.available(rt.epoch)
        if quota == 0:
            raise forbidden(
                f"beneficiary expiration of epoch {term.expiration} passed or quota of "
                f"{term.quota} depleted with {term.used_quota} used"
            )
        amount = min(amount, quota)
        if amount > 0:
            term = replace(term, used_quota=term.used_quota + amount)
            state = with_info(rt.store, state, replace(info, beneficiary_term=term))
    rt.save(state)

    if amount > 0:
        rt.send(info.beneficiary, METHOD_SEND, value=amount)
    burn_funds(rt, to_burn)
    update_pledge_total(rt, -vested)
    require_balance_invariants(state, rt.balance)
    return amount


@method(numbers.REPAY_DEBT, numbers.REPAY_DEBT_EXPORTED)
def repay_debt(rt: Runtime, _: None) -> None:
    """Pay as much of the fee debt as there is, from what vests and from what came with the call."""
    state = rt.load(State)
    rt.require_caller(*load_info(rt.store, state).controllers)
    state, to_burn, drawn = repay_partial_debt(rt.store, state, rt.epoch, rt.balance)
    rt.save(state)

    update_pledge_total(rt, -drawn)
    burn_funds(rt, to_burn)
    require_balance_invariants(state, rt.balance)


@method(numbers.GET_AVAILABLE_BALANCE)
def get_available_balance(rt: Runtime, _: None) -> TokenAmount:
    """Return what can be withdrawn, negative where the miner owes more than it has."""
    rt.accept_any_caller()
    return available_balance(rt.load(State), rt.balance)


@method(numbers.GET_VESTING_FUNDS)
def get_vesting_funds(rt: Runtime, _: None) -> GetVestingFundsReturn:
    """Return what vests, in order of the epochs."""
    rt.accept_any_caller()
    funds = load_vesting(rt.store, rt.load(State).vesting_funds)
    return GetVestingFundsReturn(tuple((fund.epoch, fund.amount) for fund in funds))


@method(numbers.MAX_TERMINATION_FEE)
def max_termination_fee(rt: Runtime, params: MaxTerminationFeeParams) -> TokenAmount:
    """Return the most that terminating a sector of some power and pledge can cost (FIP-0098)."""
    rt.accept_any_caller()
    reward = this_epoch_reward(rt).reward_smoothed
    network_power = current_total_power(rt).quality_adjusted_power_smoothed
    fault_fee = pledge_penalty_for_continued_fault(reward, network_power, params.power)
    return pledge_penalty_for_termination(
        params.initial_pledge, TERMINATION_LIFETIME_CAP * EPOCHS_IN_DAY, fault_fee
    )


@method(numbers.INITIAL_PLEDGE)
def initial_pledge(rt: Runtime, _: None) -> TokenAmount:
    """Return what the miner has pledged for its sectors."""
    rt.accept_any_caller()
    return rt.load(State).initial_pledge
