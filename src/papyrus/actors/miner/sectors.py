"""What a miner's state holds of each sector: while it is announced, and once it is proven."""

from collections.abc import Iterable, Sequence

from papyrus.actors.collections import Array, ArrayShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U32, U64, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, absent_before, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField

SIMPLE_QUALITY_POWER = 1
"""The flag of a sector whose power ignores when its data was added (FIP-0045)."""


@cbor_tuple
class SectorPreCommitInfo(Record):
    """A sector as it is announced."""

    seal_proof: I64
    """The registered proof type."""
    sector_number: U64
    sealed_cid: Cid
    """CommR."""
    seal_randomness_epoch: ChainEpoch
    deal_ids: tuple[U64, ...]
    expiration: ChainEpoch
    unsealed_cid: Cid | None
    """CommD, or None where the sector holds zeros only (`CompactCommD`)."""


@cbor_tuple
class SectorPreCommitOnChainInfo(Record):
    """A sector that is announced and not yet proven."""

    info: SectorPreCommitInfo
    pre_commit_deposit: TokenAmount
    pre_commit_epoch: ChainEpoch


@cbor_tuple
class SectorOnChainInfo(Record):
    """A sector that has been proven."""

    sector_number: U64
    seal_proof: I64
    """The registered seal proof, which implies those of its PoSts."""
    sealed_cid: Cid
    """CommR."""
    deprecated_deal_ids: tuple[U64, ...]
    activation: ChainEpoch
    """When its proof was accepted."""
    expiration: ChainEpoch
    deal_weight: BigInt
    """Padded bytes of unverified data times the epochs they are kept."""
    verified_deal_weight: BigInt
    initial_pledge: TokenAmount
    expected_day_reward: TokenAmount | None
    """No longer used, as are the next and `replaced_day_reward` (FIP-0098)."""
    expected_storage_pledge: TokenAmount | None
    power_base_epoch: ChainEpoch
    """When its power was last set; weights count from here."""
    replaced_day_reward: TokenAmount | None
    sector_key_cid: Cid | None
    """The CommR it was sealed with, once its replica has been updated."""
    flags: U32
    daily_fee: TokenAmount = absent_before("FIP-0100", ZERO)
    """What it pays a day while it lives (FIP-0100)."""

    @property
    def has_simple_quality_power(self) -> bool:
        """Whether its power ignores when its data was added (FIP-0045)."""
        return bool(self.flags & SIMPLE_QUALITY_POWER)


SECTORS: ArrayShape[SectorOnChainInfo] = ArrayShape(SectorOnChainInfo, 5, has_late_fields=True)
"""All proven sectors by number, until their partition is compacted after they died."""


class Sectors:
    """The sectors of a miner, read as they are asked for."""

    __slots__ = ("array",)

    array: Array[SectorOnChainInfo]

    def __init__(self, store: Blockstore, root: Cid) -> None:
        """Open the array at a root."""
        self.array = SECTORS.open(store, root)

    def get(self, number: int) -> SectorOnChainInfo | None:
        """Return a sector, or None."""
        raise NotImplementedError

    def must_get(self, number: int) -> SectorOnChainInfo:
        """Return a sector; aborts with not found where there is none."""
        raise NotImplementedError

    def load(self, numbers: BitField) -> list[SectorOnChainInfo]:
        """Return sectors in order of number; aborts with not found where one is missing."""
        raise NotImplementedError

    def put(self, sectors: Iterable[SectorOnChainInfo]) -> None:
        """Store sectors under their numbers; aborts where a number is out of range."""
        raise NotImplementedError

    def delete(self, numbers: BitField) -> None:
        """Remove sectors; aborts with not found where one is missing."""
        raise NotImplementedError

    def load_for_proof(
        self, proven: BitField, expected_faults: BitField
    ) -> list[SectorOnChainInfo]:
        """Return what a proof of sectors challenges: for each the sector, or where it is faulty
        the first that is not. Nothing where all are faulty.
        """
        raise NotImplementedError

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self.array.flush()


def select_sectors(
    sectors: Sequence[SectorOnChainInfo], numbers: BitField
) -> list[SectorOnChainInfo]:
    """Return those of the sectors with these numbers; aborts where one is not among them."""
    raise NotImplementedError
