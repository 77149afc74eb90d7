import pytest
from network import SYSTEM

from papyrus.actors.system.state import REGISTRY, State, empty
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.exit_codes import ExitCode

NEW = 300


@pytest.fixture
def vm(make_vm):
    """Return a machine with another system actor, which has no state yet."""
    machine = make_vm()
    machine.each(lambda one: one.put_actor(NEW, "system"))
    return machine


def test_the_constructor_names_no_code(vm):
    vm.ok(SYSTEM, NEW, 1)
    assert vm.one.state(NEW, State) == empty(MemoryBlockstore())


def test_is_constructed_once(vm):
    vm.ok(SYSTEM, NEW, 1)
    assert vm.send(SYSTEM, NEW, 1).code == ExitCode.USR_ILLEGAL_STATE


def test_the_constructor_is_for_the_system_alone(vm):
    assert vm.send(99, NEW, 1).code == ExitCode.USR_FORBIDDEN


def test_the_constructor_takes_nothing(vm):
    assert vm.send(SYSTEM, NEW, 1, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("method", [2, 1 << 24])
def test_has_no_other_method(vm, method):
    assert vm.send(SYSTEM, NEW, method).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_names_the_code_of_every_actor(vm):
    registry = REGISTRY.load(vm.one.store, vm.one.state(SYSTEM, State).builtin_actors)
    assert {entry.name: entry.code for entry in registry.actors} == vm.one.codes
