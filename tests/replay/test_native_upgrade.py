"""A chain across an upgrade that the Python actors know both sides of, on either engine.

Lotus' chains cross upgrades to actors before version 17, which exist as released code only. So the
chain is made here: its blocks are produced and executed by the released actors of versions 17 and
18, and executed once more in Python, gas taken from the receipts.
"""

from dataclasses import replace

import pytest
from actor_vm import wasm_actors
from mined_chain import MinedChain, genesis

from papyrus.actors.engine import NativeActors
from papyrus.chain.upgrades import migrations
from papyrus.consensus.transition import World, apply_tipset
from papyrus.devnet.settings import DevnetSettings
from papyrus.ipld.blockstore import LayeredBlockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import DEVNET_POLICY
from papyrus.storage.bundles import BundleStore
from papyrus.vm.machine import ActorEngine

pytestmark = [
    pytest.mark.bundle("v17/devnet"),
    pytest.mark.bundle("v18/devnet"),
]

HEIGHT = 5
"""The last epoch of network version 27."""

SETTINGS = DevnetSettings(timestamp=1_700_000_000, network_version=27)


class Crossing(MinedChain):
    """A devnet that begins at network version 27, by the released actors."""

    def __init__(self):
        """Plan the upgrade."""
        devnet = genesis(SETTINGS)
        network = devnet.network.with_upgrades([(-1, 27), (HEIGHT, 28)])
        super().__init__(replace(devnet, network=network))
        self.engine = wasm_actors()

    def outcome(self, tipset):
        """Return what executing a tipset gave, and execute it in Python as well."""
        if tipset.key not in self.outcomes:
            released = self.applied(tipset, self.engine)
            native = NativeActors(DEVNET_POLICY)
            python = self.applied(tipset, native, recorded=released.receipts)
            assert python.state_root == released.state_root
            assert python.receipts_root == released.receipts_root
            self.outcomes[tipset.key] = released
        return self.outcomes[tipset.key]

    def applied(self, tipset, engine: ActorEngine, recorded=None):
        """Return what executing a tipset gives on an engine."""
        store = LayeredBlockstore(self.store, BundleStore().code_store())
        world = World(
            self.network, self.source, store, self.verifier, engine,
            migrate=migrations(BundleStore(), self.network, store), recorded=recorded,
        )  # fmt: skip
        return apply_tipset(tipset, world)


def test_a_chain_crosses_into_version_18_on_either_engine():
    chain = Crossing()
    first, second = (account.key for account in chain.people.accounts[:2])
    versions = set()
    for epoch in range(10):
        payment = chain.message(first, second.address, TokenAmount.from_fil(1))
        mined = chain.mine(payment, *chain.proofs(), null_rounds=1 if epoch == 2 else 0)
        assert [receipt.exit_code for receipt in mined.receipts][:1] == [0]
        versions.add(chain.network.schedule.version_at(chain.head.height))
    assert versions == {27, 28}
    assert chain.head.height > HEIGHT + 1
    assert chain.findings() == ()
