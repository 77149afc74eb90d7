"""What a miner has the power actor wake it for: the ends of windows, and terminations left over."""

from papyrus.actors.miner.params.numbers import (
    CRON_EVENT_PROCESS_EARLY_TERMINATIONS,
    CRON_EVENT_PROVING_DEADLINE,
)
from papyrus.actors.miner.params.proving import CronEventPayload
from papyrus.actors.power.calls import enroll_cron_event
from papyrus.vm.runtime import Runtime


def enroll_proving_deadline(rt: Runtime, epoch: int) -> None:
    """Have the miner woken at the last epoch of a window."""
    enroll_cron_event(rt, epoch, CronEventPayload(CRON_EVENT_PROVING_DEADLINE).to_cbor())


def enroll_early_terminations(rt: Runtime) -> None:
    """Have the miner woken in the next epoch to pay for more terminated sectors."""
    payload = CronEventPayload(CRON_EVENT_PROCESS_EARLY_TERMINATIONS)
    enroll_cron_event(rt, rt.epoch + 1, payload.to_cbor())
