from dataclasses import replace

import pytest
from verified import (
    BYTE,
    CLIENT,
    EXPIRATION_MAX,
    MINER,
    OTHER_CLIENT,
    OTHER_MINER,
    SIZE_MIN,
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
    registry,
    request,
    sector_claims,
    spend,
)

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.datacap.params import (
    FRC46_TOKEN_TYPE,
    TRANSFER_FROM,
    TokensReceived,
    TransferFromParams,
    TransferFromReturn,
    TransferReturn,
)
from papyrus.actors.verifreg.params import (
    AllocationRequests,
    AllocationsResponse,
    ClaimExtensionRequest,
)
from papyrus.actors.verifreg.state import Allocation
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

OWNED = 10**6
MARKET = 5


@pytest.fixture
def vm(vm):
    """Return a machine with a client that has DataCap."""
    give(vm, CLIENT, OWNED)
    return vm


def claimed(vm, term_max=TERM_MIN):
    """Return the number of a claim that lasts as short as can be."""
    wanted = request(1, term_max=term_max)
    (number,) = allocate(vm, CLIENT, wanted)
    assert claim(vm, sector_claims(1, CLIENT, {number: wanted})).code == ExitCode.OK
    return number


def received(amount, data, **fields):
    """Return a word of tokens, a good one unless told otherwise."""
    given = {
        "sender": CLIENT,
        "to": 6,
        "operator": CLIENT,
        "amount": TokenAmount(amount),
        "operator_data": data,
        "token_data": b"",
    }
    payload = TokensReceived(**{**given, **fields}).to_cbor()
    return UniversalReceiverParams(FRC46_TOKEN_TYPE, payload)


NOTHING = AllocationRequests((), ()).to_cbor()


def test_makes_allocations_for_what_has_come_in(vm):
    first = request(1, term_min=TERM_MIN + 1, term_max=TERM_MAX - 1, expiration=0)
    second = request(2, provider=OTHER_MINER, size=SIZE_MIN)
    outcome = spend(vm, CLIENT, 1024 + SIZE_MIN, [first, second])
    answer = TransferReturn.from_cbor(outcome.value)
    response = AllocationsResponse.from_cbor(answer.recipient_data)
    assert response == AllocationsResponse(BatchReturn(2, ()), BatchReturn(0, ()), (1, 2))
    assert answer.from_balance == (OWNED - 1024 - SIZE_MIN) * BYTE
    assert allocations(vm) == {
        1: Allocation(CLIENT, MINER, piece(1), 1024, TERM_MIN + 1, TERM_MAX - 1, 0),
        2: Allocation(CLIENT, OTHER_MINER, piece(2), SIZE_MIN, TERM_MIN, TERM_MAX, EXPIRATION_MAX),
    }
    assert registry(vm.one).next_allocation_id == 3
    assert balances(vm) == {CLIENT: OWNED - 1024 - SIZE_MIN, 6: 1024 + SIZE_MIN}
    assert findings_of(vm.one) == []


def test_tells_of_allocations(vm):
    outcome = spend(vm, CLIENT, 2048, [request(1), request(2)])
    events = [stamped.event.entries for stamped in outcome.events]
    assert [entries[0].value for entries in events] == [b"\x6aallocation"] * 2
    assert [(entry.key, entry.flags) for entry in events[0]] == [
        ("$type", 3),
        ("id", 3),
        ("client", 3),
        ("provider", 3),
        ("piece-cid", 3),
        ("piece-size", 1),
        ("term-min", 1),
        ("term-max", 1),
        ("expiration", 1),
    ]
    assert [entry.value.hex() for entry in events[1]][1:4] == ["02", "1867", "186e"]


def test_numbers_go_on(vm):
    assert allocate(vm, CLIENT, request(1), request(2)) == (1, 2)
    assert allocate(vm, CLIENT, request(3)) == (3,)
    assert len(allocations(vm)) == 3


def test_takes_nothing_for_nothing(vm):
    assert spend(vm, CLIENT, 0).code == ExitCode.OK
    assert allocations(vm) == {}


def test_takes_what_the_market_spends(vm):
    wanted = AllocationRequests((request(1),), ()).to_cbor()
    amount = TokenAmount(1024 * BYTE)
    params = TransferFromParams(Address.from_id(CLIENT), Address.from_id(6), amount, wanted)
    answer = TransferFromReturn.from_cbor(vm.ok(MARKET, 7, TRANSFER_FROM, params))
    assert AllocationsResponse.from_cbor(answer.recipient_data).new_allocations == (1,)
    assert allocations(vm)[1].client == CLIENT


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": SIZE_MIN - 1},
        {"size": 0},
        {"term_min": TERM_MIN - 1},
        {"term_min": -(2**63)},
        {"term_max": TERM_MAX + 1},
        {"term_max": TERM_MIN - 1},
        {"expiration": -1},
        {"expiration": EXPIRATION_MAX + 1},
        {"provider": CLIENT},
        {"provider": 999},
        {"provider": 2**64 - 1},
    ],
)
def test_refuses_what_cannot_be_allocated(vm, wrong):
    refused = spend(vm, CLIENT, wrong.get("size", 1024), [request(1, **wrong)])
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_refuses_all_where_one_is_refused(vm):
    refused = spend(vm, CLIENT, 2048, [request(1), request(2, provider=CLIENT)])
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert allocations(vm) == {}
    assert balances(vm) == {CLIENT: OWNED}


@pytest.mark.parametrize("amount", [1023, 1025, 0])
def test_gives_no_change(vm, amount):
    assert spend(vm, CLIENT, amount, [request(1)]).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_refuses_a_piece_that_nothing_leads_to(vm):
    nowhere = request(1, data=Cid.of(b"nowhere", codec=RAW))
    assert spend(vm, CLIENT, 1024, [nowhere]).code == ExitCode.USR_ILLEGAL_STATE


def test_anyone_may_pay_for_a_longer_term(vm):
    number = claimed(vm)
    give(vm, OTHER_CLIENT, 1024)
    vm.each(lambda one: one.change(epoch=TERM_MIN))
    extension = ClaimExtensionRequest(MINER, number, TERM_MIN + TERM_MAX)
    outcome = spend(vm, OTHER_CLIENT, 1024, extensions=[extension])
    response = AllocationsResponse.from_cbor(TransferReturn.from_cbor(outcome.value).recipient_data)
    assert response == AllocationsResponse(BatchReturn(0, ()), BatchReturn(1, ()), ())
    assert claims(vm)[number].term_max == TERM_MIN + TERM_MAX
    assert claims(vm)[number].client == CLIENT
    assert balances(vm) == {CLIENT: OWNED - 1024}
    (stamped,) = outcome.events
    assert stamped.event.entries[0].value == b"\x6dclaim-updated"


def test_pays_for_both_at_once_and_tells_what_it_had(vm):
    number = claimed(vm)
    extension = ClaimExtensionRequest(MINER, number, TERM_MIN + 1)
    outcome = spend(vm, CLIENT, 3072, [request(2, size=2048)], [extension])
    # The answer has the registry's balance from before what is spent on extensions is burnt.
    assert TransferReturn.from_cbor(outcome.value).to_balance == 3072 * BYTE
    assert balances(vm) == {CLIENT: OWNED - 4096, 6: 2048}
    assert findings_of(vm.one) == []


@pytest.mark.parametrize(
    ("extension", "code"),
    [
        ((MINER, 9, TERM_MAX), ExitCode.USR_NOT_FOUND),
        ((OTHER_MINER, 1, TERM_MAX), ExitCode.USR_NOT_FOUND),
        ((MINER, 1, TERM_MIN), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((MINER, 1, TERM_MAX + 1), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((MINER, 1, -(2**63)), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((MINER, 1, TERM_MAX), ExitCode.OK),
    ],
)
def test_a_term_grows_up_to_the_longest_from_now(vm, extension, code):
    claimed(vm)
    wanted = [ClaimExtensionRequest(*extension)]
    assert spend(vm, CLIENT, 1024, extensions=wanted).code == code


def test_a_claim_that_is_over_cannot_be_paid_for(vm):
    number = claimed(vm)
    wanted = [ClaimExtensionRequest(MINER, number, TERM_MIN + 10)]
    vm.each(lambda one: one.change(epoch=TERM_MIN + 1))
    assert spend(vm, CLIENT, 1024, extensions=wanted).code == ExitCode.USR_FORBIDDEN
    vm.each(lambda one: one.change(epoch=TERM_MIN))
    assert spend(vm, CLIENT, 1024, extensions=wanted).code == ExitCode.OK


def test_hears_the_token_alone(vm):
    assert vm.send(7, 6, RECEIVE, received(0, NOTHING)).code == ExitCode.OK
    assert vm.send(CLIENT, 6, RECEIVE, received(0, NOTHING)).code == ExitCode.USR_FORBIDDEN


def test_counts_whole_bytes(vm):
    assert vm.send(7, 6, RECEIVE, received(BYTE - 1, NOTHING)).code == ExitCode.OK
    assert vm.send(7, 6, RECEIVE, received(1 - BYTE, NOTHING)).code == ExitCode.OK
    refused = vm.send(7, 6, RECEIVE, received(BYTE, NOTHING))
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_hears_of_its_own_tokens_alone(vm):
    other = replace(received(0, NOTHING), kind=FRC46_TOKEN_TYPE - 1)
    assert vm.send(7, 6, RECEIVE, other).code == ExitCode.USR_ILLEGAL_ARGUMENT
    refused = vm.send(7, 6, RECEIVE, received(0, NOTHING, to=7))
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("data", [b"", b"\x82\x80", b"\x82\x80\x80\x00", b"\xff"])
def test_what_it_hears_must_decode(vm, data):
    assert vm.send(7, 6, RECEIVE, received(0, data)).code == ExitCode.USR_SERIALIZATION
    params = UniversalReceiverParams(FRC46_TOKEN_TYPE, data)
    assert vm.send(7, 6, RECEIVE, params).code == ExitCode.USR_SERIALIZATION


def test_what_it_hears_decodes_as_leniently_as_parameters(vm):
    loose = b"\x82\x98\x00\x80"
    assert vm.send(7, 6, RECEIVE, received(0, loose)).code == ExitCode.OK
