"""What a network is: its schedule, its constants, and the heights at which a few rules turn.

Most rules follow the network version. The rest of what Lotus decides by height alone is here:
which base fee formula holds, which vesting table, when the reserve began to count as disbursed,
which beacon is followed. So two networks at the same version can differ, and a private network can
carry mainnet's heights, as Lotus' own integration tests do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import EPOCHS_IN_YEAR, ChainEpoch
from papyrus.rules.beacons import Beacon, BeaconPoint, LocalBeacon
from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.schedule import Schedule, upgrade
from papyrus.rules.versions import Rules
from papyrus.rules.vesting import VestingPeriod

INITIAL_RESERVE = TokenAmount.from_fil(300_000_000)
"""What the reserve actor, f090, held at mainnet's genesis."""


@dataclass(frozen=True, slots=True)
class BaseFeeHeights:
    """The heights of parent tipsets at which the base fee formula turns."""

    fixed_between: tuple[ChainEpoch, ChainEpoch] | None
    """Strictly between these the base fee is the minimum (Breeze)."""
    packed_until: ChainEpoch
    """Up to and including this one the limit sum is divided by the packing efficiency (Smoke)."""
    premiums_from: ChainEpoch
    """From this one on premiums decide, not use (FIP-0115)."""


@dataclass(frozen=True, slots=True)
class MigrationFacts:
    """What migrations take from the network, beside the height at which they run."""

    deals_expire_from: ChainEpoch | None = None
    """Sectors and deals that end below this height get no new index of deals at nv22 (FIP-0076).

    None is the upgrade's own height.
    """
    pledge_ramp_start: ChainEpoch | None = None
    """The height that nv24 writes as the start of the pledge's ramp (FIP-0081).

    None is the upgrade's own height.
    """
    pledge_ramp_epochs: int = EPOCHS_IN_YEAR
    """How long that ramp is."""


@dataclass(frozen=True, slots=True)
class FinalityStart:
    """What the network's fast finality (F3) began with."""

    instance: int
    power_table: Cid
    """Whose votes decided on the first instance."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network."""

    name: str
    chain_name: str | None
    """The name in the init actor and in protocol identifiers; None where genesis decides it."""
    address_prefix: str
    """The letter that begins an address in text."""
    ethereum_chain_id: int
    genesis: Cid | None
    """The genesis block; None where each deployment makes its own."""
    genesis_timestamp: int
    """Unix seconds of epoch 0; 0 where each deployment makes its own genesis."""
    block_delay: int
    """Seconds of an epoch."""
    actors_bundle: str
    """Which build of the built-in actors the network runs."""
    actor_debugging: bool
    """Whether actors may write debug logs, which costs gas and so is consensus."""
    migrations: MigrationFacts

    schedule: Schedule
    base_fee: BaseFeeHeights
    senders_resolved_from: ChainEpoch
    """From this height two addresses of one account count as one sender when messages are chosen.

    Below it senders are told apart as written (Hyperdrive).
    """
    vesting: tuple[VestingPeriod, ...]
    reserve_counts_after: ChainEpoch
    """Above this height what left the reserve is part of the supply (Assembly).

    Up to it the genesis pledge counts instead; no network version held here is that old.
    """
    teep_reserve: TokenAmount
    """What the reserve is taken to have begun with from nv25 on (FIP-0100)."""
    beacons: tuple[BeaconPoint, ...]
    faults_ignored_around: ChainEpoch | None
    """Within a finality of this height no consensus fault is found (a repaired chain halt)."""
    finality_start: FinalityStart | None = None
    """None where it was not begun with a table that everybody knows."""
    inclusion_prices: GasPrices | None = None
    """By which list a message in a block pays at least for its place; None for that of its rules.

    Whatever a block may carry, the machine charges by the rules' list.
    """

    def rules_at(self, epoch: ChainEpoch) -> Rules:
        """Return the rules at an epoch; UnsupportedNetworkVersion where none are held."""
        return self.schedule.rules_at(epoch)

    def inclusion_prices_at(self, epoch: ChainEpoch) -> GasPrices:
        """Return the prices by which a message in a block of the epoch pays at least.

        UnsupportedNetworkVersion where no rules are held.
        """
        return self.inclusion_prices or self.rules_at(epoch).prices

    def timestamp_at(self, epoch: ChainEpoch) -> int:
        """Return the Unix seconds at which an epoch begins."""
        return self.genesis_timestamp + self.block_delay * epoch

    def beacon_at(self, epoch: ChainEpoch) -> Beacon:
        """Return the beacon followed at an epoch."""
        started = [point.beacon for point in self.beacons if point.start <= epoch]
        return started[-1] if started else self.beacons[0].beacon

    def beacon_round_at(self, epoch: ChainEpoch) -> int:
        """Return the latest beacon round that a block of the epoch may carry."""
        beacon = self.beacon_at(epoch)
        return beacon.round_at(epoch, self.genesis_timestamp, self.block_delay)

    def ticket_follows_parent_at(self, epoch: ChainEpoch) -> bool:
        """Return whether a ticket of the epoch is drawn from the parent's ticket too (Smoke)."""
        return epoch > self.base_fee.packed_until

    def reserve_at(self, rules: Rules) -> TokenAmount:
        """Return what the reserve is taken to have begun with."""
        return self.teep_reserve if rules.uses_teep_reserve else INITIAL_RESERVE

    def with_upgrades(self, upgrades: Iterable[tuple[ChainEpoch, int]]) -> "Network":
        """Return this network upgraded at (height, network version) instead; -1 is genesis."""
        rows = tuple(upgrade(height, version) for height, version in sorted(upgrades))
        schedule = Schedule(rows[0].network_version, rows)
        return replace(self, schedule=schedule)

    def with_genesis(self, genesis: Cid, timestamp: int) -> "Network":
        """Return this network with a genesis of its own."""
        return replace(self, genesis=genesis, genesis_timestamp=timestamp)

    def with_local_beacon(self, public_key: bytes) -> "Network":
        """Return this network with a beacon of its own, whose key has 96 bytes."""
        return replace(self, beacons=(BeaconPoint(0, LocalBeacon(public_key)),))
