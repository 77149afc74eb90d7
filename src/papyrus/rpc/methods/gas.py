"""Gas: how much a message takes and what to offer for it, tried on the head."""

from typing import Protocol

from papyrus.chain.store import ChainStore
from papyrus.node.sending import Sending
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.errors import invalid_parameters
from papyrus.rpc.execution_failures import failures_told
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rpc.methods.mpool import MessageSendSpec
from papyrus.types.message import Message
from papyrus.types.tipset import TipsetKey

_MOST_EPOCHS = 900
"""Beyond a finality of rising base fees no fee cap is a number anybody can pay."""


class GasNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> ChainStore:
        """The chain."""
        ...

    @property
    def sending(self) -> Sending:
        """Who estimates gas."""
        ...


@method("GasEstimateMessageGas", READ)
async def gas_estimate_message_gas(
    context: Context[GasNode],
    message: Message,
    spec: MessageSendSpec | None = None,
    key: TipsetKey = HEAD,
) -> Message:
    """Return a message with what is 0 of its gas filled in: limit, premium and fee cap."""
    node = context.node
    base = tipset_of(node.chain, key) if key.cids else None
    with failures_told():
        return await node.sending.estimate(message, (spec or MessageSendSpec()).spec(), base)


@method("GasEstimateGasLimit", READ)
async def gas_estimate_gas_limit(
    context: Context[GasNode], message: Message, key: TipsetKey = HEAD
) -> int:
    """Return the gas that a message takes on the head, after those of its sender that wait.

    As in Lotus the tipset must exist, and the trial is on the head all the same.
    """
    node = context.node
    tipset_of(node.chain, key)
    with failures_told():
        return await node.sending.gas_limit(message)


@method("GasEstimateGasPremium", READ)
async def gas_estimate_gas_premium(
    context: Context[GasNode],
    epochs_to_inclusion: int,
    _sender: Address,
    _gas_limit: int,
    key: TipsetKey = HEAD,
) -> TokenAmount:
    """Return a premium with which a message should be taken within some epochs."""
    node = context.node
    base = tipset_of(node.chain, key) if key.cids else None
    return TokenAmount(await node.sending.premium(epochs_to_inclusion, base))


@method("GasEstimateFeeCap", READ)
async def gas_estimate_fee_cap(
    context: Context[GasNode], message: Message, epochs: int, key: TipsetKey = HEAD
) -> TokenAmount:
    """Return a fee cap that holds for so many epochs of the steepest rise of the base fee."""
    if abs(epochs) > _MOST_EPOCHS:
        raise invalid_parameters(f"{epochs} epochs: {_MOST_EPOCHS} at most")
    node = context.node
    base = tipset_of(node.chain, key) if key.cids else None
    return TokenAmount(await node.sending.fee_cap(int(message.gas_premium), epochs, base))


class GasMethods:
    """The group, as a server registers and a client has it."""

    gas_estimate_message_gas = gas_estimate_message_gas
    gas_estimate_gas_limit = gas_estimate_gas_limit
    gas_estimate_gas_premium = gas_estimate_gas_premium
    gas_estimate_fee_cap = gas_estimate_fee_cap
