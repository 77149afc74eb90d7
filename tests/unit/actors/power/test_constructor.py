from network import POWER, SYSTEM

from papyrus.actors.power.state import State, empty
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.exit_codes import ExitCode


def test_begins_without_miners(make_vm):
    vm = make_vm()
    vm.ok(SYSTEM, POWER, 1)
    assert vm.one.state(POWER, State) == empty(MemoryBlockstore())


def test_is_called_once_and_by_the_system(vm):
    assert vm.send(SYSTEM, POWER, 1).code == ExitCode.USR_ILLEGAL_STATE
    assert vm.send(SYSTEM, POWER, 1, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert vm.send(100, POWER, 1).code == ExitCode.USR_FORBIDDEN


def test_numbers_of_methods_that_are_gone_are_not_answered(vm):
    for method in (7, 8, 10, 1 << 24):
        assert vm.send(201, POWER, method).code == ExitCode.USR_UNHANDLED_MESSAGE
