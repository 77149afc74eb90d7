"""Pre-commitments: sectors that are announced with a deposit, proven in time or forfeited."""

from collections.abc import Iterable

from papyrus.actors.miner.sectors import SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import State
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import Policy


def put_pre_commits(
    store: Blockstore, state: State, pre_commits: Iterable[SectorPreCommitOnChainInfo]
) -> State:
    """Keep pre-commitments; aborts with an illegal state where a sector has one."""
    raise NotImplementedError


def get_pre_commit(
    store: Blockstore, state: State, number: int
) -> SectorPreCommitOnChainInfo | None:
    """Return a pre-commitment, or None."""
    raise NotImplementedError


def find_pre_commits(
    store: Blockstore, state: State, numbers: Iterable[int]
) -> list[SectorPreCommitOnChainInfo]:
    """Return the pre-commitments there are among sectors, in the order asked for."""
    raise NotImplementedError


def must_get_pre_commits(
    store: Blockstore, state: State, numbers: Iterable[int]
) -> list[SectorPreCommitOnChainInfo]:
    """Return pre-commitments in the order asked for.

    Aborts with an illegal argument for a number out of range, with not found where there is none.
    """
    raise NotImplementedError


def delete_pre_commits(store: Blockstore, state: State, numbers: Iterable[int]) -> State:
    """Remove pre-commitments; aborts with an illegal state where there is none."""
    raise NotImplementedError


def schedule_cleanups(
    store: Blockstore, state: State, policy: Policy, cleanups: Iterable[tuple[int, int]]
) -> State:
    """Have sectors looked at when their pre-commitments lapse: (epoch, sector number) pairs."""
    raise NotImplementedError


def clean_up_expired(
    store: Blockstore, state: State, policy: Policy, epoch: int
) -> tuple[State, TokenAmount]:
    """Remove the pre-commitments that have lapsed; return also their deposits, to be burnt."""
    raise NotImplementedError
