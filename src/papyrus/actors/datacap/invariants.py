"""What holds of DataCap, and of any FRC-46 token, between messages."""

from dataclasses import dataclass, field

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap.actor import TOKEN_GRANULARITY
from papyrus.actors.datacap.state import State
from papyrus.actors.datacap.token import TokenState, allowances_shape, balances_shape
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError


@dataclass(slots=True)
class Summary:
    """Who has what."""

    supply: TokenAmount
    balances: dict[int, TokenAmount] = field(default_factory=dict)
    allowances: dict[int, dict[int, TokenAmount]] = field(default_factory=dict)
    """By owner, then by operator."""


def check_state_invariants(store: Blockstore, state: State, findings: Findings) -> Summary:
    """Note what is wrong with the DataCap actor's state and return who has what."""
    findings.require(state.governor.protocol is Protocol.ID, "governor must be ID address")
    return check_token_invariants(store, state.token, TOKEN_GRANULARITY, findings)


def check_token_invariants(
    store: Blockstore, token: TokenState, granularity: int, findings: Findings
) -> Summary:
    """Note what is wrong with a token and return who has what."""
    summary = Summary(token.supply)
    balances, allowances = balances_shape(token.bit_width), allowances_shape(token.bit_width)
    findings.require(token.supply >= 0, f"total supply was negative: {token.supply}")
    try:
        for owner, balance in balances.open(store, token.balances).items():
            summary.balances[owner] = balance
            _check_balance(owner, balance, granularity, findings)
    except DecodeError as error:
        findings.add(f"error iterating balances: {error}")
    total = sum(summary.balances.values(), ZERO)
    findings.require(
        total == token.supply,
        f"the total supply {token.supply} does not match the sum of all balances {total}",
    )
    try:
        for owner, root in allowances.roots.open(store, token.allowances).items():
            granted = dict(balances.open(store, root).items())
            summary.allowances[owner] = granted
            _check_allowances(owner, granted, findings)
    except DecodeError as error:
        findings.add(f"error iterating allowances: {error}")
    return summary


def _check_balance(owner: int, balance: TokenAmount, granularity: int, findings: Findings) -> None:
    findings.require(balance >= 0, f"the account for {owner} had a negative balance of {balance}")
    findings.require(
        balance != 0, f"stored a zero balance which should have been removed for {owner}"
    )
    findings.require(
        balance % granularity == 0,
        f"owner {owner} had a balance {balance} which is not a multiple of the granularity "
        f"{granularity}",
    )


def _check_allowances(owner: int, granted: dict[int, TokenAmount], findings: Findings) -> None:
    findings.require(
        bool(granted),
        f"stored an allowance map for {owner} though they have specified no allowances",
    )
    for operator, allowance in granted.items():
        between = f"between {owner} and {operator}"
        findings.require(owner != operator, f"stored an allowance for self {owner} for {allowance}")
        findings.require(
            allowance >= 0, f"a negative allowance of {allowance} was specified {between}"
        )
        findings.require(
            allowance != 0, f"stored a zero allowance which should have been removed {between}"
        )
