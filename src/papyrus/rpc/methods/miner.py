"""Miner: what a producer of blocks that is not part of this node asks of it."""

from dataclasses import dataclass
from typing import Annotated, Protocol

from papyrus.chain.store import ChainStore
from papyrus.consensus.block_validity import TipsetState
from papyrus.consensus.lookback import lookback
from papyrus.consensus.worker_keys import key_of, worker_of
from papyrus.ipld.cid import Cid
from papyrus.mining.base_info import (
    BeaconSource,
    MiningBaseInfo,
    MiningWorld,
    mining_base_info,
)
from papyrus.mining.block_template import BlockTemplate, ProducedBlock, create_block
from papyrus.node.chain_thread import ChainThread
from papyrus.node.tipset_states import TipsetStates
from papyrus.primitives.address import Address
from papyrus.primitives.address import Protocol as AddressProtocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.sentences import sentence
from papyrus.proofs.statements import SectorInfo
from papyrus.rpc.declarations import READ, WRITE, Context, method
from papyrus.rpc.errors import actor_not_found, invalid_parameters
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rules.network import Network
from papyrus.types.block import BlockMessage
from papyrus.types.message import SignedMessage
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.state_tree import StateTree
from papyrus.wallet.wallet import Wallet

_MOST_EPOCHS_AHEAD = 20_000
"""Above the base; each may bring a beacon entry that somebody has to fetch."""


class MinerNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> ChainStore:
        """The chain."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...

    @property
    def states(self) -> TipsetStates:
        """The states after tipsets."""
        ...

    @property
    def thread(self) -> ChainThread:
        """A thread beside the event loop."""
        ...

    @property
    def beacons(self) -> BeaconSource:
        """Who has the rounds of the beacon."""
        ...

    @property
    def wallet(self) -> Wallet:
        """The keys of workers."""
        ...


@dataclass(frozen=True, slots=True)
class SectorToShow:
    """A sector that a block must prove, in Lotus' ExtendedSectorInfo."""

    seal_proof: int
    sector_number: int
    sector_key: Cid | None
    """Of a sector that was upgraded before there was data in it; not told any more."""
    sealed_cid: Annotated[Cid, Named("SealedCID")]


@dataclass(frozen=True, slots=True)
class MiningInfo:
    """What a miner must know to try for an epoch, in Lotus' MiningBaseInfo."""

    miner_power: TokenAmount
    network_power: TokenAmount
    """Both quality-adjusted, in bytes."""
    sectors: list[SectorToShow]
    worker_key: Address
    sector_size: int
    prev_beacon_entry: BeaconEntry
    beacon_entries: list[BeaconEntry]
    eligible_for_mining: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A block before its past is filled in, in Lotus' BlockTemplate."""

    miner: Address
    parents: TipsetKey
    ticket: Ticket
    election_proof: Annotated[ElectionProof, Named("Eproof")]
    beacon_values: list[BeaconEntry]
    messages: list[SignedMessage]
    epoch: ChainEpoch
    timestamp: int
    """Unix seconds: the base's, and the block delay for each epoch since."""
    winning_proof: Annotated[list[PoStProof], Named("WinningPoStProof")]


@method("MinerGetBaseInfo", READ)
async def miner_get_base_info(
    context: Context[MinerNode], miner: Address, epoch: ChainEpoch, key: TipsetKey
) -> MiningInfo | None:
    """Return what a miner must know to make a block of an epoch over a tipset.

    Null where it had no sector to show in the past that counts.
    """
    base = _base(context.node, key, epoch)
    world = await _world(context.node, base)
    state_root = world.state_after(base).state_root
    actor_id = await context.node.thread.run(StateTree(world.store, state_root).resolve, miner)
    if actor_id is None:
        raise actor_not_found()
    miner = Address.from_id(actor_id)
    info = await context.node.thread.run(mining_base_info, miner, epoch, base, world)
    return None if info is None else _mining_info(info)


@method("MinerCreateBlock", WRITE)
async def miner_create_block(context: Context[MinerNode], template: Template) -> BlockMessage:
    """Return a block of a template, its past filled in and signed; its messages are kept.

    What is signed is not yet submitted: SyncSubmitBlock is asked whether it may be.
    """
    node = context.node
    if template.miner.protocol is not AddressProtocol.ID:
        raise invalid_parameters(
            sentence("a block names its miner by ID, not as {}", template.miner)
        )
    base = _base(node, template.parents, template.epoch)
    due = base.min_timestamp + node.network.block_delay * (template.epoch - base.height)
    if template.timestamp != due:
        raise invalid_parameters(
            f"a block of epoch {template.epoch} over {base.key} has the timestamp {due}, not "
            f"{template.timestamp}"
        )
    world = await _world(node, base)
    block = await node.thread.run(_create, template, base, world, node.wallet)
    await node.thread.run(node.chain.put_messages, block.bls_messages, block.signed_messages)
    return block.announcement


def _base(node: MinerNode, key: TipsetKey, epoch: ChainEpoch) -> Tipset:
    base = tipset_of(node.chain, key)
    if not base.height < epoch <= base.height + _MOST_EPOCHS_AHEAD:
        raise invalid_parameters(
            f"epoch {epoch} is not after the tipset at {base.height} and within "
            f"{_MOST_EPOCHS_AHEAD} epochs of it"
        )
    return base


async def _world(node: MinerNode, base: Tipset) -> MiningWorld:
    outcome = await node.states.after(base)
    after = TipsetState(outcome.state_root, outcome.receipts_root)
    return MiningWorld(
        network=node.network,
        source=node.thread.source,
        store=node.chain.blocks,
        state_after=lambda _base: after,
        beacons=node.beacons,
    )


def _create(template: Template, base: Tipset, world: MiningWorld, wallet: Wallet) -> ProducedBlock:
    past = lookback(world.source, base, template.epoch)
    tree = StateTree(world.store, past.state_root)
    return create_block(
        BlockTemplate(
            miner=template.miner,
            base=base,
            epoch=template.epoch,
            ticket=template.ticket,
            election_proof=template.election_proof,
            beacon_entries=tuple(template.beacon_values),
            win_post_proof=tuple(template.winning_proof),
            messages=tuple(template.messages),
        ),
        key_of(tree, worker_of(tree, template.miner.id)),
        world,
        wallet,
    )


def _mining_info(info: MiningBaseInfo) -> MiningInfo:
    return MiningInfo(
        miner_power=TokenAmount(info.miner_power),
        network_power=TokenAmount(info.network_power),
        sectors=[_sector(sector) for sector in info.sectors],
        worker_key=info.worker_key,
        sector_size=info.sector_size,
        prev_beacon_entry=info.previous_entry,
        beacon_entries=list(info.beacon_entries),
        eligible_for_mining=info.is_eligible,
    )


def _sector(sector: SectorInfo) -> SectorToShow:
    return SectorToShow(sector.proof, sector.sector_number, None, sector.sealed_cid)


class MinerMethods:
    """The group, as a server registers and a client has it."""

    miner_get_base_info = miner_get_base_info
    miner_create_block = miner_create_block
