"""What the verifier finds: nothing in a migrated state, and every change made to one."""

import re

import pytest
from old_states import CONTRACTS, HEIGHT, MINERS, build, code

from papyrus.actors.migrations import migrate
from papyrus.actors.migrations.verify import MAX_DIFFERENCES, Verification, verify_migration
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import get_cbor, put_cbor
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.varint import encode_unsigned
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import fix, upgrade
from papyrus.types.actor import ActorState

FACTS = MigrationFacts()
MINER, MARKET, POWER = MINERS[0], 5, 4


class Migrated:
    """A state and what became of it, which a test then spoils."""

    def __init__(self, version, row=None):
        self.state = build(version, sectors=40)
        self.store = self.state.store
        self.row = row or upgrade(HEIGHT, version)
        self.old_root = self.state.root
        manifest = self.state.new_manifest
        self.root = migrate(self.store, self.old_root, self.row, manifest, FACTS)

    def verify(self, **options) -> Verification:
        manifest = self.state.new_manifest
        return verify_migration(
            self.store, self.old_root, self.root, self.row, manifest, FACTS, **options
        )

    def change_tree(self, change):
        """Apply a change to the new tree of actors."""
        root = get_cbor(self.store, self.root)
        tree = Hamt(self.store, root[1])
        change(tree)
        self.root = put_cbor(self.store, [root[0], tree.flush(), root[2]])

    def change_actor(self, actor_id, change):
        """Put in the place of an actor what a function makes of it."""

        def put(tree):
            key = Address.from_id(actor_id)
            tree.set(key, change(ActorState.from_ipld(tree.get(key))).to_ipld())

        self.change_tree(put)

    def change_state(self, actor_id, change):
        """Let a function change the decoded state of an actor."""

        def put(actor):
            state = get_cbor(self.store, actor.head)
            return actor.with_head(put_cbor(self.store, change(state) or state))

        self.change_actor(actor_id, put)

    def changed(self, cid, change):
        """Return the CID of a block whose decoded value a function changes."""
        value = get_cbor(self.store, cid)
        return put_cbor(self.store, change(value) or value)


@pytest.mark.parametrize("version", [21, 22, 23, 24, 25, 26, 27, 28])
def test_a_migrated_state_is_found_right(version):
    migrated = Migrated(version)
    found = migrated.verify()
    state = migrated.state
    assert found.differences == ()
    assert found.actors == len(state.actors) == sum(found.by_name.values())
    assert found.balance == sum((actor.balance for actor in state.actors.values()), TokenAmount(0))
    assert found.by_name["multisig"] == (1 if version == 23 else 2)
    assert found.by_name["storageminer"] == 3
    assert found.rewritten == {21: 3, 22: 2, 23: 2, 24: 2, 25: 6}.get(version, 1)


def test_a_fix_is_found_right_and_a_rewritten_state_is_not():
    migrated = Migrated(21, fix(HEIGHT, 21))
    assert migrated.verify().differences == ()
    other = Migrated(21)
    other.row = fix(HEIGHT, 21)
    assert set(other.verify().differences) == {
        f"f0{miner_id} (storageminer): its state has changed" for miner_id in MINERS[:2]
    }


def test_progress_hears_every_actor():
    heard = []
    found = Migrated(28).verify(progress=heard.append)
    assert heard == [1] * found.actors


def test_no_more_is_told_than_a_person_reads():
    migrated = Migrated(28)
    migrated.row = upgrade(HEIGHT, 28)
    for actor_id in range(100, 150):
        migrated.change_actor(actor_id, lambda actor: actor.with_nonce(actor.nonce + 1))
    assert len(migrated.verify().differences) == MAX_DIFFERENCES


def other_miner_deadline(change):
    def change_state(migrated, state):
        def change_due(deadlines):
            deadlines[0][7] = migrated.changed(deadlines[0][7], change)

        state[12] = migrated.changed(state[12], change_due)

    return change_state


def sector_changed(place):
    def change_state(migrated, state):
        table = Amt(migrated.store, state[9])
        number, sector = next(table.items())
        sector[place] = sector[place] + 1
        table.set(number, sector)
        state[9] = table.flush()

    return change_state


def deal_state_changed(migrated, state):
    table = Amt(migrated.store, state[1])
    deal, value = next(table.items())
    value[0] += 1
    table.set(deal, value)
    state[1] = table.flush()


def element_lost(place, bit_width):
    def change_state(migrated, state):
        table = Amt(migrated.store, state[place], bit_width=bit_width)
        table.delete(next(table.items())[0])
        state[place] = table.flush()

    return change_state


def index_entry_lost(migrated, state):
    index = Hamt(migrated.store, state[12])
    index.delete(encode_unsigned(MINER))
    state[12] = index.flush()


def index_entry_invented(migrated, state):
    index = Hamt(migrated.store, state[12])
    index.set(encode_unsigned(77), Hamt(migrated.store).flush())
    state[12] = index.flush()


def put_at(place, value):
    def change_state(_migrated, state):
        state[place] = value

    return change_state


@pytest.mark.parametrize(
    ("version", "actor_id", "change", "told"),
    [
        (21, MINER, put_at(13, b"\x01"), "field 13 of its state has changed"),
        (21, MINER, sector_changed(4), r"sector \d+: its epochs or flags are wrong"),
        (21, MINER, sector_changed(14), r"sector \d+: its epochs or flags are wrong"),
        (21, MINER, sector_changed(5), r"field 5 of sector \d+ has changed"),
        (21, MINER, other_miner_deadline(lambda d: [*d[:4], 1, *d[5:]]), "field 4 of deadline 7"),
        (21, MINER, other_miner_deadline(lambda d: [*d, 1]), "deadline 7 has 12 fields, expected"),
        (21, MINER, element_lost(9, 5), "a sector is gone or new"),
        (22, MARKET, element_lost(1, 6), "the state of a deal is gone or new"),
        (22, MARKET, put_at(5, 1), "field 5 of its state has changed"),
        (22, MARKET, deal_state_changed, r"deal \d+: expected sector \d+ and its old epochs"),
        (22, MARKET, index_entry_lost, "is not what the sectors of f01000 hold"),
        (22, MARKET, index_entry_invented, "names a provider that is no miner"),
        (23, 90, put_at(0, b"\x00\x5b"), "its state does not name itself"),
        (23, 91, put_at(1, 9), "its state has changed"),
        (24, POWER, put_at(11, 5), "its ramp is 5 for 1051200, expected"),
        (24, POWER, put_at(14, 5), "field 12 of its state has changed"),
        (25, MINER, put_at(4, b"\x00\x01"), "field 4 of its state has changed"),
        (25, MINERS[2], put_at(3, None), "its vesting funds have changed"),
        (25, MINER, other_miner_deadline(lambda d: [*d[:12], b"\x00\x01"]), "deadline 7: its live"),
        (25, MINER, other_miner_deadline(lambda d: [*d[:11], [b"", b""], b""]), "7: its live powe"),
        (25, CONTRACTS[0], put_at(3, [1]), "field 3 of its state has changed"),
        (28, 0, put_at(0, 5), "its state does not name the new manifest"),
        (28, 100, put_at(0, 5), "its state has changed"),
        (21, MINER, lambda *_: 5, "its state cannot be read"),
        (25, MINER, lambda _, state: state[:3], "its state has 3 fields, expected 15"),
    ],
)
def test_a_changed_state_is_told(version, actor_id, change, told):
    migrated = Migrated(version)
    migrated.change_state(actor_id, lambda state: change(migrated, state))
    differences = migrated.verify().differences
    assert differences
    assert all(line.startswith(f"f0{actor_id} (") for line in differences)
    assert re.search(told, differences[0]), differences


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda actor: actor.with_nonce(actor.nonce + 1), "its nonce or balance has changed"),
        (
            lambda actor: actor.with_balance(actor.balance + TokenAmount(1)),
            "its nonce or balance has changed",
        ),
        (lambda actor: actor.with_code(code("init", "new")), "its code is not that of account"),
        (
            lambda actor: ActorState(
                actor.code, actor.head, actor.nonce, actor.balance, Address.from_id(7)
            ),
            "its delegated address has changed",
        ),
    ],
)
def test_a_changed_actor_is_told(change, told):
    migrated = Migrated(28)
    migrated.change_actor(100, change)
    (line,) = migrated.verify().differences
    assert line.startswith(f"f0100 (account): {told}")


@pytest.mark.parametrize("change", [lambda tree: tree.delete(Address.from_id(120)), None])
def test_an_actor_gone_or_new_ends_the_comparison(change):
    migrated = Migrated(28)
    some = migrated.state.actors[120].to_ipld()
    migrated.change_tree(change or (lambda tree: tree.set(Address.from_id(7_000), some)))
    assert "one is gone or new" in migrated.verify().differences[-1]


def test_another_version_of_the_tree_is_told():
    migrated = Migrated(28)
    root = get_cbor(migrated.store, migrated.root)
    migrated.root = put_cbor(migrated.store, [4, *root[1:]])
    assert migrated.verify().differences == ("the version of the state tree has changed",)


def test_a_deal_without_a_proposal_is_told():
    migrated = Migrated(22)

    def lose_the_proposals(state):
        state[0] = migrated.state.amt({}, 5)

    tree = Hamt(migrated.store, get_cbor(migrated.store, migrated.old_root)[1])
    key = Address.from_id(MARKET)
    market = ActorState.from_ipld(tree.get(key))
    tree.set(key, market.with_head(migrated.changed(market.head, lose_the_proposals)).to_ipld())
    root = get_cbor(migrated.store, migrated.old_root)
    migrated.old_root = put_cbor(migrated.store, [root[0], tree.flush(), root[2]])
    differences = migrated.verify().differences
    assert any("has no proposal" in line for line in differences)
