from dataclasses import replace

import pytest
from verified import (
    CLIENT,
    NOBODY,
    OTHER_VERIFIER,
    ROOT,
    SIZE_MIN,
    VERIFIER,
    balances,
    give,
    params_for,
    person,
    registry,
    removal,
)

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import RemoveDataCapParams, RemoveDataCapReturn
from papyrus.actors.verifreg.state import PROPOSAL_IDS
from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

OWNED = 10 * SIZE_MIN


@pytest.fixture
def vm(vm):
    """Return a machine with a client and two verifiers."""
    give(vm, CLIENT, OWNED)
    vm.ok(ROOT, 6, methods.ADD_VERIFIER, params_for(OTHER_VERIFIER, SIZE_MIN))
    return vm


def params(amount, used=0, client=CLIENT):
    return RemoveDataCapParams(
        Address.from_id(client),
        amount,
        removal(VERIFIER, client, amount, used),
        removal(OTHER_VERIFIER, client, amount, used),
    )


def remove(vm, given, sender=ROOT):
    return vm.send(sender, 6, methods.REMOVE_VERIFIED_CLIENT_DATACAP, given)


def proposal_ids(vm):
    state = registry(vm.one)
    found = PROPOSAL_IDS.open(vm.one.machine.store, state.proposal_ids).items()
    return {(verifier.id, client.id): used.id for (verifier, client), used in found}


def test_takes_what_two_verifiers_say(vm):
    outcome = remove(vm, params(3 * SIZE_MIN))
    taken = RemoveDataCapReturn(Address.from_id(CLIENT), 3 * SIZE_MIN)
    assert RemoveDataCapReturn.from_cbor(outcome.value) == taken
    assert balances(vm) == {CLIENT: 7 * SIZE_MIN}
    assert proposal_ids(vm) == {(VERIFIER, CLIENT): 1, (OTHER_VERIFIER, CLIENT): 1}


def test_takes_all_there_is_where_there_is_less(vm):
    outcome = remove(vm, params(OWNED + 1))
    assert RemoveDataCapReturn.from_cbor(outcome.value).removed == OWNED
    assert balances(vm) == {}


def test_takes_nothing_where_there_is_nothing(vm):
    outcome = remove(vm, params(5, client=NOBODY))
    assert RemoveDataCapReturn.from_cbor(outcome.value).removed == 0
    assert proposal_ids(vm) == {(VERIFIER, NOBODY): 1, (OTHER_VERIFIER, NOBODY): 1}


def test_names_may_be_keys(vm):
    given = params(SIZE_MIN)
    named = RemoveDataCapParams(
        person(CLIENT).key,
        given.amount,
        replace(given.first_request, verifier=person(VERIFIER).key),
        replace(given.second_request, verifier=person(OTHER_VERIFIER).key),
    )
    assert remove(vm, named).code == ExitCode.OK


def test_a_signature_serves_once(vm):
    assert remove(vm, params(SIZE_MIN)).code == ExitCode.OK
    assert remove(vm, params(SIZE_MIN)).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert remove(vm, params(SIZE_MIN, used=1)).code == ExitCode.OK
    assert balances(vm) == {CLIENT: OWNED - 2 * SIZE_MIN}


def test_a_signature_is_for_one_amount(vm):
    assert remove(vm, replace(params(SIZE_MIN), amount=1)).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_the_root_alone_asks(vm):
    assert remove(vm, params(SIZE_MIN), sender=VERIFIER).code == ExitCode.USR_FORBIDDEN


def test_takes_two_verifiers(vm):
    given = params(SIZE_MIN)
    twice = replace(given, second_request=given.first_request)
    assert remove(vm, twice).code == ExitCode.USR_ILLEGAL_ARGUMENT
    for request in ("first_request", "second_request"):
        unknown = replace(given, **{request: removal(NOBODY, CLIENT, SIZE_MIN)})
        assert remove(vm, unknown).code == ExitCode.USR_NOT_FOUND


def test_a_verifier_must_be_there(vm):
    gone = replace(params(SIZE_MIN).first_request, verifier=Address.from_id(999))
    given = replace(params(SIZE_MIN), first_request=gone)
    assert remove(vm, given).code == ExitCode.USR_NOT_FOUND
    given = replace(params(SIZE_MIN), client=Address.actor(b"nobody"))
    assert remove(vm, given).code == ExitCode.USR_UNSPECIFIED


def test_a_verifier_who_answers_with_nothing_has_not_signed(vm):
    vm.ok(ROOT, 6, methods.ADD_VERIFIER, params_for(201, SIZE_MIN))
    silent = replace(params(SIZE_MIN).first_request, verifier=Address.from_id(201))
    given = replace(params(SIZE_MIN), first_request=silent)
    assert remove(vm, given).code == ExitCode.USR_ASSERTION_FAILED


def test_a_verifier_who_cannot_answer_has_not_signed(vm):
    vm.ok(ROOT, 6, methods.ADD_VERIFIER, params_for(7, SIZE_MIN))
    deaf = replace(params(SIZE_MIN).second_request, verifier=Address.from_id(7))
    given = replace(params(SIZE_MIN), second_request=deaf)
    assert remove(vm, given).code == ExitCode.USR_UNHANDLED_MESSAGE


def test_less_than_nothing_cannot_be_taken(vm):
    assert remove(vm, params(-1)).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert remove(vm, params(0)).code == ExitCode.OK


def test_nothing_is_taken_from_the_registry(vm):
    assert remove(vm, params(SIZE_MIN, client=6)).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_signature_is_read_at_any_length(vm):
    long = GivenSignature(SignatureType.BLS, bytes(300))
    forged = replace(params(SIZE_MIN).first_request, signature=long)
    given = replace(params(SIZE_MIN), first_request=forged)
    assert remove(vm, given).code == ExitCode.USR_ILLEGAL_ARGUMENT
    unknown = given.to_cbor().replace(b"\x02" + bytes(300), b"\x03" + bytes(300))
    assert remove(vm, unknown).code == ExitCode.USR_SERIALIZATION
