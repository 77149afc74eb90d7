"""Contracts call contracts: again into themselves, without leave to write, with another's code."""

import pytest
from contracts import REVERTED, deploy, invoke, returned, word
from evm_assembly import initcode
from upkeep import CLIENT

from papyrus.primitives.exit_codes import ExitCode

FIL = 10**18
WRITTEN = 0xFFFFFF42

RELAY = """
    ; What it is called with says what to do: a byte, and for a call the receiver's address
    ; and what to call it with, which is what the receiver is to do.
    0 CALLDATALOAD 248 SHR
    DUP1 1 EQ @write JUMPI
    DUP1 2 EQ @value JUMPI
    DUP1 3 EQ @call JUMPI
    DUP1 4 EQ @static JUMPI
    DUP1 5 EQ @delegate JUMPI
    6 EQ @lend JUMPI
    0 SLOAD @answer JUMP
    write: 0xffffff42 0 SSTORE 0 SLOAD @answer JUMP
    value: CALLVALUE @answer JUMP

    call: 21 CALLDATASIZE SUB DUP1 21 0 CALLDATACOPY
    0 0 DUP3 0 0 1 CALLDATALOAD 96 SHR GAS CALL @ended JUMP
    static: 21 CALLDATASIZE SUB DUP1 21 0 CALLDATACOPY
    0 0 DUP3 0 1 CALLDATALOAD 96 SHR GAS STATICCALL @ended JUMP
    delegate: 21 CALLDATASIZE SUB DUP1 21 0 CALLDATACOPY
    0 0 DUP3 0 1 CALLDATALOAD 96 SHR GAS DELEGATECALL @ended JUMP
    ; Let the receiver's code work on this contract's storage, and read that.
    lend: 21 CALLDATASIZE SUB DUP1 21 0 CALLDATACOPY
    0 0 DUP3 0 1 CALLDATALOAD 96 SHR GAS DELEGATECALL POP 0 SLOAD @answer JUMP

    ended: RETURNDATASIZE 0 0 RETURNDATACOPY @well JUMPI
    RETURNDATASIZE 0 REVERT
    well: RETURNDATASIZE 0 RETURN
    answer: 0 MSTORE 32 0 RETURN
"""
READ, WRITE, VALUE = b"\0", b"\1", b"\2"


def call(to, action):
    return b"\3" + to.masked + action


def static(to, action):
    return b"\4" + to.masked + action


def delegate(to, action):
    return b"\5" + to.masked + action


def lend(to, action):
    return b"\6" + to.masked + action


@pytest.fixture
def relays(network):
    """Return three relays, each with its own address in storage."""
    code = initcode(RELAY, "ADDRESS 0 SSTORE")
    return [deploy(network, CLIENT.id, code) for _ in range(3)]


def number(contract):
    """Return what a relay has in storage at first."""
    return int.from_bytes(contract.ethereum, "big")


def ask(vm, relay, action, value=0):
    """Have a relay do something that must succeed, and return the one word it returned."""
    (answer,) = returned(vm, CLIENT.id, relay, action, value)
    return answer


def test_a_static_call_reads_and_does_not_write_however_deep(network, relays):
    vm, (a, b, c) = network, relays
    assert ask(vm, a, static(b, READ)) == number(b)
    assert invoke(vm, CLIENT.id, a, static(b, WRITE))[0] == REVERTED
    assert ask(vm, a, static(b, call(c, READ))) == number(c)
    assert invoke(vm, CLIENT.id, a, static(b, call(c, WRITE)))[0] == REVERTED
    assert [ask(vm, each, READ) for each in relays] == [number(each) for each in relays]


def test_a_delegate_call_reads_and_writes_the_callers_storage(network, relays):
    vm, (a, b, _) = network, relays
    assert ask(vm, a, delegate(b, READ)) == number(a)
    assert ask(vm, a, lend(b, WRITE)) == WRITTEN
    assert (ask(vm, a, READ), ask(vm, b, READ)) == (WRITTEN, number(b))
    assert ask(vm, a, delegate(b, VALUE), value=123 * FIL) == 123 * FIL
    assert (vm.one.balance(a.id), vm.one.balance(b.id)) == (123 * FIL, 0)


def test_a_delegate_call_within_a_static_call_does_not_write(network, relays):
    vm, (a, b, c) = network, relays
    assert ask(vm, a, static(b, delegate(c, READ))) == number(b)
    assert invoke(vm, CLIENT.id, a, static(b, delegate(c, WRITE)))[0] == REVERTED
    assert ask(vm, b, READ) == number(b)


RECURSIVE = """
    ; Called with nothing it marks that it was entered and calls itself with a byte, which is to see
    ; the mark and to leave another; it returns 0, or the number of what it did not find so.
    CALLDATASIZE @again JUMPI
    1 0 SLOAD @answer JUMPI POP
    1 0 SSTORE
    32 0 1 0 0 ADDRESS GAS CALL
    6 SWAP1 ISZERO @answer JUMPI POP
    0 MLOAD DUP1 @answer JUMPI POP
    4 0 SLOAD ISZERO @answer JUMPI POP
    5 1 SLOAD ISZERO @answer JUMPI POP
    0 @answer JUMP
    again:
    2 0 SLOAD ISZERO @answer JUMPI POP
    3 1 SLOAD @answer JUMPI POP
    1 1 SSTORE
    0
    answer: 0 MSTORE 32 0 RETURN
"""


def test_a_contract_that_calls_itself_sees_what_it_wrote(network):
    contract = deploy(network, CLIENT.id, initcode(RECURSIVE))
    assert returned(network, CLIENT.id, contract) == [0]
    assert returned(network, CLIENT.id, contract) == [1]
    assert returned(network, CLIENT.id, contract, b"\0") == [3]


COIN = """
    ; A coin: its owner, whom the first call sets, mints; anyone asks for an own balance.
    0 CALLDATALOAD 248 SHR
    DUP1 1 EQ @mint JUMPI
    2 EQ @balance JUMPI
    0 SLOAD @refuse JUMPI
    CALLER 0 SSTORE STOP
    mint: 0 SLOAD CALLER EQ ISZERO @refuse JUMPI
    1 CALLDATALOAD CALLER SLOAD ADD CALLER SSTORE STOP
    balance: CALLER SLOAD 0 MSTORE 32 0 RETURN
    refuse: 0 0 REVERT
"""

PROXY = """
    ; It has the code at the address in its storage do what it is called for.
    CALLDATASIZE 0 0 CALLDATACOPY
    0 0 CALLDATASIZE 0 1 SLOAD GAS DELEGATECALL
    RETURNDATASIZE 0 0 RETURNDATACOPY @well JUMPI
    RETURNDATASIZE 0 REVERT
    well: RETURNDATASIZE 0 RETURN
"""
CLAIM, MINT, BALANCE = b"\0", b"\1", b"\2"


def test_what_a_constructor_has_done_by_delegate_call_is_there_afterwards(network):
    coin = deploy(network, CLIENT.id, initcode(COIN))
    implementation = int.from_bytes(coin.ethereum, "big")
    claim = f"""
        {implementation} 1 SSTORE
        0 0 1 0 {implementation} GAS DELEGATECALL @claimed JUMPI 0 0 REVERT
        claimed:
    """
    proxy = deploy(network, CLIENT.id, initcode(PROXY, claim))
    assert invoke(network, CLIENT.id, proxy, CLAIM)[0] == REVERTED
    for _ in range(2):
        assert invoke(network, CLIENT.id, proxy, MINT + word(10 * FIL)) == (ExitCode.OK, b"")
    assert returned(network, CLIENT.id, proxy, BALANCE) == [20 * FIL]
    assert returned(network, CLIENT.id, coin, BALANCE) == [0]
