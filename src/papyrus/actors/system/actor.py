"""The system actor: who sends what nobody signed.

Cron ticks, block rewards and the making of accounts are messages from its address. Its state names
the code of the built-in actors; an upgrade changes that without a message.
"""

from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.singletons import SYSTEM
from papyrus.actors.system import state
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, _: None) -> None:
    """Begin without naming any code."""
    rt.require_caller(SYSTEM)
    rt.create(state.empty(rt.store))


SYSTEM_ACTOR = ActorCode(name="system", state=state.State, methods=(constructor,))
