"""The states of the chain, computed in workers: each once, however many wait for it."""

import asyncio

from papyrus.chain.states import States
from papyrus.node.execution import ExecutionMeans
from papyrus.node.tipset_work import execute
from papyrus.node.workers import Runner
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_notes import StateAfter
from papyrus.types.tipset import Tipset, TipsetKey


class TipsetStates:
    """What executing tipsets gives."""

    def __init__(self, states: States, workers: Runner[ExecutionMeans]) -> None:
        """Look up what is known, and have the rest computed."""
        self._states = states
        self._workers = workers
        self._under_way: dict[TipsetKey, asyncio.Task[StateAfter]] = {}

    async def after(self, tipset: Tipset) -> StateAfter:
        """Return what executing a tipset gives.

        Raises Invalid where it cannot be executed, LocalFault where what it stands on is not here.
        """
        known = self._states.known_after(tipset)
        if known is not None:
            return known
        task = self._under_way.get(tipset.key)
        if task is None:
            task = asyncio.create_task(self._execute(tipset))
            self._under_way[tipset.key] = task
            task.add_done_callback(lambda _: self._under_way.pop(tipset.key, None))
        # Who stops waiting does not stop the work: others may wait too.
        return await asyncio.shield(task)

    def known_after(self, tipset: Tipset) -> StateAfter:
        """Return what executing a tipset gave; LocalFault where nobody has executed it yet."""
        known = self._states.known_after(tipset)
        if known is None:
            raise LocalFault(f"the tipset {tipset.key} at {tipset.height} is not executed yet")
        return known

    def override(self, tipset: Tipset, outcome: StateAfter) -> None:
        """Have blocks on a tipset stand on something else; see `States.override`."""
        self._states.override(tipset, outcome)

    def forget_above(self, height: ChainEpoch) -> None:
        """Forget what is known of the tipsets above a height."""
        self._states.forget_above(height)

    async def _execute(self, tipset: Tipset) -> StateAfter:
        found = await self._workers.run(execute, self._states.to_execute(tipset))
        self._states.record(tipset, found)
        return found
