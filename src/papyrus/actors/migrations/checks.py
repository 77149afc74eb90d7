"""What must hold between the old and the new state of an actor, by network version.

States are compared as plain arrays, by the place of each field: what an upgrade leaves alone must
be the same value in its new place, and what it adds must follow from the old state, worked out
here once more.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

from papyrus.actors.migrations.context import Migration
from papyrus.actors.migrations.nv22 import SectorOfDeal, proposal_end
from papyrus.actors.migrations.nv23 import RESERVE_ACTOR
from papyrus.actors.migrations.nv24 import ramp
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import Blockstore, get_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import decode_bigint, encode_bigint
from papyrus.primitives.varint import encode_unsigned
from papyrus.types.actor import ActorState

Check = Callable[[Migration, int, ActorState, ActorState], Iterator[str]]
"""Yields what does not hold between an actor and what became of it."""

_DEADLINES, _SECTORS, _VESTING_FUNDS = 12, 9, 3
"""Places in a miner's state."""

_NO_AMOUNT = b""


def _carried(old: Sequence[Any], new: Sequence[Any], what: str, *, but: set[int]) -> Iterator[str]:
    """Yield the places, other than those in `but`, whose values differ."""
    if len(old) != len(new):
        yield f"{what} has {len(new)} fields, expected {len(old)}"
        return
    for place, (before, after) in enumerate(zip(old, new, strict=True)):
        if place not in but and before != after:
            yield f"field {place} of {what} has changed"


def _sectors_nv21(store: Blockstore, old_root: Cid, new_root: Cid) -> Iterator[str]:
    pairs = zip_longest(
        Amt(store, old_root, bit_width=5).items(), Amt(store, new_root, bit_width=5).items()
    )
    for before, after in pairs:
        if before is None or after is None or before[0] != after[0]:
            yield "a sector is gone or new"
            return
        (number, old), (_, new) = before, after
        what = f"sector {number}"
        yield from _carried(old, new, what, but={4, 11, 14})
        first = old[4] - old[11] if old[13] is not None else old[4]
        if (new[4], new[11], new[14]) != (first, old[4], int(old[14])):
            yield f"{what}: its epochs or flags are wrong"


def _miner_nv21(
    migration: Migration, _actor_id: int, old: ActorState, new: ActorState
) -> Iterator[str]:
    store = migration.store
    before, after = get_cbor(store, old.head), get_cbor(store, new.head)
    yield from _carried(before, after, "its state", but={_SECTORS, _DEADLINES})
    tables = {before[_SECTORS]: after[_SECTORS]}
    yield from _sectors_nv21(store, before[_SECTORS], after[_SECTORS])
    for index, mine, theirs in _deadlines(store, before, after):
        yield from _carried(mine, theirs, f"deadline {index}", but={8})
        if mine[8] not in tables:
            tables[mine[8]] = theirs[8]
            yield from _sectors_nv21(store, mine[8], theirs[8])
        elif tables[mine[8]] != theirs[8]:
            yield f"deadline {index}: its snapshot is not what the same sectors became elsewhere"


def _market_nv22(
    migration: Migration, _actor_id: int, old: ActorState, new: ActorState
) -> Iterator[str]:
    store = migration.store
    before, after = get_cbor(store, old.head), get_cbor(store, new.head)
    yield from _carried(before, after[:-1], "its state", but={1})
    given = migration.facts.deals_expire_from
    expire_from = migration.height if given is None else given
    sector_of = SectorOfDeal()
    yield from _provider_sectors(migration, after[12], expire_from, sector_of)
    proposals = Amt(store, before[0], bit_width=5).items()
    states = zip_longest(
        Amt(store, before[1], bit_width=6).items(), Amt(store, after[1], bit_width=6).items()
    )
    for mine, theirs in states:
        if mine is None or theirs is None or mine[0] != theirs[0]:
            yield "the state of a deal is gone or new"
            return
        deal, (start, updated, slashed, _) = mine
        end = next((proposal_end(value) for index, value in proposals if index == deal), None)
        if end is None:
            yield f"deal {deal} has no proposal"
            return
        sector = sector_of[deal] if slashed == -1 and end >= expire_from else 0
        if theirs[1] != [sector, start, updated, slashed]:
            yield f"deal {deal}: expected sector {sector} and its old epochs"


def _provider_sectors(
    migration: Migration, root: Cid, expire_from: int, sector_of: SectorOfDeal
) -> Iterator[str]:
    """Compare the index of deals with every miner's sectors, and note where deals lie."""
    store = migration.store
    index = Hamt(store, root)
    providers = 0
    for key, value in Hamt(store, migration.actors).items():
        actor = ActorState.from_ipld(value)
        if actor.code != migration.old_codes["storageminer"]:
            continue
        miner_id = Address.from_bytes(key).id
        table = Amt(store, get_cbor(store, actor.head)[_SECTORS], bit_width=5).items()
        held = {number: s[3] for number, s in table if s[3] and s[5] >= expire_from}
        for number, deals in sorted(held.items()):
            for deal in deals:
                sector_of[deal] = number
        found = index.get(encode_unsigned(miner_id))
        providers += found is not None
        named = {} if found is None else dict(Hamt(store, found).items())
        if named != {encode_unsigned(number): deals for number, deals in held.items()}:
            yield f"the index of deals is not what the sectors of f0{miner_id} hold"
    if providers != sum(1 for _ in index.items()):
        yield "the index of deals names a provider that is no miner"


def _multisig_nv23(
    migration: Migration, actor_id: int, old: ActorState, new: ActorState
) -> Iterator[str]:
    if actor_id != RESERVE_ACTOR:
        if old.head != new.head:
            yield "its state has changed"
    elif get_cbor(migration.store, new.head) != [bytes(Address.from_id(RESERVE_ACTOR))]:
        yield "its state does not name itself"


def _power_nv24(
    migration: Migration, _actor_id: int, old: ActorState, new: ActorState
) -> Iterator[str]:
    before, after = (get_cbor(migration.store, actor.head) for actor in (old, new))
    yield from _carried(before, after[:11] + after[13:], "its state", but=set())
    if tuple(after[11:13]) != ramp(migration):
        yield f"its ramp is {after[11]} for {after[12]}, expected {ramp(migration)}"


def _miner_nv25(
    migration: Migration, _actor_id: int, old: ActorState, new: ActorState
) -> Iterator[str]:
    store = migration.store
    before, after = get_cbor(store, old.head), get_cbor(store, new.head)
    yield from _carried(before, after, "its state", but={_VESTING_FUNDS, _DEADLINES})
    vesting = after[_VESTING_FUNDS]
    funds = [] if vesting is None else [vesting[0], *get_cbor(store, vesting[1])]
    if get_cbor(store, before[_VESTING_FUNDS]) != [funds]:
        yield "its vesting funds have changed"
    for index, mine, theirs in _deadlines(store, before, after):
        yield from _carried(mine, theirs[:11], f"deadline {index}", but=set())
        powers = [value[7] for _, value in Amt(store, mine[0], bit_width=3).items()]
        live = [encode_bigint(sum(decode_bigint(power[at]) for power in powers)) for at in (0, 1)]
        if theirs[11:] != [live, _NO_AMOUNT]:
            yield f"deadline {index}: its live power or daily fee is wrong"


def _contract_nv25(
    migration: Migration, _actor_id: int, old: ActorState, new: ActorState
) -> Iterator[str]:
    before, after = (get_cbor(migration.store, actor.head) for actor in (old, new))
    yield from _carried([*before[:3], None, *before[3:]], after, "its state", but=set())


def _deadlines(
    store: Blockstore, before: list[Any], after: list[Any]
) -> Iterator[tuple[int, list[Any], list[Any]]]:
    """Yield each deadline's index and its two states."""
    (mine,), (theirs,) = (get_cbor(store, state[_DEADLINES]) for state in (before, after))
    for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
        yield index, get_cbor(store, one), get_cbor(store, other)


CHECKS: dict[int, dict[str, Check]] = {
    21: {"storageminer": _miner_nv21},
    22: {"storagemarket": _market_nv22},
    23: {"multisig": _multisig_nv23},
    24: {"storagepower": _power_nv24},
    25: {"storageminer": _miner_nv25, "evm": _contract_nv25},
}
"""By network version and name of the actor; every other actor keeps its state."""
