"""Deadlines that pass one by one, each with cron at its end, and how a miner's sectors fare."""

from dataclasses import dataclass, replace

from network import claims_of
from upkeep import (
    NOWHERE,
    POLICY,
    WORKER,
    Claimed,
    deadline,
    go_to,
    go_to_window,
    honest,
    miner_state,
    new_miner,
    next_window,
    onboard,
    partition,
    place,
    put_state,
    skipping,
    submit,
    tick,
    wait,
    window,
)

from papyrus.actors.miner.deadline import POST_SUBMISSIONS
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import DisputeWindowedPoStParams
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsRecoveredParams,
    ExpirationExtension2,
    ExtendSectorExpiration2Params,
    RecoveryDeclaration,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.ipld.blockstore import load
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.bitfield import BitField

# Time.


def end_deadline(vm, miner):
    """Let the deadline end that is open."""
    go_to(vm, window(vm, miner).last)
    tick(vm)
    wait(vm, 1)


def pass_to(vm, miner, index):
    """Let deadlines end until one is open, and return its window."""
    while (found := window(vm, miner)).index != index:
        end_deadline(vm, miner)
    return found


def pass_by(vm, miner, index):
    """Let deadlines end until one has, and is no longer open."""
    pass_to(vm, miner, index)
    end_deadline(vm, miner)


def pass_until(vm, miner, epoch):
    """Let deadlines end that end before an epoch, and let it be that epoch."""
    while window(vm, miner).close < epoch:
        end_deadline(vm, miner)
    go_to(vm, epoch)


def keep_proving(vm, miner, number, epoch):
    """Prove a sector whenever its deadline comes until an epoch, with cron at no other times.

    Nothing but this sector is to be seen to.
    """
    index, _ = place(vm, miner, number)
    while (found := next_window(vm, miner, index)).close <= epoch:
        prove_deadline(vm, miner, index)
        go_to(vm, found.last)
        tick(vm)
        wait(vm, 1)
    go_to(vm, epoch)


# Messages.


def prove_deadline(vm, miner, index):
    """Prove all partitions of a deadline, with proofs that hold, in its next window."""
    go_to_window(vm, miner, index)
    count = 0
    while partition(vm, miner, index, count) is not None:
        count += 1
    most = POLICY.posted_partitions_max
    for first in range(0, count, most):
        covered = range(first, min(first + most, count))
        claimed = honest(vm, miner, Claimed(index, tuple(map(skipping, covered))))
        outcome = submit(vm, miner, claimed)
        assert outcome.code == 0, outcome.failure


def prove_sectors(vm, miner, sectors):
    """Prove sectors in the next window of each of their deadlines, until the last has ended."""
    left = {place(vm, miner, number)[0] for number in sectors}
    while left:
        index = window(vm, miner).index
        if index in left:
            prove_deadline(vm, miner, index)
            left.remove(index)
        end_deadline(vm, miner)


def active_sectors(vm, miner, sectors, expiration=None):
    """Onboard sectors without data and prove each in its first window; return their deadlines."""
    onboard(vm, miner, sectors, expiration)
    tick(vm)
    assert not any(is_active(vm, miner, number) for number in sectors)
    prove_sectors(vm, miner, sectors)
    assert all(is_active(vm, miner, number) for number in sectors)
    return [place(vm, miner, number)[0] for number in sectors]


def dispute(vm, miner, index, sender=WORKER):
    """Dispute the first proof of a deadline's last window and return the outcome."""
    params = DisputeWindowedPoStParams(index, 0)
    return vm.send(sender.id, miner, numbers.DISPUTE_WINDOWED_POST, params)


def recover(vm, miner, index, *sectors, number=0):
    """Declare that faulty sectors of a partition can be proven again."""
    declared = RecoveryDeclaration(index, number, BitField.from_bits(sectors))
    params = DeclareFaultsRecoveredParams((declared,))
    vm.ok(WORKER.id, miner, numbers.DECLARE_FAULTS_RECOVERED, params)


def end_sectors(vm, miner, index, *sectors, number=0):
    """Give sectors of a partition up and return the outcome."""
    declared = TerminationDeclaration(index, number, BitField.from_bits(sectors))
    params = TerminateSectorsParams((declared,))
    return vm.send(WORKER.id, miner, numbers.TERMINATE_SECTORS, params)


def extend(vm, miner, number, expiration, *claims):
    """Let a sector last longer, with what becomes of its claims if it has any; return the outcome.

    `claims` is a `SectorClaim`, or nothing.
    """
    index, found = place(vm, miner, number)
    sectors = NOWHERE if claims else BitField.from_bits([number])
    extension = ExpirationExtension2(index, found, sectors, claims, expiration)
    params = ExtendSectorExpiration2Params((extension,))
    return vm.send(WORKER.id, miner, numbers.EXTEND_SECTOR_EXPIRATION_2, params)


# Looking at a miner and at the network.


def is_active(vm, miner, number):
    """Return whether a sector counts."""
    return number in partition(vm, miner, *place(vm, miner, number)).active_sectors


def is_faulty(vm, miner, number):
    """Return whether a sector is faulty."""
    return number in partition(vm, miner, *place(vm, miner, number)).faults


def claimed_power(vm, miner):
    """Return the power that a miner has claimed."""
    claim = claims_of(vm.one)[miner]
    return PowerPair(claim.raw_byte_power, claim.quality_adjusted_power)


def submissions(vm, miner, index):
    """Return how many proofs a deadline has got in the window that is open."""
    root = deadline(vm, miner, index).optimistic_post_submissions
    return len(POST_SUBMISSIONS.open(vm.one.machine.store, root))


@dataclass(frozen=True)
class Committed:
    """What the network has, in bytes and attoFIL."""

    raw: int = 0
    quality_adjusted: int = 0
    pledge: int = 0


def committed(vm):
    """Return what all miners have committed, whether above the minimum or not.

    The pledge that the network has without any miner is left out.
    """
    state = vm.one.state(STORAGE_POWER.id, PowerState)
    others = _initial_power(vm.one).total_pledge_collateral
    return Committed(
        state.total_bytes_committed,
        state.total_quality_adjusted_bytes_committed,
        int(state.total_pledge_collateral - others),
    )


def _initial_power(one):
    """Return the state of the power actor as it was put in, before the first message."""
    return PowerState.from_cbor(load(one.base, one.actors[STORAGE_POWER.id].head))


def locked(vm, miner):
    """Return a miner's deposits for announced sectors and its pledge for proven ones."""
    state = miner_state(vm, miner)
    return int(state.pre_commit_deposits), int(state.initial_pledge)


# Changing a state by hand.


def put_miner(vm):
    """Have a miner made whose deposit (FIP-0077) is its own at once, and return its ID.

    While it vests, the deposit lowers the network's pledge, to which it was never added.
    """
    miner = new_miner(vm)
    put_state(vm, miner, lambda _, state: replace(state, locked_funds=ZERO, vesting_funds=None))
    return miner
