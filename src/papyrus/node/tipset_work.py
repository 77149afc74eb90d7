"""What workers do for the chain: execute tipsets, and try messages.

These are plain functions over the means that a worker holds, so that they may be called in any
process. Whatever a function tells of is in the store, on the disk, when it returns.
"""

from collections.abc import Sequence

from papyrus.chain.states import execute_tipset, state_after
from papyrus.chain.upgrades import migrations
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.selection import ChainMessage
from papyrus.consensus.transition import World
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore
from papyrus.mpool.trial_run import TrialOutcome, run_trial
from papyrus.node.execution import ExecutionMeans
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_notes import StateAfter
from papyrus.types.message import Message
from papyrus.types.tipset import Tipset


def world_over(means: ExecutionMeans, blocks: Blockstore) -> World:
    """Return everything around a tipset, new blocks going to a store."""
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
    means: ExecutionMeans, tipset: Tipset, prior: tuple[ChainMessage, ...], message: Message
) -> TrialOutcome:
    """Return what a message does on a tipset after others of its sender; nothing is kept."""
    return run_trial(world_over(means, means.store), tipset, prior, message)
