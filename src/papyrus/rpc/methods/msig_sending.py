"""Msig in v0: each method sends its message at once (see `msig`).

A method of one name may take other parameters than in v1: MsigCancel is told what it cancels.
Each returns the CID of what it sent.
"""

from papyrus.actors.multisig.params import ProposeParams
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc import multisig_messages as messages
from papyrus.rpc.declarations import SIGN, Context, method
from papyrus.rpc.methods import msig_messages as building
from papyrus.rpc.methods.mpool import MpoolNode, push_message
from papyrus.types.message import Message


@method("MsigCreate", SIGN, versions=(0,))
async def msig_create_now(
    context: Context[MpoolNode],
    required: U64,
    signers: list[Address],
    unlock_duration: I64,
    value: TokenAmount,
    sender: Address,
    _gas_price: TokenAmount,
) -> Cid:
    """Send the message that makes a multisig, of which so many signers must approve."""
    message = await building.create(context, required, signers, unlock_duration, value, sender)
    return await _send(context, message)


@method("MsigPropose", SIGN, versions=(0,))
async def msig_propose_now(
    context: Context[MpoolNode],
    multisig: Address,
    to: Address,
    value: TokenAmount,
    sender: Address,
    method_number: U64,
    params: bytes,
) -> Cid:
    """Send the message that proposes a message of the multisig."""
    message = messages.propose(multisig, sender, ProposeParams(to, value, method_number, params))
    return await _send(context, message)


@method("MsigApprove", SIGN, versions=(0,))
async def msig_approve_now(
    context: Context[MpoolNode],
    multisig: Address,
    transaction: U64,
    sender: Address,
) -> Cid:
    """Send the message that approves a transaction, whatever it is."""
    message = messages.approve(multisig, sender, transaction)
    return await _send(context, message)


@method("MsigApproveTxnHash", SIGN, versions=(0,))
async def msig_approve_txn_hash_now(
    context: Context[MpoolNode],
    multisig: Address,
    transaction: U64,
    proposer: Address,
    to: Address,
    value: TokenAmount,
    sender: Address,
    method_number: U64,
    params: bytes,
) -> Cid:
    """Send the message that approves a transaction if it is the one described."""
    message = await building.approve_known(
        context,
        multisig,
        sender,
        transaction,
        proposer,
        ProposeParams(to, value, method_number, params),
    )
    return await _send(context, message)


@method("MsigCancel", SIGN, versions=(0,))
async def msig_cancel_now(
    context: Context[MpoolNode],
    multisig: Address,
    transaction: U64,
    to: Address,
    value: TokenAmount,
    sender: Address,
    method_number: U64,
    params: bytes,
) -> Cid:
    """Send the message that cancels a transaction of the sender's if it is the one described."""
    message = await building.cancel_known(
        context,
        multisig,
        sender,
        transaction,
        ProposeParams(to, value, method_number, params),
    )
    return await _send(context, message)


@method("MsigAddPropose", SIGN, versions=(0,))
async def msig_add_propose_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    signer: Address,
    increase: bool,
) -> Cid:
    """Send the message that proposes a signer, and perhaps to need one approval more."""
    message = messages.propose(
        multisig, sender, messages.adding(multisig, signer, increase=increase)
    )
    return await _send(context, message)


@method("MsigAddApprove", SIGN, versions=(0,))
async def msig_add_approve_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    proposer: Address,
    signer: Address,
    increase: bool,
) -> Cid:
    """Send the message that approves a proposal to add a signer."""
    message = await building.approve_known(
        context,
        multisig,
        sender,
        transaction,
        proposer,
        messages.adding(multisig, signer, increase=increase),
    )
    return await _send(context, message)


@method("MsigAddCancel", SIGN, versions=(0,))
async def msig_add_cancel_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    signer: Address,
    increase: bool,
) -> Cid:
    """Send the message that cancels the sender's proposal to add a signer."""
    message = await building.cancel_known(
        context,
        multisig,
        sender,
        transaction,
        messages.adding(multisig, signer, increase=increase),
    )
    return await _send(context, message)


@method("MsigSwapPropose", SIGN, versions=(0,))
async def msig_swap_propose_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    removed: Address,
    added: Address,
) -> Cid:
    """Send the message that proposes that one signer takes the place of another."""
    message = messages.propose(multisig, sender, messages.swapping(multisig, removed, added))
    return await _send(context, message)


@method("MsigSwapApprove", SIGN, versions=(0,))
async def msig_swap_approve_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    proposer: Address,
    removed: Address,
    added: Address,
) -> Cid:
    """Send the message that approves a proposal to swap signers."""
    message = await building.approve_known(
        context,
        multisig,
        sender,
        transaction,
        proposer,
        messages.swapping(multisig, removed, added),
    )
    return await _send(context, message)


@method("MsigSwapCancel", SIGN, versions=(0,))
async def msig_swap_cancel_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    removed: Address,
    added: Address,
) -> Cid:
    """Send the message that cancels the sender's proposal to swap signers."""
    message = await building.cancel_known(
        context,
        multisig,
        sender,
        transaction,
        messages.swapping(multisig, removed, added),
    )
    return await _send(context, message)


@method("MsigRemoveSigner", SIGN, versions=(0,))
async def msig_remove_signer_now(
    context: Context[MpoolNode],
    multisig: Address,
    sender: Address,
    signer: Address,
    decrease: bool,
) -> Cid:
    """Send the message that proposes to remove a signer, and maybe to need one approval less."""
    message = messages.propose(
        multisig, sender, messages.removing(multisig, signer, decrease=decrease)
    )
    return await _send(context, message)


async def _send(context: Context[MpoolNode], message: Message) -> Cid:
    return (await push_message(context.node, message)).cid


class MsigSendingMethods:
    """The group, as a server registers and a client has it."""

    msig_create_now = msig_create_now
    msig_propose_now = msig_propose_now
    msig_approve_now = msig_approve_now
    msig_approve_txn_hash_now = msig_approve_txn_hash_now
    msig_cancel_now = msig_cancel_now
    msig_add_propose_now = msig_add_propose_now
    msig_add_approve_now = msig_add_approve_now
    msig_add_cancel_now = msig_add_cancel_now
    msig_swap_propose_now = msig_swap_propose_now
    msig_swap_approve_now = msig_swap_approve_now
    msig_swap_cancel_now = msig_swap_cancel_now
    msig_remove_signer_now = msig_remove_signer_now
