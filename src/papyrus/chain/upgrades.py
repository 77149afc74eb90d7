"""Which actors an upgrade brings, from the bundles that the user imported.

A state names the actors it has; only at an upgrade the network decides which come next.
"""

from papyrus.actors.migrations import migrate
from papyrus.consensus.transition import Migrate
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import Network
from papyrus.rules.schedule import Upgrade
from papyrus.rules.versions import rules_for
from papyrus.storage.bundles import Bundle, BundleStore


class MissingActors(LocalFault):
    """The code of the actors of a state is not on this machine."""


def next_actors(bundles: BundleStore, network: Network, upgrade: Upgrade) -> Bundle:
    """Return the actors that an upgrade of a network brings; MissingActors where not kept."""
    version = rules_for(upgrade.network_version).actors_version
    try:
        return bundles.load(version, network.actors_bundle, upgrade.release)
    except LocalFault as error:
        raise MissingActors(
            f"the upgrade to network version {upgrade.network_version} at height "
            f"{upgrade.height} needs its actors: {error}"
        ) from error


def migrations(bundles: BundleStore, network: Network, store: Blockstore) -> Migrate:
    """Return what migrates states of a network at its upgrades.

    The store has the state and the kept bundles, and takes what is new.
    """

    def run(upgrade: Upgrade, state_root: Cid) -> Cid:
        actors = next_actors(bundles, network, upgrade)
        # With it the state tells by itself which code is which actor's, wherever it is read.
        store.put(actors.manifest_data, load(actors.store, actors.manifest_data))
        return migrate(store, state_root, upgrade, actors.manifest_data, network.migrations)

    return run
