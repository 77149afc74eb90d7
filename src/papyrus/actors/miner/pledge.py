"""What a sector's pledge is computed from: the network's reward, power and supply at an epoch."""

from dataclasses import dataclass

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.miner.monies import initial_pledge_for_power
from papyrus.actors.power.calls import current_total_power
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PledgeInputs:
    """The state of the network, as far as pledge depends on it."""

    network_power: FilterEstimate
    """Quality-adjusted bytes."""
    baseline_power: int
    """Bytes."""
    circulating_supply: TokenAmount
    reward: FilterEstimate
    """AttoFIL of an epoch."""
    epochs_since_ramp_start: int
    ramp_duration_epochs: int

    def initial_pledge(self, power: int) -> TokenAmount:
        """Return the pledge for so many quality-adjusted bytes."""
        return initial_pledge_for_power(
            power,
            self.baseline_power,
            self.reward,
            self.network_power,
            self.circulating_supply,
            self.epochs_since_ramp_start,
            self.ramp_duration_epochs,
        )


def current_pledge_inputs(rt: Runtime) -> PledgeInputs:
    """Ask the reward and power actors, in this order, how the network does."""
    reward = this_epoch_reward(rt)
    power = current_total_power(rt)
    return PledgeInputs(
        network_power=power.quality_adjusted_power_smoothed,
        baseline_power=reward.baseline_power,
        circulating_supply=rt.circulating_supply,
        reward=reward.reward_smoothed,
        epochs_since_ramp_start=rt.epoch - power.ramp_start_epoch,
        ramp_duration_epochs=power.ramp_duration_epochs,
    )
