"""The sectors that a network begins with: method 17."""

from papyrus.actors.dispatch import method
from papyrus.actors.market.params import SectorDeals
from papyrus.actors.miner.data_activation import activate_deals
from papyrus.actors.miner.emit import sector_activated
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import InternalSectorSetupForPresealParams
from papyrus.actors.miner.pledge import PledgeInputs
from papyrus.actors.miner.pre_commits import find_pre_commits
from papyrus.actors.miner.sector_activation import activate_pre_commits
from papyrus.actors.miner.state import State, load_info
from papyrus.actors.singletons import SYSTEM
from papyrus.vm.runtime import Runtime


@method(numbers.INTERNAL_SECTOR_SETUP_FOR_PRESEAL)
def internal_sector_setup_for_preseal(
    rt: Runtime, params: InternalSectorSetupForPresealParams
) -> None:
    """Take announced sectors for proven, at genesis, and activate their deals.

    Sectors that are not announced are passed over, as are those whose deals cannot be activated.
    """
    rt.require_caller(SYSTEM)
    state = rt.load(State)
    pre_commits = find_pre_commits(rt.store, state, params.sectors)
    info = load_info(rt.store, state)
    with_data, data = activate_deals(
        rt,
        [
            SectorDeals(
                pre_commit.info.sector_number,
                pre_commit.info.seal_proof,
                pre_commit.info.expiration,
                pre_commit.info.deal_ids,
            )
            for pre_commit in pre_commits
        ],
    )
    pre_commits = with_data.successes(pre_commits)
    inputs = PledgeInputs(
        network_power=params.quality_adjusted_power_smoothed,
        baseline_power=params.reward_baseline_power,
        circulating_supply=rt.circulating_supply,
        reward=params.reward_smoothed,
        epochs_since_ramp_start=0,
        ramp_duration_epochs=0,
    )
    activate_pre_commits(rt, pre_commits, data, inputs, info)
    for pre_commit, activated in zip(pre_commits, data, strict=True):
        sector = pre_commit.info
        sector_activated(rt, sector.sector_number, sector.unsealed_cid, activated.pieces)
