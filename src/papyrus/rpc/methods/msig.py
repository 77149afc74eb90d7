"""Msig: multisigs. What they hold, and the messages of their signers.

In v1 a method returns the message for the client to look at, sign and send (MpoolPushMessage); in
v0 it is sent at once, and its CID returned (`msig_sending`).
"""

from papyrus.actors.multisig.params import ProposeParams
from papyrus.ipld.schema import I64, U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rpc import multisig_messages as messages
from papyrus.rpc.declarations import HEAD, READ, SIGN, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.methods import msig_messages as building
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rpc.methods.looking import StateNode, look
from papyrus.rpc.methods.mpool import MessagePrototype
from papyrus.rpc.views import multisig as views
from papyrus.types.message import Message
from papyrus.types.tipset import TipsetKey


@method("MsigGetAvailableBalance", READ)
async def msig_get_available_balance(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> TokenAmount:
    """Return what of a multisig's balance is not locked."""
    return await look(context, key, views.available_balance, address)


@method("MsigGetVestingSchedule", READ)
async def msig_get_vesting_schedule(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> views.VestingSchedule:
    """Return what of a multisig was locked, and over which epochs it is released."""
    return await look(context, key, views.vesting_schedule, address)


@method("MsigGetVested", READ)
async def msig_get_vested(
    context: Context[StateNode], address: Address, start: TipsetKey, end: TipsetKey
) -> TokenAmount:
    """Return what was released between two tipsets."""
    chain = context.node.chain
    first, last = tipset_of(chain, start), tipset_of(chain, end)
    if first.height > last.height:
        raise RpcError(
            ErrorCode.GENERIC,
            f"start tipset {first.height} is after end tipset {last.height}",
        )
    if first.height == last.height:
        return ZERO
    return await look(context, last.key, views.vested_since, address, first.height)


@method("MsigGetPending", READ)
async def msig_get_pending(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> list[views.PendingTransaction]:
    """Return the transactions that wait for approval."""
    return await look(context, key, views.pending, address)


@method("MsigCreate", SIGN, versions=(1,))
async def msig_create(
    context: Context[StateNode],
    required: U64,
    signers: list[Address],
    unlock_duration: I64,
    value: TokenAmount,
    sender: Address,
    _gas_price: TokenAmount,
) -> MessagePrototype:
    """Return the message that makes a multisig, of which so many signers must approve."""
    message = await building.create(context, required, signers, unlock_duration, value, sender)
    return _prototype(message)


@method("MsigPropose", SIGN, versions=(1,))
async def msig_propose(
    _context: Context[StateNode],
    multisig: Address,
    to: Address,
    value: TokenAmount,
    sender: Address,
    method_number: U64,
    params: bytes,
) -> MessagePrototype:
    """Return the message that proposes a message of the multisig."""
    message = messages.propose(multisig, sender, ProposeParams(to, value, method_number, params))
    return _prototype(message)


@method("MsigApprove", SIGN, versions=(1,))
async def msig_approve(
    _context: Context[StateNode],
    multisig: Address,
    transaction: U64,
    sender: Address,
) -> MessagePrototype:
    """Return the message that approves a transaction, whatever it is."""
    message = messages.approve(multisig, sender, transaction)
    return _prototype(message)


@method("MsigApproveTxnHash", SIGN, versions=(1,))
async def msig_approve_txn_hash(
    context: Context[StateNode],
    multisig: Address,
    transaction: U64,
    proposer: Address,
    to: Address,
    value: TokenAmount,
    sender: Address,
    method_number: U64,
    params: bytes,
) -> MessagePrototype:
    """Return the message that approves a transaction if it is the one described."""
    message = await building.approve_known(
        context,
        multisig,
        sender,
        transaction,
        proposer,
        ProposeParams(to, value, method_number, params),
    )
    return _prototype(message)


@method("MsigCancel", SIGN, versions=(1,))
async def msig_cancel(
    _context: Context[StateNode],
    multisig: Address,
    transaction: U64,
    sender: Address,
) -> MessagePrototype:
    """Return the message that cancels a transaction of the sender's, whatever it is."""
    message = messages.cancel(multisig, sender, transaction)
    return _prototype(message)


@method("MsigCancelTxnHash", SIGN, versions=(1,))
async def msig_cancel_txn_hash(
    context: Context[StateNode],
    multisig: Address,
    transaction: U64,
    to: Address,
    value: TokenAmount,
    sender: Address,
    method_number: U64,
    params: bytes,
) -> MessagePrototype:
    """Return the message that cancels a transaction of the sender's if it is the one described."""
    message = await building.cancel_known(
        context,
        multisig,
        sender,
        transaction,
        ProposeParams(to, value, method_number, params),
    )
    return _prototype(message)


@method("MsigAddPropose", SIGN, versions=(1,))
async def msig_add_propose(
    _context: Context[StateNode],
    multisig: Address,
    sender: Address,
    signer: Address,
    increase: bool,
) -> MessagePrototype:
    """Return the message that proposes a signer, and perhaps to need one approval more."""
    message = messages.propose(
        multisig, sender, messages.adding(multisig, signer, increase=increase)
    )
    return _prototype(message)


@method("MsigAddApprove", SIGN, versions=(1,))
async def msig_add_approve(
    context: Context[StateNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    proposer: Address,
    signer: Address,
    increase: bool,
) -> MessagePrototype:
    """Return the message that approves a proposal to add a signer."""
    message = await building.approve_known(
        context,
        multisig,
        sender,
        transaction,
        proposer,
        messages.adding(multisig, signer, increase=increase),
    )
    return _prototype(message)


@method("MsigAddCancel", SIGN, versions=(1,))
async def msig_add_cancel(
    context: Context[StateNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    signer: Address,
    increase: bool,
) -> MessagePrototype:
    """Return the message that cancels the sender's proposal to add a signer."""
    message = await building.cancel_known(
        context,
        multisig,
        sender,
        transaction,
        messages.adding(multisig, signer, increase=increase),
    )
    return _prototype(message)


@method("MsigSwapPropose", SIGN, versions=(1,))
async def msig_swap_propose(
    _context: Context[StateNode],
    multisig: Address,
    sender: Address,
    removed: Address,
    added: Address,
) -> MessagePrototype:
    """Return the message that proposes that one signer takes the place of another."""
    message = messages.propose(multisig, sender, messages.swapping(multisig, removed, added))
    return _prototype(message)


@method("MsigSwapApprove", SIGN, versions=(1,))
async def msig_swap_approve(
    context: Context[StateNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    proposer: Address,
    removed: Address,
    added: Address,
) -> MessagePrototype:
    """Return the message that approves a proposal to swap signers."""
    message = await building.approve_known(
        context,
        multisig,
        sender,
        transaction,
        proposer,
        messages.swapping(multisig, removed, added),
    )
    return _prototype(message)


@method("MsigSwapCancel", SIGN, versions=(1,))
async def msig_swap_cancel(
    context: Context[StateNode],
    multisig: Address,
    sender: Address,
    transaction: U64,
    removed: Address,
    added: Address,
) -> MessagePrototype:
    """Return the message that cancels the sender's proposal to swap signers."""
    message = await building.cancel_known(
        context,
        multisig,
        sender,
        transaction,
        messages.swapping(multisig, removed, added),
    )
    return _prototype(message)


@method("MsigRemoveSigner", SIGN, versions=(1,))
async def msig_remove_signer(
    _context: Context[StateNode],
    multisig: Address,
    sender: Address,
    signer: Address,
    decrease: bool,
) -> MessagePrototype:
    """Return the message that proposes to remove a signer, and maybe to need one approval less."""
    message = messages.propose(
        multisig, sender, messages.removing(multisig, signer, decrease=decrease)
    )
    return _prototype(message)


def _prototype(message: Message) -> MessagePrototype:
    return MessagePrototype(message, valid_nonce=False)


class MsigMethods:
    """The group, as a server registers and a client has it."""

    msig_get_available_balance = msig_get_available_balance
    msig_get_vesting_schedule = msig_get_vesting_schedule
    msig_get_vested = msig_get_vested
    msig_get_pending = msig_get_pending
    msig_create = msig_create
    msig_propose = msig_propose
    msig_approve = msig_approve
    msig_approve_txn_hash = msig_approve_txn_hash
    msig_cancel = msig_cancel
    msig_cancel_txn_hash = msig_cancel_txn_hash
    msig_add_propose = msig_add_propose
    msig_add_approve = msig_add_approve
    msig_add_cancel = msig_add_cancel
    msig_swap_propose = msig_swap_propose
    msig_swap_approve = msig_swap_approve
    msig_swap_cancel = msig_swap_cancel
    msig_remove_signer = msig_remove_signer
