"""The circulating supply that the machine reports to actors (node.md 3.7, FIP-0065, FIP-0100).

It is what has vested of the genesis allocation, plus what was mined, plus what left the reserve,
less what was burnt and what power collateral locks, and never below zero. Nodes compute it from a
few totals in the state; it is not the sum over accounts that explorers show.
"""

from dataclasses import dataclass

from papyrus.ipld.blockstore import get_cbor
from papyrus.primitives.amounts import ZERO, TokenAmount, decode_bigint
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.rules.vesting import vested
from papyrus.types.actor import ActorState
from papyrus.vm.state_tree import BURNT_FUNDS_ACTOR, REWARD_ACTOR, StateTree

_POWER_ACTOR = 4
_MARKET_ACTOR = 5
_RESERVE_ACTOR = 90

_REWARD_TOTAL = 8
"""The place of TotalStoragePowerReward in the reward actor's state."""

_POWER_COLLATERAL = 4
"""The place of TotalPledgeCollateral in the power actor's state."""

_MARKET_LOCKED = (8, 9, 10)
"""The places of client collateral, provider collateral and client fees in the market's state."""


@dataclass(frozen=True, slots=True)
class CirculatingSupply:
    """The supply and its parts, in attoFIL, by Lotus' names."""

    vested: TokenAmount
    mined: TokenAmount
    burnt: TokenAmount
    locked: TokenAmount
    reserve_disbursed: TokenAmount
    """Negative where money entered the reserve."""

    @property
    def circulating(self) -> TokenAmount:
        """The total, at least zero."""
        total = self.vested + self.mined + self.reserve_disbursed - self.burnt - self.locked
        return max(total, ZERO)


def circulating_supply(network: Network, height: ChainEpoch, tree: StateTree) -> CirculatingSupply:
    """Return the supply at a height of a network, given the state there.

    LocalFault where the state lacks one of the actors it is computed from;
    UnsupportedNetworkVersion where the height is older than the rules held.
    """
    rules = network.rules_at(height)
    locked = _total(tree, _POWER_ACTOR, _POWER_COLLATERAL)
    if rules.market_collateral_is_locked:
        locked += sum(_total(tree, _MARKET_ACTOR, place) for place in _MARKET_LOCKED)
    disbursed = ZERO
    if height > network.reserve_counts_after:
        disbursed = network.reserve_at(rules) - _actor(tree, _RESERVE_ACTOR).balance
    return CirculatingSupply(
        vested=vested(network.vesting, height),
        mined=_total(tree, REWARD_ACTOR, _REWARD_TOTAL),
        burnt=_actor(tree, BURNT_FUNDS_ACTOR).balance,
        locked=locked,
        reserve_disbursed=disbursed,
    )


def _actor(tree: StateTree, actor_id: int) -> ActorState:
    actor = tree.get(actor_id)
    if actor is None:
        raise LocalFault(f"the state holds no actor {actor_id} to compute the supply from")
    return actor


def _total(tree: StateTree, actor_id: int, place: int) -> TokenAmount:
    """Return the amount at a place in an actor's state."""
    try:
        state = get_cbor(tree.store, _actor(tree, actor_id).head)
        return TokenAmount(decode_bigint(state[place]))
    except (DecodeError, IndexError, TypeError) as error:
        raise LocalFault(
            f"the state of actor {actor_id} has no amount at {place}: {error}"
        ) from error
