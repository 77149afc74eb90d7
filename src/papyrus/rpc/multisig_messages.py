"""The messages by which people use a multisig (Lotus chain/actors/builtin/multisig).

Creating one is a call of the init actor; everything else a call of the multisig by one of its
signers. What changes the multisig itself is proposed as a message from it to itself. An approval
may name what it approves: its hash protects a signer from another proposal that took the same ID
in a reorganisation.
"""

from collections.abc import Sequence

from papyrus.actors.init.params import EXEC, ExecParams
from papyrus.actors.multisig import params as numbers
from papyrus.actors.multisig.params import (
    AddSignerParams,
    ConstructorParams,
    ProposeParams,
    RemoveSignerParams,
    SwapSignerParams,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import Transaction, proposal_hash
from papyrus.actors.singletons import INIT
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.types.message import Message, draft

_HIGHEST_ID = 2**63 - 1


def create(
    code: Cid,
    sender: Address,
    signers: Sequence[Address],
    threshold: int,
    unlock_duration: ChainEpoch,
    value: TokenAmount,
) -> Message:
    """Return what makes a multisig with some funds; `code` is that of multisigs.

    A threshold of 0 asks for every signer. LocalFault for one above their number.
    """
    if len(signers) < threshold:
        raise LocalFault(
            "cannot require signing of more addresses than provided for multisig: "
            f"{threshold} of {len(signers)}"
        )
    made = ConstructorParams(tuple(signers), threshold or len(signers), unlock_duration, 0)
    params = ExecParams(code, made.to_cbor())
    return draft(sender, INIT, value, EXEC, params.to_cbor())


def propose(multisig: Address, sender: Address, proposal: ProposeParams) -> Message:
    """Return what proposes a message; LocalFault for an amount below 0."""
    if proposal.value < 0:
        raise LocalFault("must provide a non-negative amount for proposed send")
    return draft(sender, multisig, method=numbers.PROPOSE, params=proposal.to_cbor())


def approve(multisig: Address, sender: Address, transaction: int, expected: bytes = b"") -> Message:
    """Return what approves a transaction, if its hash is the expected one or none is."""
    return _decide(numbers.APPROVE, multisig, sender, transaction, expected)


def cancel(multisig: Address, sender: Address, transaction: int, expected: bytes = b"") -> Message:
    """Return what cancels a transaction, if its hash is the expected one or none is."""
    return _decide(numbers.CANCEL, multisig, sender, transaction, expected)


def hash_of(proposer: Address, proposal: ProposeParams) -> bytes:
    """Return the hash by which a proposal is known; LocalFault unless the proposer is an ID."""
    if proposer.protocol is not Protocol.ID:
        raise LocalFault(sentence("proposer address must be an ID address, was {}", proposer))
    if proposal.value < 0:
        raise LocalFault(f"proposal value must be non-negative, was {proposal.value}")
    transaction = Transaction(
        proposal.to, proposal.value, proposal.method, proposal.params, (proposer,)
    )
    return proposal_hash(transaction, blake2b_256)


def adding(multisig: Address, signer: Address, *, increase: bool) -> ProposeParams:
    """Return the proposal to add a signer."""
    params = AddSignerParams(signer, increase).to_cbor()
    return ProposeParams(multisig, ZERO, numbers.ADD_SIGNER, params)


def removing(multisig: Address, signer: Address, *, decrease: bool) -> ProposeParams:
    """Return the proposal to remove a signer."""
    params = RemoveSignerParams(signer, decrease).to_cbor()
    return ProposeParams(multisig, ZERO, numbers.REMOVE_SIGNER, params)


def swapping(multisig: Address, removed: Address, added: Address) -> ProposeParams:
    """Return the proposal that one takes the place of another."""
    params = SwapSignerParams(removed, added).to_cbor()
    return ProposeParams(multisig, ZERO, numbers.SWAP_SIGNER, params)


def _decide(
    method: int, multisig: Address, sender: Address, transaction: int, expected: bytes
) -> Message:
    if not 0 <= transaction <= _HIGHEST_ID:
        raise LocalFault(f"transaction ID {transaction} is out of range for int64")
    params = TransactionIDParams(transaction, expected)
    return draft(sender, multisig, method=method, params=params.to_cbor())
