"""System calls on gas: what is left, and charging for work done in an actor (FIP-0030)."""

from papyrus.vm.gas import MILLIGAS, round_down
from papyrus.vm.kernel.kernel import Kernel

_MAX_CHARGE = 2**64 - 1
"""Milligas of one charge; the reference counts no further, which only traces show."""


def available(kernel: Kernel) -> int:
    """Return the whole gas left under the limit in force."""
    return round_down(kernel.calls.gas.available)


def charge(kernel: Kernel, name: str, gas: int) -> None:
    """Charge whole gas under a name of the actor's choice."""
    kernel.charge(name, min(gas * MILLIGAS, _MAX_CHARGE))
