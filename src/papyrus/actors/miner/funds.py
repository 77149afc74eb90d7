"""The funds of a miner: what is locked and for what, what it owes, and what is left.

Amounts are attoFIL. Locked is the sum of pre-commit deposits, initial pledge and what vests; the
balance must cover it. Penalties become fee debt first and are then paid from what vests and from
what is not locked.
"""

from papyrus.actors.miner.state import State
from papyrus.actors.miner.vesting import VestSpec
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import TokenAmount


def add_pre_commit_deposit(state: State, amount: TokenAmount) -> State:
    """Lock (or, negative, release) a deposit; aborts where the sum would fall below zero."""
    raise NotImplementedError


def add_initial_pledge(state: State, amount: TokenAmount) -> State:
    """Lock (or, negative, release) pledge; aborts where the sum would fall below zero."""
    raise NotImplementedError


def apply_penalty(state: State, penalty: TokenAmount) -> State:
    """Add to the fee debt; aborts for a negative penalty."""
    raise NotImplementedError


def add_locked_funds(
    store: Blockstore, state: State, epoch: int, amount: TokenAmount, spec: VestSpec
) -> tuple[State, TokenAmount]:
    """Lock an amount that vests; return also what had vested and is unlocked."""
    raise NotImplementedError


def repay_partial_debt(
    store: Blockstore, state: State, epoch: int, balance: TokenAmount
) -> tuple[State, TokenAmount, TokenAmount]:
    """Pay fee debt from what vests and then from what is not locked, as far as that goes.

    Returns also what is to be burnt, and what was unlocked of what vests
    (`repay_partial_debt_in_priority_order`).
    """
    raise NotImplementedError


def repay_debts(state: State, balance: TokenAmount) -> tuple[State, TokenAmount]:
    """Pay all fee debt; return also what is to be burnt.

    Aborts with insufficient funds where what is not locked does not cover it.
    """
    raise NotImplementedError


def unlock_vested_funds(store: Blockstore, state: State, epoch: int) -> tuple[State, TokenAmount]:
    """Unlock what had vested before an epoch; return also its sum."""
    raise NotImplementedError


def unlock_vested_and_unvested_funds(
    store: Blockstore, state: State, epoch: int, target: TokenAmount
) -> tuple[State, TokenAmount, TokenAmount]:
    """Unlock what had vested, then up to a target of what had not, the soonest first.

    Returns also what had not vested and is unlocked, and all that is unlocked. Nothing happens for
    a target of zero.
    """
    raise NotImplementedError


def unlocked_balance(state: State, balance: TokenAmount) -> TokenAmount:
    """Return what of a balance is not locked; aborts where the balance does not cover the rest."""
    raise NotImplementedError


def available_balance(state: State, balance: TokenAmount) -> TokenAmount:
    """Return what can be withdrawn: what is not locked less the fee debt, negative with debt."""
    raise NotImplementedError


def require_balance_invariants(state: State, balance: TokenAmount) -> None:
    """Abort with code 1000 where an amount is negative or the balance does not cover the locked."""
    raise NotImplementedError
