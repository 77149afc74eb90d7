"""Contracts, which run as Wasm: made by the address manager, or put into a state, and called.

One is there to make whatever call it is told to, also one that may not write. Its code hands what
it is called with to the precompile that calls actors by ID, and returns what that answers
(FIP-0054).
"""

from dataclasses import dataclass

from evm_assembly import assemble

from papyrus.actors.dispatch import frc42
from papyrus.crypto.hashing import keccak_256
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import CBOR, RAW, Cid
from papyrus.ipld.dag_cbor import decode, encode
from papyrus.ipld.kamt import Kamt
from papyrus.primitives.address import Address
from papyrus.vm.payloads import cbor_block

INVOKE = frc42("InvokeEVM")
READ_ONLY = 1
WORD = 32

EAM, CREATE_EXTERNAL = Address.from_id(10), 4
REVERTED = 33
"""The exit code of a contract that reverts."""

CALL_ACTOR_BY_ID = "0xfe00000000000000000000000000000000000005"
"""The precompile's address."""

FORWARD = f"""
    CALLDATASIZE 0 0 CALLDATACOPY
    0 0 CALLDATASIZE 0 {CALL_ACTOR_BY_ID} GAS DELEGATECALL POP
    RETURNDATASIZE 0 0 RETURNDATACOPY
    RETURNDATASIZE 0 RETURN
"""


@dataclass(frozen=True)
class Contract:
    """A contract that was made."""

    id: int
    ethereum: bytes
    """Its address as the EVM has it."""

    @property
    def masked(self):
        """Its ID as an address of the EVM."""
        return masked(self.id)


def masked(actor_id):
    """Return the address by which contracts know an actor that has no other."""
    return b"\xff" + actor_id.to_bytes(19, "big")


def deploy(vm, sender, code):
    """Have the address manager make a contract with some initcode."""
    made = decode(vm.ok(sender, EAM, CREATE_EXTERNAL, encode(code)))
    return Contract(made[0], made[2])


def contract_at(vm, ethereum):
    """Return the contract at an address of the EVM."""
    return Contract(vm.one.resolve(Address.from_ethereum(ethereum)), ethereum)


def invoke(vm, sender, contract, data=b"", value=0):
    """Call a contract and return the exit code and what it returned, or reverted with."""
    outcome = vm.send(sender, contract.id, INVOKE, encode(data), value=value)
    return outcome.code, decode(outcome.value) if outcome.value else b""


def returned(vm, sender, contract, data=b"", value=0):
    """Call a contract that must succeed, and return the words it returned."""
    code, answer = invoke(vm, sender, contract, data, value)
    assert code == 0, (code, answer)
    return words(answer)


def words(data):
    """Return what a contract returned as numbers of 256 bits."""
    assert len(data) % WORD == 0
    return [int.from_bytes(data[at : at + WORD], "big") for at in range(0, len(data), WORD)]


def word(number):
    """Return a number as a contract reads it."""
    return (number % (1 << 256)).to_bytes(WORD, "big")


def put_contract(one, actor_id):
    """Put the contract that makes calls into a state."""
    forward = assemble(FORWARD)
    code = Cid.of(forward, codec=RAW)
    one.base.put(code, forward)
    slots = Kamt(one.base).flush()
    state = [code, keccak_256(forward), slots, None, 1, None]
    delegated = Address.from_ethereum(actor_id.to_bytes(20, "big"))
    one.put_actor(actor_id, "evm", head=put_cbor(one.base, state), delegated=delegated)


def forward(vm, sender, contract, to, method, params=None, *, read_only=False):
    """Have the contract call an actor by ID; return the exit code it was answered with."""
    return forwarded(vm, sender, contract, to, method, params, read_only=read_only)[0]


def forwarded(vm, sender, contract, to, method, params=None, *, read_only=False):
    """Have the contract call an actor by ID; return the exit code and what the actor returned."""
    block = cbor_block(params)
    data = b"" if block is None else block.data
    codec = 0 if block is None else CBOR
    head = [method, 0, READ_ONLY if read_only else 0, codec, 6 * WORD, to, len(data)]
    called = b"".join(map(word, head)) + data
    answer = decode(vm.ok(sender, contract, INVOKE, encode(called)))
    length = int.from_bytes(answer[3 * WORD :][:WORD], "big")
    return int.from_bytes(answer[:WORD], "big", signed=True), answer[4 * WORD :][:length]
