from dataclasses import replace

import pytest
from verified import (
    CLIENT,
    EXPIRATION_MAX,
    MINER,
    OTHER_MINER,
    TERM_MAX,
    TERM_MIN,
    allocate,
    allocations,
    balances,
    claim,
    claims,
    findings_of,
    give,
    piece,
    request,
    sector_claims,
)

from papyrus.actors.common.batches import BatchReturn, FailCode
from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import ClaimAllocationsReturn, SectorClaimSummary
from papyrus.actors.verifreg.state import Claim
from papyrus.primitives.exit_codes import ExitCode

FIRST = request(1)
SECOND = request(2, size=2048)
OTHERS = request(3, provider=OTHER_MINER)


@pytest.fixture
def vm(vm):
    """Return a machine with allocations 1 and 2 to one miner and 3 to another."""
    give(vm, CLIENT, 10**6)
    assert allocate(vm, CLIENT, FIRST, SECOND, OTHERS) == (1, 2, 3)
    return vm


def answer(outcome):
    assert outcome.code == ExitCode.OK, outcome.failure
    return ClaimAllocationsReturn.from_cbor(outcome.value)


def spaces(*sizes):
    return tuple(map(SectorClaimSummary, sizes))


def failing(vm, sector, **fields):
    """Return the code with which a sector fails among the results, where it fails."""
    found = answer(claim(vm, sector, **fields))
    assert found.sector_claims == ()
    return found.sector_results.codes()


def test_allocations_become_claims(vm):
    vm.each(lambda one: one.change(epoch=50))
    outcome = claim(vm, sector_claims(7, CLIENT, {1: FIRST, 2: SECOND}, epoch=50))
    assert answer(outcome) == ClaimAllocationsReturn(BatchReturn(1, ()), spaces(3072))
    assert claims(vm) == {
        1: Claim(MINER, CLIENT, piece(1), 1024, TERM_MIN, TERM_MAX, 50, 7),
        2: Claim(MINER, CLIENT, piece(2), 2048, TERM_MIN, TERM_MAX, 50, 7),
    }
    assert list(allocations(vm)) == [3]
    assert balances(vm) == {CLIENT: 10**6 - 4096, 6: 1024}
    assert findings_of(vm.one) == []


def test_claims_are_told_of(vm):
    outcome = claim(vm, sector_claims(7, CLIENT, {1: FIRST}))
    (stamped,) = outcome.events
    entries = stamped.event.entries
    assert entries[0].value == b"\x65claim"
    assert [(entry.key, entry.flags) for entry in entries[8:]] == [("term-start", 1), ("sector", 3)]


def test_a_sector_succeeds_or_fails_as_a_whole(vm):
    mixed = sector_claims(1, CLIENT, {1: FIRST, 3: OTHERS})
    outcome = claim(vm, mixed, sector_claims(2, CLIENT, {2: SECOND}))
    failed = FailCode(0, ExitCode.USR_FORBIDDEN)
    assert answer(outcome) == ClaimAllocationsReturn(BatchReturn(1, (failed,)), spaces(2048))
    assert list(claims(vm)) == [2]


def test_a_sector_without_claims_claims_nothing(vm):
    outcome = claim(vm, sector_claims(1, CLIENT, {}))
    assert answer(outcome) == ClaimAllocationsReturn(BatchReturn(1, ()), spaces(0))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"allocation_id": 9}, ExitCode.USR_NOT_FOUND),
        ({"client": MINER}, ExitCode.USR_NOT_FOUND),
        ({"data": piece(2)}, ExitCode.USR_FORBIDDEN),
        ({"size": 2048}, ExitCode.USR_FORBIDDEN),
    ],
)
def test_a_claim_names_the_allocation_as_it_is(vm, wrong, code):
    sector = sector_claims(1, CLIENT, {1: FIRST})
    sector = replace(sector, claims=(replace(sector.claims[0], **wrong),))
    assert failing(vm, sector) == [code]


@pytest.mark.parametrize("term", [TERM_MIN - 1, TERM_MAX + 1, -1])
def test_a_sector_lives_as_long_as_the_term_allows(vm, term):
    sector = sector_claims(1, CLIENT, {1: FIRST}, term)
    assert failing(vm, sector) == [ExitCode.USR_FORBIDDEN]


@pytest.mark.parametrize("term", [TERM_MIN, TERM_MAX])
def test_a_sector_may_live_just_as_long(vm, term):
    assert claim(vm, sector_claims(1, CLIENT, {1: FIRST}, term)).code == ExitCode.OK
    assert list(claims(vm)) == [1]


def test_an_allocation_is_claimed_in_time(vm):
    vm.each(lambda one: one.change(epoch=EXPIRATION_MAX + 1))
    late = sector_claims(1, CLIENT, {1: FIRST}, epoch=EXPIRATION_MAX + 1)
    assert failing(vm, late) == [ExitCode.USR_FORBIDDEN]
    vm.each(lambda one: one.change(epoch=EXPIRATION_MAX))
    in_time = sector_claims(1, CLIENT, {1: FIRST}, epoch=EXPIRATION_MAX)
    assert answer(claim(vm, in_time)).sector_results.all_succeeded


def test_an_allocation_is_its_providers(vm):
    sector = sector_claims(1, CLIENT, {1: FIRST})
    assert failing(vm, sector, miner=OTHER_MINER) == [ExitCode.USR_FORBIDDEN]


def test_an_allocation_is_claimed_once(vm):
    sector = sector_claims(1, CLIENT, {1: FIRST})
    found = answer(claim(vm, sector, sector))
    assert found.sector_results.codes() == [ExitCode.OK, ExitCode.USR_NOT_FOUND]
    twice = replace(sector_claims(1, CLIENT, {2: SECOND}), claims=sector_claims(
        1, CLIENT, {2: SECOND}).claims * 2)  # fmt: skip
    assert claim(vm, twice).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_all_or_nothing_aborts_where_one_fails(vm):
    sectors = sector_claims(1, CLIENT, {1: FIRST}), sector_claims(2, CLIENT, {9: FIRST})
    assert claim(vm, *sectors, all_or_nothing=True).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert claims(vm) == {}
    assert claim(vm, sectors[0], all_or_nothing=True).code == ExitCode.OK


def test_a_sector_that_never_ends_overflows(vm):
    vm.each(lambda one: one.change(epoch=1))
    sector = replace(sector_claims(1, CLIENT, {1: FIRST}), expiry=-(2**63))
    assert claim(vm, sector).code == ExitCode.USR_ASSERTION_FAILED
    unknown = replace(sector_claims(1, CLIENT, {9: FIRST}), expiry=-(2**63))
    assert failing(vm, unknown) == [ExitCode.USR_NOT_FOUND]


def test_miners_claim_and_claim_something(vm):
    assert claim(vm).code == ExitCode.USR_ILLEGAL_ARGUMENT
    sector = sector_claims(1, CLIENT, {1: FIRST})
    assert claim(vm, sector, miner=CLIENT).code == ExitCode.USR_FORBIDDEN


def test_claiming_has_no_exported_number():
    assert methods.CLAIM_ALLOCATIONS == 9
