"""How other actors call the market."""

from collections.abc import Iterable

from papyrus.actors.market.params import (
    BATCH_ACTIVATE_DEALS,
    ON_MINER_SECTORS_TERMINATE,
    VERIFY_DEALS_FOR_ACTIVATION,
    BatchActivateDealsParams,
    BatchActivateDealsResult,
    OnMinerSectorsTerminateParams,
    SectorDeals,
    VerifyDealsForActivationParams,
    VerifyDealsForActivationReturn,
)
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.ipld.cid import Cid
from papyrus.primitives.bitfield import BitField
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


def verify_deals_for_activation(
    rt: Runtime, sectors: Iterable[SectorDeals]
) -> tuple[Cid | None, ...]:
    """Return the commitment to each sector's data, None for one without deals.

    Aborts where a deal cannot be activated in its sector by the calling miner.
    """
    params = VerifyDealsForActivationParams(tuple(sectors))
    answer = rt.send(STORAGE_MARKET, VERIFY_DEALS_FOR_ACTIVATION, params)
    return read_return(VerifyDealsForActivationReturn, answer).unsealed_cids


def batch_activate_deals(
    rt: Runtime, sectors: Iterable[SectorDeals], *, compute_cid: bool
) -> BatchActivateDealsResult:
    """Activate the deals of each sector, or none of that sector's, and return which."""
    params = BatchActivateDealsParams(tuple(sectors), compute_cid)
    answer = rt.send(STORAGE_MARKET, BATCH_ACTIVATE_DEALS, params)
    return read_return(BatchActivateDealsResult, answer)


def on_miner_sectors_terminate(rt: Runtime, epoch: int, sectors: BitField) -> None:
    """Terminate the deals in sectors of the calling miner; abort where that fails."""
    params = OnMinerSectorsTerminateParams(epoch, sectors)
    rt.send(STORAGE_MARKET, ON_MINER_SECTORS_TERMINATE, params)
