"""Going back to a moment of a devnet: its head, the state after it, and what waited.

Tests begin each at the same moment. The blocks made since stay in the store, but nobody knows them
any more, so that the same miners may make others in their place. The clock does not go back.
"""

from dataclasses import dataclass

from papyrus.devnet.devnet import Devnet
from papyrus.mining.slash_filter import SlashFilter
from papyrus.storage.chain_notes import StateAfter
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import Tipset


@dataclass(frozen=True, slots=True)
class Moment:
    """What a devnet goes back to."""

    head: Tipset
    after: StateAfter
    pending: tuple[SignedMessage, ...]


class Moments:
    """The moments that were noted, by number; gone with the process."""

    def __init__(self, devnet: Devnet) -> None:
        """Begin with none."""
        self._devnet = devnet
        self._moments: dict[int, Moment] = {}
        self._last = 0

    async def note(self) -> int:
        """Note this moment, and return its number."""
        devnet = self._devnet
        async with devnet.turn:
            moment = await moment_of(devnet)
        self._last += 1
        self._moments[self._last] = moment
        return self._last

    async def go_back(self, number: int) -> Tipset:
        """Go back to a moment, and forget it and those after it; LookupError where there is none.

        Return the head.
        """
        moment = self._moments.get(number)
        if moment is None:
            known = ", ".join(map(str, self._moments)) or "none"
            raise LookupError(f"there is no snapshot {number} (there are: {known})")
        async with self._devnet.turn:
            await go_to(self._devnet, moment)
        for later in [one for one in self._moments if one >= number]:
            del self._moments[later]
        return moment.head


async def moment_of(devnet: Devnet) -> Moment:
    """Return this moment, in a turn that the caller has."""
    node = devnet.node
    head = node.chain.head
    after = await node.states.after(head)
    await node.executed.catch_up()
    return Moment(head, after, tuple(node.pool.pending()))


async def go_to(devnet: Devnet, moment: Moment) -> None:
    """Make a moment the present, in a turn that the caller has."""
    node = devnet.node
    devnet.travels += 1
    # Blocks above may have been made by hand on another fork, and the state after it changed.
    await node.slash_filter.run(SlashFilter.forget_above, moment.head.height)
    node.chain.set_head(moment.head, forget_above=True)
    node.states.forget_above(moment.head.height)
    node.states.override(moment.head, moment.after)
    await node.executed.catch_up()
    node.pool.forget_accounts()
    node.pool.clear(local=True)
    await node.pushing.push_again(moment.pending)
    await node.notes.flushed()
