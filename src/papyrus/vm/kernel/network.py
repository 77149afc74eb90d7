"""System calls on the message and the network around it (FIP-0030, FIP-0049, FIP-0075)."""

from typing import NamedTuple

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.machine import NetworkContext


class MessageContext(NamedTuple):
    """What an actor may know of the message it is invoked by."""

    origin: int
    nonce: int
    caller: int
    receiver: int
    method: int
    value: TokenAmount
    gas_premium: TokenAmount
    read_only: bool


def message_context(kernel: Kernel) -> MessageContext:
    """Return who calls whom with what."""
    calls = kernel.calls
    kernel.charge(*charges.on_message_context(calls.prices))
    return MessageContext(
        calls.origin,
        calls.nonce,
        kernel.caller,
        kernel.actor_id,
        kernel.method,
        kernel.value,
        calls.gas_premium,
        kernel.read_only,
    )


def network_context(kernel: Kernel) -> NetworkContext:
    """Return the epoch, its timestamp and base fee, and the network's numbers."""
    calls = kernel.calls
    kernel.charge(*charges.on_network_context(calls.prices))
    return calls.machine.context


def total_circulating_supply(kernel: Kernel) -> TokenAmount:
    """Return the FIL in circulation at the start of the epoch; it costs nothing to ask."""
    return kernel.calls.machine.context.circulating_supply


def tipset_cid(kernel: Kernel, epoch: int) -> Cid:
    """Return the CID of the tipset at or before a past epoch."""
    if epoch < 0:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"epoch {epoch} is negative")
    calls = kernel.calls
    lookback = calls.machine.context.epoch - epoch
    if lookback <= 0:
        raise SyscallError(
            ErrorNumber.ILLEGAL_ARGUMENT, f"epoch {epoch} is the current epoch or a future one"
        )
    furthest = calls.rules.max_tipset_lookback
    if furthest is not None and lookback >= furthest:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"epoch {epoch} is too far in the past")
    kernel.charge(*charges.on_tipset_cid(calls.prices, lookback))
    return calls.machine.externs.tipset_cid(epoch)
