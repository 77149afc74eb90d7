"""Channels with a contract for a party, which says by its own code what it has signed.

Contracts run as Wasm on both sides; the channel is native on one.
"""

import pytest
from actor_vm import TwinVm
from channels import put_channel, redeem, voucher
from people import people, put_people

from papyrus.crypto.hashing import keccak_256
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.kamt import Kamt
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

ALICE, BOB = people(2)
CONTRACT, CHANNEL = 300, 200

TRUE, FALSE, ZERO = 0xF5, 0xF4, 0x00
WRITE = bytes.fromhex("6001600055")
"""Store 1 at 0, which a read-only call may not."""


def answer(byte):
    """Return code that answers a native call with one byte of CBOR and exit code 0."""
    codec, offset, length = "6051602052", "6060604052", "6001606052"
    return bytes.fromhex(f"{codec}{offset}{length}60{byte:02x}60805360a06000f3")


def put_contract(one, code):
    """Put a contract into a state."""
    cid = Cid.of(code, RAW)
    one.base.put(cid, code)
    state = [cid, keccak_256(code), Kamt(one.base).flush(), None, 1, None]
    delegated = Address.delegated(10, b"\x33" * 20)
    one.put_actor(CONTRACT, "evm", head=put_cbor(one.base, state), delegated=delegated)


def outcome(code):
    """Let Bob redeem a voucher that a contract is said to have signed, and return the exit code."""
    vm = TwinVm("hybrid:evm=wasm", "wasm", epoch=1000)

    def fill(one):
        put_people(one, (ALICE, BOB))
        put_contract(one, code)
        put_channel(one, CHANNEL, CONTRACT, BOB.id, balance=100)

    vm.each(fill)
    return redeem(vm, BOB.id, CHANNEL, voucher(CHANNEL, ALICE)).code


def test_a_contract_may_be_believed():
    assert outcome(answer(TRUE)) == ExitCode.OK


def test_a_contract_may_say_no():
    assert outcome(answer(FALSE)) == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_contract_must_say_yes_or_no():
    assert outcome(answer(ZERO)) == ExitCode.USR_SERIALIZATION
    assert outcome(b"") == ExitCode.USR_ASSERTION_FAILED


def test_a_contract_may_change_nothing_while_it_is_asked():
    assert outcome(WRITE + answer(TRUE)) == ExitCode.USR_READ_ONLY
