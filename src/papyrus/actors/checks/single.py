"""Which check of invariants is for which actor, by the name of its code.

Contracts are only counted: their state is theirs. Of the other actors without fields of their own
it is checked that they have none.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from papyrus.actors.account import invariants as account
from papyrus.actors.account.state import State as AccountState
from papyrus.actors.checks.between import Known, check_address, check_miner
from papyrus.actors.common.collections import RecordShape
from papyrus.actors.common.findings import Findings
from papyrus.actors.cron import invariants as cron
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.datacap import invariants as datacap
from papyrus.actors.datacap.state import State as DatacapState
from papyrus.actors.init import invariants as init
from papyrus.actors.init.state import State as InitState
from papyrus.actors.market import invariants as market
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner import invariants as miner
from papyrus.actors.miner.power import NO_POWER, PowerPair
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.multisig import invariants as multisig
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.paych import invariants as paych
from papyrus.actors.paych.state import State as ChannelState
from papyrus.actors.power import invariants as power
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward import invariants as reward
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import FIRST_NON_SINGLETON_ID
from papyrus.actors.system.state import REGISTRY
from papyrus.actors.system.state import State as SystemState
from papyrus.actors.verifreg import invariants as verifreg
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Protocol
from papyrus.rules.policy import Policy
from papyrus.types.actor import EMPTY_STATE, ActorState

R = TypeVar("R", bound=Record)


@dataclass(slots=True)
class Totals:
    """What the miners of a state add up to."""

    live_power: PowerPair = NO_POWER
    active_power: PowerPair = NO_POWER
    faulty_power: PowerPair = NO_POWER


@dataclass(slots=True)
class Checking:
    """What the check of any actor may need."""

    store: Blockstore
    policy: Policy
    epoch: int
    """The epoch after which the state is."""
    after_cron: bool
    """Whether that epoch has ended."""
    known: Known
    totals: Totals

    def read(self, kind: type[R], actor: ActorState) -> R:
        """Return an actor's own state; DecodeError where it is of no such kind."""
        return RecordShape(kind).load(self.store, actor.head)


Check = Callable[[Checking, int, ActorState, Findings], None]


def _system(checking: Checking, _actor_id: int, actor: ActorState, _findings: Findings) -> None:
    REGISTRY.load(checking.store, checking.read(SystemState, actor).builtin_actors)


def _init(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.known.init = checking.read(InitState, actor)
    init.check_state_invariants(checking.store, state, findings)


def _cron(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    cron.check_state_invariants(checking.read(CronState, actor), findings)


def _account(checking: Checking, actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.read(AccountState, actor)
    account.check_state_invariants(state, actor_id, findings)
    known = checking.known.init
    if known is not None and actor_id >= FIRST_NON_SINGLETON_ID:
        check_address(checking.store, known, actor_id, state.address, findings)


def _multisig(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.read(MultisigState, actor)
    multisig.check_state_invariants(checking.store, state, findings)


def _paych(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.read(ChannelState, actor)
    paych.check_state_invariants(checking.store, state, actor.balance, findings)


def _reward(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.known.reward = checking.read(RewardState, actor)
    epoch = checking.epoch if checking.after_cron else state.epoch - 1
    reward.check_state_invariants(state, actor.balance, epoch, findings)


def _power(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.known.power = checking.read(PowerState, actor)
    checking.known.power_summary = power.check_state_invariants(
        checking.store, state, checking.policy, findings
    )


def _market(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.known.market = checking.read(MarketState, actor)
    checking.known.market_summary = market.check_state_invariants(
        checking.store, state, actor.balance, checking.epoch + 1, findings
    )


def _registry(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.known.registry = checking.read(RegistryState, actor)
    # Claims of genesis begin in epoch 0, and its state is the one before that epoch.
    epoch = max(checking.epoch, 0)
    checking.known.registry_summary = verifreg.check_state_invariants(
        checking.store, state, epoch, checking.policy, findings
    )


def _datacap(checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    state = checking.read(DatacapState, actor)
    checking.known.tokens = datacap.check_state_invariants(checking.store, state, findings)


def _miner(checking: Checking, actor_id: int, actor: ActorState, findings: Findings) -> None:
    store, totals = checking.store, checking.totals
    state = checking.read(MinerState, actor)
    summary = miner.check_state_invariants(store, state, checking.policy, actor.balance, findings)
    totals.live_power += summary.live_power
    totals.active_power += summary.active_power
    totals.faulty_power += summary.faulty_power
    check_miner(store, checking.known, checking.epoch, actor_id, state, summary, findings)


def _stateless(_checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    findings.require(actor.head == EMPTY_STATE, f"it keeps a state: {actor.head}")


def _contract(_checking: Checking, _actor_id: int, actor: ActorState, findings: Findings) -> None:
    address = actor.delegated_address
    findings.require(
        address is not None and address.protocol is Protocol.DELEGATED,
        "a contract without a delegated address",
    )


CHECKS: dict[str, Check] = {
    "system": _system,
    "init": _init,
    "cron": _cron,
    "account": _account,
    "storagepower": _power,
    "storageminer": _miner,
    "storagemarket": _market,
    "paymentchannel": _paych,
    "multisig": _multisig,
    "reward": _reward,
    "verifiedregistry": _registry,
    "datacap": _datacap,
    "placeholder": _stateless,
    "evm": _contract,
    "eam": _stateless,
    "ethaccount": _stateless,
}
"""By name in the manifest."""
