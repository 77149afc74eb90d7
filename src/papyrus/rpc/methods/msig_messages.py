"""What each Msig method that changes something sends, for both versions of the interface."""

from papyrus.actors.multisig.params import ProposeParams
from papyrus.ipld.schema import I64, U64
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc import multisig_messages as messages
from papyrus.rpc.declarations import HEAD, Context
from papyrus.rpc.methods.looking import StateNode, look
from papyrus.rpc.views import actors
from papyrus.types.message import Message


async def create(
    context: Context[StateNode],
    required: U64,
    signers: list[Address],
    unlock_duration: I64,
    value: TokenAmount,
    sender: Address,
) -> Message:
    """Return what makes a multisig."""
    codes = await look(context, HEAD, actors.code_cids)
    return messages.create(codes["multisig"], sender, signers, required, unlock_duration, value)


async def approve_known(
    context: Context[StateNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    proposer: Address,
    proposal: ProposeParams,
) -> Message:
    """Return what approves a transaction that is this proposal."""
    expected = messages.hash_of(await _id_of(context, proposer), proposal)
    return messages.approve(multisig, sender, transaction, expected)


async def cancel_known(
    context: Context[StateNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    proposal: ProposeParams,
) -> Message:
    """Return what cancels a transaction that is this proposal of the sender's own."""
    expected = messages.hash_of(await _id_of(context, sender), proposal)
    return messages.cancel(multisig, sender, transaction, expected)


async def _id_of(context: Context[StateNode], address: Address) -> Address:
    if address.protocol is Protocol.ID:
        return address
    return await look(context, HEAD, actors.id_address, address)
