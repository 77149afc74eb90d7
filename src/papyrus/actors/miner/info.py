"""Who a miner is: its controlling addresses, how it is reached, and who gets its funds."""

from dataclasses import replace

from papyrus.actors.common.collections import RecordShape
from papyrus.ipld.schema import I64, U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.proofs.proof_types import post_sector_size, window_post_partition_sectors
from papyrus.vm.aborts import illegal_argument

EPOCH_UNDEFINED = -1
"""Stands for no epoch: the miner has committed no consensus fault."""


@cbor_tuple
class WorkerKeyChange(Record):
    """A worker to change to."""

    new_worker: Address
    """An ID address."""
    effective_at: ChainEpoch


@cbor_tuple
class BeneficiaryTerm(Record):
    """How much a beneficiary may withdraw, and until when (FIP-0029)."""

    quota: TokenAmount
    used_quota: TokenAmount
    expiration: ChainEpoch
    """The epoch from which the rights are the owner's again."""

    def available(self, epoch: int) -> TokenAmount:
        """Return how much may still be withdrawn at an epoch."""
        if self.expiration > epoch:
            return max(self.quota - self.used_quota, ZERO)
        return ZERO


@cbor_tuple
class PendingBeneficiaryChange(Record):
    """A beneficiary that is proposed, and who has approved."""

    new_beneficiary: Address
    new_quota: TokenAmount
    new_expiration: ChainEpoch
    approved_by_beneficiary: bool
    approved_by_nominee: bool


@cbor_tuple
class MinerInfo(Record):
    """What changes seldom about a miner, in a block of its own."""

    owner: Address
    """Receives the income; may change the worker. All addresses here are IDs."""
    worker: Address
    """Signs the blocks and may send what maintains the sectors."""
    control_addresses: tuple[Address, ...]
    """May send what maintains the sectors."""
    pending_worker_key: WorkerKeyChange | None
    peer_id: bytes
    """The libp2p identity."""
    multiaddrs: tuple[bytes, ...]
    """`multi_address` in builtin-actors."""
    window_post_proof_type: I64
    sector_size: U64
    """In bytes, implied by the proof type, as is the next."""
    window_post_partition_sectors: U64
    """How many sectors one window proof covers."""
    consensus_fault_elapsed: ChainEpoch
    """Until then the miner may win no block and do little, for a consensus fault."""
    pending_owner_address: Address | None
    """A proposed owner, to be confirmed by itself."""
    beneficiary: Address
    """Where withdrawals go."""
    beneficiary_term: BeneficiaryTerm
    pending_beneficiary_term: PendingBeneficiaryChange | None

    @property
    def controllers(self) -> tuple[Address, ...]:
        """All who may maintain the sectors."""
        return (*self.control_addresses, self.worker, self.owner)

    def with_pending_worker(self, epoch: int) -> "MinerInfo":
        """Return the info with the worker that is announced, if its time has come."""
        pending = self.pending_worker_key
        if pending is None or epoch < pending.effective_at:
            return self
        return replace(self, worker=pending.new_worker, pending_worker_key=None)

    def consensus_fault_active(self, epoch: int) -> bool:
        """Return whether the miner is suspended for a consensus fault at an epoch."""
        return epoch <= self.consensus_fault_elapsed


MINER_INFO = RecordShape(MinerInfo)


def new_info(
    owner: int,
    worker: int,
    control_addresses: tuple[int, ...],
    peer_id: bytes,
    multiaddrs: tuple[bytes, ...],
    window_post_proof_type: int,
) -> MinerInfo:
    """Return the info of a new miner; aborts for a proof type that has no sector size."""
    sector_size = post_sector_size(window_post_proof_type)
    partition_sectors = window_post_partition_sectors(window_post_proof_type)
    if sector_size is None or partition_sectors is None:
        raise illegal_argument(f"unsupported proof type: {window_post_proof_type}")
    return MinerInfo(
        owner=Address.from_id(owner),
        worker=Address.from_id(worker),
        control_addresses=tuple(map(Address.from_id, control_addresses)),
        pending_worker_key=None,
        peer_id=peer_id,
        multiaddrs=multiaddrs,
        window_post_proof_type=window_post_proof_type,
        sector_size=sector_size,
        window_post_partition_sectors=partition_sectors,
        consensus_fault_elapsed=EPOCH_UNDEFINED,
        pending_owner_address=None,
        beneficiary=Address.from_id(owner),
        beneficiary_term=BeneficiaryTerm(ZERO, ZERO, 0),
        pending_beneficiary_term=None,
    )
