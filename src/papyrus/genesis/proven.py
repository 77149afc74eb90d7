"""Making sectors count as proven, without a proof."""

from dataclasses import replace

from papyrus.actors.miner.deadline import Deadline
from papyrus.actors.miner.deadlines import Deadlines
from papyrus.actors.miner.partition import PARTITIONS
from papyrus.actors.miner.power import NO_POWER
from papyrus.actors.miner.state import State
from papyrus.genesis.states import load_state, save_state
from papyrus.ipld.blockstore import load, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.bitfield import BitField
from papyrus.vm.machine import Machine


def count_as_proven(machine: Machine, miner: Address) -> None:
    """Make every sector of a miner active.

    Lotus does so after each sector; as nothing in between asks, once at the end is the same.
    """
    state = load_state(machine, miner, State)
    deadlines = Deadlines.from_cbor(load(machine.store, state.deadlines))
    due = tuple(_proven_deadline(machine, root) for root in deadlines.due)
    root = put_cbor(machine.store, replace(deadlines, due=due).to_ipld())
    save_state(machine, miner, replace(state, deadlines=root))


def _proven_deadline(machine: Machine, root: Cid) -> Cid:
    deadline = Deadline.from_cbor(load(machine.store, root))
    if not deadline.total_sectors:
        return root
    partitions = PARTITIONS.open(machine.store, deadline.partitions)
    for index, partition in list(partitions.items()):
        partitions.set(index, replace(partition, unproven=BitField(), unproven_power=NO_POWER))
    return put_cbor(machine.store, replace(deadline, partitions=partitions.flush()).to_ipld())
