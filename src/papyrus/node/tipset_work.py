"""What workers do for the chain: execute tipsets, and try messages.

These are plain functions over the means that a worker holds, so that they may be called in any
process. Whatever a function tells of is in the store, on the disk, when it returns.

The node's own process names these functions and seldom runs one, so what they are made of is
imported where they run: the virtual machine and all actors, which a node is quicker to start
without. A worker imports all of it before its first call.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore
from papyrus.node.execution import ExecutionMeans
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_notes import StateAfter
from papyrus.types.message import Message
from papyrus.types.tipset import Tipset

if TYPE_CHECKING:
    from papyrus.consensus.selection import ChainMessage
    from papyrus.consensus.transition import World
    from papyrus.mpool.trial_run import TrialOutcome


def world_over(means: ExecutionMeans, blocks: Blockstore) -> "World":
    """Return everything around a tipset, new blocks going to a store."""
    from papyrus.chain.upgrades import migrations  # noqa: PLC0415 - see the module
    from papyrus.consensus.chain import StoredChain  # noqa: PLC0415 - see the module
    from papyrus.consensus.transition import World  # noqa: PLC0415 - see the module

    store = LayeredBlockstore(blocks, means.store)
    return World(
        network=means.network,
        source=StoredChain(store),
        store=store,
        verifier=means.verifier,
        engine=means.engine,
        migrate=migrations(means.bundles, means.network, store),
    )


def execute(means: ExecutionMeans, tipsets: Sequence[Tipset]) -> StateAfter:
    """Return what executing the last of some tipsets gives, each the parent of the next.

    Invalid where one cannot be executed; LocalFault where one does not lead to its child.
    """
    from papyrus.chain.execution import execute_tipset, state_after  # noqa: PLC0415 - see the module

    found: StateAfter | None = None
    for tipset in tipsets:
        if found is not None and found.state_root != tipset.parent_state_root:
            raise LocalFault(
                f"executing the parent of {tipset.key} gave the state {found.state_root}, and its "
                f"blocks stand on {tipset.parent_state_root}"
            )
        found = state_after(
            execute_tipset(means.database, tipset, lambda blocks: world_over(means, blocks))
        )
    if found is None:
        raise ValueError("no tipset to execute")
    return found


def try_message(
    means: ExecutionMeans, tipset: Tipset, prior: "tuple[ChainMessage, ...]", message: Message
) -> "TrialOutcome":
    """Return what a message does on a tipset after others of its sender; nothing is kept."""
    from papyrus.mpool.trial_run import run_trial  # noqa: PLC0415 - see the module

    return run_trial(world_over(means, means.store), tipset, prior, message)
