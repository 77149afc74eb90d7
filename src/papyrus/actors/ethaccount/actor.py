"""The Ethereum account actor: an account whose address is that of an Ethereum key (FIP-0055).

The machine makes one of a placeholder when that sends its first message, and needs no constructor
for it. It has no state: its delegated address says all. Like other accounts it takes any exported
method and answers with nothing.
"""

from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.singletons import EAM, SYSTEM
from papyrus.primitives.address import Protocol
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, _: None) -> None:
    """Check that the actor has an Ethereum address; nobody calls this."""
    rt.require_caller(SYSTEM)
    address = rt.delegated_address(rt.receiver_id)
    if address is None:
        raise illegal_argument("receiver must have a predictable address")
    if address.protocol is not Protocol.DELEGATED or address.namespace != EAM.id:
        raise illegal_argument("invalid target for EthAccount creation")


ETH_ACCOUNT = ActorCode(
    name="ethaccount", state=None, methods=(constructor,), accepts_unknown_exported=True
)
