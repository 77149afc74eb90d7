from dataclasses import replace

import pytest

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap import token
from papyrus.actors.datacap.invariants import check_state_invariants
from papyrus.actors.datacap.state import State
from papyrus.actors.datacap.token import allowances_shape, balances_shape
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount

ONE = TokenAmount(10**18)
STORE = MemoryBlockstore()


def amounts(given):
    found = balances_shape(3).open(STORE, None)
    for key, amount in given.items():
        found.set(key, TokenAmount(amount))
    return found.flush()


def state(balances=None, allowances=None, **fields):
    given = balances or {}
    granted = allowances_shape(3).roots.open(STORE, None)
    for owner, of_owner in (allowances or {}).items():
        granted.set(owner, amounts(of_owner))
    kept = replace(
        token.empty(STORE),
        supply=TokenAmount(sum(given.values())),
        balances=amounts(given),
        allowances=granted.flush(),
    )
    return State(Address.from_id(6), replace(kept, **fields))


def findings_of(checked):
    findings = Findings()
    return check_state_invariants(STORE, checked, findings), findings.sentences


def test_say_who_has_what():
    summary, wrong = findings_of(state({101: ONE, 102: 3 * ONE}, {101: {102: 1}}))
    assert wrong == []
    assert summary.supply == 4 * ONE
    assert summary.balances == {101: ONE, 102: 3 * ONE}
    assert summary.allowances == {101: {102: 1}}


@pytest.mark.parametrize(
    ("checked", "wrong"),
    [
        (replace(state(), governor=Address.actor(b"someone")), ["governor must be ID address"]),
        (
            state({101: -ONE}),
            ["total supply was negative: -1000000000000000000",
             "the account for 101 had a negative balance of -1000000000000000000"],
        ),
        (
            state({101: ONE}, supply=ZERO),
            ["the total supply 0 does not match the sum of all balances 1000000000000000000"],
        ),
        (state({101: 0}), ["stored a zero balance which should have been removed for 101"]),
        (
            state({101: 7}),
            [f"owner 101 had a balance 7 which is not a multiple of the granularity {ONE}"],
        ),
        (
            state({}, {101: {}}),
            ["stored an allowance map for 101 though they have specified no allowances"],
        ),
        (state({}, {101: {101: 2}}), ["stored an allowance for self 101 for 2"]),
        (
            state({}, {101: {102: -2}}),
            ["a negative allowance of -2 was specified between 101 and 102"],
        ),
        (
            state({}, {101: {102: 0}}),
            ["stored a zero allowance which should have been removed between 101 and 102"],
        ),
    ],
)  # fmt: skip
def test_find_what_is_wrong(checked, wrong):
    assert findings_of(checked)[1] == wrong


@pytest.mark.parametrize("name", ["balances", "allowances"])
def test_find_a_map_that_cannot_be_read(name):
    good = state()
    broken = replace(good.token, **{name: put_cbor(STORE, [])})
    (wrong,) = findings_of(replace(good, token=broken))[1]
    assert wrong.startswith(f"error iterating {name}: ")
