"""What a genesis holds, for people: who has what, which miners there are, and the totals."""

from dataclasses import dataclass

from papyrus.actors.account.state import State as AccountState
from papyrus.actors.init.state import State as InitState
from papyrus.actors.market import state as market
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.sectors import SECTORS
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.power import state as power
from papyrus.genesis.reading import GenesisState
from papyrus.genesis.sectors import is_simulated
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.actor_codes import release_of
from papyrus.types.actor import ActorState


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """An account."""

    actor_id: int
    address: Address
    balance: TokenAmount


@dataclass(frozen=True, slots=True)
class HeldMultisig:
    """A multisig."""

    actor_id: int
    signers: tuple[Address, ...]
    """Their ID addresses."""
    threshold: int
    balance: TokenAmount
    vesting_start: int
    vesting_duration: int


@dataclass(frozen=True, slots=True)
class HeldMiner:
    """A miner."""

    actor_id: int
    owner: Address
    worker: Address
    """Both ID addresses."""
    sector_size: int
    sectors: int
    simulated: int
    """How many of them nobody has sealed."""
    raw_power: int
    quality_adjusted_power: int
    """In bytes, as the miner claims them."""
    balance: TokenAmount
    period_start: int
    """The epoch at which its first proving period begins, or began."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A genesis."""

    cid: Cid
    state_root: Cid
    timestamp: int
    network_name: str
    release: tuple[int, str] | None
    """The version of the actors and the build, or None where no release is like it."""
    code_missing: int
    """How many of the actors' codes are not among the blocks."""
    actors: int
    accounts: tuple[HeldAccount, ...]
    multisigs: tuple[HeldMultisig, ...]
    miners: tuple[HeldMiner, ...]
    deals: int
    raw_power: int
    quality_adjusted_power: int
    """Of the network, in bytes."""
    reward_balance: TokenAmount
    """What is left to be mined."""
    total: TokenAmount
    """Of all balances."""


def contents_of(state: GenesisState) -> Contents:
    """Return what a genesis holds."""
    network_power = state.load(4, power.State)
    deals = state.load(5, market.State)
    return Contents(
        cid=state.cid,
        state_root=state.header.parent_state_root,
        timestamp=state.header.timestamp,
        network_name=state.load(1, InitState).network_name,
        release=release_of(state.codes),
        code_missing=sum(not state.store.has(code) for code in state.codes.values()),
        actors=len(state.actors),
        accounts=tuple(_account(state, *row) for row in _actors(state, "account")),
        multisigs=tuple(_multisig(state, *row) for row in _actors(state, "multisig")),
        miners=tuple(_miner(state, network_power, *row) for row in _actors(state, "storageminer")),
        deals=len(market.PROPOSALS.open(state.store, deals.proposals)),
        raw_power=network_power.total_raw_byte_power,
        quality_adjusted_power=network_power.total_quality_adjusted_power,
        reward_balance=state.actors[2].balance,
        total=TokenAmount(sum(actor.balance for actor in state.actors.values())),
    )


def _actors(state: GenesisState, name: str) -> list[tuple[int, ActorState]]:
    return [(actor_id, state.actors[actor_id]) for actor_id in state.of_type(name)]


def _account(state: GenesisState, actor_id: int, actor: ActorState) -> HeldAccount:
    return HeldAccount(actor_id, state.load(actor_id, AccountState).address, actor.balance)


def _multisig(state: GenesisState, actor_id: int, actor: ActorState) -> HeldMultisig:
    multisig = state.load(actor_id, MultisigState)
    return HeldMultisig(
        actor_id=actor_id,
        signers=multisig.signers,
        threshold=multisig.approvals_threshold,
        balance=actor.balance,
        vesting_start=multisig.start_epoch,
        vesting_duration=multisig.unlock_duration,
    )


def _miner(
    state: GenesisState, network_power: power.State, actor_id: int, actor: ActorState
) -> HeldMiner:
    miner = state.load(actor_id, MinerState)
    info = state.load_record(miner.info, MinerInfo)
    sectors = SECTORS.open(state.store, miner.sectors)
    claim = power.CLAIMS.open(state.store, network_power.claims).get(Address.from_id(actor_id))
    return HeldMiner(
        actor_id=actor_id,
        owner=info.owner,
        worker=info.worker,
        sector_size=info.sector_size,
        sectors=len(sectors),
        simulated=sum(is_simulated(sector.sealed_cid) for _, sector in sectors.items()),
        raw_power=claim.raw_byte_power if claim else 0,
        quality_adjusted_power=claim.quality_adjusted_power if claim else 0,
        balance=actor.balance,
        period_start=miner.proving_period_start,
    )
