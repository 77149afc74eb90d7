import pytest
from network import CRON, SYSTEM, TICK

from papyrus.actors.common.findings import Findings
from papyrus.actors.cron.invariants import check_state_invariants
from papyrus.actors.cron.state import Entry, State
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.actor import EMPTY_STATE

KEY = Address.secp256k1(b"\x04" + bytes(64))


def entry(actor_id, method):
    return Entry(Address.from_id(actor_id), method)


@pytest.fixture
def vm(make_vm):
    """Return a machine whose cron actor has no state yet."""
    machine = make_vm()
    machine.each(lambda one: one.put_actor(CRON, "cron", head=EMPTY_STATE))
    return machine


def test_the_constructor_keeps_the_list(vm):
    entries = State((entry(4, 5), entry(5, 9)))
    vm.ok(SYSTEM, CRON, 1, entries)
    assert vm.one.state(CRON, State) == entries


@pytest.mark.parametrize(
    ("sender", "params", "code"),
    [
        (99, State(()), ExitCode.USR_FORBIDDEN),
        (0, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (0, b"\x80", ExitCode.USR_SERIALIZATION),
        (0, b"\x81\x81\x82\x42\x00\x04\x20", ExitCode.USR_SERIALIZATION),
        (0, b"\x81\x81\x82\x02\x00\x04\x18\x05", ExitCode.OK),
    ],
)
def test_the_constructor_refuses(vm, sender, params, code):
    assert vm.send(sender, CRON, 1, params).code == code


def test_is_constructed_once(vm):
    vm.ok(SYSTEM, CRON, 1, State(()))
    assert vm.send(SYSTEM, CRON, 1, State(())).code == ExitCode.USR_ILLEGAL_STATE


def test_a_tick_makes_every_call_whatever_fails(vm):
    """A method that is not there, an actor that is not there, and then a new account."""
    entries = (entry(99, 2), entry(500, 2), Entry(KEY, 0))
    vm.ok(SYSTEM, CRON, 1, State(entries))
    vm.ok(SYSTEM, CRON, TICK)
    assert vm.one.resolve(KEY) is not None


def test_a_tick_is_for_the_system_alone(vm):
    vm.ok(SYSTEM, CRON, 1, State(()))
    assert vm.send(99, CRON, TICK).code == ExitCode.USR_FORBIDDEN
    assert vm.send(SYSTEM, CRON, TICK, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert vm.send(SYSTEM, CRON, 3).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_a_tick_without_a_state_fails(vm):
    assert vm.send(SYSTEM, CRON, TICK).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_invariants_want_ids_and_methods():
    findings = Findings()
    assert check_state_invariants(State((entry(4, 5), entry(4, 0), Entry(KEY, 1))), findings) == 3
    assert findings.sentences == [
        "entry 1 has invalid method number 0",
        f"entry 2 receiver address {KEY} must be ID protocol",
    ]
