"""Calls that may fail without the caller's failing: whom they concern must bear it himself."""

from typing import Any

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import SyscallError
from papyrus.vm.runtime import Runtime


def attempt(
    rt: Runtime, to: Address, method: int, params: Any = None, value: TokenAmount = ZERO
) -> bool:
    """Call an actor and return whether it did what it was asked to."""
    try:
        return rt.call(to, method, params, value).succeeded
    except SyscallError:
        return False
