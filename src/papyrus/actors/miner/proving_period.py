"""The proving period: a day in 48 windows, in each of which one deadline's sectors are proven.

A window is the half-open range [open, close) of epochs; what it is challenged with is drawn from a
few epochs before it opens, and faults can be declared until a little before that (spec 2.6.2).
Windows follow from the epoch and the period's offset alone, whether cron runs for the miner or not.
"""

from collections.abc import Callable
from dataclasses import dataclass

from papyrus.actors.common.integers import truncated_quotient, truncated_remainder
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.primitives.address import Address
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.payloads import encoded


@dataclass(frozen=True, slots=True)
class DeadlineInfo:
    """A deadline's window in one proving period, seen from an epoch."""

    policy: Policy
    current_epoch: int
    period_start: int
    index: int
    """Below `policy.deadlines_in_period`, or that number for the end of the period."""
    open: int
    """The first epoch at which a proof may be submitted."""
    close: int
    """The first epoch at which none may."""
    challenge: int
    """The epoch whose randomness the challenge is drawn from."""
    fault_cutoff: int
    """The first epoch at which faults of its sectors can no longer be declared."""

    @property
    def period_started(self) -> bool:
        """Whether the proving period has begun."""
        return self.current_epoch >= self.period_start

    @property
    def next_period_start(self) -> int:
        """The first epoch of the next proving period."""
        return self.period_start + self.policy.proving_period

    @property
    def is_open(self) -> bool:
        """Whether a proof may be submitted now."""
        return self.open <= self.current_epoch < self.close

    @property
    def has_elapsed(self) -> bool:
        """Whether the window is over."""
        return self.current_epoch >= self.close

    @property
    def last(self) -> int:
        """The last epoch at which a proof may be submitted."""
        return self.close - 1

    @property
    def fault_cutoff_passed(self) -> bool:
        """Whether faults can no longer be declared."""
        return self.current_epoch >= self.fault_cutoff

    @property
    def quant(self) -> QuantSpec:
        """The last epochs of this deadline's windows, at which its sectors expire."""
        return QuantSpec(self.policy.proving_period, self.last)

    def next_not_elapsed(self) -> "DeadlineInfo":
        """Return this deadline's window in the first period in which it is not over."""
        if not self.has_elapsed:
            return self
        period = self.policy.proving_period
        periods = 1 + (self.current_epoch - self.close) // period
        start = self.period_start + period * periods
        return deadline_info(self.policy, start, self.index, self.current_epoch)


def deadline_info(
    policy: Policy, period_start: int, index: int, current_epoch: int
) -> DeadlineInfo:
    """Return a deadline's window in the period that starts at an epoch."""
    if index < policy.deadlines_in_period:
        opens = period_start + index * policy.challenge_window
        return DeadlineInfo(
            policy=policy,
            current_epoch=current_epoch,
            period_start=period_start,
            index=index,
            open=opens,
            close=opens + policy.challenge_window,
            challenge=opens - policy.challenge_lookback,
            fault_cutoff=opens - policy.fault_declaration_cutoff,
        )
    end = period_start + policy.proving_period
    return DeadlineInfo(
        policy=policy,
        current_epoch=current_epoch,
        period_start=period_start,
        index=index,
        open=end,
        close=end,
        challenge=end,
        fault_cutoff=0,
    )


def deadline_info_at(policy: Policy, period_start_seed: int, current_epoch: int) -> DeadlineInfo:
    """Return the window that an epoch falls into, given when any period of the miner started."""
    quant = QuantSpec(policy.proving_period, period_start_seed)
    start = quant.quantize_down(current_epoch)
    return deadline_info(
        policy, start, current_deadline_index(policy, current_epoch, start), current_epoch
    )


def deadline_is_mutable(policy: Policy, period_start: int, index: int, current_epoch: int) -> bool:
    """Return whether a deadline's sectors may change: it is not proven now, nor is it next."""
    window = deadline_info(policy, period_start, index, current_epoch).next_not_elapsed()
    return current_epoch < window.open - policy.challenge_window


def deadline_available_for_dispute(
    policy: Policy, period_start: int, index: int, current_epoch: int
) -> bool:
    """Return whether proofs of a deadline's last window can be disputed.

    They can while the window after them is not open, and not once the deadline may have been
    compacted (FIP-0010).
    """
    if period_start > current_epoch:
        return False
    window = deadline_info(policy, period_start, index, current_epoch).next_not_elapsed()
    return (
        not window.is_open
        and current_epoch < window.close - policy.proving_period + policy.dispute_window
    )


def deadline_available_for_compaction(
    policy: Policy, period_start: int, index: int, current_epoch: int
) -> bool:
    """Return whether a deadline may be compacted: it is mutable and nothing can be disputed."""
    return deadline_is_mutable(
        policy, period_start, index, current_epoch
    ) and not deadline_available_for_dispute(policy, period_start, index, current_epoch)


def declaration_window(
    policy: Policy, period_start: int, index: int, current_epoch: int
) -> DeadlineInfo:
    """Return the window that a declaration of faults or recoveries is for: the next not over.

    Aborts as an illegal argument where there is no such deadline.
    """
    if index >= policy.deadlines_in_period:
        raise illegal_argument(f"invalid deadline {index}, must be < {policy.deadlines_in_period}")
    return deadline_info(policy, period_start, index, current_epoch).next_not_elapsed()


def proving_period_offset(
    policy: Policy, miner: Address, current_epoch: int, blake2b_256: Callable[[bytes], bytes]
) -> int:
    """Return where in the day a new miner's periods start, by the hash of its address and epoch."""
    digest = blake2b_256(encoded(Address, miner) + current_epoch.to_bytes(8, "big", signed=True))
    return int.from_bytes(digest[:8], "big") % policy.proving_period


def first_period_start(policy: Policy, current_epoch: int, offset: int) -> int:
    """Return when the proving period began that an epoch is in, given the offset in the day."""
    into_day = truncated_remainder(current_epoch, policy.proving_period)
    progress = (
        into_day - offset if into_day >= offset else policy.proving_period + into_day - offset
    )
    return current_epoch - progress


def current_deadline_index(policy: Policy, current_epoch: int, period_start: int) -> int:
    """Return which deadline's window an epoch falls into, in the period that began at an epoch."""
    return truncated_quotient(current_epoch - period_start, policy.challenge_window)
