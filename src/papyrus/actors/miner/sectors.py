"""What a miner's state holds of each sector: while it is announced, and once it is proven."""

from collections.abc import Iterable, Sequence

from papyrus.actors.common.collections import Array, ArrayShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U32, U64, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, absent_before, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import MAX_SECTOR_NUMBER
from papyrus.vm.aborts import illegal_state, not_found

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
        """Return a sector, or None; aborts with an illegal state for a number none can have."""
        try:
            return self.array.get(number)
        except IndexError as error:
            raise illegal_state(f"failed to get sector {number}: {error}") from error

    def must_get(self, number: int) -> SectorOnChainInfo:
        """Return a sector; aborts with not found where there is none."""
        sector = self.get(number)
        if sector is None:
            raise not_found(f"sector {number} not found")
        return sector

    def load(self, numbers: BitField) -> list[SectorOnChainInfo]:
        """Return sectors in order of number; aborts with not found where one is missing."""
        return [self.must_get(number) for number in numbers]

    def put(self, sectors: Iterable[SectorOnChainInfo]) -> None:
        """Store sectors under their numbers; aborts where a number is out of range."""
        for sector in sectors:
            if sector.sector_number > MAX_SECTOR_NUMBER:
                raise illegal_state(f"sector number {sector.sector_number} out of range")
            self.array.set(sector.sector_number, sector)

    def delete(self, numbers: BitField) -> None:
        """Remove sectors; aborts with not found where one is missing."""
        for number in numbers:
            if not self.array.delete(number):
                raise not_found(f"sector not found: {number}")

    def load_for_proof(
        self, proven: BitField, expected_faults: BitField
    ) -> list[SectorOnChainInfo]:
        """Return what a proof of sectors challenges, in order of number.

        A faulty sector is replaced by the first that is not; nothing is left where all are faulty.
        """
        first = (proven - expected_faults).first()
        if first is None:
            return []
        stand_in = self.must_get(first)
        return [
            stand_in if number in expected_faults else self.must_get(number) for number in proven
        ]

    def flush(self) -> Cid:
        """Write what has changed and return the root."""
        return self.array.flush()


def select_sectors(
    sectors: Sequence[SectorOnChainInfo], numbers: BitField
) -> list[SectorOnChainInfo]:
    """Return those of the sectors with these numbers; aborts where one is not among them."""
    wanted = set(numbers)
    selected = []
    for sector in sectors:
        if sector.sector_number in wanted:
            wanted.remove(sector.sector_number)
            selected.append(sector)
    if wanted:
        raise illegal_state(f"failed to find {len(wanted)} expected sectors")
    return selected
