"""The state after a tipset: looked up where it is known, computed where it is not (node.md 3.7).

What executing a tipset gives is needed again and again: to judge its children, to make one, to
answer questions about the head. It is written down for recent tipsets, and for older ones the child
on the chain says it. Where the blocks of a state were lost or never fetched, the tipset is executed
again, and those before it as far as need be.
"""

from collections import OrderedDict
from collections.abc import Callable

from papyrus.chain.store import ChainStore
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_notes import (
    ChainNotes,
    StateAfter,
    forget_outcomes_above,
    note_outcome,
    outcome_of,
)
from papyrus.types.tipset import Tipset, TipsetKey

Execute = Callable[[Tipset], StateAfter]
"""Executes a tipset; what it gives is in the store, on the disk, when it returns."""

_KEPT = 1024
_MOST_EXECUTED = CHAIN_FINALITY
"""Tipsets that are executed to get at one state."""


class States:
    """The states of a chain."""

    def __init__(
        self,
        chain: ChainStore,
        notes: ChainNotes,
        execute: Execute | None = None,
        on_executed: Callable[[Tipset, StateAfter], None] | None = None,
    ) -> None:
        """Compute with `execute` what is not known, where others do not; tell of each result."""
        self._chain, self._notes, self._execute = chain, notes, execute
        self._on_executed = on_executed
        self._kept: OrderedDict[TipsetKey, StateAfter] = OrderedDict()

    def after(self, tipset: Tipset) -> StateAfter:
        """Return what executing a tipset gives, executing it if need be.

        Raises Invalid where it cannot be executed, LocalFault where what it stands on is not here.
        """
        known = self.known_after(tipset)
        if known is not None:
            return known
        if self._execute is None:
            raise LocalFault(f"the tipset {tipset.key} at {tipset.height} is not executed yet")
        found: StateAfter | None = None
        for pending in self.to_execute(tipset):
            if found is not None and found.state_root != pending.parent_state_root:
                raise LocalFault(
                    f"executing the parent of {pending.key} gave the state {found.state_root}, and "
                    f"its blocks stand on {pending.parent_state_root}"
                )
            found = self._execute(pending)
        if found is None:
            raise LocalFault(f"there is nothing to execute for {tipset.key}")
        self.record(tipset, found)
        return found

    def to_execute(self, tipset: Tipset) -> tuple[Tipset, ...]:
        """Return the tipsets to execute for the state after one, that one last.

        It is more than one where blocks of the states before it are not here. LocalFault where
        they are too far back.
        """
        pending = [tipset]
        while not self._chain.blocks.has(pending[-1].parent_state_root):
            if len(pending) == _MOST_EXECUTED or pending[-1].height == 0:
                raise LocalFault(
                    f"the state before the tipset at {tipset.height} is not here, nor any of the "
                    f"{len(pending)} before it: import a snapshot that holds it"
                )
            pending.append(self._chain.tipset(pending[-1].parents))
        return tuple(reversed(pending))

    def known_after(self, tipset: Tipset) -> StateAfter | None:
        """Return what executing a tipset gave, or None where it must be executed to say so."""
        found = (
            self._kept.get(tipset.key)
            or outcome_of(self._notes, tipset.key)
            or self._told_by_child(tipset)
        )
        if found is None or not self._is_whole(found):
            return None
        self._keep(tipset, found)
        return found

    def record(self, tipset: Tipset, outcome: StateAfter) -> None:
        """Write down what executing a tipset gave, wherever that was done."""
        if not self._is_whole(outcome):
            raise LocalFault(f"the state after {tipset.key} must be kept before it is told of")
        note_outcome(self._notes, tipset.key, tipset.height, outcome)
        self._keep(tipset, outcome)
        if self._on_executed is not None:
            self._on_executed(tipset, outcome)

    def override(self, tipset: Tipset, outcome: StateAfter) -> None:
        """Have blocks on a tipset stand on something else than executing it gave.

        For development networks: nobody who executes the chain would find it valid.
        """
        if not self._is_whole(outcome):
            raise LocalFault(f"the state after {tipset.key} must be kept before it is told of")
        note_outcome(self._notes, tipset.key, tipset.height, outcome)
        self._keep(tipset, outcome)

    def forget_above(self, height: ChainEpoch) -> None:
        """Forget what is known of the tipsets above a height."""
        forget_outcomes_above(self._notes, height)
        self._kept.clear()

    def _told_by_child(self, tipset: Tipset) -> StateAfter | None:
        """Return what the child of a tipset on the chain says, or genesis of itself."""
        if tipset.height == 0:
            return StateAfter(tipset.parent_state_root, tipset.parent_message_receipts)
        if tipset.height >= self._chain.head.height:
            return None
        child = self._chain.tipset_at(tipset.height + 1, before_null=False)
        if child.parents != tipset.key:
            return None
        return StateAfter(child.parent_state_root, child.parent_message_receipts)

    def _is_whole(self, outcome: StateAfter) -> bool:
        has = self._chain.blocks.has
        return has(outcome.state_root) and has(outcome.receipts_root)

    def _keep(self, tipset: Tipset, outcome: StateAfter) -> None:
        self._kept[tipset.key] = outcome
        self._kept.move_to_end(tipset.key)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
