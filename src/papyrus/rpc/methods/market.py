"""Market: money in the storage market, sent by this node's wallet."""

from typing import Protocol

from papyrus.ipld.cid import Cid
from papyrus.node.market_funds import MarketFunds, add_balance
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.declarations import SIGN, Context, method
from papyrus.rpc.execution_failures import failures_told
from papyrus.rpc.methods.mpool import MpoolNode, push_message


class MarketNode(MpoolNode, Protocol):
    """What the group needs of the node."""

    @property
    def market_funds(self) -> MarketFunds:
        """What is set aside for deals."""
        ...


@method("MarketAddBalance", SIGN)
async def market_add_balance(
    context: Context[MarketNode], wallet: Address, owner: Address, amount: TokenAmount
) -> Cid:
    """Put money of a wallet into escrow for someone; return the message's CID."""
    return (await push_message(context.node, add_balance(wallet, owner, amount))).cid


@method("MarketGetReserved", SIGN)
async def market_get_reserved(context: Context[MarketNode], owner: Address) -> TokenAmount:
    """Return what this node has set aside of someone's escrow for deals to come."""
    return context.node.market_funds.reserved(owner)


@method("MarketReserveFunds", SIGN)
async def market_reserve_funds(
    context: Context[MarketNode], wallet: Address, owner: Address, amount: TokenAmount
) -> Cid | None:
    """Set more aside, and send what escrow lacks; null where it lacks nothing."""
    with failures_told():
        return await context.node.market_funds.reserve(wallet, owner, amount)


@method("MarketReleaseFunds", SIGN)
async def market_release_funds(
    context: Context[MarketNode], owner: Address, amount: TokenAmount
) -> None:
    """Set less aside."""
    await context.node.market_funds.release(owner, amount)


@method("MarketWithdraw", SIGN)
async def market_withdraw(
    context: Context[MarketNode], wallet: Address, owner: Address, amount: TokenAmount
) -> Cid:
    """Take money out of escrow that is neither locked nor set aside."""
    with failures_told():
        return await context.node.market_funds.withdraw(wallet, owner, amount)


class MarketMethods:
    """The group, as a server registers and a client has it."""

    market_add_balance = market_add_balance
    market_get_reserved = market_get_reserved
    market_reserve_funds = market_reserve_funds
    market_release_funds = market_release_funds
    market_withdraw = market_withdraw
