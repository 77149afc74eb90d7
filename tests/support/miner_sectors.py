"""Sectors of a miner for tests, and what work on one deadline needs."""

from papyrus.actors.miner.partition import Scope
from papyrus.actors.miner.quantization import NO_QUANTIZATION, QuantSpec
from papyrus.actors.miner.sectors import SECTORS, SIMPLE_QUALITY_POWER, SectorOnChainInfo, Sectors
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.primitives.amounts import ZERO, TokenAmount

SECTOR_SIZE = 32 << 30

SEAL_PROOF = 8
"""32 GiB, V1P1."""


def sealed_cid(number: int) -> Cid:
    """Return a CommR of its own for a sector."""
    return Cid.of_digest(
        number.to_bytes(32, "big"), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1
    )


def a_sector(number: int, expiration: int, **changes: int) -> SectorOnChainInfo:
    """Return a sector whose weights, pledge and fee differ from those of others."""
    return SectorOnChainInfo(
        sector_number=number,
        seal_proof=SEAL_PROOF,
        sealed_cid=sealed_cid(number),
        deprecated_deal_ids=(),
        activation=changes.get("activation", 0),
        expiration=expiration,
        deal_weight=changes.get("deal_weight", 49 + number),
        verified_deal_weight=changes.get("verified_deal_weight", (59 + number) << 32),
        initial_pledge=TokenAmount(changes.get("pledge", 999 + number)),
        expected_day_reward=None,
        expected_storage_pledge=None,
        power_base_epoch=changes.get("activation", 0),
        replaced_day_reward=None,
        sector_key_cid=None,
        flags=SIMPLE_QUALITY_POWER,
        daily_fee=TokenAmount(changes.get("daily_fee", 2_000 + 1_000 * number)),
    )


def pledge_of(sectors: list[SectorOnChainInfo]) -> TokenAmount:
    """Return the sum of sectors' pledges."""
    return sum((sector.initial_pledge for sector in sectors), ZERO)


def a_scope(
    sectors: list[SectorOnChainInfo],
    quant: QuantSpec = NO_QUANTIZATION,
    store: MemoryBlockstore | None = None,
) -> Scope:
    """Return what work on a deadline needs, on a store that holds these sectors."""
    store = MemoryBlockstore() if store is None else store
    array = SECTORS.open(store, None)
    for sector in sectors:
        array.set(sector.sector_number, sector)
    return Scope(store, Sectors(store, array.flush()), SECTOR_SIZE, quant)
