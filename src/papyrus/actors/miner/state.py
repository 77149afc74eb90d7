"""What a miner keeps on chain.

The balance is at least the sum of deposits, locked funds and pledge; what is above it can be
withdrawn, less the fee debt. Functions on the state are by topic: funds in `funds`, numbers of
sectors in `sector_numbers`, pre-commitments in `pre_commits`, sectors and their deadlines in
`placement`, and what the end of a window does in `deadline_cron`.
"""

from dataclasses import replace
from typing import Annotated

from papyrus.actors.common.collections import UNSIGNED_KEY, ArrayShape, MapShape, RecordShape
from papyrus.actors.miner.deadline import new_deadline
from papyrus.actors.miner.deadlines import DEADLINE, DEADLINES, Deadlines
from papyrus.actors.miner.info import MINER_INFO, MinerInfo
from papyrus.actors.miner.proving_period import DeadlineInfo, deadline_info, deadline_info_at
from papyrus.actors.miner.quantization import QuantSpec
from papyrus.actors.miner.sectors import (
    SECTORS,
    SectorOnChainInfo,
    SectorPreCommitOnChainInfo,
    Sectors,
)
from papyrus.actors.miner.vesting import VestingFunds
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import Policy

PRE_COMMITTED_SECTORS: MapShape[int, SectorPreCommitOnChainInfo] = MapShape(
    UNSIGNED_KEY, SectorPreCommitOnChainInfo
)
"""Pre-committed sectors by number."""

PRE_COMMIT_CLEANUP: ArrayShape[BitField] = ArrayShape(BitField, 6)
"""Pre-committed sectors by the epoch at which they lapse."""


@cbor_transparent
class AllocatedSectors(Record):
    """All sector numbers that were ever taken."""

    numbers: BitField


ALLOCATED_SECTORS = RecordShape(AllocatedSectors)


@cbor_tuple
class State(Record):
    """A miner's funds, sectors and place in the day."""

    info: Annotated[Cid, MINER_INFO]
    pre_commit_deposits: TokenAmount
    """Locked for sectors that are announced."""
    locked_funds: TokenAmount
    """Locked because it vests."""
    vesting_funds: VestingFunds | None
    fee_debt: TokenAmount
    """Penalties that could not be paid."""
    initial_pledge: TokenAmount
    """Locked for sectors that are proven."""
    pre_committed_sectors: Annotated[Cid, PRE_COMMITTED_SECTORS]
    pre_committed_sectors_cleanup: Annotated[Cid, PRE_COMMIT_CLEANUP]
    allocated_sectors: Annotated[Cid, ALLOCATED_SECTORS]
    sectors: Annotated[Cid, SECTORS]
    proving_period_start: ChainEpoch
    """The first epoch of a proving period: the current one while cron runs for the miner."""
    current_deadline: U64
    """The deadline whose window ends next, while cron runs for the miner."""
    deadlines: Annotated[Cid, DEADLINES]
    early_terminations: BitField
    """Deadlines with terminated sectors that have not been paid for."""
    deadline_cron_active: bool

    def deadline_info(self, policy: Policy, epoch: int) -> DeadlineInfo:
        """Return the window that an epoch falls into."""
        return deadline_info_at(policy, self.proving_period_start, epoch)

    def current_proving_period_start(self, policy: Policy, epoch: int) -> int:
        """Return when the proving period started that an epoch is in."""
        return self.deadline_info(policy, epoch).period_start

    def quant_of_deadline(self, policy: Policy, index: int) -> QuantSpec:
        """Return the epochs at which sectors of a deadline expire."""
        return deadline_info(policy, self.proving_period_start, index, 0).quant

    def quant_of_every_deadline(self, policy: Policy) -> QuantSpec:
        """Return the epochs at which windows end, for pre-commitments to lapse at."""
        return QuantSpec(policy.challenge_window, self.proving_period_start)

    @property
    def continues_deadline_cron(self) -> bool:
        """Whether there is anything left that the ends of windows must see to."""
        return any((self.pre_commit_deposits, self.initial_pledge, self.locked_funds))


def new_state(
    policy: Policy, store: Blockstore, info: Cid, period_start: int, deadline: int
) -> State:
    """Return the state of a new miner without sectors and funds."""
    empty_deadline = DEADLINE.save(store, new_deadline(store))
    return State(
        info=info,
        pre_commit_deposits=ZERO,
        locked_funds=ZERO,
        vesting_funds=None,
        fee_debt=ZERO,
        initial_pledge=ZERO,
        pre_committed_sectors=PRE_COMMITTED_SECTORS.empty_root(store),
        pre_committed_sectors_cleanup=PRE_COMMIT_CLEANUP.empty_root(store),
        allocated_sectors=ALLOCATED_SECTORS.save(store, AllocatedSectors(BitField())),
        sectors=SECTORS.empty_root(store),
        proving_period_start=period_start,
        current_deadline=deadline,
        deadlines=DEADLINES.save(store, Deadlines((empty_deadline,) * policy.deadlines_in_period)),
        early_terminations=BitField(),
        deadline_cron_active=False,
    )


def load_info(store: Blockstore, state: State) -> MinerInfo:
    """Return who the miner is."""
    return MINER_INFO.load(store, state.info)


def with_info(store: Blockstore, state: State, info: MinerInfo) -> State:
    """Return the state with other info."""
    return replace(state, info=MINER_INFO.save(store, info))


def load_deadlines(store: Blockstore, state: State) -> Deadlines:
    """Return the deadlines."""
    return DEADLINES.load(store, state.deadlines)


def with_deadlines(store: Blockstore, state: State, deadlines: Deadlines) -> State:
    """Return the state with other deadlines."""
    return replace(state, deadlines=DEADLINES.save(store, deadlines))


def open_sectors(store: Blockstore, state: State) -> Sectors:
    """Return the sectors, to be read or changed and then flushed."""
    return Sectors(store, state.sectors)


def get_sector(store: Blockstore, state: State, number: int) -> SectorOnChainInfo | None:
    """Return a sector, or None."""
    return open_sectors(store, state).get(number)
