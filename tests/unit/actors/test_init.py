from dataclasses import replace

import pytest
from actor_vm import FIRST_ID
from multisigs import new_multisig
from network import EAM, INIT, SYSTEM
from people import people, put_people

from papyrus.actors.common.findings import Findings
from papyrus.actors.init.invariants import check_state_invariants
from papyrus.actors.init.params import (
    EXEC,
    EXEC4,
    ConstructorParams,
    Exec4Params,
    ExecParams,
    ExecReturn,
)
from papyrus.actors.init.state import ADDRESSES, State, empty, map_to_id
from papyrus.actors.multisig.params import ConstructorParams as MultisigParams
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.actor import EMPTY_STATE

PEOPLE = people(2)
ALICE = PEOPLE[0]
SIGNERS = MultisigParams((ALICE.address,), 1, 0, 0).to_cbor()
NAME = b"a name of the manager's"
NAMED = Address.delegated(EAM, NAME)


@pytest.fixture
def vm(make_vm):
    """Return a machine with two people and a contract."""
    machine = make_vm()

    def fill(one):
        put_people(one, PEOPLE)
        one.put_actor(200, "evm", balance=10)

    machine.each(fill)
    return machine


def change_init(machine, **fields):
    """Change the init actor's state before the first message."""

    def change(one):
        state = State.from_cbor(one.base.get(one.actors[INIT].head))
        one.put_actor(INIT, "init", replace(state, **fields))

    machine.each(change)


def execute(vm, name="multisig", params=SIGNERS, sender=ALICE.id, **fields):
    return vm.send(sender, INIT, EXEC, ExecParams(vm.one.codes[name], params), **fields)


def execute_at(vm, subaddress=NAME, name="multisig", params=SIGNERS, sender=EAM):
    return vm.send(sender, INIT, EXEC4, Exec4Params(vm.one.codes[name], params, subaddress))


def test_the_constructor_begins_after_the_singletons(vm):
    vm.each(lambda one: one.put_actor(INIT, "init", head=EMPTY_STATE))
    vm.ok(SYSTEM, INIT, 1, ConstructorParams("here"))
    assert vm.one.state(INIT, State) == empty(MemoryBlockstore(), "here")


@pytest.mark.parametrize(
    ("sender", "params", "code"),
    [
        (99, ConstructorParams("x"), ExitCode.USR_FORBIDDEN),
        (SYSTEM, ConstructorParams("x"), ExitCode.USR_ILLEGAL_STATE),
        (SYSTEM, None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (SYSTEM, b"\x81\xf6", ExitCode.USR_SERIALIZATION),
        (SYSTEM, b"\x81\x41x", ExitCode.USR_ILLEGAL_STATE),
    ],
)
def test_the_constructor_refuses(vm, sender, params, code):
    assert vm.send(sender, INIT, 1, params).code == code


def test_exec_creates_an_actor_with_its_value(vm):
    outcome = execute(vm, value=7)
    created = ExecReturn.from_cbor(outcome.value)
    assert created.id_address == Address.from_id(FIRST_ID)
    assert vm.one.resolve(created.robust_address) == FIRST_ID
    assert vm.one.balance(FIRST_ID) == 7
    multisig = vm.one.state(FIRST_ID, MultisigState)
    assert multisig == new_multisig(vm.one, [ALICE.id])


def test_exec_gives_each_actor_its_own_address(vm):
    first, second = (ExecReturn.from_cbor(execute(vm).value) for _ in range(2))
    assert second.id_address == Address.from_id(FIRST_ID + 1)
    assert first.robust_address != second.robust_address


def test_exec_passes_on_how_the_constructor_fails(vm):
    assert execute(vm, params=b"").code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert execute(vm, params=b"\x80").code == ExitCode.USR_SERIALIZATION
    # What failed has given no ID away.
    assert ExecReturn.from_cbor(execute(vm).value).id_address == Address.from_id(FIRST_ID)


@pytest.mark.parametrize("name", ["storageminer", "account", "evm", "init", "placeholder"])
def test_exec_creates_multisigs_and_channels_only(vm, name):
    assert execute(vm, name).code == ExitCode.USR_FORBIDDEN


def test_exec_creates_no_unknown_code(vm):
    params = ExecParams(Cid.of(b"code"), b"")
    assert vm.send(ALICE.id, INIT, EXEC, params).code == ExitCode.USR_FORBIDDEN


def test_exec_is_not_for_contracts(vm):
    assert execute(vm, sender=200).code == ExitCode.USR_FORBIDDEN


def test_exec_refuses_a_robust_address_that_is_given_away(vm, make_vm):
    robust = ExecReturn.from_cbor(execute(vm).value).robust_address
    other = make_vm()

    def fill(one):
        put_people(one, PEOPLE)
        addresses = {person.key: person.id for person in PEOPLE}
        one.put_addresses({**addresses, robust: 101})

    other.each(fill)
    assert execute(other).code == ExitCode.USR_FORBIDDEN


def test_exec_refuses_an_id_that_is_taken(vm):
    vm.each(lambda one: one.put_actor(FIRST_ID, "account"))
    assert execute(vm).code == ExitCode.USR_FORBIDDEN


def test_exec_fails_when_there_are_no_ids_left(vm):
    change_init(vm, next_id=2**64 - 1)
    assert execute(vm).code == ExitCode.USR_ASSERTION_FAILED


def test_exec_fails_on_a_map_that_is_none(vm):
    change_init(vm, address_map=put_cbor(MemoryBlockstore(), [1, 2, 3]))
    vm.each(lambda one: put_cbor(one.base, [1, 2, 3]))
    assert execute(vm).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("method", [EXEC, EXEC4])
@pytest.mark.parametrize(
    ("params", "code"),
    [
        (None, ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x80", ExitCode.USR_SERIALIZATION),
        (b"\x82\x40\x40", ExitCode.USR_SERIALIZATION),
    ],
)
def test_params_must_decode(vm, method, params, code):
    assert vm.send(EAM, INIT, method, params).code == code


def test_exec4_creates_an_actor_at_a_delegated_address(vm):
    created = ExecReturn.from_cbor(execute_at(vm).value)
    assert vm.one.resolve(NAMED) == vm.one.resolve(created.robust_address) == FIRST_ID
    assert vm.one.actor(FIRST_ID).delegated_address == NAMED


def test_exec4_creates_over_a_placeholder(vm):
    vm.ok(ALICE.id, NAMED, 0, value=5)
    assert vm.one.actor(FIRST_ID).code == vm.one.codes["placeholder"]
    created = ExecReturn.from_cbor(execute_at(vm).value)
    assert created.id_address == Address.from_id(FIRST_ID)
    assert vm.one.actor(FIRST_ID).code == vm.one.codes["multisig"]
    assert vm.one.balance(FIRST_ID) == 5
    assert vm.one.resolve(created.robust_address) == FIRST_ID


def test_exec4_creates_over_nothing_else(vm):
    assert execute_at(vm).code == ExitCode.OK
    assert execute_at(vm).code == ExitCode.USR_FORBIDDEN


def test_exec4_does_not_bring_back_what_was_deleted(vm):
    vm.each(lambda one: one.put_addresses({NAMED: 300}))
    assert execute_at(vm).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("sender", [SYSTEM, ALICE.id, 200])
def test_exec4_is_for_the_ethereum_address_manager_alone(vm, sender):
    assert execute_at(vm, sender=sender).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("length", "code"),
    [(0, ExitCode.OK), (54, ExitCode.OK), (55, ExitCode.USR_ILLEGAL_ARGUMENT)],
)
def test_exec4_wants_a_subaddress_that_fits(vm, length, code):
    assert execute_at(vm, bytes(length)).code == code


def test_exec4_passes_on_how_the_constructor_fails(vm):
    assert execute_at(vm, params=b"").code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_there_is_no_other_method(vm):
    assert vm.send(ALICE.id, INIT, 4).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_a_delegated_address_keeps_its_id():
    store = MemoryBlockstore()
    robust = [Address.actor(bytes([number])) for number in range(3)]
    state, first, existing = map_to_id(store, empty(store, "here"), robust[0], NAMED)
    assert (first, existing, state.next_id) == (100, False, 101)
    state, second, existing = map_to_id(store, state, robust[1], NAMED)
    assert (second, existing, state.next_id) == (100, True, 101)
    state, third, existing = map_to_id(store, state, robust[2])
    assert (third, existing, state.next_id) == (101, False, 102)
    assert dict(ADDRESSES.open(store, state.address_map).items()) == {
        NAMED: 100, robust[0]: 100, robust[1]: 100, robust[2]: 101,
    }  # fmt: skip


def test_invariants_hold_and_say_what_does_not():
    store = MemoryBlockstore()
    state, _, _ = map_to_id(store, empty(store, "here"), Address.actor(b"x"), NAMED)
    findings = Findings()
    summary = check_state_invariants(store, state, findings)
    assert not findings.sentences
    assert (summary.addresses, summary.next_id) == (2, 101)

    addresses = ADDRESSES.open(store, state.address_map)
    addresses.set(Address.actor(b"y"), 100)
    addresses.set(Address.from_id(5), 99)
    addresses.set(Address.actor(b"z"), 103)
    broken = State(addresses.flush(), 99, "")
    check_state_invariants(store, broken, findings)
    said = "; ".join(findings.sentences)
    check_state_invariants(store, replace(broken, address_map=put_cbor(store, 7)), findings)
    assert "error iterating address map" in findings.sentences[-1]
    for part in ("name is empty", "too low", "is an ID", "singleton ID", "duplicate", "not given"):
        assert part in said
