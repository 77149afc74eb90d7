"""What the end of a window does to a miner, and how terminated sectors are taken to be paid for."""

from dataclasses import dataclass

from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.state import State
from papyrus.actors.miner.termination_result import TerminationResult
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class AdvanceDeadlineResult:
    """What the end of a window has changed."""

    pledge_delta: TokenAmount = ZERO
    """Not positive: the pledge of sectors that expired on time."""
    power_delta: PowerPair = NO_POWER
    """Of the active power; not positive."""
    previously_faulty_power: PowerPair = NO_POWER
    """Faulty before, recovering or not."""
    detected_faulty_power: PowerPair = NO_POWER
    """What became faulty, and what should have recovered."""
    total_faulty_power: PowerPair = NO_POWER
    """Faulty after that and before expirations."""
    daily_fee: TokenAmount = ZERO
    """What the deadline's sectors pay for the day (FIP-0100)."""
    live_power: PowerPair = NO_POWER
    """Of the deadline, whatever the state of its sectors."""


def advance_deadline(
    store: Blockstore, state: State, policy: Policy, epoch: int
) -> tuple[State, AdvanceDeadlineResult]:
    """End the window of the current deadline: find faults, let sectors expire, move on."""
    raise NotImplementedError


def pop_early_terminations(
    store: Blockstore, state: State, policy: Policy, max_partitions: int, max_sectors: int
) -> tuple[State, TerminationResult, bool]:
    """Take some sectors that have terminated early and not been paid for.

    Returns also whether there are more.
    """
    raise NotImplementedError
