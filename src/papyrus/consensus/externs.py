"""The chain as one execution sees it: the machine's externs, answered from stored blocks.

Every answer is about the chain that ends in the tipset being executed, also for the null rounds
before it. A worker's key is read in two steps, as Lotus does: the miner's info comes from the
state a finality before the block in question, and the address in it is made a key in the state
that the execution began with.
"""

from dataclasses import dataclass

from papyrus.consensus.chain import TipsetSource, tipset_at
from papyrus.consensus.faults import find_consensus_fault
from papyrus.consensus.lookback import lookback
from papyrus.consensus.randomness import beacon_digest, chain_digest
from papyrus.consensus.worker_keys import key_of, worker_of
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.rules.network import Network
from papyrus.types.tipset import Tipset
from papyrus.vm.externs import ConsensusFault
from papyrus.vm.state_tree import StateTree


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
        root = lookback(self.source, self.tipset, height).state_root
        try:
            worker = worker_of(StateTree(self.store, root), miner)
            return key_of(StateTree(self.store, self.state_root), worker)
        except DecodeError as error:
            raise LookupError(f"miner {miner} has no readable worker: {error}") from error
