"""A contract in a test's state that makes whatever call it is told to, also one that may not write.

Its code hands what it is called with to the precompile that calls actors by ID, and returns what
that answers (FIP-0054). The contract runs as Wasm.
"""

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

FORWARD = bytes.fromhex(
    "365f5f37"  # copy the call's data to memory
    "5f5f365f73fe000000000000000000000000000000000000055af4"  # delegate to call_actor_by_id
    "503d5f5f3e3d5ff3"  # return what it returned
)


def put_contract(one, actor_id):
    """Put the contract into a state."""
    code = Cid.of(FORWARD, codec=RAW)
    one.base.put(code, FORWARD)
    slots = Kamt(one.base).flush()
    state = [code, keccak_256(FORWARD), slots, None, 1, None]
    delegated = Address.from_ethereum(actor_id.to_bytes(20, "big"))
    one.put_actor(actor_id, "evm", head=put_cbor(one.base, state), delegated=delegated)


def forward(vm, sender, contract, to, method, params=None, *, read_only=False):
    """Have the contract call an actor by ID; return the exit code it was answered with."""
    block = cbor_block(params)
    data = b"" if block is None else block.data
    codec = 0 if block is None else CBOR
    head = [method, 0, READ_ONLY if read_only else 0, codec, 6 * WORD, to, len(data)]
    called = b"".join(number.to_bytes(WORD, "big") for number in head) + data
    answer = decode(vm.ok(sender, contract, INVOKE, encode(called)))
    return int.from_bytes(answer[:WORD], "big", signed=True)
