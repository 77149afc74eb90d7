"""Network version 23, Waffle: actors v14.

The mining reserve, f090, stops being a multisig that its signers could pay from and becomes an
account without a key (FIP-0085): its state names itself, so no signature can ever be its own.
"""

from functools import partial

from papyrus.actors.migrations.context import Changes, Migration, put_record
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Fatal
from papyrus.types.actor import ActorState

RESERVE_ACTOR = 90


@cbor_tuple
class Account(Record):
    """The state of an account."""

    address: Address


def changes(migration: Migration) -> Changes:
    """Return how actors change."""
    if migration.old_actor(RESERVE_ACTOR) is None:
        raise Fatal("the state has no reserve actor, f090")
    return {"multisig": partial(_multisig, migration)}


def _multisig(migration: Migration, actor_id: int, actor: ActorState) -> ActorState:
    if actor_id != RESERVE_ACTOR:
        return actor
    return ActorState(
        code=migration.new_codes["account"],
        head=put_record(migration.store, Account(Address.from_id(RESERVE_ACTOR))),
        nonce=actor.nonce,
        balance=actor.balance,
    )
