"""What a miner must know before it tries to make a block (node.md 3.11; Lotus MinerGetBaseInfo).

How much power it and the network had in the past by which the block will be judged, which sector it
would have to show, with which key it signs, which beacon rounds the block has to carry, and whether
it may make one at all. All but the rounds is what `consensus.block_validity` will read again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from papyrus.consensus.beacon import expected_rounds
from papyrus.consensus.block_validity import TipsetState
from papyrus.consensus.chain import TipsetSource
from papyrus.consensus.eligibility import is_eligible
from papyrus.consensus.lookback import lookback
from papyrus.consensus.miner_states import MinerState
from papyrus.consensus.power_table import PowerTable
from papyrus.consensus.randomness import drawn_for_block, latest_beacon_entry
from papyrus.consensus.winning_sectors import winning_sectors
from papyrus.consensus.worker_keys import key_of
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.proofs.statements import SectorInfo
from papyrus.rules.beacons import Beacon
from papyrus.rules.network import Network
from papyrus.types.ticket import BeaconEntry
from papyrus.types.tipset import Tipset
from papyrus.vm.runtime import RandomnessPurpose
from papyrus.vm.state_tree import StateTree


class BeaconSource(Protocol):
    """Who has the rounds of beacons."""

    def entry(self, beacon: Beacon, round_number: int, /) -> BeaconEntry:
        """Return a round of a beacon, verified; LookupError where it is not out yet."""


@dataclass(frozen=True, slots=True)
class MiningWorld:
    """Everything around a block that making it needs."""

    network: Network
    source: TipsetSource
    """Where earlier tipsets are found."""
    store: Blockstore
    """Where the messages of the parents are, and the states of a finality back."""
    state_after: Callable[[Tipset], TipsetState]
    """Executes a tipset, or knows what it gave."""
    beacons: BeaconSource


@dataclass(frozen=True, slots=True)
class MiningBaseInfo:
    """What a miner must know to try for an epoch."""

    miner_power: int
    network_power: int
    """Both quality-adjusted, in bytes, in the past by which the block is judged."""
    sectors: tuple[SectorInfo, ...]
    """Those to be shown."""
    worker_key: Address
    sector_size: int
    window_post_proof: int
    """The registered type of the miner's window proofs, which that of the winning one follows."""
    previous_entry: BeaconEntry
    """The latest beacon entry of the chain up to the base."""
    beacon_entries: tuple[BeaconEntry, ...]
    """Those that a block of the epoch carries."""
    is_eligible: bool

    @property
    def beacon(self) -> BeaconEntry:
        """The entry from which the block's randomness is drawn."""
        return self.beacon_entries[-1] if self.beacon_entries else self.previous_entry


def mining_base_info(
    miner: Address, epoch: ChainEpoch, base: Tipset, world: MiningWorld
) -> MiningBaseInfo | None:
    """Return what a miner must know to make a block of an epoch over a base.

    None where it had no sector to show in the past that counts. LookupError where it is no miner,
    where a beacon round is not out yet, or where there is no such past: a finality without blocks.
    """
    past = lookback(world.source, base, epoch)
    previous = latest_beacon_entry(world.source, base)
    entries = entries_for_block(epoch, base, previous, world)
    beacon = entries[-1] if entries else previous

    tree = StateTree(world.store, past.state_root)
    if tree.get(miner.id) is None:
        # It is younger than that; one that does not exist at all is an error.
        MinerState.of(StateTree(world.store, base.parent_state_root), miner.id)
        return None
    state = MinerState.of(tree, miner.id)
    drawn = drawn_for_block(beacon, RandomnessPurpose.WINNING_POST_CHALLENGE_SEED, epoch, miner)
    sectors = winning_sectors(state, miner.id, drawn)
    if not sectors:
        return None
    table = PowerTable.of(tree)
    claim = table.claim(miner.id)
    return MiningBaseInfo(
        miner_power=0 if claim is None else claim.quality_adjusted_power,
        network_power=table.total_quality_adjusted_power,
        sectors=sectors,
        worker_key=key_of(tree, state.info.worker),
        sector_size=state.info.sector_size,
        window_post_proof=state.info.window_post_proof_type,
        previous_entry=previous,
        beacon_entries=entries,
        is_eligible=is_eligible(miner.id, base, past, world.network, world.store),
    )


def entries_for_block(
    epoch: ChainEpoch, base: Tipset, previous: BeaconEntry, world: MiningWorld
) -> tuple[BeaconEntry, ...]:
    """Return the beacon entries that a block of an epoch over a base carries.

    LookupError where a round is not out yet.
    """
    network = world.network
    beacon = network.beacon_at(epoch)
    rounds = expected_rounds(network, epoch, base.height, previous.round)
    return tuple(world.beacons.entry(beacon, round_number) for round_number in rounds)
