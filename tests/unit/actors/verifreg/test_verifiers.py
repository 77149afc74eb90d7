import pytest
from verified import (
    CLIENT,
    NOBODY,
    OTHER_VERIFIER,
    PEOPLE,
    ROOT,
    SIZE_MIN,
    VERIFIER,
    balances,
    findings_of,
    give,
    params_for,
    person,
    verifiers,
)

from papyrus.actors.verifreg import params as methods
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

NEW_KEY = Address.secp256k1(b"\x04" + bytes(64))
ABSENT = Address.actor(b"nobody")


def add_verifier(vm, who, allowance, sender=ROOT):
    return vm.send(sender, 6, methods.ADD_VERIFIER, params_for(who, allowance))


def remove_verifier(vm, who, sender=ROOT):
    address = Address.from_id(who) if isinstance(who, int) else who
    return vm.send(sender, 6, methods.REMOVE_VERIFIER, address)


def add_client(vm, who, allowance, sender=VERIFIER):
    return vm.send(sender, 6, methods.ADD_VERIFIED_CLIENT, params_for(who, allowance))


def told(outcome):
    """Return the values of an outcome's events by key, as CBOR."""
    return [
        [(entry.flags, entry.key, entry.value.hex()) for entry in stamped.event.entries]
        for stamped in outcome.events
    ]


def test_a_verifier_is_appointed(vm):
    outcome = add_verifier(vm, person(VERIFIER).key, SIZE_MIN)
    assert outcome.code == ExitCode.OK
    assert verifiers(vm) == {VERIFIER: SIZE_MIN}
    assert told(outcome) == [
        [
            (3, "$type", "70" + b"verifier-balance".hex()),
            (3, "verifier", "1865"),
            (1, "balance", "43000100"),
        ]
    ]


def test_a_new_key_becomes_a_verifier_and_an_account(vm):
    assert add_verifier(vm, NEW_KEY, SIZE_MIN).code == ExitCode.OK
    assert verifiers(vm) == {1000: SIZE_MIN}


def test_an_allowance_is_replaced(vm):
    add_verifier(vm, VERIFIER, 10**6)
    add_verifier(vm, VERIFIER, SIZE_MIN)
    assert verifiers(vm) == {VERIFIER: SIZE_MIN}


@pytest.mark.parametrize("allowance", [SIZE_MIN - 1, 0, -1])
def test_an_allowance_has_a_least(vm, allowance):
    assert add_verifier(vm, VERIFIER, allowance).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_the_root_alone_appoints(vm):
    assert add_verifier(vm, VERIFIER, 10**6, sender=NOBODY).code == ExitCode.USR_FORBIDDEN


def test_the_root_is_no_verifier(vm):
    assert add_verifier(vm, ROOT, 10**6).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_client_is_no_verifier(vm):
    give(vm, CLIENT, SIZE_MIN)
    assert add_verifier(vm, CLIENT, 10**6).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_verifier_must_be_there(vm):
    assert add_verifier(vm, 999, 10**6).code == ExitCode.USR_NOT_FOUND
    assert add_verifier(vm, ABSENT, 10**6).code == ExitCode.USR_UNSPECIFIED


def test_a_verifier_is_dismissed(vm):
    add_verifier(vm, VERIFIER, 10**6)
    outcome = remove_verifier(vm, person(VERIFIER).key)
    assert outcome.code == ExitCode.OK
    assert verifiers(vm) == {}
    assert told(outcome)[0][1:] == [(3, "verifier", "1865"), (1, "balance", "40")]


def test_who_is_no_verifier_cannot_be_dismissed(vm):
    assert remove_verifier(vm, 999).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert remove_verifier(vm, ABSENT).code == ExitCode.USR_UNSPECIFIED
    assert remove_verifier(vm, VERIFIER, sender=NOBODY).code == ExitCode.USR_FORBIDDEN


def test_a_client_is_given_datacap(vm):
    add_verifier(vm, VERIFIER, 10**6)
    outcome = add_client(vm, person(CLIENT).key, 10**6 - 1)
    assert outcome.code == ExitCode.OK
    assert verifiers(vm) == {VERIFIER: 1}
    assert balances(vm) == {CLIENT: 10**6 - 1}
    assert told(outcome)[0][1:] == [
        (3, "verifier", "1865"),
        (1, "balance", "420001"),
        (3, "client", "1867"),
    ]
    assert findings_of(vm.one) == []


def test_a_client_is_given_more_by_another(vm):
    for verifier in (VERIFIER, OTHER_VERIFIER):
        give(vm, CLIENT, SIZE_MIN, verifier)
    assert balances(vm) == {CLIENT: 2 * SIZE_MIN}
    assert verifiers(vm) == {VERIFIER: 0, OTHER_VERIFIER: 0}


def test_the_exported_number_does_the_same(vm):
    add_verifier(vm, VERIFIER, 10**6)
    params = params_for(NEW_KEY, SIZE_MIN)
    vm.ok(VERIFIER, 6, methods.ADD_VERIFIED_CLIENT_EXPORTED, params)
    assert balances(vm) == {1000: SIZE_MIN}


@pytest.mark.parametrize(
    ("who", "allowance", "code"),
    [
        (CLIENT, SIZE_MIN - 1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (CLIENT, -1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (CLIENT, 10**6 + 1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (ROOT, SIZE_MIN, ExitCode.USR_ILLEGAL_ARGUMENT),
        (VERIFIER, SIZE_MIN, ExitCode.USR_ILLEGAL_ARGUMENT),
        (999, SIZE_MIN, ExitCode.USR_NOT_FOUND),
        (ABSENT, SIZE_MIN, ExitCode.USR_UNSPECIFIED),
        (7, SIZE_MIN, ExitCode.USR_UNHANDLED_MESSAGE),
        (6, SIZE_MIN, ExitCode.USR_SERIALIZATION),
        (201, SIZE_MIN, ExitCode.OK),
    ],
)
def test_a_client_is_someone_else_who_takes_datacap(vm, who, allowance, code):
    add_verifier(vm, VERIFIER, 10**6)
    assert add_client(vm, who, allowance).code == code


def test_who_is_no_verifier_gives_nothing(vm):
    assert add_client(vm, CLIENT, SIZE_MIN, sender=NOBODY).code == ExitCode.USR_NOT_FOUND


def test_more_than_fits_on_the_chain_as_tokens_is_not_given(vm):
    assert add_verifier(vm, VERIFIER, 2**1015).code == ExitCode.OK
    assert add_client(vm, CLIENT, 2**1015).code == ExitCode.USR_SERIALIZATION


def test_people_sign_with_both_kinds_of_keys():
    assert len({one.kind for one in PEOPLE}) == 2
