"""Running a migration: the whole tree, what stops it, and going on where one ended."""

import pytest
from old_states import HEIGHT, MINERS, build, code

from papyrus.actors.migrations import SHARES, RecentMemo, migrate
from papyrus.actors.registry import BUILTIN_NAMES
from papyrus.ipld.blockstore import MemoryBlockstore, get_cbor, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Fatal, LocalFault
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import Upgrade, fix, upgrade
from papyrus.types.actor import ActorState

FACTS = MigrationFacts()

REFERENCE = {
    21: "bafy2bzacebuf2aoilyohuyfrbi56lpyar5p4h2c47airsla2xblvwbu22cqji",
    22: "bafy2bzaceartmk6ji7kprjdiat7tbcflmio3t2cqzsgnetokaniije7wmymbe",
    23: "bafy2bzacebnwf6azvqeox3hapqtcfqonpwkktlinwkmz4qpqohhq73zwqvqao",
    24: "bafy2bzacea322di2ilt3enhcegzvd3akxy5bdmzv6pmn7fgvqm4rz7z5jeapk",
    25: "bafy2bzacecqeugpwshhw4cy576biincu4jusrjmnop7bz5rz7monr6hsy6iig",
    27: "bafy2bzaceacudmvsluyygexutrehk6pnfyi3exehjzfzxt4x7prrrolyy7dec",
    28: "bafy2bzaceacudmvsluyygexutrehk6pnfyi3exehjzfzxt4x7prrrolyy7dec",
}
"""The trees of actors that go-state-types v0.18.0 makes of the same states."""


def run(state, row: Upgrade | None = None, **options) -> Cid:
    row = row or upgrade(HEIGHT, state.version)
    return migrate(state.store, state.root, row, state.new_manifest, FACTS, **options)


def actors(state, root: Cid) -> dict[int, ActorState]:
    tree = Hamt(state.store, get_cbor(state.store, root)[1])
    return {Address.from_bytes(key).id: ActorState.from_ipld(value) for key, value in tree.items()}


class Failing(MemoryBlockstore):
    """A store whose disk is full after some blocks."""

    def __init__(self, blocks, room):
        super().__init__(blocks)
        self.room = room

    def put(self, cid, data):
        if cid not in self.blocks:
            if not self.room:
                raise LocalFault("the disk is full")
            self.room -= 1
        super().put(cid, data)


@pytest.mark.parametrize("version", REFERENCE)
def test_the_tree_is_the_one_that_the_reference_makes(version):
    state = build(version)
    assert str(get_cbor(state.store, run(state))[1]) == REFERENCE[version]


@pytest.mark.parametrize("version", [*REFERENCE, 26])
def test_all_actors_keep_what_is_theirs_and_get_the_new_code(version):
    state = build(version, sectors=2)
    migrated = actors(state, run(state))
    assert migrated.keys() == state.actors.keys()
    for actor_id, old in state.actors.items():
        new = migrated[actor_id]
        assert (new.nonce, new.balance) == (old.nonce, old.balance)
        assert new.delegated_address == old.delegated_address
        names = {code(name, "old"): name for name in BUILTIN_NAMES}
        if (actor_id, version) != (90, 23):
            assert new.code == code(names[old.code], "new")
    assert get_cbor(state.store, migrated[0].head) == [state.new_manifest]


def test_the_root_keeps_its_version_and_info():
    state = build(28, sectors=0)
    assert get_cbor(state.store, run(state))[::2] == [5, put_cbor(state.store, [])]


@pytest.mark.parametrize("version", [21, 22, 25])
def test_a_fix_changes_code_alone(version):
    state = build(version, sectors=5)
    migrated = actors(state, run(state, fix(HEIGHT, version)))
    for actor_id, old in state.actors.items():
        if actor_id:
            assert migrated[actor_id].head == old.head
    assert migrated[MINERS[0]].code == code("storageminer", "new")


def test_progress_reaches_the_whole_and_counts_every_actor():
    state = build(28, sectors=0)
    heard: list[tuple[int, int]] = []
    run(state, progress=lambda shares, count: heard.append((shares, count)))
    assert heard == sorted(heard)
    assert heard[-1] == (SHARES, len(state.actors))


def test_a_broken_migration_goes_on_where_it_ended():
    state = build(25)
    root, manifest = state.root, state.new_manifest
    other = build(25)
    before = len({other.root, other.new_manifest, *other.store.blocks})
    expected = run(other)
    memo, row = RecentMemo(), upgrade(HEIGHT, 25)
    store = Failing(state.store.blocks, room=len(other.store) - before - 3)
    with pytest.raises(LocalFault, match="the disk is full"):
        migrate(store, root, row, manifest, FACTS, memo=memo)
    store.room = 10**6
    heard: list[int] = []
    again = migrate(
        store, root, row, manifest, FACTS, memo=memo, progress=lambda _, count: heard.append(count)
    )
    assert again == expected
    assert 0 < heard[-1] < len(state.actors)


def test_a_state_is_refused_whose_actor_no_manifest_names():
    state = build(28, sectors=0)
    state.add(300, "stranger")
    with pytest.raises(Fatal, match=r"the code of actor f0300, bafk\w+, is not in the manifest"):
        run(state)


def test_a_manifest_without_a_successor_is_refused():
    state = build(28, sectors=0)
    manifest = put_cbor(state.store, [["system", code("system", "new")]])
    with pytest.raises(Fatal, match="the new manifest has no code for init, cron, account"):
        migrate(state.store, state.root, upgrade(HEIGHT, 28), manifest, FACTS)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([["system"]], "is not a manifest's list of actors"),
        ("system", "is not a manifest's list of actors"),
        ([["a", code("a", "new")], ["b", code("a", "new")]], "has a name or a code twice"),
    ],
)
def test_a_manifest_of_another_shape_is_refused(entries, reason):
    state = build(28, sectors=0)
    manifest = put_cbor(state.store, entries)
    with pytest.raises(Fatal, match=reason):
        migrate(state.store, state.root, upgrade(HEIGHT, 28), manifest, FACTS)


def test_an_old_manifest_without_the_actors_to_change_is_refused():
    state = build(25, sectors=0)
    state.actors.clear()
    old = put_cbor(state.store, [["system", code("system", "old")]])
    state.add(0, "system", put_cbor(state.store, [old]))
    with pytest.raises(Fatal, match="the old manifest has no code for storageminer, evm"):
        run(state)


def test_an_actor_of_another_shape_is_named():
    state = build(21, sectors=0)
    state.add(MINERS[0], "storageminer", state.put([1, 2, 3]))
    with pytest.raises(Fatal, match=r"actor f01000 cannot be migrated: MinerV15: expected an arr"):
        run(state)


def test_a_state_without_a_system_actor_is_refused():
    state = build(28, sectors=0)
    del state.actors[0]
    with pytest.raises(Fatal, match="the state has no system actor"):
        run(state)


def test_a_system_actor_without_a_manifest_is_refused():
    state = build(28, sectors=0)
    state.add(0, "system", put_cbor(state.store, [5]))
    with pytest.raises(Fatal, match="the system actor's state is not a link to a manifest"):
        run(state)


def test_a_tree_of_an_older_version_is_refused():
    state = build(28, sectors=0)
    old = put_cbor(state.store, [4, state.tree, put_cbor(state.store, [])])
    with pytest.raises(Fatal, match="has version 4, expected 5"):
        migrate(state.store, old, upgrade(HEIGHT, 28), state.new_manifest, FACTS)


def test_a_missing_block_is_this_machines_fault():
    state = build(25, sectors=0)
    root, manifest = state.root, state.new_manifest
    del state.store.blocks[state.actors[MINERS[0]].head]
    with pytest.raises(LocalFault, match="is missing from the store"):
        migrate(state.store, root, upgrade(HEIGHT, 25), manifest, FACTS)


def test_a_version_without_a_migration_is_named():
    state = build(28, sectors=0)
    with pytest.raises(LocalFault, match="no migration to network version 18 is known"):
        run(state, upgrade(HEIGHT, 18))
