"""Which migration each network version needs, and how one is run.

The tree of actors is rewritten node by node, and of each actor only what the table names. Where an
actor's code stands in no place of the old manifest, or a state is not of the shape it must have,
the upgrade fails on every machine alike (Fatal); a block that this machine lacks is its own fault.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from papyrus.actors.migrations import nv21, nv22, nv23, nv24, nv25, nv26, nv27, nv28
from papyrus.actors.migrations.context import (
    ChangeActor,
    Changes,
    Migration,
    Progress,
    manifest_of,
    read_manifest,
)
from papyrus.actors.migrations.trees import Memo, RecentMemo, rewrite_map
from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import Blockstore, load, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, Fatal, LocalFault
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import Upgrade
from papyrus.types.actor import ActorState, StateRoot

CHANGES: dict[int, Callable[[Migration], Changes]] = {
    21: nv21.changes,
    22: nv22.changes,
    23: nv23.changes,
    24: nv24.changes,
    25: nv25.changes,
    26: nv26.changes,
    27: nv27.changes,
    28: nv28.changes,
}
"""How actors change beyond their code, by the network version that the upgrade begins."""

_STATE_TREE_VERSION = 5


def migrate(
    store: Blockstore,
    state_root: Cid,
    upgrade: Upgrade,
    manifest_data: Cid,
    facts: MigrationFacts,
    *,
    memo: Memo | None = None,
    progress: Progress | None = None,
) -> Cid:
    """Write the state that an upgrade makes of one, and return its root.

    `manifest_data` is the new list of actors, which the store has. A memo that outlives the call
    lets a later one with the very same arguments and store go on where this one ended. Raises
    Fatal where the state cannot be migrated, LocalFault where a block is missing.
    """
    change = CHANGES.get(upgrade.network_version)
    if change is None:
        raise LocalFault(f"no migration to network version {upgrade.network_version} is known")
    try:
        root = StateRoot.from_cbor(load(store, state_root))
        if root.version != _STATE_TREE_VERSION:
            raise Fatal(f"the state tree {state_root} has version {root.version}, expected 5")
        migration = Migration(
            store=store,
            actors=root.actors,
            height=upgrade.height,
            facts=facts,
            old_codes=read_manifest(store, manifest_of(store, root.actors)),
            new_codes=read_manifest(store, manifest_data),
        )
        changes = {} if upgrade.keeps_version else change(migration)
        walk = _Walk(_steps(migration, manifest_data, changes), progress)
        actors = rewrite_map(
            store,
            root.actors,
            walk.rewrite,
            RecentMemo() if memo is None else memo,
            walk.note_shares,
        )
    except DecodeError as error:
        raise Fatal(f"the state {state_root} cannot be migrated: {error}") from error
    return put_cbor(store, StateRoot(root.version, actors, root.info).to_ipld())


@dataclass(slots=True)
class _Walk:
    """The walk over the actors."""

    steps: dict[Cid, ChangeActor]
    """What becomes of an actor, by its old code."""
    progress: Progress | None
    actors: int = field(default=0)

    def rewrite(self, key: bytes, encoded: bytes) -> bytes:
        """Return the migrated actor."""
        actor = ActorState.from_ipld(dag_cbor.decode(encoded))
        actor_id = Address.from_bytes(key).id
        step = self.steps.get(actor.code)
        if step is None:
            raise Fatal(f"the code of actor f0{actor_id}, {actor.code}, is not in the manifest")
        try:
            migrated = step(actor_id, actor)
        except DecodeError as error:
            raise Fatal(f"actor f0{actor_id} cannot be migrated: {error}") from error
        self.actors += 1
        return migrated.to_cbor()

    def note_shares(self, shares: int) -> None:
        """Pass on how much is done."""
        if self.progress is not None:
            self.progress(shares, self.actors)


def _steps(migration: Migration, manifest_data: Cid, changes: Changes) -> dict[Cid, ChangeActor]:
    """Return what becomes of an actor by its old code; Fatal where one has no new code."""
    missing = [name for name in migration.old_codes if name not in migration.new_codes]
    if missing:
        raise Fatal(f"the new manifest has no code for {', '.join(missing)}")
    system_head = put_cbor(migration.store, [manifest_data])
    named: Changes = {**changes, "system": lambda _, actor: actor.with_head(system_head)}
    unknown = [name for name in named if name not in migration.old_codes]
    if unknown:
        raise Fatal(f"the old manifest has no code for {', '.join(unknown)}")
    return {
        code: _step(migration.new_codes[name], named.get(name))
        for name, code in migration.old_codes.items()
    }


def _step(new_code: Cid, change: ChangeActor | None) -> ChangeActor:
    def step(actor_id: int, actor: ActorState) -> ActorState:
        recoded = actor.with_code(new_code)
        return recoded if change is None else change(actor_id, recoded)

    return step
