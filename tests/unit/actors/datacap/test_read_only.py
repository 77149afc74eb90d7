"""Calls that may not write, which only contracts make of a token."""

import pytest
from actor_vm import TwinVm
from contracts import forward, put_contract
from people import people, put_people
from tokens import address, balances, tokens

from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.params import (
    BurnParams,
    IncreaseAllowanceParams,
    MintParams,
    TransferFromParams,
    TransferParams,
)
from papyrus.actors.datacap.state import empty
from papyrus.primitives.exit_codes import ExitCode

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

CONTRACT, TOKEN = 300, 70


@pytest.fixture
def vm():
    """Return machines with a token under a contract, which runs as Wasm on both."""
    machine = TwinVm("hybrid:evm=wasm")

    def fill(one):
        put_people(one, people(2))
        put_contract(one, CONTRACT)
        one.put_actor(TOKEN, "datacap", empty(one.base, address(CONTRACT)))

    machine.each(fill)
    for to, operators in ((CONTRACT, ()), (101, (address(CONTRACT),))):
        params = MintParams(address(to), tokens(5), operators)
        assert forward(machine, 100, CONTRACT, TOKEN, methods.MINT, params) == ExitCode.OK
    return machine


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        (methods.BALANCE, address(101), ExitCode.OK),
        (methods.BURN, BurnParams(tokens(1)), ExitCode.USR_READ_ONLY),
        (
            methods.INCREASE_ALLOWANCE,
            IncreaseAllowanceParams(address(100), tokens(1)),
            ExitCode.USR_READ_ONLY,
        ),
        (
            methods.MINT,
            MintParams(address(101), tokens(1), ()),
            ExitCode.USR_ASSERTION_FAILED,
        ),
        (
            methods.TRANSFER,
            TransferParams(address(101), tokens(1), b""),
            ExitCode.USR_ASSERTION_FAILED,
        ),
        (
            methods.TRANSFER_FROM,
            TransferFromParams(address(101), address(CONTRACT), tokens(1), b""),
            ExitCode.USR_ASSERTION_FAILED,
        ),
    ],
)
def test_write_nothing(vm, method, params, code):
    assert forward(vm, 100, CONTRACT, TOKEN, method, params, read_only=True) == code
    assert balances(vm, TOKEN) == {CONTRACT: 5, 101: 5}
    assert forward(vm, 100, CONTRACT, TOKEN, method, params) == ExitCode.OK


def test_are_refused_before_they_would_write(vm):
    params = TransferParams(address(101), tokens(6), b"")
    for read_only in (False, True):
        code = forward(vm, 100, CONTRACT, TOKEN, methods.TRANSFER, params, read_only=read_only)
        assert code == ExitCode.USR_INSUFFICIENT_FUNDS
