"""Paych: payment channels and their vouchers.

Amounts of vouchers are what a lane has paid in all. Where both parties' keys are here, one node
plays both: a voucher that was made here can be handed in here, by its payee.

Surprising: PaychNewPayment waits until the funds it needs are in the channel, so that its vouchers
are good when it returns; in Lotus it fails unless they were there. A voucher is always handed in by
the payee, who alone can; Lotus lets the payer of a channel try, which cannot succeed.
"""

import asyncio
from typing import Protocol

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.node.execution import ExecutionMeans
from papyrus.node.payment_channels import PaymentChannels
from papyrus.node.workers import Runner
from papyrus.paychan.channel_file import decoded_vouchers
from papyrus.paychan.funding import Funded, Wish
from papyrus.paychan.manager import AvailableFunds, ChannelManager
from papyrus.paychan.refusals import InsufficientFunds
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rpc.declarations import READ, SIGN, WRITE, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError, invalid_parameters
from papyrus.rpc.execution_failures import failures_told
from papyrus.rpc.methods import state_work
from papyrus.rpc.methods.mpool import MpoolNode
from papyrus.rpc.views.payment_channels import (
    ChannelAvailableFunds,
    ChannelInfo,
    PaychGetOpts,
    PaychStatus,
    PaymentInfo,
    Voucher,
    VoucherCreateResult,
    VoucherSpec,
    terms,
)

_MOST_VOUCHERS = 1000
"""Of one payment."""


class PaychNode(MpoolNode, Protocol):
    """What the group needs of the node."""

    @property
    def payment_channels(self) -> PaymentChannels:
        """Its channels."""
        ...

    @property
    def workers(self) -> Runner[ExecutionMeans]:
        """Who executes."""
        ...


@method("PaychGet", SIGN, versions=(1,), waits=True)
async def paych_get(
    context: Context[PaychNode],
    payer: Address,
    payee: Address,
    amount: TokenAmount,
    options: PaychGetOpts,
) -> ChannelInfo:
    """Reserve an amount in the channel between two parties; it is made, or funded, if need be."""
    wish = Wish(_positive(amount), is_reserved=True, off_chain=options.off_chain)
    return _info(await _fund(context, payer, payee, wish))


@method("PaychGet", SIGN, versions=(0,), waits=True)
async def paych_get_v0(
    context: Context[PaychNode], payer: Address, payee: Address, amount: TokenAmount
) -> ChannelInfo:
    """Put an amount into the channel between two parties, which is made if need be."""
    return _info(await _fund(context, payer, payee, Wish(_positive(amount))))


@method("PaychFund", SIGN, versions=(1,), waits=True)
async def paych_fund(
    context: Context[PaychNode], payer: Address, payee: Address, amount: TokenAmount
) -> ChannelInfo:
    """Put an amount into the channel between two parties, which is made if need be."""
    return _info(await _fund(context, payer, payee, Wish(_positive(amount))))


@method("PaychGetWaitReady", SIGN, waits=True)
async def paych_get_wait_ready(context: Context[PaychNode], sentinel: Cid) -> Address:
    """Return a channel's address once a message has made it, or brought its funds."""
    return await context.node.payment_channels.ready(sentinel)


@method("PaychAvailableFunds", SIGN)
async def paych_available_funds(
    context: Context[PaychNode], channel: Address
) -> ChannelAvailableFunds:
    """Return what a channel holds, and what is on its way there."""
    channels = context.node.payment_channels
    return _funds(channels, channels.funds(channels.manager.tracked(channel)))


@method("PaychAvailableFundsByFromTo", SIGN)
async def paych_available_funds_by_from_to(
    context: Context[PaychNode], payer: Address, payee: Address
) -> ChannelAvailableFunds:
    """Return what the channel between two parties holds; nothing where there is none."""
    channels = context.node.payment_channels
    return _funds(channels, channels.funds_between(payer, payee))


@method("PaychList", READ)
async def paych_list(context: Context[PaychNode]) -> list[Address]:
    """Return every channel of this node, those that were collected too."""
    channels = context.node.payment_channels
    channels.follow_up()
    return channels.manager.addresses()


@method("PaychStatus", READ)
async def paych_status(context: Context[PaychNode], channel: Address) -> PaychStatus:
    """Return which end of a channel is here."""
    found = _manager(context).tracked(channel)
    return PaychStatus(found.control, found.direction)


@method("PaychSettle", SIGN)
async def paych_settle(context: Context[PaychNode], channel: Address) -> Cid:
    """Start the half day after which a channel can be collected; return the message."""
    with failures_told():
        return await context.node.payment_channels.settle(channel)


@method("PaychCollect", SIGN)
async def paych_collect(context: Context[PaychNode], channel: Address) -> Cid:
    """Pay both parties and end a channel; return the message."""
    with failures_told():
        return await context.node.payment_channels.collect(channel)


@method("PaychAllocateLane", SIGN)
async def paych_allocate_lane(context: Context[PaychNode], channel: Address) -> U64:
    """Return a lane that nobody was given before."""
    return _manager(context).allocate_lane(channel)


@method("PaychNewPayment", SIGN, waits=True)
async def paych_new_payment(
    context: Context[PaychNode], payer: Address, payee: Address, vouchers: list[VoucherSpec]
) -> PaymentInfo:
    """Reserve the amount of the last of some vouchers, and make them on a lane of their own."""
    if not 1 <= len(vouchers) <= _MOST_VOUCHERS:
        raise invalid_parameters(
            f"{len(vouchers)} vouchers: a payment has from 1 to {_MOST_VOUCHERS}"
        )
    channels = context.node.payment_channels
    wish = Wish(_positive(vouchers[-1].amount), is_reserved=True)
    found = await _fund(context, payer, payee, wish)
    channel = found.channel
    if found.message is not None:
        channel = await channels.ready(found.message)
    if channel is None:
        raise RpcError(ErrorCode.GENERIC, "the payment channel is not made")
    lane = channels.manager.allocate_lane(channel)
    made = [
        channels.manager.create_voucher(channel, terms(channel, lane, spec)) for spec in vouchers
    ]
    return PaymentInfo(channel, found.message, made)


@method("PaychVoucherCheckValid", READ)
async def paych_voucher_check_valid(
    context: Context[PaychNode], channel: Address, voucher: Voucher
) -> None:
    """Answer with an error unless a voucher is good, or can be once it is handed in."""
    _manager(context).check_voucher(channel, voucher)


@method("PaychVoucherCheckSpendable", READ)
async def paych_voucher_check_spendable(
    context: Context[PaychNode], channel: Address, voucher: Voucher, secret: bytes, proof: bytes
) -> bool:
    """Return whether a voucher could be handed in now, and has not been."""
    _expect_no_proof(proof)
    node = context.node
    is_submitted = _manager(context).is_submitted(channel, voucher)
    if is_submitted is None:
        raise RpcError(
            ErrorCode.GENERIC, "cannot submit voucher that has not been added to channel"
        )
    if is_submitted:
        return False
    message = _manager(context).redemption(channel, voucher, secret)
    receipt = await node.workers.run(state_work.call_receipt, node.chain.head, message)
    return receipt.is_success


@method("PaychVoucherCreate", SIGN)
async def paych_voucher_create(
    context: Context[PaychNode], channel: Address, amount: TokenAmount, lane: U64
) -> VoucherCreateResult:
    """Make a voucher by which a lane has paid an amount in all; it is kept.

    Where the channel holds too little there is none, and the shortfall tells how much is missing.
    """
    try:
        unsigned = terms(channel, lane, VoucherSpec(amount))
        return VoucherCreateResult(_manager(context).create_voucher(channel, unsigned), ZERO)
    except InsufficientFunds as error:
        return VoucherCreateResult(None, error.shortfall)


@method("PaychVoucherAdd", WRITE)
async def paych_voucher_add(
    context: Context[PaychNode],
    channel: Address,
    voucher: Voucher,
    proof: bytes,
    least: TokenAmount,
) -> TokenAmount:
    """Keep a voucher that adds so much at the least; return what it adds, 0 if it was kept."""
    _expect_no_proof(proof)
    return _manager(context).add_voucher(channel, voucher, least)


@method("PaychVoucherList", WRITE)
async def paych_voucher_list(context: Context[PaychNode], channel: Address) -> list[Voucher]:
    """Return the vouchers of a channel, in the order in which they came."""
    encoded = _manager(context).encoded_vouchers(channel)
    return list(await asyncio.to_thread(decoded_vouchers, encoded))


@method("PaychVoucherSubmit", SIGN)
async def paych_voucher_submit(
    context: Context[PaychNode], channel: Address, voucher: Voucher, secret: bytes, proof: bytes
) -> Cid:
    """Hand a voucher in; return the message."""
    _expect_no_proof(proof)
    with failures_told():
        return await context.node.payment_channels.submit(channel, voucher, secret)


async def _fund(context: Context[PaychNode], payer: Address, payee: Address, wish: Wish) -> Funded:
    with failures_told():
        return await context.node.payment_channels.fund(payer, payee, wish)


def _manager(context: Context[PaychNode]) -> ChannelManager:
    return context.node.payment_channels.manager


def _info(found: Funded) -> ChannelInfo:
    return ChannelInfo(found.channel, found.message)


def _funds(channels: PaymentChannels, found: AvailableFunds) -> ChannelAvailableFunds:
    return ChannelAvailableFunds(
        channel=found.channel,
        sender=found.payer,
        to=found.payee,
        confirmed_amt=found.confirmed,
        pending_amt=found.pending,
        non_reserved_amt=found.available,
        pending_available_amt=found.pending_available,
        pending_wait_sentinel=found.message,
        queued_amt=channels.queued(found),
        voucher_reedeemed_amt=found.promised,
    )


def _positive(amount: TokenAmount) -> TokenAmount:
    if amount < 0:
        raise invalid_parameters(f"{amount.to_fil()} is less than nothing")
    return amount


def _expect_no_proof(proof: bytes) -> None:
    if proof:
        raise RpcError(ErrorCode.GENERIC, "payment channel proof parameter is not supported")


class PaychMethods:
    """The group, as a server registers and a client has it."""

    paych_get = paych_get
    paych_get_v0 = paych_get_v0
    paych_fund = paych_fund
    paych_get_wait_ready = paych_get_wait_ready
    paych_available_funds = paych_available_funds
    paych_available_funds_by_from_to = paych_available_funds_by_from_to
    paych_list = paych_list
    paych_status = paych_status
    paych_settle = paych_settle
    paych_collect = paych_collect
    paych_allocate_lane = paych_allocate_lane
    paych_new_payment = paych_new_payment
    paych_voucher_check_valid = paych_voucher_check_valid
    paych_voucher_check_spendable = paych_voucher_check_spendable
    paych_voucher_create = paych_voucher_create
    paych_voucher_add = paych_voucher_add
    paych_voucher_list = paych_voucher_list
    paych_voucher_submit = paych_voucher_submit
