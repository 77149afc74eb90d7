import pytest
from verified import (
    CLIENT,
    EXPIRATION_MAX,
    MINER,
    NOBODY,
    OTHER_CLIENT,
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
    request,
    sector_claims,
)

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import (
    ClaimTerm,
    ExtendClaimTermsParams,
    GetClaimsParams,
    GetClaimsReturn,
    RemoveExpiredAllocationsParams,
    RemoveExpiredAllocationsReturn,
    RemoveExpiredClaimsParams,
    RemoveExpiredClaimsReturn,
)
from papyrus.primitives.exit_codes import ExitCode

OK, ARGUMENT, ABSENT, FORBIDDEN = (
    ExitCode.OK,
    ExitCode.USR_ILLEGAL_ARGUMENT,
    ExitCode.USR_NOT_FOUND,
    ExitCode.USR_FORBIDDEN,
)
SHORT, LONG = request(1, term_max=TERM_MIN), request(2)


@pytest.fixture
def vm(vm):
    """Return a machine with a claim 1 of a short term, 2 of a long one, and an allocation 3."""
    give(vm, CLIENT, 10**6)
    allocate(vm, CLIENT, SHORT, LONG, request(3, expiration=100))
    claim(vm, sector_claims(1, CLIENT, {1: SHORT, 2: LONG}))
    assert sorted(claims(vm)) == [1, 2]
    return vm


def at(vm, epoch):
    vm.each(lambda one: one.change(epoch=epoch))


@pytest.mark.parametrize("method", [methods.GET_CLAIMS, methods.GET_CLAIMS_EXPORTED])
def test_claims_can_be_asked_for(vm, method):
    value = vm.ok(NOBODY, 6, method, GetClaimsParams(MINER, (2, 9, 1, 2)))
    found = claims(vm)
    expected = GetClaimsReturn(BatchReturn.of([OK, ABSENT, OK, OK]), (found[2], found[1], found[2]))
    assert GetClaimsReturn.from_cbor(value) == expected


def test_of_another_provider_there_are_none(vm):
    value = vm.ok(NOBODY, 6, methods.GET_CLAIMS, GetClaimsParams(OTHER_MINER, (1,)))
    assert GetClaimsReturn.from_cbor(value) == GetClaimsReturn(BatchReturn.of([ABSENT]), ())
    value = vm.ok(NOBODY, 6, methods.GET_CLAIMS, GetClaimsParams(MINER, ()))
    assert GetClaimsReturn.from_cbor(value) == GetClaimsReturn(BatchReturn.of([]), ())


def extend(vm, *terms, sender=CLIENT, method=methods.EXTEND_CLAIM_TERMS):
    params = ExtendClaimTermsParams(tuple(ClaimTerm(*term) for term in terms))
    outcome = vm.send(sender, 6, method, params)
    assert outcome.code == OK, outcome.failure
    return BatchReturn.from_cbor(outcome.value).codes(), outcome.events


@pytest.mark.parametrize(
    "method", [methods.EXTEND_CLAIM_TERMS, methods.EXTEND_CLAIM_TERMS_EXPORTED]
)
def test_terms_are_extended(vm, method):
    codes, events = extend(vm, (MINER, 1, TERM_MIN + 5), (MINER, 2, TERM_MAX), method=method)
    assert codes == [OK, OK]
    assert claims(vm)[1].term_max == TERM_MIN + 5
    types = [stamped.event.entries[0].value for stamped in events]
    assert types == [b"\x6dclaim-updated"] * 2


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ((MINER, 1, TERM_MAX + 1), ARGUMENT),
        ((MINER, 9, TERM_MAX + 1), ARGUMENT),
        ((MINER, 9, TERM_MAX), ABSENT),
        ((OTHER_MINER, 1, TERM_MAX), ABSENT),
        ((MINER, 1, TERM_MIN - 1), ARGUMENT),
        ((MINER, 1, TERM_MIN), OK),
    ],
)
def test_terms_do_not_shrink_nor_outgrow_the_longest(vm, term, code):
    assert extend(vm, term, (MINER, 1, TERM_MAX))[0] == [code, OK]


def test_terms_are_the_clients_to_extend(vm):
    assert extend(vm, (MINER, 1, TERM_MAX), sender=OTHER_CLIENT)[0] == [FORBIDDEN]
    assert extend(vm, (MINER, 1, TERM_MIN - 1), sender=OTHER_CLIENT)[0] == [FORBIDDEN]


def test_a_claim_that_is_over_comes_back_to_life(vm):
    at(vm, TERM_MIN + 10)
    assert extend(vm, (MINER, 1, TERM_MIN + 20))[0] == [OK]
    assert remove_claims(vm, 1).results.codes() == [FORBIDDEN]


def remove_claims(vm, *numbers, provider=MINER, method=methods.REMOVE_EXPIRED_CLAIMS):
    value = vm.ok(NOBODY, 6, method, RemoveExpiredClaimsParams(provider, numbers))
    return RemoveExpiredClaimsReturn.from_cbor(value)


@pytest.mark.parametrize(
    "method", [methods.REMOVE_EXPIRED_CLAIMS, methods.REMOVE_EXPIRED_CLAIMS_EXPORTED]
)
def test_claims_that_are_over_are_removed(vm, method):
    at(vm, TERM_MIN)
    expected = RemoveExpiredClaimsReturn((1,), BatchReturn.of([OK]))
    assert remove_claims(vm, method=method) == expected
    assert list(claims(vm)) == [2]


def test_claims_are_removed_one_by_one(vm):
    at(vm, TERM_MIN)
    expected = BatchReturn.of([ABSENT, OK, FORBIDDEN])
    assert remove_claims(vm, 9, 1, 2) == RemoveExpiredClaimsReturn((9, 1, 2), expected)
    assert list(claims(vm)) == [2]


def test_claims_last_until_their_term_is_over(vm):
    at(vm, TERM_MIN - 1)
    assert remove_claims(vm) == RemoveExpiredClaimsReturn((), BatchReturn.of([]))
    assert remove_claims(vm, 1).results.codes() == [FORBIDDEN]


def test_no_claims_of_nobody_are_removed(vm):
    expected = RemoveExpiredClaimsReturn((), BatchReturn.of([]))
    assert remove_claims(vm, provider=999) == expected


def test_a_claim_named_twice_panics(vm):
    at(vm, TERM_MIN)
    params = RemoveExpiredClaimsParams(MINER, (1, 1))
    outcome = vm.send(NOBODY, 6, methods.REMOVE_EXPIRED_CLAIMS, params)
    assert outcome.code == ExitCode.USR_ASSERTION_FAILED


def remove_allocations(vm, *numbers, client=CLIENT, method=methods.REMOVE_EXPIRED_ALLOCATIONS):
    return vm.send(NOBODY, 6, method, RemoveExpiredAllocationsParams(client, numbers))


@pytest.mark.parametrize(
    "method", [methods.REMOVE_EXPIRED_ALLOCATIONS, methods.REMOVE_EXPIRED_ALLOCATIONS_EXPORTED]
)
def test_allocations_that_are_over_are_paid_back(vm, method):
    at(vm, 100)
    outcome = remove_allocations(vm, method=method)
    expected = RemoveExpiredAllocationsReturn((3,), BatchReturn.of([OK]), 1024)
    assert RemoveExpiredAllocationsReturn.from_cbor(outcome.value) == expected
    assert allocations(vm) == {}
    assert balances(vm) == {CLIENT: 10**6 - 2048}
    (stamped,) = outcome.events
    assert stamped.event.entries[0].value == b"\x72allocation-removed"
    assert findings_of(vm.one) == []


def test_allocations_are_removed_one_by_one(vm):
    allocate(vm, CLIENT, request(4))
    at(vm, 100)
    outcome = remove_allocations(vm, 9, 3, 4)
    expected = BatchReturn.of([ABSENT, OK, FORBIDDEN])
    answer = RemoveExpiredAllocationsReturn((9, 3, 4), expected, 1024)
    assert RemoveExpiredAllocationsReturn.from_cbor(outcome.value) == answer
    assert list(allocations(vm)) == [4]


def test_allocations_last_until_they_expire(vm):
    at(vm, 99)
    expected = RemoveExpiredAllocationsReturn((), BatchReturn.of([]), 0)
    outcome = remove_allocations(vm)
    assert RemoveExpiredAllocationsReturn.from_cbor(outcome.value) == expected
    assert list(allocations(vm)) == [3]


def test_many_expire_in_the_order_of_the_tree(vm):
    allocate(vm, CLIENT, *(request(number, expiration=number) for number in range(10, 60)))
    at(vm, 40)
    outcome = remove_allocations(vm)
    answer = RemoveExpiredAllocationsReturn.from_cbor(outcome.value)
    assert answer.recovered == 31 * 1024
    assert len(answer.considered) == 31
    assert list(answer.considered) != sorted(answer.considered)


def test_an_allocation_named_twice_panics(vm):
    at(vm, EXPIRATION_MAX)
    assert remove_allocations(vm, 3, 3).code == ExitCode.USR_ASSERTION_FAILED


@pytest.mark.parametrize(
    ("client", "code"),
    [
        (NOBODY, OK),
        (201, OK),
        (999, ExitCode.USR_UNSPECIFIED),
        (7, ExitCode.USR_UNHANDLED_MESSAGE),
        (6, ExitCode.USR_SERIALIZATION),
    ],
)
def test_the_client_hears_even_of_nothing(vm, client, code):
    assert remove_allocations(vm, client=client).code == code
