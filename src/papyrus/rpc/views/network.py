"""What a network is, and how much FIL circulates in it, as Lotus tells it."""

from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.init.state import State as InitState
from papyrus.actors.miner.funds import available_balance
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.multisig.state import amount_locked
from papyrus.actors.singletons import (
    BURNT_FUNDS,
    CRON,
    DATACAP,
    EAM,
    INIT,
    REWARD,
    STORAGE_MARKET,
    STORAGE_POWER,
    SYSTEM,
    VERIFIED_REGISTRY,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import ActorError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.views.miner_info import miner_state
from papyrus.rpc.views.state_at import StateAt
from papyrus.rules.network import Network
from papyrus.rules.policy import policy_of
from papyrus.types.actor import ActorState

_SAFT, _RESERVE = Address.from_id(122), Address.from_id(90)
"""Lotus' SAFT and reserve addresses, which never circulate."""

_OUTSIDE = frozenset(
    (INIT, REWARD, VERIFIED_REGISTRY, STORAGE_POWER, SYSTEM, CRON, BURNT_FUNDS, EAM, DATACAP)
) | {_SAFT, _RESERVE}

_WHOLE = frozenset(("account", "paymentchannel", "ethaccount", "evm", "placeholder"))
"""Actors all of whose balance circulates."""

_BEFORE_GENESIS = -1
"""What is said of an upgrade whose rules the network began with."""
_UNPLANNED = 9_999_999_999
"""What is said of one that has no height yet."""

_UPGRADES = {
    16: "UpgradeSkyrHeight",
    17: "UpgradeSharkHeight",
    18: "UpgradeHyggeHeight",
    19: "UpgradeLightningHeight",
    20: "UpgradeThunderHeight",
    21: "UpgradeWatermelonHeight",
    22: "UpgradeDragonHeight",
    23: "UpgradeWaffleHeight",
    24: "UpgradeTuktukHeight",
    25: "UpgradeTeepHeight",
    26: "UpgradeTockHeight",
    27: "UpgradeGoldenWeekHeight",
    28: "UpgradeFireHorseHeight",
}
"""Lotus' names of the heights, by the network version that begins after them."""


@dataclass(frozen=True, slots=True)
class NetworkParameters:
    """The constants of a network; heights that its schedule does not hold are left out."""

    network_name: str
    block_delay_secs: int
    consensus_miner_min_power: TokenAmount
    pre_commit_challenge_delay: ChainEpoch
    fork_upgrade_params: dict[str, int]
    eip_chain_id: Annotated[int, Named("Eip155ChainID")]
    genesis_timestamp: int


def network_name(state: StateAt) -> str:
    """Return the name in the init actor, by which nodes find each other."""
    return state.network.chain_name or state.record(INIT, "init", InitState).network_name


def network_parameters(network: Network, name: str) -> NetworkParameters:
    """Return the constants of a network."""
    policy = policy_of(network.actors_bundle)
    first = network.schedule.genesis_version
    heights = {row.network_version: row.height for row in network.schedule.upgrades}
    return NetworkParameters(
        network_name=name,
        block_delay_secs=network.block_delay,
        consensus_miner_min_power=TokenAmount(policy.minimum_consensus_power),
        pre_commit_challenge_delay=policy.pre_commit_challenge_delay,
        fork_upgrade_params={
            title: heights.get(version, _BEFORE_GENESIS if version <= first else _UNPLANNED)
            for version, title in _UPGRADES.items()
        },
        eip_chain_id=network.ethereum_chain_id,
        genesis_timestamp=network.genesis_timestamp,
    )


def circulating_supply(state: StateAt) -> TokenAmount:
    """Return what is in accounts, contracts and channels, and what miners and multisigs may spend.

    It is the sum over all actors that explorers show, not what the machine tells actors.
    """
    names = state.manifest().names
    total = ZERO
    for actor_id, actor in state.tree.items():
        address = Address.from_id(actor_id)
        if actor.balance and address not in _OUTSIDE:
            total += _circulating(state, address, actor, names.get(actor.code))
    return total


def _circulating(
    state: StateAt, address: Address, actor: ActorState, name: str | None
) -> TokenAmount:
    if address == STORAGE_MARKET or name in _WHOLE:
        return actor.balance
    if name == "storageminer":
        try:
            return available_balance(miner_state(state, address), actor.balance)
        except ActorError:
            # Such a miner owes more than it has: Lotus takes nothing of it to circulate.
            return ZERO
    if name == "multisig":
        own = state.record(address, "multisig", MultisigState)
        locked = amount_locked(own, state.epoch - 1 - own.start_epoch)
        return max(actor.balance - locked, ZERO)
    return ZERO
