"""What others can ask about a sector: whether it is there, how it is, and until when (FIP-0112).

To find a sector all deadlines are searched, which no message can pay for in a large miner. So it is
found off the chain, and the place is passed back as auxiliary data to be checked at little cost.
"""

from papyrus.actors.dispatch import method
from papyrus.actors.miner.deadline import load_partition
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import CheckSectorProvenParams
from papyrus.actors.miner.params.status import (
    NO_DEADLINE,
    NO_PARTITION,
    GenerateSectorLocationParams,
    GenerateSectorLocationReturn,
    SectorLocation,
    SectorStatusCode,
    ValidateSectorStatusParams,
)
from papyrus.actors.miner.partition import Partition
from papyrus.actors.miner.placement import find_sector
from papyrus.actors.miner.state import State, get_sector, load_deadlines
from papyrus.ipld.schema import U64, ChainEpoch
from papyrus.ipld.tuples import Reading
from papyrus.primitives.errors import DecodeError
from papyrus.rules.policy import MAX_SECTOR_NUMBER
from papyrus.vm.aborts import illegal_argument, not_found
from papyrus.vm.runtime import Runtime

_U64_MASK = (1 << 64) - 1


@method(numbers.CHECK_SECTOR_PROVEN)
def check_sector_proven(rt: Runtime, params: CheckSectorProvenParams) -> None:
    """Return where a sector has been proven and is not forgotten; abort where not."""
    rt.accept_any_caller()
    number = params.sector_number
    if number > MAX_SECTOR_NUMBER:
        raise illegal_argument("sector number out of range")
    if get_sector(rt.store, rt.load(State), number) is None:
        raise not_found(f"sector {number} not proven")


@method(numbers.GENERATE_SECTOR_LOCATION)
def generate_sector_location(
    rt: Runtime, params: GenerateSectorLocationParams
) -> GenerateSectorLocationReturn:
    """Return how a sector is and where; nowhere, where it never was or is forgotten."""
    rt.accept_any_caller()
    state = rt.load(State)
    number = params.sector_number
    if get_sector(rt.store, state, number) is None:
        nowhere = SectorLocation(NO_DEADLINE, NO_PARTITION)
        return GenerateSectorLocationReturn(SectorStatusCode.DEAD, nowhere.to_cbor())
    deadline, partition = find_sector(rt.store, state, number)
    status = _status(_partition_at(rt, state, deadline, partition), number)
    return GenerateSectorLocationReturn(status, SectorLocation(deadline, partition).to_cbor())


@method(numbers.VALIDATE_SECTOR_STATUS)
def validate_sector_status(rt: Runtime, params: ValidateSectorStatusParams) -> bool:
    """Return whether a sector is as it is claimed to be; abort where it is not where it is claimed.

    Where it is claimed to be nowhere it must be so.
    """
    rt.accept_any_caller()
    state = rt.load(State)
    try:
        place = SectorLocation.from_cbor(params.auxiliary_data, reading=Reading.LENIENT)
    except DecodeError as error:
        raise illegal_argument(f"invalid aux_data: {error}") from error
    nowhere = place.deadline == NO_DEADLINE
    if nowhere != (place.partition == NO_PARTITION):
        raise illegal_argument(
            "invalid sector location: deadline and partition must both be NO or both be set"
        )
    number = params.sector_number
    if nowhere:
        if get_sector(rt.store, state, number) is not None:
            raise not_found(f"sector {number} not found at NO_DEADLINE, NO_PARTITION")
        return params.status is SectorStatusCode.DEAD
    # Quirk: other negative numbers stand for very large ones.
    deadline, partition = place.deadline & _U64_MASK, place.partition & _U64_MASK
    found = _partition_at(rt, state, deadline, partition)
    if number not in found.sectors:
        raise not_found(f"sector {number} not found at deadline {deadline} partition {partition}")
    # A sector is never both terminated and faulty.
    return params.status is _status(found, number)


@method(numbers.GET_NOMINAL_SECTOR_EXPIRATION)
def get_nominal_sector_expiration(rt: Runtime, number: U64) -> ChainEpoch:
    """Return when a sector is to expire, whether or not it has ended before; abort if forgotten."""
    rt.accept_any_caller()
    sector = get_sector(rt.store, rt.load(State), number)
    if sector is None:
        raise not_found(f"sector {number} not found")
    return sector.expiration


def _partition_at(rt: Runtime, state: State, deadline: int, partition: int) -> Partition:
    deadlines = load_deadlines(rt.store, state)
    return load_partition(rt.store, load_deadline(rt.store, deadlines, deadline), partition)


def _status(partition: Partition, number: int) -> SectorStatusCode:
    """Return how a sector of a partition is."""
    if number in partition.terminated:
        return SectorStatusCode.DEAD
    if number in partition.faults:
        return SectorStatusCode.FAULTY
    return SectorStatusCode.ACTIVE
