import pytest
from multisigs import put_multisig

from papyrus.actors.multisig.params import ConstructorParams
from papyrus.actors.multisig.state import PENDING, State
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_CONSTRUCTOR

INIT = 1
EMPTY = PENDING.empty_root(MemoryBlockstore())


def ids(*numbers):
    return tuple(map(Address.from_id, numbers))


def construct(vm, signers, threshold=1, duration=0, start=0, **fields):
    params = ConstructorParams(tuple(signers), threshold, duration, start)
    return vm.send(fields.pop("sender", INIT), 200, METHOD_CONSTRUCTOR, params, **fields)


def test_sets_up_the_signers_in_order(vm):
    assert construct(vm, ids(102, 100), 2).code == ExitCode.OK
    assert vm.one.state(200, State) == State(ids(102, 100), 2, 0, 0, 0, 0, EMPTY)


def test_keeps_signers_by_id_and_makes_accounts_for_new_keys(vm, everyone):
    key = Address.secp256k1(b"\x04" + bytes(64))
    ethereum = Address.delegated(10, b"\x11" * 20)
    assert construct(vm, [everyone[1].key, key, ethereum], 3).code == ExitCode.OK
    assert vm.one.state(200, State).signers == ids(101, 1000, 1001)


def test_locks_what_comes_with_the_call(vm):
    vm.each(lambda one: one.put_actor(INIT, "init", head=one.actors[INIT].head, balance=77))
    assert construct(vm, ids(100), 1, 50, 900, value=77).code == ExitCode.OK
    assert vm.one.state(200, State) == State(ids(100), 1, 0, 77, 900, 50, EMPTY)


def test_locks_nothing_without_a_duration(vm):
    vm.each(lambda one: one.put_actor(INIT, "init", head=one.actors[INIT].head, balance=77))
    assert construct(vm, ids(100), 1, 0, 900, value=77).code == ExitCode.OK
    assert vm.one.state(200, State) == State(ids(100), 1, 0, 0, 0, 0, EMPTY)


def test_is_for_the_init_actor_alone(vm):
    assert construct(vm, ids(100), sender=100).code == ExitCode.USR_FORBIDDEN


def test_runs_once(vm):
    assert construct(vm, ids(100)).code == ExitCode.OK
    assert construct(vm, ids(100)).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize(
    ("signers", "threshold", "duration"),
    [
        ((), 1, 0),
        (ids(*range(100, 357)), 1, 0),
        (ids(100, 100), 1, 0),
        (ids(100, 101), 3, 0),
        (ids(100, 101), 2**64 - 1, 0),
        (ids(100, 101), 0, 0),
        (ids(100), 1, -1),
        (ids(100), 1, -(2**63)),
    ],
)
def test_refuses_what_makes_no_multisig(vm, signers, threshold, duration):
    code = ExitCode.USR_ILLEGAL_ARGUMENT
    assert construct(vm, signers, threshold, duration).code == code


def test_refuses_one_signer_under_two_addresses(vm, everyone):
    refused = construct(vm, [everyone[1].key, everyone[1].address])
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_takes_256_signers(vm):
    def fill(one):
        for actor_id in range(104, 356):
            put_multisig(one, actor_id, [100])

    vm.each(fill)
    vm.each(lambda one: one.put_actor(200, "multisig"))
    assert construct(vm, ids(*range(100, 356)), 256).code == ExitCode.OK
    assert len(vm.one.state(200, State).signers) == 256


@pytest.mark.parametrize(
    ("signer", "code"),
    [
        (Address.from_id(999), ExitCode.USR_NOT_FOUND),
        (Address.from_id(2**64 - 1), ExitCode.USR_NOT_FOUND),
        (Address.actor(b"nobody"), ExitCode.USR_UNSPECIFIED),
        (Address.delegated(555, b"nowhere"), ExitCode.USR_UNSPECIFIED),
    ],
)
def test_refuses_signers_that_are_not_there(vm, signer, code):
    assert construct(vm, [Address.from_id(100), signer]).code == code


@pytest.mark.parametrize(
    "params",
    [
        b"\x83\x81\x42\x00\x64\x01\x00",
        b"\x85\x81\x42\x00\x64\x01\x00\x00\x00",
        b"\x84\x81\x42\x00\x64\x20\x00\x00",
        b"\x84\x81\x42\x05\x64\x01\x00\x00",
        b"\x84\x42\x00\x64\x01\x00\x00",
        b"\x84\x81\x42\x00\x64\x01\x00\x00\x00",
    ],
)
def test_refuses_malformed_parameters(vm, params):
    assert vm.send(INIT, 200, METHOD_CONSTRUCTOR, params).code == ExitCode.USR_SERIALIZATION


def test_wants_parameters(vm):
    assert vm.send(INIT, 200, METHOD_CONSTRUCTOR).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    "params",
    [
        b"\x98\x04\x98\x01\x58\x02\x00\x64\x18\x01\x18\x00\x18\x00",
        b"\x84\x81\x5f\x41\x00\x41\x64\xff\x01\x00\x00",
        b"\x84\x81\x02\x00\x64\x01\x00\x00",
    ],
)
def test_reads_what_the_released_actors_read(vm, params):
    assert vm.send(INIT, 200, METHOD_CONSTRUCTOR, params).code == ExitCode.OK
    assert vm.one.state(200, State).signers == ids(100)
