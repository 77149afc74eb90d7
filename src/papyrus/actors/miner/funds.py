"""The funds of a miner: what is locked and for what, what it owes, and what is left.

Amounts are attoFIL. Locked is the sum of pre-commit deposits, initial pledge and what vests; the
balance must cover it. Penalties become fee debt first and are then paid from what vests and from
what is not locked.
"""

from dataclasses import replace

from papyrus.actors.miner.params.numbers import BALANCE_INVARIANTS_BROKEN
from papyrus.actors.miner.state import State
from papyrus.actors.miner.vesting import (
    VestingFunds,
    VestSpec,
    add_locked,
    unlock_vested,
    unlock_vested_and_unvested,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.vm.aborts import illegal_state, insufficient_funds


def add_pre_commit_deposit(state: State, amount: TokenAmount) -> State:
    """Lock (or, negative, release) a deposit; aborts where the sum would fall below zero."""
    total = state.pre_commit_deposits + amount
    if total < 0:
        raise illegal_state(
            f"negative pre-commit deposit {total} after adding {amount} to prior "
            f"{state.pre_commit_deposits}"
        )
    return replace(state, pre_commit_deposits=total)


def add_initial_pledge(state: State, amount: TokenAmount) -> State:
    """Lock (or, negative, release) pledge; aborts where the sum would fall below zero."""
    total = state.initial_pledge + amount
    if total < 0:
        raise illegal_state(
            f"negative initial pledge requirement {total} after adding {amount} to prior "
            f"{state.initial_pledge}"
        )
    return replace(state, initial_pledge=total)


def apply_penalty(state: State, penalty: TokenAmount) -> State:
    """Add to the fee debt; aborts for a negative penalty."""
    if penalty < 0:
        raise illegal_state(f"applying negative penalty {penalty} not allowed")
    return replace(state, fee_debt=state.fee_debt + penalty)


def add_locked_funds(
    store: Blockstore, state: State, epoch: int, amount: TokenAmount, spec: VestSpec
) -> tuple[State, TokenAmount]:
    """Lock an amount that vests; return also what had vested and is unlocked."""
    if amount < 0:
        raise illegal_state(f"negative vesting sum {amount}")
    funds, unlocked = add_locked(
        store, state.vesting_funds, epoch, amount, state.proving_period_start, spec
    )
    state = _with_unlocked(state, funds, unlocked)
    return replace(state, locked_funds=state.locked_funds + amount), unlocked


def repay_partial_debt(
    store: Blockstore, state: State, epoch: int, balance: TokenAmount
) -> tuple[State, TokenAmount, TokenAmount]:
    """Pay fee debt from what vests and then from what is not locked, as far as that goes.

    Returns also what is to be burnt, and what was unlocked of what vests
    (`repay_partial_debt_in_priority_order`).
    """
    state, from_vesting, unlocked = unlock_vested_and_unvested_funds(
        store, state, epoch, state.fee_debt
    )
    if from_vesting > state.fee_debt:
        raise illegal_state("should never unlock more than the debt we need to repay")
    to_burn = min(unlocked_balance(state, balance), state.fee_debt)
    return replace(state, fee_debt=state.fee_debt - to_burn), to_burn, unlocked


def repay_debts(state: State, balance: TokenAmount) -> tuple[State, TokenAmount]:
    """Pay all fee debt; return also what is to be burnt.

    Aborts with insufficient funds where what is not locked does not cover it.
    """
    unlocked = unlocked_balance(state, balance)
    if unlocked < state.fee_debt:
        raise insufficient_funds(
            f"unlocked balance can not repay fee debt ({unlocked} < {state.fee_debt})"
        )
    return replace(state, fee_debt=ZERO), state.fee_debt


def unlock_vested_funds(store: Blockstore, state: State, epoch: int) -> tuple[State, TokenAmount]:
    """Unlock what had vested before an epoch; return also its sum."""
    if state.locked_funds == 0:
        return state, ZERO
    funds, unlocked = unlock_vested(store, state.vesting_funds, epoch)
    return _with_unlocked(state, funds, unlocked), unlocked


def unlock_vested_and_unvested_funds(
    store: Blockstore, state: State, epoch: int, target: TokenAmount
) -> tuple[State, TokenAmount, TokenAmount]:
    """Unlock what had vested, then up to a target of what had not, the soonest first.

    Returns also what had not vested and is unlocked, and all that is unlocked. Nothing happens for
    a target of zero.
    """
    if target == 0 or state.locked_funds == 0:
        return state, ZERO, ZERO
    funds, vested, unvested = unlock_vested_and_unvested(store, state.vesting_funds, epoch, target)
    unlocked = vested + unvested
    return _with_unlocked(state, funds, unlocked), unvested, unlocked


def unlocked_balance(state: State, balance: TokenAmount) -> TokenAmount:
    """Return what of a balance is not locked; aborts where the balance does not cover the rest."""
    unlocked = balance - state.locked_funds - state.pre_commit_deposits - state.initial_pledge
    if unlocked < 0:
        raise illegal_state(f"negative unlocked balance {unlocked}")
    return unlocked


def available_balance(state: State, balance: TokenAmount) -> TokenAmount:
    """Return what can be withdrawn: what is not locked less the fee debt, negative with debt."""
    return unlocked_balance(state, balance) - state.fee_debt


def require_balance_invariants(state: State, balance: TokenAmount) -> None:
    """Abort with code 1000 where an amount is negative or the balance does not cover the locked."""
    sums = {
        "pre-commit deposit": state.pre_commit_deposits,
        "locked funds": state.locked_funds,
        "initial pledge": state.initial_pledge,
        "fee debt": state.fee_debt,
    }
    for name, amount in sums.items():
        if amount < 0:
            raise _balance_invariants_broken(f"{name} is negative: {amount}")
    least = state.pre_commit_deposits + state.locked_funds + state.initial_pledge
    if balance < least:
        raise _balance_invariants_broken(f"balance {balance} below minimum {least}")


def _balance_invariants_broken(what: str) -> ActorError:
    return ActorError(BALANCE_INVARIANTS_BROKEN, f"balance invariants broken: {what}")


def _with_unlocked(state: State, funds: VestingFunds | None, unlocked: TokenAmount) -> State:
    """Return the state with another table, in which less is locked."""
    locked = state.locked_funds - unlocked
    if locked < 0:
        raise illegal_state(f"negative locked funds {locked} after unlocking {unlocked}")
    return replace(state, vesting_funds=funds, locked_funds=locked)
