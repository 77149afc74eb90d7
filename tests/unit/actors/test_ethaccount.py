import pytest

from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

ETHEREUM = Address.delegated(10, bytes(range(20)))


@pytest.fixture
def vm(make_vm):
    """Return a machine with Ethereum accounts of three kinds, of which two are no such thing."""
    machine = make_vm()

    def fill(one):
        one.put_actor(100, "ethaccount", balance=100, delegated=ETHEREUM)
        one.put_actor(101, "ethaccount", delegated=Address.delegated(11, b"name"))
        one.put_actor(102, "ethaccount")

    machine.each(fill)
    return machine


@pytest.mark.parametrize(
    ("actor_id", "code"),
    [
        (100, ExitCode.OK),
        (101, ExitCode.USR_ILLEGAL_ARGUMENT),
        (102, ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_the_constructor_wants_an_ethereum_address(vm, actor_id, code):
    assert vm.send(0, actor_id, 1).code == code


def test_the_constructor_is_for_the_system_alone(vm):
    assert vm.send(99, 100, 1).code == ExitCode.USR_FORBIDDEN


def test_answers_any_exported_number_with_nothing(vm):
    assert vm.ok(99, 100, 1 << 24, b"\xff anything") == b""
    assert vm.send(99, 100, (1 << 24) - 1).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_takes_and_sends_funds(vm):
    vm.ok(100, 101, 0, value=60)
    assert (vm.one.balance(100), vm.one.balance(101)) == (40, 60)
