"""The multisig actor: an account that sends what enough of its signers approve.

A signer proposes a message, others approve it, and with the last approval needed it is sent, in
the same call. That the message fails does not undo the approval: its exit code is in the answer.
The multisig governs itself: its signers, threshold and lock change only by messages that it sends
to itself. A balance may be locked, and then becomes free in even steps over a number of epochs.
"""

from dataclasses import replace

from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.common.resolution import resolve_to_id
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.multisig import params as numbers
from papyrus.actors.multisig.params import (
    AddSignerParams,
    ApproveReturn,
    ChangeApprovalsThresholdParams,
    ConstructorParams,
    LockBalanceParams,
    ProposeParams,
    ProposeReturn,
    RemoveSignerParams,
    SwapSignerParams,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import (
    MAX_SIGNERS,
    PENDING,
    State,
    Transaction,
    proposal_hash,
    require_available,
    without_signer,
)
from papyrus.actors.singletons import INIT
from papyrus.crypto.hashing import BLAKE2B_256
from papyrus.ipld.cid import CBOR
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state, not_found
from papyrus.vm.blocks import Block
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, params: ConstructorParams) -> None:
    """Set up the signers, and lock what comes with the call if a duration is given."""
    rt.require_caller(INIT)
    if not params.signers:
        raise illegal_argument("Must have at least one signer")
    if len(params.signers) > MAX_SIGNERS:
        raise illegal_argument(f"cannot add more than {MAX_SIGNERS} signers")
    signers: list[Address] = []
    for signer in params.signers:
        resolved = Address.from_id(resolve_to_id(rt, signer, must_exist=True))
        if resolved in signers:
            raise illegal_argument(f"duplicate signer not allowed: {signer}")
        signers.append(resolved)
    if params.approvals_threshold > len(signers):
        raise illegal_argument("must not require more approvals than signers")
    if params.approvals_threshold < 1:
        raise illegal_argument("must require at least one approval")
    if params.unlock_duration < 0:
        raise illegal_argument("negative unlock duration disallowed")

    locks = params.unlock_duration != 0
    rt.create(
        State(
            signers=tuple(signers),
            approvals_threshold=params.approvals_threshold,
            next_transaction_id=0,
            initial_balance=rt.value if locks else ZERO,
            start_epoch=params.start_epoch if locks else 0,
            unlock_duration=params.unlock_duration,
            pending=PENDING.empty_root(rt.store),
        )
    )


@method(numbers.PROPOSE)
def propose(rt: Runtime, params: ProposeParams) -> ProposeReturn:
    """Put a transaction in with the proposer's approval, which sends it if one is enough."""
    rt.accept_any_caller()
    if params.value < 0:
        raise illegal_argument(f"proposed value must be non-negative, was {params.value}")
    state = rt.load(State)
    _require_signer(state, rt.caller)

    pending = PENDING.open(rt.store, state.pending)
    transaction_id = state.next_transaction_id
    transaction = Transaction(params.to, params.value, params.method, params.params, approved=())
    pending.set(transaction_id, transaction)
    rt.save(replace(state, next_transaction_id=transaction_id + 1, pending=pending.flush()))

    outcome = _approve(rt, transaction_id, transaction)
    return ProposeReturn(transaction_id, outcome.applied, outcome.exit_code, outcome.returned)


@method(numbers.APPROVE)
def approve(rt: Runtime, params: TransactionIDParams) -> ApproveReturn:
    """Add the caller's approval to a pending transaction, and send it once there are enough.

    A transaction that has enough already, since fewer are needed than when it was proposed, is sent
    without one more, also for a caller who has approved it before.
    """
    rt.accept_any_caller()
    state = rt.load(State)
    _require_signer(state, rt.caller)
    transaction = PENDING.open(rt.store, state.pending).get(params.transaction_id)
    if transaction is None:
        raise not_found(f"no such transaction {params.transaction_id} for approval")
    if params.proposal_hash and params.proposal_hash != _proposal_hash(rt, transaction):
        raise illegal_argument(
            "hash does not match proposal params (ensure requester is an ID address)"
        )

    outcome = _send_if_approved(rt, state, params.transaction_id, transaction)
    if outcome.applied:
        return outcome
    return _approve(rt, params.transaction_id, transaction)


@method(numbers.CANCEL)
def cancel(rt: Runtime, params: TransactionIDParams) -> None:
    """Remove a pending transaction, as only its proposer may."""
    rt.accept_any_caller()
    state = rt.load(State)
    _require_signer(state, rt.caller)
    pending = PENDING.open(rt.store, state.pending)
    transaction = pending.delete(params.transaction_id)
    if transaction is None:
        raise not_found(f"no such transaction {params.transaction_id} to cancel")
    if transaction.approved[:1] != (rt.caller,):
        raise forbidden("Cannot cancel another signers transaction")
    calculated = _proposal_hash(rt, transaction)
    if params.proposal_hash and params.proposal_hash != calculated:
        raise illegal_state("hash does not match proposal params")
    rt.save(replace(state, pending=pending.flush()))


@method(numbers.ADD_SIGNER)
def add_signer(rt: Runtime, params: AddSignerParams) -> None:
    """Add a signer, and need one approval more if asked to."""
    rt.require_caller(rt.receiver)
    signer = Address.from_id(resolve_to_id(rt, params.signer, must_exist=True))
    state = rt.load(State)
    if len(state.signers) >= MAX_SIGNERS:
        raise forbidden(f"cannot add more than {MAX_SIGNERS} signers")
    if signer in state.signers:
        raise forbidden(f"{signer} is already a signer")
    threshold = state.approvals_threshold + (1 if params.increase else 0)
    rt.save(replace(state, signers=(*state.signers, signer), approvals_threshold=threshold))


@method(numbers.REMOVE_SIGNER)
def remove_signer(rt: Runtime, params: RemoveSignerParams) -> None:
    """Remove a signer with their approvals, and need one approval less if asked to."""
    rt.require_caller(rt.receiver)
    signer = Address.from_id(resolve_to_id(rt, params.signer, must_exist=False))
    state = rt.load(State)
    if signer not in state.signers:
        raise forbidden(f"{signer} is not a signer")
    if len(state.signers) == 1:
        raise forbidden("Cannot remove only signer")
    threshold = state.approvals_threshold
    if not params.decrease and len(state.signers) - 1 < threshold:
        raise illegal_argument(
            f"can't reduce signers to {len(state.signers)} below threshold {threshold} "
            "with decrease=false"
        )
    if params.decrease:
        if threshold < 2:
            raise illegal_argument(f"can't decrease approvals from {threshold} to {threshold - 1}")
        threshold -= 1
    rt.save(replace(without_signer(rt.store, state, signer), approvals_threshold=threshold))


@method(numbers.SWAP_SIGNER)
def swap_signer(rt: Runtime, params: SwapSignerParams) -> None:
    """Put one signer in place of another, whose approvals go with them."""
    rt.require_caller(rt.receiver)
    removed = Address.from_id(resolve_to_id(rt, params.removed, must_exist=False))
    added = Address.from_id(resolve_to_id(rt, params.added, must_exist=True))
    state = rt.load(State)
    if removed not in state.signers:
        raise forbidden(f"{removed} is not a signer")
    if added in state.signers:
        raise illegal_argument(f"{added} is already a signer")
    state = without_signer(rt.store, state, removed)
    rt.save(replace(state, signers=(*state.signers, added)))


@method(numbers.CHANGE_APPROVALS_THRESHOLD)
def change_approvals_threshold(rt: Runtime, params: ChangeApprovalsThresholdParams) -> None:
    """Need another number of approvals, of transactions that are pending too."""
    rt.require_caller(rt.receiver)
    state = rt.load(State)
    if not 1 <= params.approvals_threshold <= len(state.signers):
        raise illegal_argument("New threshold value not supported")
    rt.save(replace(state, approvals_threshold=params.approvals_threshold))


@method(numbers.LOCK_BALANCE)
def lock_balance(rt: Runtime, params: LockBalanceParams) -> None:
    """Lock an amount, which need not be there; once in the life of the multisig."""
    rt.require_caller(rt.receiver)
    if params.unlock_duration <= 0:
        raise illegal_argument("unlock duration must be positive")
    if params.amount < 0:
        raise illegal_argument("amount to lock must be positive")
    state = rt.load(State)
    if state.unlock_duration != 0:
        raise forbidden("modification of unlock disallowed")
    rt.save(
        replace(
            state,
            start_epoch=params.start_epoch,
            unlock_duration=params.unlock_duration,
            initial_balance=params.amount,
        )
    )


@method(RECEIVE)
def receive(rt: Runtime, _: UniversalReceiverParams) -> None:
    """Accept whatever it is, so long as it is told in the standard's form (FRC-0046)."""
    rt.accept_any_caller()


def _require_signer(state: State, caller: Address) -> None:
    if caller not in state.signers:
        raise forbidden(f"{caller} is not a signer")


def _proposal_hash(rt: Runtime, transaction: Transaction) -> bytes:
    return proposal_hash(transaction, lambda data: rt.hash(BLAKE2B_256, data))


def _approve(rt: Runtime, transaction_id: int, transaction: Transaction) -> ApproveReturn:
    """Add the caller's approval and send the transaction if it is the last one needed."""
    if rt.caller in transaction.approved:
        raise forbidden(f"{rt.caller} already approved this message")
    transaction = replace(transaction, approved=(*transaction.approved, rt.caller))
    state = rt.load(State)
    pending = PENDING.open(rt.store, state.pending)
    pending.set(transaction_id, transaction)
    state = replace(state, pending=pending.flush())
    rt.save(state)
    return _send_if_approved(rt, state, transaction_id, transaction)


def _send_if_approved(
    rt: Runtime, state: State, transaction_id: int, transaction: Transaction
) -> ApproveReturn:
    """Send a transaction that has enough approvals, after taking it off the pending ones.

    So nothing that the message sets off can send it a second time.
    """
    if len(transaction.approved) < state.approvals_threshold:
        return ApproveReturn(applied=False, exit_code=ExitCode.OK, returned=b"")
    require_available(state, rt.balance, transaction.value, rt.epoch)

    pending = PENDING.open(rt.store, state.pending)
    pending.delete(transaction_id)
    rt.save(replace(state, pending=pending.flush()))

    params = Block(CBOR, transaction.params) if transaction.params else None
    try:
        answer = rt.send(transaction.to, transaction.method, params, transaction.value)
    except ActorError as error:
        return ApproveReturn(applied=True, exit_code=error.exit_code, returned=error.data)
    return ApproveReturn(
        applied=True, exit_code=ExitCode.OK, returned=b"" if answer is None else answer.data
    )


MULTISIG = ActorCode(
    name="multisig",
    state=State,
    methods=(
        constructor,
        propose,
        approve,
        cancel,
        add_signer,
        remove_signer,
        swap_signer,
        change_approvals_threshold,
        lock_balance,
        receive,
    ),
    accepts_unknown_exported=True,
)
