"""What a multisig keeps on chain: its signers, its lock and the transactions that wait."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from papyrus.actors.common.collections import SIGNED_KEY, MapShape
from papyrus.actors.common.integers import ceiling_quotient, checked_i64
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, ChainEpoch, MethodNumber, VmAddress
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.vm.aborts import illegal_argument, insufficient_funds

MAX_SIGNERS = 256
"""Beyond these, a tree of multisigs serves."""


@cbor_tuple
class Transaction(Record):
    """A message that waits for approvals."""

    to: VmAddress
    """As the proposer gave it; it may name nothing at all."""
    value: TokenAmount
    method: MethodNumber
    params: bytes
    approved: tuple[Address, ...]
    """Who has approved it, in order; the first is the proposer, who alone may cancel."""


PENDING: MapShape[int, Transaction] = MapShape(SIGNED_KEY, Transaction)
"""Transactions by their ID."""


@cbor_tuple
class State(Record):
    """A multisig."""

    signers: tuple[Address, ...]
    approvals_threshold: U64
    """How many approvals send a transaction (builtin-actors `num_approvals_threshold`)."""
    next_transaction_id: I64
    initial_balance: TokenAmount
    """The attoFIL that were locked at the start epoch, released evenly over the duration."""
    start_epoch: ChainEpoch
    unlock_duration: ChainEpoch
    """Epochs; 0 where nothing was ever locked."""
    pending: Annotated[Cid, PENDING]
    """Transactions that wait (builtin-actors `pending_txs`)."""


@cbor_tuple
class _ProposalHashData(Record):
    """A transaction as its hash covers it: with its proposer in place of the approvals."""

    requester: Address | None
    to: VmAddress
    value: TokenAmount
    method: MethodNumber
    params: bytes


def proposal_hash(transaction: Transaction, hash_data: Callable[[bytes], bytes]) -> bytes:
    """Return the hash by which signers tell a proposal from another that took its ID.

    After a reorganisation of the chain the same ID may stand for something else.
    """
    requester = transaction.approved[0] if transaction.approved else None
    proposal = _ProposalHashData(
        requester, transaction.to, transaction.value, transaction.method, transaction.params
    )
    return hash_data(proposal.to_cbor())


def amount_locked(state: State, elapsed: int) -> TokenAmount:
    """Return the attoFIL still locked a number of epochs after the start, rounded up."""
    if elapsed >= state.unlock_duration:
        return ZERO
    if elapsed <= 0:
        return state.initial_balance
    remaining = state.unlock_duration - elapsed
    return TokenAmount(ceiling_quotient(state.initial_balance * remaining, state.unlock_duration))


def require_available(state: State, balance: TokenAmount, amount: TokenAmount, epoch: int) -> None:
    """Abort unless an amount may be spent out of a balance and leave what is locked.

    Spending nothing is always allowed, also where more is locked than there is.
    """
    if amount < 0:
        raise illegal_argument(f"amount to spend {amount} less than zero")
    if balance < amount:
        raise insufficient_funds(f"current balance {balance} less than amount to spend {amount}")
    if amount == 0:
        return
    remaining = balance - amount
    locked = amount_locked(state, checked_i64(epoch - state.start_epoch))
    if remaining < locked:
        raise insufficient_funds(
            f"actor balance {remaining} if spent {amount} would be less than required locked "
            f"amount {locked}"
        )


def without_signer(store: Blockstore, state: State, signer: Address) -> State:
    """Return the state less a signer and their approvals.

    Transactions that nobody else has approved are gone.
    """
    pending = PENDING.open(store, state.pending)
    approved = [(key, txn) for key, txn in pending.items() if signer in txn.approved]
    for key, transaction in approved:
        others = tuple(approver for approver in transaction.approved if approver != signer)
        if others:
            pending.set(key, replace(transaction, approved=others))
        else:
            pending.delete(key)
    signers = tuple(kept for kept in state.signers if kept != signer)
    return replace(state, signers=signers, pending=pending.flush())
