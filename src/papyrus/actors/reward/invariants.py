"""What holds of the reward actor at the end of an epoch."""

from papyrus.actors.common.findings import Findings
from papyrus.actors.reward.minting import BASELINE_TOTAL, SIMPLE_TOTAL
from papyrus.actors.reward.state import State
from papyrus.primitives.amounts import TokenAmount

STORAGE_MINING_ALLOCATION = TokenAmount(SIMPLE_TOTAL + BASELINE_TOTAL)
"""What the actor holds at genesis, in attoFIL."""


def check_state_invariants(
    state: State,
    balance: TokenAmount,
    prior_epoch: int,
    findings: Findings,
    *,
    allocation: TokenAmount = STORAGE_MINING_ALLOCATION,
) -> None:
    """Note what is wrong with the reward actor after an epoch whose cron has run."""
    # Anyone can send funds to the actor, so there may be more than there was.
    findings.require(
        state.total_storage_power_reward + balance >= allocation,
        f"reward given {state.total_storage_power_reward} + reward left {balance} "
        f"< storage mining allocation {allocation}",
    )
    findings.require(
        state.epoch == prior_epoch + 1,
        f"reward state epoch {state.epoch} does not match prior_epoch+1 {prior_epoch + 1}",
    )
    findings.require(
        state.effective_network_time <= state.epoch,
        f"effective network time {state.effective_network_time} "
        f"greater than state epoch {state.epoch}",
    )
    findings.require(
        state.cumulative_realized <= state.cumulative_baseline,
        f"cumsum realized {state.cumulative_realized} > "
        f"cumsum baseline {state.cumulative_baseline}",
    )
    findings.require(
        state.cumulative_realized >= 0, f"cumsum realized negative ({state.cumulative_realized})"
    )
