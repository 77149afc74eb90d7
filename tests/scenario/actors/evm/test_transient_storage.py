"""Transient storage (FIP-0097): each contract's own, kept for a message and no longer."""

import pytest
from contracts import deploy, returned
from evm_assembly import initcode
from upkeep import CLIENT

CONTRACT = """
    ; A byte says what to do; a slot and a value, each a byte, or an address follow.
    0 CALLDATALOAD 248 SHR
    DUP1 1 EQ @write JUMPI
    DUP1 2 EQ @nested JUMPI
    DUP1 3 EQ @reentry JUMPI
    4 EQ @back JUMPI
    1 CALLDATALOAD 248 SHR TLOAD 0 MSTORE 32 0 RETURN
    write: 2 CALLDATALOAD 248 SHR 1 CALLDATALOAD 248 SHR TSTORE STOP

    ; Write 88 to slot 4, have another write 123 to its own; return both.
    nested: 88 4 TSTORE
    1 0 MSTORE8 4 1 MSTORE8 123 2 MSTORE8
    0 0 3 0 0 1 CALLDATALOAD 96 SHR GAS CALL POP
    0 0 MSTORE8
    32 32 2 0 0 1 CALLDATALOAD 96 SHR GAS CALL POP
    4 TLOAD 0 MSTORE 64 0 RETURN

    ; Write 123 to slot 5, have another call back to write 45 to slot 6; return both.
    reentry: 123 5 TSTORE
    4 0 MSTORE8
    0 0 1 0 0 1 CALLDATALOAD 96 SHR GAS CALL POP
    5 TLOAD 0 MSTORE 6 TLOAD 32 MSTORE 64 0 RETURN
    back: 1 0 MSTORE8 6 1 MSTORE8 45 2 MSTORE8
    0 0 3 0 0 CALLER GAS CALL POP STOP
"""
READ, NESTED, REENTRY = 0, 2, 3


@pytest.fixture
def contracts(network):
    """Return two contracts whose constructors have used transient storage."""
    code = initcode(CONTRACT, "99 3 TSTORE")
    return [deploy(network, CLIENT.id, code) for _ in range(2)]


def read(vm, contract, slot):
    (value,) = returned(vm, CLIENT.id, contract, bytes([READ, slot]))
    return value


def test_contracts_do_not_share_transient_storage(network, contracts):
    first, second = contracts
    answer = returned(network, CLIENT.id, first, bytes([NESTED]) + second.masked)
    assert answer == [88, 123]
    # It was all gone with the message.
    assert [read(network, each, slot) for each in contracts for slot in (3, 4)] == [0, 0, 0, 0]


def test_a_call_back_writes_to_the_same_transient_storage(network, contracts):
    first, second = contracts
    answer = returned(network, CLIENT.id, first, bytes([REENTRY]) + second.masked)
    assert answer == [123, 45]
    assert [read(network, first, slot) for slot in (5, 6)] == [0, 0]
