"""Executing tipsets, with actors that do nothing in place of the real ones."""

from dataclasses import replace

import pytest

from papyrus.consensus.transition import AwardBlockRewardParams, World, apply_tipset
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, LocalFault
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.vm.externs import AcceptAllProofs
from papyrus.vm.state_tree import StateTree

ALICE = Address.from_id(101)


class IdleActors:
    """An engine whose actors return nothing."""

    def invoke(self, kernel, code, params_id):
        """Return no block."""
        assert kernel is not None
        assert code is not None
        assert params_id >= 0
        return 0


@pytest.fixture
def world(chain):
    """Return the world around the chain."""
    return World(LOTUS_ITEST, chain.source, chain.store, AcceptAllProofs(), IdleActors())


def _shape(outcome):
    """Return (epoch, receiver, method, is implicit) of all that was applied."""
    return [
        (one.epoch, one.message.to.id, one.message.method, one.is_implicit)
        for one in outcome.applied
    ]


def test_genesis_is_what_it_says(chain, world):
    genesis = chain.tipsets[0]
    outcome = apply_tipset(genesis, world)
    assert outcome.state_root == genesis.parent_state_root
    assert outcome.receipts_root == genesis.parent_message_receipts
    assert outcome.applied == outcome.receipts == ()


def test_an_empty_tipset_awards_its_producer_and_runs_cron(chain, world):
    chain.extend(1)
    outcome = apply_tipset(chain.tipsets[1], world)
    assert _shape(outcome) == [(1, 2, 2, True), (1, 3, 2, True)]
    assert outcome.receipts_root == amt_root(chain.store, [])


def test_cron_runs_at_every_epoch_without_blocks(chain, world):
    chain.extend(1, 4)
    outcome = apply_tipset(chain.tipsets[4], world)
    expected = [(2, 3, 2, True), (3, 3, 2, True), (4, 2, 2, True), (4, 3, 2, True)]
    assert _shape(outcome) == expected


def test_the_protocols_own_messages_have_the_epoch_for_a_nonce_and_lotus_gas_limit(chain, world):
    chain.extend(3)
    award = apply_tipset(chain.tipsets[3], world).applied[-2].message
    assert award.nonce == 3
    assert award.gas_limit == 4_611_686_018_427_387_903
    assert award.sender == Address.from_id(0)
    expected = AwardBlockRewardParams(Address.from_id(1000), TokenAmount(0), TokenAmount(0), 1)
    assert AwardBlockRewardParams.from_cbor(award.params) == expected


def test_messages_leave_receipts_and_tips_reach_the_award(chain, world):
    message = chain.message(ALICE, 0, to=ALICE, gas_limit=10_000_000, gas_fee_cap=TokenAmount(200))
    header = chain.header(1, chain.tipsets[0].key.cids, messages=chain.messages([message]))
    tipset = chain.add(header)
    outcome = apply_tipset(tipset, world)
    assert [one.message.cid for one in outcome.applied if not one.is_implicit] == [message.cid]
    assert len(outcome.receipts) == 1
    receipts = [receipt.to_ipld() for receipt in outcome.receipts]
    assert outcome.receipts_root == amt_root(chain.store, receipts)
    award = AwardBlockRewardParams.from_cbor(outcome.applied[1].message.params)
    assert award.gas_reward == 10 * 10_000_000


def test_state_is_migrated_at_its_height_after_that_epochs_cron(chain, world):
    order = []

    def migrate(upgrade, root):
        order.append(("migrate", upgrade.height))
        return root

    network = LOTUS_ITEST.with_upgrades([(-1, 27), (3, 28)])
    chain.extend(1, 5)
    watched = replace(
        world,
        network=network,
        migrate=migrate,
        on_applied=lambda one: order.append((one.epoch, one.message.to.id)),
    )
    apply_tipset(chain.tipsets[5], watched)
    assert order == [(2, 3), (3, 3), ("migrate", 3), (4, 3), (5, 2), (5, 3)]


def test_an_upgrade_at_the_parents_height_migrates_first(chain, world):
    other = put_cbor(chain.store, ["not a state tree"])
    network = LOTUS_ITEST.with_upgrades([(-1, 27), (1, 28)])
    chain.extend(1, 2)
    with pytest.raises(LocalFault, match=f"{other} is not the root"):
        apply_tipset(
            chain.tipsets[2], replace(world, network=network, migrate=lambda _u, _r: other)
        )


def test_a_migration_nobody_supplied_stops_with_a_reason(chain, world):
    network = LOTUS_ITEST.with_upgrades([(-1, 27), (1, 28)])
    chain.extend(1, 2)
    with pytest.raises(
        LocalFault,
        match=r"upgrade to network version 28 at height 1 rewrites .* no migration was supplied",
    ):
        apply_tipset(chain.tipsets[2], replace(world, network=network))


def test_a_cron_that_fails_stops_the_tipset(chain, world):
    chain.extend(1)
    tipset = chain.tipsets[1]
    header = replace(tipset.blocks[0], parent_state_root=_without_cron(chain))
    broken = chain.add(header)
    with pytest.raises(Fatal, match="method 2 of actor 3 at epoch 1 exited with"):
        apply_tipset(broken, world)


def _without_cron(chain):
    """Return a state that lacks the cron actor, so that cron cannot be reached."""
    tree = StateTree(chain.store, chain.state)
    tree.delete(3)
    return tree.flush()
