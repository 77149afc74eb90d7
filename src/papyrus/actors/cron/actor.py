"""The cron actor: lets others act at the end of every epoch (spec 2.3).

The system calls it once in each epoch that has a tipset, after all messages. It calls the power
actor, which wakes the miners, and the market actor; genesis has listed them in its state.
"""

from papyrus.actors.common.attempts import attempt
from papyrus.actors.cron.state import State
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.singletons import SYSTEM
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.runtime import Runtime

EPOCH_TICK = 2


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, entries: State) -> None:
    """Begin with a list of calls."""
    rt.require_caller(SYSTEM)
    rt.create(entries)


@method(EPOCH_TICK)
def epoch_tick(rt: Runtime, _: None) -> None:
    """Make every call of the list, whether or not those before it succeeded."""
    rt.require_caller(SYSTEM)
    for entry in rt.load(State).entries:
        attempt(rt, entry.receiver, entry.method_number)


CRON_ACTOR = ActorCode(name="cron", state=State, methods=(constructor, epoch_tick))
