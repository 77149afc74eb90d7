import pytest

from papyrus.actors.paych.params import ConstructorParams
from papyrus.actors.paych.state import LANES, State
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_CONSTRUCTOR

INIT = 1
ALICE, BOB, NOBODY = Address.from_id(100), Address.from_id(101), Address.from_id(999)
NEW_KEY = Address.secp256k1(b"\x04" + bytes(64))
UNKNOWN = Address.actor(b"nobody")
NO_LANES = LANES.empty_root(MemoryBlockstore())


def construct(vm, payer, payee, sender=INIT):
    return vm.send(sender, 210, METHOD_CONSTRUCTOR, ConstructorParams(payer, payee)).code


def test_opens_a_channel_between_the_parties_by_id(vm, everyone):
    assert construct(vm, everyone[0].key, BOB) == ExitCode.OK
    assert vm.one.state(210, State) == State(ALICE, BOB, 0, 0, 0, NO_LANES)


def test_makes_accounts_of_new_keys_the_payee_first(vm):
    ethereum = Address.delegated(10, b"\x11" * 20)
    assert construct(vm, ethereum, NEW_KEY) == ExitCode.OK
    state = vm.one.state(210, State)
    assert (state.payer.id, state.payee.id) == (1001, 1000)


def test_a_channel_may_lead_from_an_actor_to_itself(vm):
    assert construct(vm, ALICE, ALICE) == ExitCode.OK


@pytest.mark.parametrize("sender", [100, 0])
def test_is_for_the_init_actor_alone(vm, sender):
    assert construct(vm, ALICE, BOB, sender) == ExitCode.USR_FORBIDDEN


def test_runs_once(vm):
    assert construct(vm, ALICE, BOB) == ExitCode.OK
    assert construct(vm, ALICE, BOB) == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize(
    ("payer", "payee", "code"),
    [
        (NOBODY, BOB, ExitCode.USR_NOT_FOUND),
        (ALICE, NOBODY, ExitCode.USR_NOT_FOUND),
        (UNKNOWN, NOBODY, ExitCode.USR_NOT_FOUND),
        (UNKNOWN, BOB, ExitCode.USR_UNSPECIFIED),
        (NOBODY, UNKNOWN, ExitCode.USR_UNSPECIFIED),
    ],
)
def test_refuses_parties_that_are_not_there(vm, payer, payee, code):
    assert construct(vm, payer, payee) == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (b"", ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x81\x42\x00\x64", ExitCode.USR_SERIALIZATION),
        (b"\x82\x42\x00\x64\x42\x05\x64", ExitCode.USR_SERIALIZATION),
        (b"\x82\x42\x00\x64\x40", ExitCode.USR_SERIALIZATION),
        (b"\x98\x02\x02\x00\x64\x5f\x42\x00\x65\xff", ExitCode.OK),
    ],
)
def test_reads_parameters_as_the_released_actors_do(vm, params, code):
    assert vm.send(INIT, 210, METHOD_CONSTRUCTOR, params).code == code
