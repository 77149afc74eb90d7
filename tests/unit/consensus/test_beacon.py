"""Beacon entries of blocks: every rule broken alone, and just kept."""

from dataclasses import replace

import pytest

from papyrus.consensus.beacon import check_beacon_entries, expected_rounds, mock_entry
from papyrus.consensus.verdicts import Fault
from papyrus.crypto import bls
from papyrus.crypto.drand import chained_message, sign_round, unchained_public_key
from papyrus.primitives.errors import Invalid
from papyrus.rules.beacons import BeaconPoint, Drand, LocalBeacon
from papyrus.rules.network import Network
from papyrus.rules.networks import DEVNET, LOTUS_ITEST, MAINNET
from papyrus.types.ticket import BeaconEntry

SECRET, OTHER_SECRET = (11).to_bytes(32, "little"), (12).to_bytes(32, "little")
GENESIS_TIME = 1_000_000
GENESIS = BeaconEntry(0, bytes(32))


def chained_beacon(secret: bytes, name: str) -> Drand:
    """Return a chained beacon with a round an epoch: that of epoch e is e + 100."""
    key = bls.public_key(secret)
    start = GENESIS_TIME - 100 * 30
    return Drand(name, bytes(32), key, period=30, genesis_time=start, is_chained=True)


LOCAL = DEVNET.with_local_beacon(unchained_public_key(SECRET))
FAST = replace(  # ten rounds an epoch, as on quicknet
    MAINNET,
    genesis_timestamp=GENESIS_TIME,
    beacons=(
        BeaconPoint(
            0,
            Drand(
                "fast",
                bytes(32),
                unchained_public_key(SECRET),
                period=3,
                genesis_time=GENESIS_TIME - 3000,
                is_chained=False,
            ),
        ),
    ),
)
CHAINED = replace(
    MAINNET,
    genesis_timestamp=GENESIS_TIME,
    beacons=(
        BeaconPoint(0, chained_beacon(SECRET, "first")),
        BeaconPoint(50, chained_beacon(OTHER_SECRET, "second")),
        BeaconPoint(80, LocalBeacon(unchained_public_key(SECRET))),
    ),
)


def unchained(number: int, secret: bytes = SECRET) -> BeaconEntry:
    return BeaconEntry(number, sign_round(secret, number))


def run_of(first: int, last: int, secret: bytes = SECRET, start: bytes = b"start") -> list:
    """Return chained entries from a round to another, the first after a made-up signature."""
    entries = []
    for number in range(first, last + 1):
        start = bls.sign(secret, chained_message(number, start))
        entries.append(BeaconEntry(number, start))
    return entries


A, B, C, D = run_of(109, 112)
SWITCHED = run_of(149, 150, OTHER_SECRET)

GOOD = {
    "a local round an epoch": (LOCAL, 7, 6, unchained(6), [unchained(7)]),
    "local rounds over null rounds": (
        LOCAL,
        9,
        6,
        unchained(6),
        [unchained(7), unchained(8), unchained(9)],
    ),
    "the first after genesis": (LOCAL, 1, 0, GENESIS, [unchained(1)]),
    "the round is in the chain already": (LOCAL, 7, 6, unchained(7), []),
    "quicknet's tenth round": (FAST, 7, 6, unchained(1051), [unchained(1061)]),
    "quicknet's rounds over a null round": (
        FAST,
        8,
        6,
        unchained(1051),
        [unchained(1061), unchained(1071)],
    ),
    "an entry before does not matter to an unchained beacon": (
        LOCAL,
        7,
        6,
        BeaconEntry(6, b"anything"),
        [unchained(7)],
    ),
    "a chained round": (CHAINED, 10, 9, A, [B]),
    "chained rounds over null rounds": (CHAINED, 12, 9, A, [B, C, D]),
    "anything after a chained beacon's genesis": (
        CHAINED,
        1,
        0,
        GENESIS,
        [BeaconEntry(5, b"unchecked")],
    ),
    "two entries at a switch": (CHAINED, 50, 49, D, SWITCHED),
    "a switch over null rounds": (CHAINED, 55, 49, D, SWITCHED),
    "a switch to an unchained beacon": (CHAINED, 80, 79, D, [unchained(80)]),
    "the tests' beacon": (LOTUS_ITEST, 6, 5, mock_entry(105), [mock_entry(106)]),
    "the tests' beacon skipping rounds": (LOTUS_ITEST, 8, 5, mock_entry(105), [mock_entry(108)]),
    "the tests' beacon over null rounds": (
        LOTUS_ITEST,
        8,
        5,
        mock_entry(105),
        [mock_entry(106), mock_entry(107), mock_entry(108)],
    ),
}

BAD = {
    "one entry at a switch": (CHAINED, 50, 49, D, SWITCHED[1:], Fault.BEACON_SWITCH),
    "three entries at a switch": (
        CHAINED,
        50,
        49,
        D,
        [D, *SWITCHED],
        Fault.BEACON_SWITCH,
    ),
    "no entries at a switch": (CHAINED, 50, 49, D, [], Fault.BEACON_SWITCH),
    "a switch to the old beacon's rounds": (
        CHAINED,
        50,
        49,
        D,
        run_of(149, 150),
        Fault.BEACON_SIGNATURE,
    ),
    "a switch that joins the old chain": (
        CHAINED,
        50,
        49,
        D,
        [D, SWITCHED[1]],
        Fault.BEACON_SIGNATURE,
    ),
    "an entry though the round is there": (
        LOCAL,
        7,
        6,
        unchained(7),
        [unchained(7)],
        Fault.BEACON_UNEXPECTED,
    ),
    "no entry": (LOCAL, 7, 6, unchained(6), [], Fault.BEACON_MISSING),
    "no entry after genesis": (LOCAL, 1, 0, GENESIS, [], Fault.BEACON_MISSING),
    "no entry of a chained beacon after genesis": (
        CHAINED,
        1,
        0,
        GENESIS,
        [],
        Fault.BEACON_MISSING,
    ),
    "one epoch late": (LOCAL, 7, 6, unchained(5), [unchained(6)], Fault.BEACON_LAST_ROUND),
    "one epoch early": (LOCAL, 7, 6, unchained(6), [unchained(8)], Fault.BEACON_LAST_ROUND),
    "a null round's entry last": (
        LOCAL,
        8,
        6,
        unchained(6),
        [unchained(7)],
        Fault.BEACON_LAST_ROUND,
    ),
    "a chained run too short": (CHAINED, 12, 9, A, [B, C], Fault.BEACON_LAST_ROUND),
    "a null round left out": (LOCAL, 8, 6, unchained(6), [unchained(8)], Fault.BEACON_ROUNDS),
    "an entry twice": (
        LOCAL,
        8,
        6,
        unchained(6),
        [unchained(8), unchained(8)],
        Fault.BEACON_ROUNDS,
    ),
    "entries in the wrong order": (
        LOCAL,
        9,
        6,
        unchained(6),
        [unchained(8), unchained(7), unchained(9)],
        Fault.BEACON_ROUNDS,
    ),
    "one entry too many": (
        LOCAL,
        7,
        6,
        unchained(6),
        [unchained(6), unchained(7)],
        Fault.BEACON_ROUNDS,
    ),
    "every round of quicknet": (
        FAST,
        7,
        6,
        unchained(1051),
        [unchained(number) for number in range(1052, 1062)],
        Fault.BEACON_ROUNDS,
    ),
    "signed by another": (
        LOCAL,
        7,
        6,
        unchained(6),
        [unchained(7, OTHER_SECRET)],
        Fault.BEACON_SIGNATURE,
    ),
    "another round's signature": (
        LOCAL,
        7,
        6,
        unchained(6),
        [BeaconEntry(7, sign_round(SECRET, 6))],
        Fault.BEACON_SIGNATURE,
    ),
    "the first of two signed by another": (
        LOCAL,
        8,
        6,
        unchained(6),
        [unchained(7, OTHER_SECRET), unchained(8)],
        Fault.BEACON_SIGNATURE,
    ),
    "a chained run with a gap": (CHAINED, 12, 9, A, [B, D], Fault.BEACON_SIGNATURE),
    "a chained run from elsewhere": (
        CHAINED,
        10,
        9,
        BeaconEntry(109, b"elsewhere"),
        [B],
        Fault.BEACON_SIGNATURE,
    ),
    "the tests' beacon with other bytes": (
        LOTUS_ITEST,
        6,
        5,
        mock_entry(105),
        [BeaconEntry(106, mock_entry(107).data)],
        Fault.BEACON_SIGNATURE,
    ),
}


@pytest.mark.parametrize(
    ("network", "height", "parent", "previous", "entries"), GOOD.values(), ids=GOOD
)
def test_entries_that_a_block_may_carry(
    network: Network, height: int, parent: int, previous: BeaconEntry, entries: list
) -> None:
    check_beacon_entries(network, height, parent, previous, entries)


@pytest.mark.parametrize(
    ("network", "height", "parent", "previous", "entries", "fault"), BAD.values(), ids=BAD
)
def test_entries_that_a_block_may_not_carry(
    network: Network, height: int, parent: int, previous: BeaconEntry, entries: list, fault: Fault
) -> None:
    with pytest.raises(Invalid) as caught:
        check_beacon_entries(network, height, parent, previous, entries)
    assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("network", "height", "parent", "previous", "rounds"),
    [
        (LOCAL, 1, 0, 0, (1,)),
        (LOCAL, 9, 6, 6, (7, 8, 9)),
        (LOCAL, 7, 6, 7, ()),
        (FAST, 8, 6, 1051, (1061, 1071)),
        (CHAINED, 12, 9, 109, (110, 111, 112)),
        (CHAINED, 50, 49, 149, (149, 150)),
        (CHAINED, 55, 49, 149, (154, 155)),
        (CHAINED, 80, 79, 179, (80,)),
        (LOTUS_ITEST, 8, 5, 105, (106, 107, 108)),
        (MAINNET, 3_855_480, 3_855_479, 1, (7_055_802,)),
    ],
)
def test_rounds_that_a_block_is_made_with(
    network: Network, height: int, parent: int, previous: int, rounds: tuple[int, ...]
) -> None:
    assert expected_rounds(network, height, parent, previous) == rounds


def test_a_block_with_the_expected_rounds_is_good() -> None:
    previous = GENESIS
    for height, parent in ((1, 0), (2, 1), (5, 2), (6, 5), (30, 6)):
        rounds = expected_rounds(LOCAL, height, parent, previous.round)
        entries = [unchained(number) for number in rounds]
        check_beacon_entries(LOCAL, height, parent, previous, entries)
        previous = entries[-1]
