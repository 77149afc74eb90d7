"""Multisigs in a test's state, and messages to them."""

from dataclasses import replace

from papyrus.actors.common.findings import Findings
from papyrus.actors.multisig import params as methods
from papyrus.actors.multisig.invariants import check_state_invariants
from papyrus.actors.multisig.params import (
    ApproveReturn,
    ProposeParams,
    ProposeReturn,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import PENDING, State, Transaction
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.vm.payloads import cbor_block


def new_multisig(one, signers, threshold=1, **fields):
    """Return the state of a multisig whose signers are actor IDs, without transactions."""
    state = State(
        signers=tuple(map(Address.from_id, signers)),
        approvals_threshold=threshold,
        next_transaction_id=0,
        initial_balance=ZERO,
        start_epoch=0,
        unlock_duration=0,
        pending=PENDING.empty_root(one.base),
    )
    return replace(state, **fields)


def put_multisig(one, actor_id, signers, threshold=1, *, balance=0, **fields):
    """Put a multisig into a state."""
    one.put_actor(
        actor_id, "multisig", new_multisig(one, signers, threshold, **fields), balance=balance
    )


def pending(vm, actor_id):
    """Return the pending transactions of a multisig by ID."""
    state = vm.one.state(actor_id, State)
    return dict(PENDING.open(vm.one.machine.store, state.pending).items())


def proposal(to, method=0, params=None, value=0):
    """Return the proposal of a message, given as messages are."""
    return ProposeParams(_address(to), TokenAmount(value), method, _encoded(params))


def transaction(approved, to, method=0, params=None, value=0):
    """Return a transaction that some actors have approved."""
    approvers = tuple(map(Address.from_id, approved))
    return Transaction(_address(to), TokenAmount(value), method, _encoded(params), approvers)


def propose(vm, signer, multisig, to, method=0, params=None, value=0):
    """Propose a message, which must be accepted, and return what became of it."""
    message = proposal(to, method, params, value)
    return ProposeReturn.from_cbor(vm.ok(signer, multisig, methods.PROPOSE, message))


def approve(vm, signer, multisig, transaction_id, proposal_hash=b""):
    """Approve a transaction, which must be possible, and return what became of it."""
    message = TransactionIDParams(transaction_id, proposal_hash)
    return ApproveReturn.from_cbor(vm.ok(signer, multisig, methods.APPROVE, message))


def findings_of(one, actor_id):
    """Return what the invariants find wrong with a multisig."""
    findings = Findings()
    check_state_invariants(one.machine.store, one.state(actor_id, State), findings)
    return findings.sentences


def _address(to):
    return Address.from_id(to) if isinstance(to, int) else to


def _encoded(params):
    if isinstance(params, bytes) and not isinstance(params, Address):
        return params
    block = cbor_block(params)
    return b"" if block is None else block.data
