"""Contracts are made: by accounts, and by contracts; they end, and are made again."""

import pytest
from contracts import (
    CREATE_EXTERNAL,
    EAM,
    REVERTED,
    Contract,
    contract_at,
    deploy,
    invoke,
    returned,
    word,
)
from evm_assembly import assemble, initcode
from upkeep import CLIENT

from papyrus.ipld.dag_cbor import decode, encode
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

CREATE, CREATE2 = 0, 1
GET, DIE, DIE_WITHIN = b"\0", b"\1", b"\2"

FACTORY = """
    ; Called with a byte, 32 bytes of salt and initcode, it makes a contract.
    33 CALLDATASIZE SUB DUP1 33 0 CALLDATACOPY
    0 CALLDATALOAD 248 SHR @salted JUMPI
    0 0 CREATE @made JUMP
    salted: 1 CALLDATALOAD SWAP1 0 0 CREATE2
    made: DUP1 @answer JUMPI
    RETURNDATASIZE 0 0 RETURNDATACOPY RETURNDATASIZE 0 REVERT
    answer: 0 MSTORE 32 0 RETURN
"""

CHILD = """
    ; It tells its value; or ends, by itself or in a call of its own, after which it changes it.
    0 CALLDATALOAD 248 SHR
    DUP1 1 EQ @die JUMPI
    2 EQ @within JUMPI
    0 SLOAD 0 MSTORE 32 0 RETURN
    die: CALLER SELFDESTRUCT
    within: 1 0 MSTORE8 0 0 1 0 0 ADDRESS GAS CALL POP
    1234 0 SSTORE STOP
"""

FAILURE = b"create failed"
FAILURE_WORD = int.from_bytes(FAILURE, "big")


def child(value):
    """Return the initcode of a child with a value, which may not be negative."""
    constructor = f"""
        {value} 0 DUP2 SLT @negative JUMPI
        0 SSTORE @good JUMP
        negative: {FAILURE_WORD} 0 MSTORE {len(FAILURE)} {32 - len(FAILURE)} REVERT
        good:
    """
    return initcode(CHILD, constructor)


@pytest.fixture
def factory(network):
    return deploy(network, CLIENT.id, initcode(FACTORY))


def make(vm, factory, kind, salt, value):
    """Have the factory make a child and return the outcome."""
    return invoke(vm, CLIENT.id, factory, bytes([kind]) + word(salt) + child(value))


def live(vm, factory, kind, salt, ending):
    """Have a child made, ask it for its value, end it, and return it."""
    code, answer = make(vm, factory, kind, salt, 42)
    assert code == ExitCode.OK
    found = contract_at(vm, answer[12:])
    assert returned(vm, CLIENT.id, found, GET) == [42]
    assert invoke(vm, CLIENT.id, found, ending) == (ExitCode.OK, b"")
    assert invoke(vm, CLIENT.id, found, GET) == (ExitCode.OK, b"")
    return found


def test_a_contract_is_made_at_the_same_address_once_it_has_ended(network, factory):
    first = live(network, factory, CREATE2, 0, DIE)
    assert live(network, factory, CREATE2, 0, DIE) == first
    # What follows the end in the same message changes nothing.
    second = live(network, factory, CREATE2, 1, DIE_WITHIN)
    assert live(network, factory, CREATE2, 1, DIE) == second
    assert second != first


def test_each_contract_has_an_address_of_its_own(network, factory):
    found = [live(network, factory, CREATE, 0, DIE) for _ in range(2)]
    assert found[0] != found[1]


def test_a_contract_does_not_take_the_place_of_one_that_lives(network, factory):
    assert make(network, factory, CREATE2, 0, 42)[0] == ExitCode.OK
    assert make(network, factory, CREATE2, 0, 42)[0] == REVERTED


def test_a_constructor_that_reverts_says_why(network, factory):
    assert make(network, factory, CREATE, 0, -1) == (REVERTED, FAILURE)


def test_an_ethereum_account_makes_a_contract(network):
    vm = network
    ethereum = bytes.fromhex("feedfacecafebeef") + bytes(12)
    account = Address.from_ethereum(ethereum)
    vm.ok(CLIENT.id, account, 0, value=10**20)
    actor_id = vm.one.resolve(account)
    assert vm.one.actor(actor_id).code == vm.one.codes["placeholder"]

    # Its first message makes an account of what was a place for one.
    outcome = vm.send(account, EAM, CREATE_EXTERNAL, encode(b""), explicit=True)
    assert outcome.code == ExitCode.OK, outcome.failure
    assert vm.one.actor(actor_id).code == vm.one.codes["ethaccount"]
    made = decode(outcome.value)
    contract = Contract(made[0], made[2])
    assert vm.one.actor(contract.id).code == vm.one.codes["evm"]
    assert invoke(vm, account, contract) == (ExitCode.OK, b"")


def test_a_contract_may_have_no_code(network):
    contract = deploy(network, CLIENT.id, b"")
    assert network.one.actor(contract.id).code == network.one.codes["evm"]
    assert invoke(network, CLIENT.id, contract, b"anything") == (ExitCode.OK, b"")


def test_a_constructor_that_reverts_returns_its_data(network):
    code = assemble("0x42 0 MSTORE 32 0 REVERT")
    refused = network.send(CLIENT.id, EAM, CREATE_EXTERNAL, encode(code))
    assert refused.code == REVERTED
    assert decode(refused.value) == word(0x42)
