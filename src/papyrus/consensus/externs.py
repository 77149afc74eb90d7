"""The chain as one execution sees it: the machine's externs, answered from stored blocks.

Every answer is about the chain that ends in the tipset being executed, also for the null rounds
before it. A worker's key is read in two steps, as Lotus does: the miner's info comes from the
state a finality before the block in question, and the address in it is made a key in the state
that the execution began with.
"""

from dataclasses import dataclass

from papyrus.consensus.chain import TipsetSource, lookback_state, tipset_at
from papyrus.consensus.faults import find_consensus_fault
from papyrus.consensus.randomness import beacon_digest, chain_digest
from papyrus.ipld.blockstore import Blockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.rules.network import Network
from papyrus.types.actor import ActorState
from papyrus.types.tipset import Tipset
from papyrus.vm.externs import ConsensusFault
from papyrus.vm.manifest import manifest_of
from papyrus.vm.state_tree import SYSTEM_ACTOR, StateTree

_WORKER = 1
"""The place of the worker's address in a miner's info."""


@dataclass(frozen=True, slots=True)
class ChainExterns:
    """Answers for one machine."""

    source: TipsetSource
    store: Blockstore
    network: Network
    tipset: Tipset
    """The tipset being executed."""
    epoch: ChainEpoch
    """The machine's epoch: the tipset's, or that of a null round before it."""
    state_root: Cid
    """The state the machine began with."""

    def chain_randomness(self, epoch: ChainEpoch) -> bytes:
        """Return the ticket digest of an epoch; LookupError for one after the tipset."""
        return chain_digest(self.source, self.tipset, epoch)

    def beacon_randomness(self, epoch: ChainEpoch) -> bytes:
        """Return the digest of an epoch's beacon entry; LookupError where none is found."""
        return beacon_digest(self.source, self.tipset, epoch, self.network)

    def tipset_cid(self, epoch: ChainEpoch) -> Cid:
        """Return the CID of the tipset at an epoch, or of the last one before a null round."""
        return tipset_at(self.source, self.tipset, epoch, before_null=True).key.cid

    def verify_consensus_fault(
        self, first: bytes, second: bytes, extra: bytes
    ) -> ConsensusFault | None:
        """Return the fault that two headers prove, or None."""
        return find_consensus_fault(first, second, extra, self.network, self.worker_key)

    def worker_key(self, miner: int, height: ChainEpoch) -> Address:
        """Return the key that signs a miner's blocks of a height.

        LookupError where the height is more than a finality ago, where there is no such miner,
        or where its worker has no key.
        """
        if height < self.epoch - CHAIN_FINALITY:
            raise LookupError(f"height {height} is too long before epoch {self.epoch}")
        root = lookback_state(self.source, self.tipset, height)
        try:
            worker = _worker_of(StateTree(self.store, root), miner)
            return _key_of(StateTree(self.store, self.state_root), worker)
        except DecodeError as error:
            raise LookupError(f"miner {miner} has no readable worker: {error}") from error


def _worker_of(tree: StateTree, miner: int) -> Address:
    actor = tree.get(miner)
    if actor is None or not _is_actor(tree, actor, "storageminer"):
        raise LookupError(f"actor {miner} is no miner")
    info, *_ = get_cbor(tree.store, actor.head)
    return Address.from_bytes(get_cbor(tree.store, info)[_WORKER])


def _key_of(tree: StateTree, address: Address) -> Address:
    """Return the address that signatures are checked against."""
    if address.protocol in (Protocol.BLS, Protocol.SECP256K1, Protocol.DELEGATED):
        return address
    actor_id = tree.resolve(address)
    actor = None if actor_id is None else tree.get(actor_id)
    if actor is None:
        raise LookupError(f"no actor {address}")
    if actor.delegated_address is not None:
        return actor.delegated_address
    if not _is_actor(tree, actor, "account"):
        raise LookupError(f"actor {address} has no key")
    return Address.from_bytes(get_cbor(tree.store, actor.head)[0])


def _is_actor(tree: StateTree, actor: ActorState, name: str) -> bool:
    system = tree.get(SYSTEM_ACTOR)
    if system is None:
        return False
    manifest = manifest_of(load(tree.store, get_cbor(tree.store, system.head)[0]))
    return manifest.names.get(actor.code) == name
