"""The power actor's state, as far as consensus reads it, at every network version held.

Who may produce blocks, how likely, and how much a chain weighs all follow from claims of power. The
fields that say so kept their places while others came between them (the ramp of FIP-0081), so they
are read by place: the totals and counts from the front, the claims from the back.
"""

from dataclasses import dataclass

from papyrus.actors.power.state import (
    CLAIMS,
    CONSENSUS_MINER_MIN_MINERS,
    Claim,
    consensus_minimum,
)
from papyrus.ipld.blockstore import Blockstore, get_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import decode_bigint
from papyrus.primitives.errors import ActorError, DecodeError, LocalFault
from papyrus.rules.policy import Policy
from papyrus.vm.state_tree import StateTree

_POWER_ACTOR = 4

_TOTAL_QUALITY_ADJUSTED_POWER = 2
_MINERS_ABOVE_MINIMUM = 10
_CLAIMS = -2


@dataclass(frozen=True, slots=True)
class PowerTable:
    """The claims of all miners."""

    total_quality_adjusted_power: int
    """In bytes, of the miners above the minimum only, however few they are."""
    miners_above_minimum: int
    claims: Cid
    store: Blockstore

    @classmethod
    def of(cls, tree: StateTree) -> "PowerTable":
        """Return the table in a state; LocalFault where the state has none to be read."""
        actor = tree.get(_POWER_ACTOR)
        if actor is None:
            raise LocalFault("the state holds no power actor")
        try:
            state = get_cbor(tree.store, actor.head)
            return cls(
                total_quality_adjusted_power=decode_bigint(state[_TOTAL_QUALITY_ADJUSTED_POWER]),
                miners_above_minimum=int(state[_MINERS_ABOVE_MINIMUM]),
                claims=Cid(state[_CLAIMS]),
                store=tree.store,
            )
        except (DecodeError, IndexError, TypeError, ValueError) as error:
            raise LocalFault(f"the power actor's state cannot be read: {error}") from error

    def claim(self, miner: int) -> Claim | None:
        """Return a miner's power, or None where it has no claim."""
        return CLAIMS.open(self.store, self.claims).get(Address.from_id(miner))

    def meets_minimum(self, policy: Policy, claim: Claim) -> bool:
        """Return whether a claim is large enough to win blocks with.

        Where fewer than four miners reach the minimum, any claim that is not empty is. LookupError
        for a proof type that has no minimum.
        """
        try:
            minimum = consensus_minimum(policy, claim.window_post_proof_type)
        except ActorError as error:
            raise LookupError(str(error)) from error
        if claim.raw_byte_power >= minimum:
            return True
        if self.miners_above_minimum >= CONSENSUS_MINER_MIN_MINERS:
            return False
        return claim.raw_byte_power > 0
