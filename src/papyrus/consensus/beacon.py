"""The beacon entries of a block (FIP-0063, node.md 3.5).

A block carries the rounds of its network's beacon since its parent: of an unchained beacon the one
round of each epoch, null rounds included; of a chained beacon a run in which each round signs the
one before. Where a network turned to another chained beacon, the first block carries two entries,
of which the first only gives the second its predecessor.
"""

from collections.abc import Sequence

from papyrus.consensus.verdicts import Fault
from papyrus.crypto.drand import verify_chained, verify_unchained
from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import Invalid
from papyrus.rules.beacons import Beacon, Drand, MockBeacon
from papyrus.rules.network import Network
from papyrus.types.ticket import BeaconEntry

_ENTRIES_AT_SWITCH = 2


def check_beacon_entries(
    network: Network,
    height: ChainEpoch,
    parent_height: ChainEpoch,
    previous: BeaconEntry,
    entries: Sequence[BeaconEntry],
) -> None:
    """Raise Invalid unless these are the entries that a block at the height carries.

    `previous` is the latest entry of the chain up to the parent tipset.
    """
    beacon = network.beacon_at(height)
    if beacon.is_chained and network.beacon_at(parent_height) != beacon:
        _check_switch(beacon, entries)
        return
    last_round = network.beacon_round_at(height)
    if last_round == previous.round:
        if entries:
            raise Invalid(
                Fault.BEACON_UNEXPECTED,
                f"{len(entries)} entries, though round {last_round} is in the chain already",
            )
        return
    if not entries:
        raise Invalid(Fault.BEACON_MISSING, f"no entries up to round {last_round}")
    # Quirk: after genesis, which carries round 0, a chained beacon's entries are taken unchecked.
    if beacon.is_chained and previous.round == 0:
        return
    if entries[-1].round != last_round:
        raise Invalid(
            Fault.BEACON_LAST_ROUND,
            f"the last entry is round {entries[-1].round}, not {last_round}",
        )
    if not beacon.is_chained:
        _check_rounds(network, beacon, parent_height, entries)
    for entry in entries:
        _check_signature(beacon, entry, previous)
        previous = entry


def expected_rounds(
    network: Network, height: ChainEpoch, parent_height: ChainEpoch, previous_round: int
) -> tuple[int, ...]:
    """Return the rounds that a block at the height carries, in order, for who makes one.

    `previous_round` is that of the latest entry of the chain up to the parent tipset.
    """
    beacon = network.beacon_at(height)
    last_round = network.beacon_round_at(height)
    if beacon.is_chained and network.beacon_at(parent_height) != beacon:
        return last_round - 1, last_round
    if last_round == previous_round:
        return ()
    return tuple(_round_at(network, beacon, e) for e in range(parent_height + 1, height + 1))


def is_entry_of(beacon: Beacon, entry: BeaconEntry, previous: bytes) -> bool:
    """Return whether an entry is the beacon's; `previous` is the data of the entry before."""
    if isinstance(beacon, MockBeacon):
        return entry == mock_entry(entry.round)
    if isinstance(beacon, Drand) and beacon.is_chained:
        return verify_chained(beacon.public_key, entry.round, previous, entry.data)
    return verify_unchained(beacon.public_key, entry.round, entry.data)


def mock_entry(round_number: int) -> BeaconEntry:
    """Return the entry of the beacon that Lotus' integration tests use, which anybody can make."""
    return BeaconEntry(round_number, blake2b_256(round_number.to_bytes(8, "big")))


def _check_switch(beacon: Beacon, entries: Sequence[BeaconEntry]) -> None:
    if len(entries) != _ENTRIES_AT_SWITCH:
        raise Invalid(
            Fault.BEACON_SWITCH,
            f"{len(entries)} entries where the beacon changes, not {_ENTRIES_AT_SWITCH}",
        )
    # Quirk: which rounds they are is not asked.
    _check_signature(beacon, entries[1], entries[0])


def _check_rounds(
    network: Network, beacon: Beacon, parent_height: ChainEpoch, entries: Sequence[BeaconEntry]
) -> None:
    # Quirk: the beacon of the block's epoch answers also for epochs before it was followed.
    for epoch, entry in enumerate(entries, start=parent_height + 1):
        expected = _round_at(network, beacon, epoch)
        if entry.round != expected:
            raise Invalid(
                Fault.BEACON_ROUNDS,
                f"round {entry.round} where epoch {epoch} has round {expected}",
            )


def _check_signature(beacon: Beacon, entry: BeaconEntry, previous: BeaconEntry) -> None:
    if not is_entry_of(beacon, entry, previous.data):
        raise Invalid(Fault.BEACON_SIGNATURE, f"entry of round {entry.round} is not the beacon's")


def _round_at(network: Network, beacon: Beacon, epoch: ChainEpoch) -> int:
    return beacon.round_at(epoch, network.genesis_timestamp, network.block_delay)
