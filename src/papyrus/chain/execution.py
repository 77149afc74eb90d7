"""Executing a tipset on the blocks of a chain, in one transaction (node.md 3.7)."""

from collections.abc import Callable

from papyrus.consensus.transition import TipsetOutcome, World, apply_tipset
from papyrus.ipld.blockstore import Blockstore
from papyrus.storage.chain_notes import StateAfter
from papyrus.storage.database import Database
from papyrus.types.tipset import Tipset


def execute_tipset(
    database: Database, tipset: Tipset, world: Callable[[Blockstore], World]
) -> TipsetOutcome:
    """Return what executing a tipset gives; all of it is on the disk then, or nothing.

    `world` makes the means of execution over a store.
    """
    with database.batch() as store:
        return apply_tipset(tipset, world(store))


def state_after(outcome: TipsetOutcome) -> StateAfter:
    """Return the part of an outcome that is written down."""
    return StateAfter(outcome.state_root, outcome.receipts_root)
