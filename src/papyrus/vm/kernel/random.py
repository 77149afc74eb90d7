"""System calls for randomness from tickets and beacon (FIP-0075 for nv21 and later)."""

from collections.abc import Callable

from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel.kernel import Kernel

_I64_MIN = -(2**63)


def chain_randomness(kernel: Kernel, epoch: int) -> bytes:
    """Return the digest of the ticket of an epoch; the actor draws from it itself."""
    return _digest(kernel, epoch, kernel.calls.machine.externs.chain_randomness)


def beacon_randomness(kernel: Kernel, epoch: int) -> bytes:
    """Return the digest of the beacon entry of an epoch; the actor draws from it itself."""
    return _digest(kernel, epoch, kernel.calls.machine.externs.beacon_randomness)


def drawn_chain_randomness(kernel: Kernel, tag: int, epoch: int, entropy: bytes) -> bytes:
    """Return randomness drawn from the ticket of an epoch (before FIP-0075)."""
    return _drawn(kernel, tag, epoch, entropy, kernel.calls.machine.externs.chain_randomness)


def drawn_beacon_randomness(kernel: Kernel, tag: int, epoch: int, entropy: bytes) -> bytes:
    """Return randomness drawn from the beacon entry of an epoch (before FIP-0075)."""
    return _drawn(kernel, tag, epoch, entropy, kernel.calls.machine.externs.beacon_randomness)


def draw(digest: bytes, tag: int, epoch: int, entropy: bytes) -> bytes:
    """Return 32 bytes that depend on a digest, its epoch, a purpose and some entropy."""
    head = tag.to_bytes(8, "big", signed=True)
    return blake2b_256(head + digest + epoch.to_bytes(8, "big", signed=True) + entropy)


def _digest(kernel: Kernel, epoch: int, lookup: Callable[[int], bytes]) -> bytes:
    calls = kernel.calls
    lookback = calls.machine.context.epoch - epoch
    if not _I64_MIN <= lookback < -_I64_MIN:
        raise SyscallError(
            ErrorNumber.ILLEGAL_ARGUMENT, f"randomness epoch {epoch} is out of range"
        )
    kernel.charge(*charges.on_get_randomness(calls.prices, lookback))
    return _looked_up(lookup, epoch)


def _drawn(
    kernel: Kernel, tag: int, epoch: int, entropy: bytes, lookup: Callable[[int], bytes]
) -> bytes:
    kernel.charge(*charges.on_draw_randomness(kernel.calls.prices, len(entropy)))
    return draw(_looked_up(lookup, epoch), tag, epoch, entropy)


def _looked_up(lookup: Callable[[int], bytes], epoch: int) -> bytes:
    try:
        return lookup(epoch)
    except LookupError as error:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, str(error)) from error
