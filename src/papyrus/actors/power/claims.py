"""How miners' power enters the totals of the network, and how it leaves them."""

from dataclasses import replace

from papyrus.actors.common.collections import Map
from papyrus.actors.common.integers import checked_i64
from papyrus.actors.power.state import CLAIMS, Claim, State, consensus_minimum
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Address
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_state, not_found


class Ledger:
    """The claims and totals while they are changed.

    A change that fails leaves the totals as far as it got: cron goes on after such a failure and
    writes them so.
    """

    def __init__(self, store: Blockstore, state: State, policy: Policy) -> None:
        """Begin with a state."""
        self._state = state
        self._policy = policy
        self.claims: Map[Address, Claim] = CLAIMS.open(store, state.claims)

    def finish(self) -> State:
        """Write the claims and return the state with them and the totals."""
        return replace(self._state, claims=self.claims.flush())

    def add_miner(self, miner: Address, window_post_proof_type: int) -> None:
        """Claim no power for a new miner."""
        self.claims.set(miner, Claim(window_post_proof_type, 0, 0))
        state = self._state
        self._state = state = replace(state, miner_count=checked_i64(state.miner_count + 1))
        if consensus_minimum(self._policy, window_post_proof_type) <= 0:
            self._count_above_minimum(1)

    def add_power(self, miner: Address, raw: int, quality_adjusted: int) -> None:
        """Add to a miner's claim, in bytes; its counting follows its crossing of the minimum."""
        old = self.claims.get(miner)
        if old is None:
            raise not_found(f"no claim for actor {miner}")
        state = self._state
        self._state = replace(
            state,
            total_quality_adjusted_bytes_committed=(
                state.total_quality_adjusted_bytes_committed + quality_adjusted
            ),
            total_bytes_committed=state.total_bytes_committed + raw,
        )
        new = replace(
            old,
            raw_byte_power=old.raw_byte_power + raw,
            quality_adjusted_power=old.quality_adjusted_power + quality_adjusted,
        )
        minimum = consensus_minimum(self._policy, old.window_post_proof_type)
        counted, counts = old.raw_byte_power >= minimum, new.raw_byte_power >= minimum
        if counts and not counted:
            self._count_above_minimum(1)
            self._add_to_totals(new.raw_byte_power, new.quality_adjusted_power)
        elif counted and not counts:
            self._count_above_minimum(-1)
            self._add_to_totals(-old.raw_byte_power, -old.quality_adjusted_power)
        elif counted:
            self._add_to_totals(raw, quality_adjusted)

        if new.raw_byte_power < 0:
            raise illegal_state(f"negative claimed raw byte power: {new.raw_byte_power}")
        if new.quality_adjusted_power < 0:
            raise illegal_state(
                f"negative claimed quality adjusted power: {new.quality_adjusted_power}"
            )
        if self._state.miner_above_minimum_power_count < 0:
            raise illegal_state(
                "negative amount of miners larger than min: "
                f"{self._state.miner_above_minimum_power_count}"
            )
        self.claims.set(miner, new)

    def delete(self, miner: Address) -> None:
        """Take a miner's power and claim away, if it has a claim."""
        claim = self.claims.get(miner)
        if claim is not None:
            self.add_power(miner, -claim.raw_byte_power, -claim.quality_adjusted_power)
            self.claims.delete(miner)

    def forget_miner(self) -> None:
        """Count one miner less."""
        count = checked_i64(self._state.miner_count - 1)
        self._state = replace(self._state, miner_count=count)

    def _count_above_minimum(self, change: int) -> None:
        count = checked_i64(self._state.miner_above_minimum_power_count + change)
        self._state = replace(self._state, miner_above_minimum_power_count=count)

    def _add_to_totals(self, raw: int, quality_adjusted: int) -> None:
        state = self._state
        self._state = replace(
            state,
            total_raw_byte_power=state.total_raw_byte_power + raw,
            total_quality_adjusted_power=state.total_quality_adjusted_power + quality_adjusted,
        )
