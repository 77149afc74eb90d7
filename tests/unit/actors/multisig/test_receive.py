import pytest
from multisigs import propose

from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD, frc42
from papyrus.primitives.exit_codes import ExitCode


def test_the_receiver_hook_accepts_anything_in_its_form(vm):
    assert frc42("Receive") == RECEIVE == 3726118371
    told = UniversalReceiverParams(0xFFFF_FFFF, b"\xff")
    assert vm.ok(103, 202, RECEIVE, told, value=5) == b""
    assert vm.one.balance(202) == 1005


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (b"", ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x82\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x40", ExitCode.USR_SERIALIZATION),
        (b"\x82\x20\x40", ExitCode.USR_SERIALIZATION),
        (b"\x81\x00", ExitCode.USR_SERIALIZATION),
    ],
)
def test_the_receiver_hook_refuses_other_forms(vm, params, code):
    assert vm.send(103, 202, RECEIVE, params).code == code


@pytest.mark.parametrize("number", [FIRST_EXPORTED_METHOD, frc42("Anything"), 2**64 - 1])
def test_answers_any_exported_number_with_nothing(vm, number):
    assert vm.ok(103, 202, number, b"\xff anything", value=1) == b""
    assert propose(vm, 100, 201, 202, number).returned == b""


@pytest.mark.parametrize("number", [10, FIRST_EXPORTED_METHOD - 1])
def test_has_no_other_internal_numbers(vm, number):
    assert vm.send(103, 202, number).code == ExitCode.USR_UNHANDLED_MESSAGE
    assert vm.send(103, 202, number, b"\x80").code == ExitCode.USR_UNHANDLED_MESSAGE
