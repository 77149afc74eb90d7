"""Sector numbers: each can be taken once and never again, whatever becomes of the sector."""

from dataclasses import replace

from papyrus.actors.miner.state import ALLOCATED_SECTORS, AllocatedSectors, State
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import MAX_ENCODED_LENGTH, BitField
from papyrus.vm.aborts import illegal_argument, serialization


def allocate_sector_numbers(
    store: Blockstore, state: State, numbers: BitField, *, allow_collisions: bool = False
) -> State:
    """Take sector numbers; aborts with an illegal argument where one is taken, unless allowed.

    Aborts too where the set of those taken would become too ragged to be written.
    """
    taken = ALLOCATED_SECTORS.load(store, state.allocated_sectors).numbers
    if not allow_collisions:
        collisions = taken & numbers
        if collisions:
            raise illegal_argument(f"sector numbers {collisions} already allocated")
    after = taken | numbers
    try:
        after.to_bytes()
    except ValueError as error:
        raise serialization(
            f"failed to store allocated sectors bitfield of over {MAX_ENCODED_LENGTH} bytes"
        ) from error
    return replace(state, allocated_sectors=ALLOCATED_SECTORS.save(store, AllocatedSectors(after)))
