import pytest
from verified import PEOPLE

from papyrus.actors.verifreg.state import ALLOCATIONS, VERIFIERS, State
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_CONSTRUCTOR

SYSTEM = 0
EMPTY = VERIFIERS.empty_root(MemoryBlockstore())


def test_begins_with_nothing_under_a_root_known_by_its_id(vm):
    assert vm.send(SYSTEM, 60, METHOD_CONSTRUCTOR, PEOPLE[1].key).code == ExitCode.OK
    assert vm.one.state(60, State) == State(PEOPLE[1].address, EMPTY, EMPTY, EMPTY, 1, EMPTY)
    assert ALLOCATIONS.empty_root(MemoryBlockstore()) == EMPTY


def test_refuses_a_root_that_is_not_there(vm):
    refused = vm.send(SYSTEM, 60, METHOD_CONSTRUCTOR, Address.actor(b"nobody"))
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_runs_once(vm):
    refused = vm.send(SYSTEM, 6, METHOD_CONSTRUCTOR, PEOPLE[1].key)
    assert refused.code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("sender", [1, 100])
def test_is_for_the_system_alone(vm, sender):
    refused = vm.send(sender, 60, METHOD_CONSTRUCTOR, PEOPLE[1].key)
    assert refused.code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("method", [5, 6, 13, 1 << 24])
def test_other_methods_are_gone(vm, method):
    assert vm.send(100, 6, method).code == ExitCode.USR_UNHANDLED_MESSAGE
