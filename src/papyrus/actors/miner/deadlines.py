"""All deadlines of a miner, each a block of its own."""

from dataclasses import replace
from typing import Annotated

from papyrus.actors.common.collections import RecordShape
from papyrus.actors.miner.deadline import Deadline, open_partitions, require_valid
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.rules.policy import Policy
from papyrus.vm.aborts import illegal_argument, illegal_state

DEADLINE = RecordShape(Deadline)


@cbor_tuple
class Deadlines(Record):
    """The deadlines in the order of their windows."""

    due: tuple[Annotated[Cid, DEADLINE], ...]


DEADLINES = RecordShape(Deadlines)


def load_deadline(store: Blockstore, deadlines: Deadlines, index: int) -> Deadline:
    """Return a deadline; aborts with an illegal argument where there is none."""
    if index >= len(deadlines.due):
        raise illegal_argument(f"invalid deadline index {index} of {len(deadlines.due)}")
    return DEADLINE.load(store, deadlines.due[index])


def with_deadline(
    store: Blockstore, policy: Policy, deadlines: Deadlines, index: int, deadline: Deadline
) -> Deadlines:
    """Store a deadline and return the deadlines with it; aborts where its sums cannot be."""
    if index >= policy.deadlines_in_period:
        raise illegal_state(f"invalid deadline {index}")
    require_valid(deadline)
    due = list(deadlines.due)
    due[index] = DEADLINE.save(store, deadline)
    return replace(deadlines, due=tuple(due))


def find_sector(store: Blockstore, deadlines: Deadlines, number: int) -> tuple[int, int]:
    """Return the deadline and the partition of a sector, looking through all; aborts if none."""
    for index in range(len(deadlines.due)):
        deadline = load_deadline(store, deadlines, index)
        for partition_index, partition in open_partitions(store, deadline).items():
            if number in partition.sectors:
                return index, partition_index
    raise illegal_state(f"sector {number} not due at any deadline")
