"""Comparing a migrated state with the one it came from, actor by actor.

It shares no step with the migration: both trees are walked side by side and every value is looked
at as the plain array it is. Every actor must be there with its nonce, balance and address, with the
new code of the same name, and with its old state, except where `checks` says what else must hold
for the network version. What is found is told in words.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import Any

from papyrus.actors.migrations.checks import CHECKS, Check
from papyrus.actors.migrations.context import Migration, manifest_of, read_manifest
from papyrus.actors.migrations.nv23 import RESERVE_ACTOR
from papyrus.ipld.blockstore import Blockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import Upgrade
from papyrus.types.actor import ActorState, StateRoot

MAX_DIFFERENCES = 20
"""How many are told before the comparison ends."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What comparing two states found."""

    actors: int
    """How many were compared."""
    balance: TokenAmount
    """The sum of their balances, the same in both states where nothing differs."""
    by_name: dict[str, int]
    """How many there are of each, by the name of the new code."""
    rewritten: int
    """How many have another state than before."""
    differences: tuple[str, ...]
    """What is not as it must be; empty where the migration is right."""


def verify_migration(
    store: Blockstore,
    old_root: Cid,
    new_root: Cid,
    upgrade: Upgrade,
    manifest_data: Cid,
    facts: MigrationFacts,
    *,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Compare a state with what an upgrade made of it; `progress` hears each actor counted.

    What cannot be read of an actor's own state is a difference. Raises DecodeError where either
    root leads to no state tree, LocalFault where a block of one is missing.
    """
    old = StateRoot.from_cbor(load(store, old_root))
    new = StateRoot.from_cbor(load(store, new_root))
    migration = Migration(
        store=store,
        actors=old.actors,
        height=upgrade.height,
        facts=facts,
        old_codes=read_manifest(store, manifest_of(store, old.actors)),
        new_codes=read_manifest(store, manifest_data),
    )
    checks = {} if upgrade.keeps_version else CHECKS.get(upgrade.network_version, {})
    comparison = _Comparison(migration, manifest_data, checks, progress)
    found = list(islice(comparison.run(old, new), MAX_DIFFERENCES))
    return Verification(
        actors=comparison.actors,
        balance=comparison.balance,
        by_name=dict(sorted(comparison.by_name.items())),
        rewritten=comparison.rewritten,
        differences=tuple(found),
    )


@dataclass(slots=True)
class _Comparison:
    """The walk over both trees."""

    migration: Migration
    manifest_data: Cid
    checks: dict[str, Check]
    progress: Callable[[int], None] | None
    actors: int = 0
    balance: TokenAmount = ZERO
    by_name: Counter[str] = field(default_factory=Counter)
    rewritten: int = 0

    def run(self, old: StateRoot, new: StateRoot) -> Iterator[str]:
        """Yield what differs."""
        if (old.version, old.info) != (new.version, new.info):
            yield "the version of the state tree has changed"
        store = self.migration.store
        names = {code: name for name, code in self.migration.old_codes.items()}
        pairs = zip_longest(Hamt(store, old.actors).items(), Hamt(store, new.actors).items())
        for before, after in pairs:
            if before is None or after is None or before[0] != after[0]:
                yield f"not the same actors: after {self.actors} of them one is gone or new"
                return
            actor_id = Address.from_bytes(before[0]).id
            actor, migrated = ActorState.from_ipld(before[1]), ActorState.from_ipld(after[1])
            name = names.get(actor.code, "")
            try:
                for line in self._actor(actor_id, name, actor, migrated):
                    yield f"f0{actor_id} ({name or actor.code}): {line}"
            except (DecodeError, LocalFault, TypeError, ValueError, LookupError) as error:
                yield f"f0{actor_id} ({name or actor.code}): its state cannot be read: {error}"
            self.actors += 1
            self.balance += migrated.balance
            self.rewritten += actor.head != migrated.head
            if self.progress is not None:
                self.progress(1)

    def _actor(self, actor_id: int, name: str, old: ActorState, new: ActorState) -> Iterator[str]:
        if (old.nonce, old.balance) != (new.nonce, new.balance):
            yield "its nonce or balance has changed"
        check = self.checks.get(name)
        is_freed = actor_id == RESERVE_ACTOR and name == "multisig" and check is not None
        if is_freed:
            name = "account"
        address = None if is_freed else old.delegated_address
        if new.delegated_address != address:
            yield "its delegated address has changed"
        self.by_name[name] += 1
        if new.code != self.migration.new_codes.get(name):
            yield f"its code is not that of {name or 'any actor'} in the new manifest"
        if name == "system":
            state: Any = get_cbor(self.migration.store, new.head)
            if state != [self.manifest_data]:
                yield "its state does not name the new manifest"
        elif check is not None:
            yield from check(self.migration, actor_id, old, new)
        elif old.head != new.head:
            yield "its state has changed"
