"""What the methods of a multisig take and return, and their numbers."""

from papyrus.ipld.schema import I64, U32, U64, ChainEpoch, MethodNumber
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

PROPOSE = 2
APPROVE = 3
CANCEL = 4
ADD_SIGNER = 5
REMOVE_SIGNER = 6
SWAP_SIGNER = 7
CHANGE_APPROVALS_THRESHOLD = 8
LOCK_BALANCE = 9


@cbor_tuple
class ConstructorParams(Record):
    """Who signs, how many of them must, and how long what comes with the call is locked."""

    signers: tuple[Address, ...]
    approvals_threshold: U64
    unlock_duration: ChainEpoch
    """Epochs; 0 locks nothing."""
    start_epoch: ChainEpoch
    """When the unlocking begins."""


@cbor_tuple
class ProposeParams(Record):
    """A message that the multisig is to send."""

    to: Address
    value: TokenAmount
    method: MethodNumber
    params: bytes
    """Empty where the message has no parameters."""


@cbor_tuple
class ProposeReturn(Record):
    """What became of a proposal."""

    transaction_id: I64
    applied: bool
    """Whether the message has been sent; else it waits for approvals, and the rest says nothing."""
    exit_code: U32
    """Of the message that was sent; that it failed does not fail the proposal."""
    returned: bytes


@cbor_tuple
class TransactionIDParams(Record):
    """A pending transaction, to be approved or cancelled."""

    transaction_id: I64
    proposal_hash: bytes
    """The hash of what the caller takes the transaction for, or empty to take what is there."""


@cbor_tuple
class ApproveReturn(Record):
    """What became of a transaction with one more approval."""

    applied: bool
    exit_code: U32
    returned: bytes


@cbor_tuple
class AddSignerParams(Record):
    """A signer to add, and whether one approval more is needed from then on."""

    signer: Address
    increase: bool


@cbor_tuple
class RemoveSignerParams(Record):
    """A signer to remove, and whether one approval less is needed from then on."""

    signer: Address
    decrease: bool


@cbor_tuple
class SwapSignerParams(Record):
    """A signer, and who takes their place."""

    removed: Address
    added: Address


@cbor_tuple
class ChangeApprovalsThresholdParams(Record):
    """How many approvals are needed from now on."""

    approvals_threshold: U64


@cbor_tuple
class LockBalanceParams(Record):
    """What is locked from when on and for how long."""

    start_epoch: ChainEpoch
    unlock_duration: ChainEpoch
    amount: TokenAmount
