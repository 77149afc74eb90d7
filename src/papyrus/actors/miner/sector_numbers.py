"""Sector numbers: each can be taken once and never again, whatever becomes of the sector."""

from dataclasses import replace

from papyrus.actors.miner.state import State
from papyrus.actors.records import read_record, write_record
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.vm.aborts import illegal_argument


def allocate_sector_numbers(
    store: Blockstore, state: State, numbers: BitField, *, allow_collisions: bool = False
) -> State:
    """Take sector numbers; aborts with an illegal argument where one is taken, unless allowed."""
    taken = read_record(store, state.allocated_sectors, BitField)
    if not allow_collisions:
        collisions = taken & numbers
        if collisions:
            raise illegal_argument(f"sector numbers {collisions} already allocated")
    return replace(state, allocated_sectors=write_record(store, taken | numbers))
