"""Burning what a miner forfeits."""

from papyrus.actors.singletons import BURNT_FUNDS
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import METHOD_SEND
from papyrus.vm.runtime import Runtime


def burn_funds(rt: Runtime, amount: TokenAmount) -> None:
    """Send an amount to where nothing leaves; nothing is sent where it is not positive."""
    if amount > 0:
        rt.send(BURNT_FUNDS, METHOD_SEND, value=amount)
