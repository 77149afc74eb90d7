import pytest
from tokens import mint

from papyrus.actors.datacap import params as methods
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        (methods.NAME, b"\x67DataCap"),
        (methods.SYMBOL, b"\x64DCAP"),
        (methods.GRANULARITY, bytes.fromhex("1b0de0b6b3a7640000")),
        (methods.TOTAL_SUPPLY, bytes.fromhex("4a00a2a15d09519be00000")),
    ],
)
def test_say_what_the_token_is(vm, method, answer):
    mint(vm, 101, 3000)
    assert vm.ok(102, 70, method) == answer
    assert vm.send(102, 70, method, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_say_what_someone_has(vm, everyone):
    mint(vm, 101, 3000)
    for owner in (everyone[1].key, everyone[1].address):
        assert vm.ok(102, 70, methods.BALANCE, owner) == bytes.fromhex("4a00a2a15d09519be00000")
    for owner in (everyone[2].key, Address.actor(b"nobody"), Address.from_id(999)):
        assert vm.ok(102, 70, methods.BALANCE, owner) == b"\x40"


@pytest.mark.parametrize("method", [*range(2, 22), FIRST_EXPORTED_METHOD])
def test_have_no_numbers_of_their_own(vm, method):
    assert vm.send(102, 70, method).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_are_numbered_by_their_names():
    assert methods.TRANSFER_FROM == 3621052141
    assert methods.BALANCE == 3261979605
    assert methods.FRC46_TOKEN_TYPE == 2233613279
