"""The beacon of a devnet: rounds in quicknet's scheme, signed when they are asked for.

It is a real chain of BLS signatures, checked as any beacon's. But its secret is known, so that
rounds need no time to pass: whoever runs the network can go to any epoch at once, and foresee it.
"""

from functools import lru_cache

from papyrus.crypto.drand import sign_round, unchained_public_key
from papyrus.rules.beacons import Beacon, LocalBeacon
from papyrus.types.ticket import BeaconEntry

_ROUNDS_KEPT = 4096
"""The same rounds are asked for by every miner, and again in each round that stays null."""


class DevnetBeacon:
    """Signs the rounds of one network."""

    def __init__(self, secret: bytes) -> None:
        """Sign with a secret; DecodeError where it is none."""
        self.beacon = LocalBeacon(unchained_public_key(secret))

        @lru_cache(maxsize=_ROUNDS_KEPT)
        def signed(round_number: int) -> BeaconEntry:
            return BeaconEntry(round_number, sign_round(secret, round_number))

        self._signed = signed

    def entry(self, beacon: Beacon, round_number: int, /) -> BeaconEntry:
        """Return a round; LookupError for those of another beacon."""
        if beacon != self.beacon:
            raise LookupError("this is the beacon of another network")
        return self._signed(round_number)
