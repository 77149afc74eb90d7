"""Whether a miner may make blocks at all, before luck is asked (spec 4.20, node.md 3.3).

Its power must reach the minimum in the past by which the block is judged, and it must be in good
standing in the state its block builds on: power left, no unpaid fees, no consensus fault that
still bars it.

Quirk: the minimum is looked up in the state that the lookback tipset began with, one tipset before
the state from which power for the election is taken.
"""

from papyrus.consensus.lookback import Lookback
from papyrus.consensus.miner_states import MinerState
from papyrus.consensus.power_table import PowerTable
from papyrus.consensus.verdicts import Fault
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.network import Network
from papyrus.rules.policy import policy_of
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree


def require_eligible(
    miner: int, base: Tipset, past: Lookback, network: Network, store: Blockstore
) -> None:
    """Refuse a miner that may not make a block with these parents, with Invalid.

    LookupError where it has no claim in the lookback state or no actor in the parents' state.
    """
    _require_minimum_power(miner, past.tipset, network, store)
    tree = StateTree(store, base.parent_state_root)
    claim = PowerTable.of(tree).claim(miner)
    state = MinerState.of(tree, miner)
    if claim is None or claim.quality_adjusted_power <= 0:
        raise Invalid(
            Fault.MINER_WITHOUT_POWER, sentence("{} has lost its power", Address.from_id(miner))
        )
    if state.fee_debt:
        raise Invalid(
            Fault.MINER_IN_FEE_DEBT,
            sentence("{} owes {} attoFIL", Address.from_id(miner), state.fee_debt),
        )
    if state.info.consensus_fault_active(base.height):
        raise Invalid(
            Fault.MINER_IN_CONSENSUS_FAULT,
            sentence(
                "{} is barred until epoch {}",
                Address.from_id(miner),
                state.info.consensus_fault_elapsed,
            ),
        )


def is_eligible(
    miner: int, base: Tipset, past: Lookback, network: Network, store: Blockstore
) -> bool:
    """Return whether a miner may make a block with these parents; LookupError as above."""
    try:
        require_eligible(miner, base, past, network, store)
    except Invalid:
        return False
    return True


def require_claim(miner: int, base: Tipset, store: Blockstore) -> None:
    """Refuse a miner without a claim of power in the state before a tipset, with Invalid."""
    if PowerTable.of(StateTree(store, base.parent_state_root)).claim(miner) is None:
        raise Invalid(
            Fault.MINER_WITHOUT_CLAIM, sentence("{} has no claim of power", Address.from_id(miner))
        )


def _require_minimum_power(miner: int, past: Tipset, network: Network, store: Blockstore) -> None:
    table = PowerTable.of(StateTree(store, past.parent_state_root))
    claim = table.claim(miner)
    if claim is None:
        raise LookupError(
            sentence("{} had no claim of power at epoch {}", Address.from_id(miner), past.height)
        )
    if not table.meets_minimum(policy_of(network.actors_bundle), claim):
        raise Invalid(
            Fault.MINER_BELOW_MINIMUM_POWER,
            sentence(
                "{} had {} bytes of power at epoch {}",
                Address.from_id(miner),
                claim.raw_byte_power,
                past.height,
            ),
        )
