"""What others can ask about a sector (FIP-0112)."""

import pytest
from upkeep import (
    CONTRACT,
    NOBODY,
    WORKER,
    commit,
    go_to,
    next_window,
    sector,
)

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import CheckSectorProvenParams
from papyrus.actors.miner.params.status import (
    GenerateSectorLocationParams,
    GenerateSectorLocationReturn,
    SectorLocation,
    SectorStatusCode,
    ValidateSectorStatusParams,
)
from papyrus.actors.miner.params.upkeep import (
    CompactPartitionsParams,
    DeclareFaultsParams,
    FaultDeclaration,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.ipld.dag_cbor import decode, encode
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY

DEAD, ACTIVE, FAULTY = SectorStatusCode
ACTIVE_SECTOR, FAULTY_SECTOR, DEAD_SECTOR, UNPROVEN_SECTOR, FORGOTTEN, NEVER = 0, 1, 2, 5, 4, 9
NOWHERE = (-1, -1)
FAR = 2**63 - 1


@pytest.fixture
def sectors(vm, miner, proven):
    """Return the deadline with a sector in each condition."""
    go_to(vm, next_window(vm, miner, proven).close - POLICY.proving_period + POLICY.dispute_window)
    other = proven - 8
    commit(vm, miner, [FORGOTTEN], other)
    for index, number, dead in ((proven, 1, DEAD_SECTOR), (other, 0, FORGOTTEN)):
        declared = TerminationDeclaration(index, number, BitField.from_bits([dead]))
        vm.ok(WORKER.id, miner, numbers.TERMINATE_SECTORS, TerminateSectorsParams((declared,)))
    commit(vm, miner, [UNPROVEN_SECTOR], proven)
    declared = FaultDeclaration(proven, 0, BitField.from_bits([FAULTY_SECTOR]))
    vm.ok(WORKER.id, miner, numbers.DECLARE_FAULTS, DeclareFaultsParams((declared,)))
    dropped = CompactPartitionsParams(other, BitField.from_bits([0]))
    vm.ok(WORKER.id, miner, numbers.COMPACT_PARTITIONS, dropped)
    return proven


def location(vm, miner, number, sender=NOBODY.id):
    """Ask where a sector is and return the outcome."""
    params = GenerateSectorLocationParams(number)
    return vm.send(sender, miner, numbers.GENERATE_SECTOR_LOCATION, params)


def validate(vm, miner, number, status, where, *, data=None):
    """Ask whether a sector is as claimed and return the outcome."""
    data = SectorLocation(*where).to_cbor() if data is None else data
    params = ValidateSectorStatusParams(number, status, data)
    return vm.send(CONTRACT, miner, numbers.VALIDATE_SECTOR_STATUS, params)


@pytest.mark.parametrize(
    ("number", "status", "where"),
    [
        (ACTIVE_SECTOR, ACTIVE, (40, 0)),
        (FAULTY_SECTOR, FAULTY, (40, 0)),
        (DEAD_SECTOR, DEAD, (40, 1)),
        (UNPROVEN_SECTOR, ACTIVE, (40, 2)),
        (FORGOTTEN, DEAD, NOWHERE),
        (NEVER, DEAD, NOWHERE),
        (2**63, DEAD, NOWHERE),
    ],
)
def test_sector_is_found_and_its_place_confirms_it(vm, miner, sectors, number, status, where):
    assert sectors == 40
    answer = GenerateSectorLocationReturn.from_cbor(location(vm, miner, number).value)
    assert answer == GenerateSectorLocationReturn(status, SectorLocation(*where).to_cbor())
    for claimed in SectorStatusCode:
        outcome = validate(vm, miner, number, claimed, where)
        assert outcome.code == ExitCode.OK
        assert decode(outcome.value) is (claimed is status)


@pytest.mark.parametrize(
    ("number", "where", "code"),
    [
        (ACTIVE_SECTOR, NOWHERE, ExitCode.USR_NOT_FOUND),
        (DEAD_SECTOR, NOWHERE, ExitCode.USR_NOT_FOUND),
        (ACTIVE_SECTOR, (-1, 0), ExitCode.USR_ILLEGAL_ARGUMENT),
        (ACTIVE_SECTOR, (0, -1), ExitCode.USR_ILLEGAL_ARGUMENT),
        (ACTIVE_SECTOR, (-2, 0), ExitCode.USR_ILLEGAL_ARGUMENT),
        (ACTIVE_SECTOR, (48, 0), ExitCode.USR_ILLEGAL_ARGUMENT),
        (ACTIVE_SECTOR, (FAR, FAR), ExitCode.USR_ILLEGAL_ARGUMENT),
        (ACTIVE_SECTOR, (40, -2), ExitCode.USR_NOT_FOUND),
        (ACTIVE_SECTOR, (40, FAR), ExitCode.USR_NOT_FOUND),
        (ACTIVE_SECTOR, (40, 3), ExitCode.USR_NOT_FOUND),
        (ACTIVE_SECTOR, (40, 1), ExitCode.USR_NOT_FOUND),
        (ACTIVE_SECTOR, (41, 0), ExitCode.USR_NOT_FOUND),
        (NEVER, (40, 0), ExitCode.USR_NOT_FOUND),
        (2**64 - 1, (40, 0), ExitCode.USR_NOT_FOUND),
        (2**64 - 1, NOWHERE, ExitCode.USR_ILLEGAL_STATE),
    ],
)
def test_sector_must_be_where_it_is_claimed(vm, miner, sectors, number, where, code):
    assert sectors == 40
    assert validate(vm, miner, number, ACTIVE, where).code == code


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"\x81\x00", b"\x82\x00\x40", b"\x82\x00\x00\x00", b"\x82\x18\x28\x00"]
)
def test_place_must_decode(vm, miner, proven, data):
    outcome = validate(vm, miner, 0, ACTIVE, (0, 0), data=data)
    lax = data == b"\x82\x18\x28\x00"
    assert outcome.code == (ExitCode.OK if lax else ExitCode.USR_ILLEGAL_ARGUMENT)
    assert proven


def test_status_is_one_of_three(vm, miner, proven):
    method = numbers.VALIDATE_SECTOR_STATUS
    for status in (b"\x03", b"\x18\xff", b"\x19\x01\x00", b"\x20", b"\xf5"):
        params = b"\x83\x00" + status + b"\x43" + SectorLocation(proven, 0).to_cbor()[:3]
        assert vm.send(NOBODY.id, miner, method, params).code == ExitCode.USR_SERIALIZATION


def test_check_passes_for_sectors_that_are_not_forgotten(vm, miner, sectors):
    assert sectors
    for number, code in {
        ACTIVE_SECTOR: ExitCode.OK,
        FAULTY_SECTOR: ExitCode.OK,
        DEAD_SECTOR: ExitCode.OK,
        UNPROVEN_SECTOR: ExitCode.OK,
        FORGOTTEN: ExitCode.USR_NOT_FOUND,
        NEVER: ExitCode.USR_NOT_FOUND,
        2**63 - 1: ExitCode.USR_NOT_FOUND,
        2**63: ExitCode.USR_ILLEGAL_ARGUMENT,
    }.items():
        params = CheckSectorProvenParams(number)
        assert vm.send(NOBODY.id, miner, numbers.CHECK_SECTOR_PROVEN, params).code == code


def test_contracts_ask_by_name_only(vm, miner, proven):
    params = CheckSectorProvenParams(0)
    code = vm.send(CONTRACT, miner, numbers.CHECK_SECTOR_PROVEN, params).code
    assert code == ExitCode.USR_FORBIDDEN
    assert location(vm, miner, 0, CONTRACT).code == ExitCode.OK
    assert proven


def test_nominal_expiration_outlives_the_sector(vm, miner, sectors):
    assert sectors
    method = numbers.GET_NOMINAL_SECTOR_EXPIRATION
    for number in (ACTIVE_SECTOR, DEAD_SECTOR):
        answer = vm.ok(CONTRACT, miner, method, encode(number))
        assert decode(answer) == sector(vm, miner, number).expiration
    for number in (FORGOTTEN, NEVER, 2**63):
        assert vm.send(NOBODY.id, miner, method, encode(number)).code == ExitCode.USR_NOT_FOUND


def test_largest_number_cannot_be_looked_up(vm, miner, proven):
    largest = 2**64 - 1
    assert location(vm, miner, largest).code == ExitCode.USR_ILLEGAL_STATE
    method = numbers.GET_NOMINAL_SECTOR_EXPIRATION
    assert vm.send(NOBODY.id, miner, method, encode(largest)).code == ExitCode.USR_ILLEGAL_STATE
    assert vm.send(NOBODY.id, miner, method, b"\x20").code == ExitCode.USR_SERIALIZATION
    assert proven
