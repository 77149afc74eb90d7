"""Power tables: whose votes decide, from one instance of fast finality to the next (FIP-0086).

A table is a list in the order of power, the greatest first, and of participants where it is equal.
Its CID is what certificates name (go-f3 certs/certs.go).
"""

from collections.abc import Iterable, Mapping

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError
from papyrus.types.finality_certificate import PowerDelta, PowerEntry

PowerTable = Mapping[int, PowerEntry]
"""The entries by participant."""


def power_table_of(entries: Iterable[PowerEntry]) -> dict[int, PowerEntry]:
    """Return a table by participant, of whom the last entry holds."""
    return {entry.participant: entry for entry in entries}


def power_table_cid(table: PowerTable) -> Cid:
    """Return the CID by which certificates name a table."""
    ordered = sorted(table.values(), key=lambda entry: (-entry.power, entry.participant))
    return Cid.of(dag_cbor.encode([entry.to_ipld() for entry in ordered]))


def apply_power_deltas(table: PowerTable, deltas: Iterable[PowerDelta]) -> dict[int, PowerEntry]:
    """Return a table as a certificate changes it; DecodeError where that makes no sense."""
    changed = dict(table)
    before = -1
    for delta in deltas:
        who = delta.participant
        if who <= before:
            raise DecodeError("the changes of power are not in the order of participants")
        before = who
        entry = _changed(changed.get(who), delta)
        if entry.power < 0:
            raise DecodeError(f"the power of {who} comes to less than nothing")
        if entry.power:
            changed[who] = entry
        else:
            del changed[who]
    return changed


def _changed(entry: PowerEntry | None, delta: PowerDelta) -> PowerEntry:
    who, key = delta.participant, delta.signing_key
    if not delta.power and not key:
        raise DecodeError(f"the change of power of {who} is none")
    if entry is None:
        if delta.power <= 0 or not key:
            raise DecodeError(f"{who} has no power before, and needs some and a key")
        return PowerEntry(who, delta.power, key)
    if key == entry.signing_key:
        raise DecodeError(f"the new key of {who} is the old one")
    power = entry.power + delta.power
    if key and not power:
        raise DecodeError(f"{who} loses all power and gets a new key")
    return PowerEntry(who, power, key or entry.signing_key)
