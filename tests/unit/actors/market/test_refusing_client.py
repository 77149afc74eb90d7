"""A client that is no account: it calls any deal its own, and will not hear of one."""

import pytest
from actor_vm import TwinVm, wasm_actors
from markets import CLIENT, add_balance, new_miner, proposal, publish, put_market, signed
from wasmtime import wat2wasm

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE
from papyrus.ipld.cid import CBOR, RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

REFUSER = 400
CODE = bytes(
    wat2wasm(
        f"""
    (module
      (import "vm" "message_context" (func $message (param i32) (result i32)))
      (import "ipld" "block_create" (func $create (param i32 i64 i32 i32) (result i32)))
      (import "vm" "exit" (func $exit (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\f5")
      (func (export "invoke") (param i32) (result i32)
        (drop (call $message (i32.const 64)))
        (if (i64.eq (i64.load (i32.const 96)) (i64.const {AUTHENTICATE_MESSAGE}))
          (then
            (drop (call $create (i32.const 16) (i64.const {CBOR}) (i32.const 0) (i32.const 1)))
            (return (i32.load (i32.const 16)))))
        (drop (call $exit (i32.const 77) (i32.const 0) (i32.const 0) (i32.const 0)))
        unreachable))
    """
    )
)


@pytest.mark.bundle("v18/testing-fake-proofs")
def test_a_client_that_refuses_a_deal_fails_all():
    vm = TwinVm("hybrid:evm=wasm")
    cid = Cid.of(CODE, RAW)
    wasm_actors()._modules.module(cid, lambda _: CODE)

    def fill(one):
        put_market(one)
        one.put_actor(REFUSER, cid)

    vm.each(fill)
    miner = new_miner(vm)
    for owner in (miner, CLIENT.id, REFUSER):
        add_balance(vm, owner, 10**12)
    deals = [
        signed(proposal(miner, 1)),
        signed(proposal(miner, 2, client=Address.from_id(REFUSER))),
    ]
    outcome = publish(vm, *deals)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "failed to notify deal" in outcome.failure
