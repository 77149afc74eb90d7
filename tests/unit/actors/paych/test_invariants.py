from dataclasses import replace

import pytest

from papyrus.actors.common.findings import Findings
from papyrus.actors.paych.invariants import Summary, check_state_invariants
from papyrus.actors.paych.state import LANES, Lane, State
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

GOOD = State(Address.from_id(100), Address.from_id(101), 10, 50, 40, b"")


def check(state, lanes, balance=10):
    store = MemoryBlockstore()
    array = LANES.open(store, None)
    for number, lane in lanes.items():
        array.set(number, lane)
    findings = Findings()
    state = replace(state, lanes=array.flush())
    summary = check_state_invariants(store, state, TokenAmount(balance), findings)
    return summary, findings.sentences


def test_nothing_is_wrong_with_a_channel_that_can_pay():
    lanes = {0: Lane(7, 1), 9: Lane(0, 2)}
    assert check(GOOD, lanes) == (Summary(2, 7), [])
    assert check(replace(GOOD, settling_at=0), lanes) == (Summary(2, 7), [])


@pytest.mark.parametrize(
    ("fields", "finding"),
    [
        ({"payer": Address.actor(b"x")}, "payer address is not ID address"),
        ({"payee": Address.actor(b"x")}, "payee address is not ID address"),
        ({"settling_at": 39}, "channel is settling at epoch 39 before min settle height 40"),
        ({"to_send": 11}, "channel has insufficient funds to send (10 < 11)"),
        ({"to_send": -1}, "channel owes less than nothing: -1"),
    ],
)
def test_finds_fields_that_do_not_fit(fields, finding):
    _, (found,) = check(replace(GOOD, **fields), {})
    assert found.startswith(finding)


def test_finds_lanes_that_cannot_be():
    assert check(GOOD, {3: Lane(-1, 1)})[1] == ["lane 3 redeemed is less than zero -1"]


def test_finds_lanes_that_do_not_decode():
    store = MemoryBlockstore()
    findings = Findings()
    broken = replace(GOOD, lanes=put_cbor(store, ["not an AMT"]))
    check_state_invariants(store, broken, TokenAmount(10), findings)
    assert len(findings.sentences) == 1
    assert findings.sentences[0].startswith("error iterating lanes: ")
