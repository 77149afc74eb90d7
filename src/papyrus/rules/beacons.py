"""The randomness beacons that networks follow, and which round belongs to an epoch (FIP-0063).

A drand chain publishes a signed round every few seconds. A block of epoch e carries the rounds up
to the last one published an epoch before e, so that everyone had it in time. Mainnet followed
drand's incentivised test, then its main chain, in which each round signs the one before, and since
the Phoenix height the unchained quicknet. A development network signs rounds itself.
"""

from dataclasses import dataclass
from typing import TypeAlias

from papyrus.primitives.epochs import ChainEpoch


@dataclass(frozen=True, slots=True)
class Drand:
    """One drand chain."""

    name: str
    chain_hash: bytes
    public_key: bytes
    period: int
    """Seconds between rounds."""
    genesis_time: int
    """Unix seconds of its first round."""
    is_chained: bool
    """Whether a round signs its predecessor's signature as well as its number."""

    def round_at(self, epoch: ChainEpoch, genesis_timestamp: int, block_delay: int) -> int:
        """Return the latest round that a block of the epoch may carry (from nv16 on)."""
        latest = epoch * block_delay + genesis_timestamp - block_delay
        if latest < self.genesis_time:
            return 1
        return (latest - self.genesis_time) // self.period + 1


@dataclass(frozen=True, slots=True)
class MockBeacon:
    """The beacon of Lotus' integration tests: one chained round an epoch."""

    first_round: int
    is_chained: bool = True

    def round_at(self, epoch: ChainEpoch, _genesis_timestamp: int, _block_delay: int) -> int:
        """Return the round of the epoch."""
        return epoch + self.first_round


@dataclass(frozen=True, slots=True)
class LocalBeacon:
    """The beacon of a development network: a chain of its own in quicknet's scheme.

    It began with the network and its period is the network's, so each epoch has the round of its
    own number. Round 0 is genesis' entry, which nobody signed. Whoever holds the secret can
    sign any round at any time, so that time on such a network can be moved at will.
    """

    public_key: bytes
    """96 bytes, in G2."""
    is_chained: bool = False

    def round_at(self, epoch: ChainEpoch, _genesis_timestamp: int, _block_delay: int) -> int:
        """Return the round of the epoch; the first, 0, before genesis."""
        return max(epoch, 0)


Beacon: TypeAlias = Drand | MockBeacon | LocalBeacon


@dataclass(frozen=True, slots=True)
class BeaconPoint:
    """From which epoch a network follows a beacon."""

    start: ChainEpoch
    beacon: Beacon


INCENTINET = Drand(
    name="incentinet",
    chain_hash=bytes.fromhex("80c8b872c714f4c00fdd3daa465d5514049f457f01f85a4caf68cdcd394ba039"),
    public_key=bytes.fromhex(
        "8cad0c72c606ab27d36ee06de1d5b2db1faf92e447025ca37575ab3a8aac2eaa"
        "e83192f846fc9e158bc738423753d000"
    ),
    period=30,
    genesis_time=1_595_873_820,
    is_chained=True,
)

DRAND_MAINNET = Drand(
    name="mainnet",
    chain_hash=bytes.fromhex("8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"),
    public_key=bytes.fromhex(
        "868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a5699"
        "37c529eeda66c7293784a9402801af31"
    ),
    period=30,
    genesis_time=1_595_431_050,
    is_chained=True,
)

QUICKNET = Drand(
    name="quicknet",
    chain_hash=bytes.fromhex("52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"),
    public_key=bytes.fromhex(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
        "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
        "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    period=3,
    genesis_time=1_692_803_367,
    is_chained=False,
)

LOTUS_MOCK = MockBeacon(first_round=100)
