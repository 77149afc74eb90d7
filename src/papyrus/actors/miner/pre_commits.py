"""Pre-commitments: sectors that are announced with a deposit, proven in time or forfeited."""

from collections.abc import Iterable
from dataclasses import replace

from papyrus.actors.miner.epoch_queue import BitfieldQueue
from papyrus.actors.miner.sectors import SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import PRE_COMMIT_CLEANUP, PRE_COMMITTED_SECTORS, State
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import MAX_SECTOR_NUMBER, Policy
from papyrus.vm.aborts import illegal_argument, illegal_state, not_found


def put_pre_commits(
    store: Blockstore, state: State, pre_commits: Iterable[SectorPreCommitOnChainInfo]
) -> State:
    """Keep pre-commitments; aborts with an illegal state where a sector has one."""
    kept = PRE_COMMITTED_SECTORS.open(store, state.pre_committed_sectors)
    for pre_commit in pre_commits:
        number = pre_commit.info.sector_number
        if not kept.set_if_absent(number, pre_commit):
            raise illegal_state(f"sector {number} already pre-commited")
    return replace(state, pre_committed_sectors=kept.flush())


def find_pre_commits(
    store: Blockstore, state: State, numbers: Iterable[int]
) -> list[SectorPreCommitOnChainInfo]:
    """Return the pre-commitments there are among sectors, in the order asked for."""
    kept = PRE_COMMITTED_SECTORS.open(store, state.pre_committed_sectors)
    found = (kept.get(number) for number in numbers)
    return [pre_commit for pre_commit in found if pre_commit is not None]


def must_get_pre_commits(
    store: Blockstore, state: State, numbers: Iterable[int]
) -> list[SectorPreCommitOnChainInfo]:
    """Return pre-commitments in the order asked for.

    Aborts with an illegal argument for a number out of range, with not found where there is none.
    """
    kept = PRE_COMMITTED_SECTORS.open(store, state.pre_committed_sectors)
    pre_commits = []
    for number in numbers:
        if number > MAX_SECTOR_NUMBER:
            raise illegal_argument("sector number greater than maximum")
        pre_commit = kept.get(number)
        if pre_commit is None:
            raise not_found(f"sector {number} not found")
        pre_commits.append(pre_commit)
    return pre_commits


def delete_pre_commits(store: Blockstore, state: State, numbers: Iterable[int]) -> State:
    """Remove pre-commitments; aborts with an illegal state where there is none."""
    kept = PRE_COMMITTED_SECTORS.open(store, state.pre_committed_sectors)
    for number in numbers:
        if kept.delete(number) is None:
            raise illegal_state(f"sector {number} not pre-committed")
    return replace(state, pre_committed_sectors=kept.flush())


def schedule_cleanups(
    store: Blockstore, state: State, policy: Policy, cleanups: Iterable[tuple[int, int]]
) -> State:
    """Have sectors looked at when their pre-commitments lapse: (epoch, sector number) pairs."""
    queue = _cleanup_queue(store, state, policy)
    queue.add_many(cleanups)
    return replace(state, pre_committed_sectors_cleanup=queue.flush())


def clean_up_expired(
    store: Blockstore, state: State, policy: Policy, epoch: int
) -> tuple[State, TokenAmount]:
    """Remove the pre-commitments that have lapsed; return also their deposits, to be burnt."""
    queue = _cleanup_queue(store, state, policy)
    numbers = queue.pop_until(epoch) or BitField()
    expired = find_pre_commits(store, state, numbers)
    deposits = TokenAmount(sum(pre_commit.pre_commit_deposit for pre_commit in expired))
    after = replace(
        delete_pre_commits(store, state, [pre_commit.info.sector_number for pre_commit in expired]),
        pre_committed_sectors_cleanup=queue.flush(),
        pre_commit_deposits=state.pre_commit_deposits - deposits,
    )
    if after.pre_commit_deposits < 0:
        raise illegal_state(
            f"pre-commit clean up caused negative deposits: {after.pre_commit_deposits}"
        )
    return after, deposits


def _cleanup_queue(store: Blockstore, state: State, policy: Policy) -> BitfieldQueue:
    array = PRE_COMMIT_CLEANUP.open(store, state.pre_committed_sectors_cleanup)
    return BitfieldQueue(array, state.quant_of_every_deadline(policy))
