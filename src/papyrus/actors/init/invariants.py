"""What holds of the init actor between messages.

The released actors' own check lets no address have an ID below those of ordinary actors. Two have:
where genesis makes the registry's root or the holder of the remainder an account, its key is known.
"""

from dataclasses import dataclass

from papyrus.actors.common.findings import Findings
from papyrus.actors.common.number_set import NumberSet
from papyrus.actors.init.state import ADDRESSES, State
from papyrus.actors.singletons import FIRST_NON_SINGLETON_ID
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.address import Protocol
from papyrus.primitives.errors import DecodeError

_ACCOUNTS_OF_GENESIS = (80, 90)
"""The registry's root, and who has what genesis left over."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The init actor in numbers."""

    addresses: int
    """That have IDs."""
    next_id: int


def check_state_invariants(store: Blockstore, state: State, findings: Findings) -> Summary:
    """Note what is wrong with the init actor and return it in numbers."""
    findings.require(bool(state.network_name), "network name is empty")
    findings.require(state.next_id >= FIRST_NON_SINGLETON_ID, f"next id {state.next_id} is too low")
    count = 0
    # An actor has one delegated address, and one of another kind beside it.
    delegated, others = NumberSet(), NumberSet()
    try:
        for address, actor_id in ADDRESSES.open(store, state.address_map).items():
            count += 1
            findings.require(
                actor_id >= FIRST_NON_SINGLETON_ID or actor_id in _ACCOUNTS_OF_GENESIS,
                f"unexpected singleton ID value {actor_id}",
            )
            findings.require(
                actor_id < state.next_id, f"{address} has ID {actor_id}, which is not given yet"
            )
            if address.protocol is Protocol.ID:
                findings.add(f"key {address} is an ID address")
                continue
            known = delegated if address.protocol is Protocol.DELEGATED else others
            findings.require(
                known.add(actor_id), f"duplicate mapping to ID {actor_id}: {address} is not alone"
            )
    except DecodeError as error:
        findings.add(f"error iterating address map: {error}")
    return Summary(count, state.next_id)
