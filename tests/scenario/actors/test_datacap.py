"""DataCap as a token: given, allowed, spent on an allocation, and called by its name."""

from dataclasses import replace

import pytest
from invariants import broken_invariants
from tokens import address, balances, mint, tokens, transfer_from
from verified import (
    CLIENT,
    MINER,
    NOBODY,
    SIZE_MIN,
    TERM_MAX,
    VERIFIER,
    allocations,
    put_verified,
    request,
)

from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.actor import INFINITE_ALLOWANCE
from papyrus.actors.datacap.params import GetAllowanceParams, TransferFromReturn
from papyrus.actors.verifreg.params import AllocationRequests, AllocationsResponse
from papyrus.ipld.dag_cbor import decode
from papyrus.primitives.amounts import decode_bigint
from papyrus.primitives.exit_codes import ExitCode

DATACAP, REGISTRY = 7, 6
OPERATOR, OWNER = VERIFIER, NOBODY


@pytest.fixture
def vm(make_vm):
    """Return a machine with the registry and its token, whose end must keep the invariants."""
    machine = make_vm(epoch=1)
    machine.each(put_verified)
    yield machine
    machine.each(check_end)


def check_end(one):
    assert broken_invariants(one) == []


def data(*requests):
    return AllocationRequests(requests, ()).to_cbor()


def spend(vm, operator, count, requested, to=REGISTRY):
    return transfer_from(vm, operator, CLIENT, to, count, requested, token=DATACAP)


def test_datacap_is_spent_by_an_operator(vm):
    amount = SIZE_MIN + SIZE_MIN // 2
    refused = mint(vm, CLIENT, amount, [OPERATOR], token=DATACAP, sender=OPERATOR)
    assert refused.code == ExitCode.USR_FORBIDDEN
    assert mint(vm, CLIENT, amount, [OPERATOR], token=DATACAP, sender=REGISTRY).code == 0
    asked = GetAllowanceParams(address(CLIENT), address(OPERATOR))
    allowance = vm.ok(OWNER, DATACAP, methods.ALLOWANCE, asked)
    assert decode_bigint(decode(allowance)) == INFINITE_ALLOWANCE

    good = request(1, provider=MINER, size=SIZE_MIN)
    for wanted, count in [
        (replace(good, size=SIZE_MIN - 1), SIZE_MIN),
        (good, SIZE_MIN + 1),
        (replace(good, term_max=TERM_MAX + 1), SIZE_MIN),
    ]:
        assert spend(vm, OPERATOR, count, data(wanted)).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert spend(vm, OWNER, SIZE_MIN, data(good), to=OWNER).code == ExitCode.USR_FORBIDDEN
    assert spend(vm, OWNER, SIZE_MIN, data(good)).code == ExitCode.USR_INSUFFICIENT_FUNDS

    answer = TransferFromReturn.from_cbor(spend(vm, OPERATOR, SIZE_MIN, data(good)).value)
    assert AllocationsResponse.from_cbor(answer.recipient_data).new_allocations == (1,)
    assert answer.allowance == INFINITE_ALLOWANCE - tokens(SIZE_MIN)
    assert list(allocations(vm)) == [1]
    assert balances(vm, DATACAP) == {CLIENT: SIZE_MIN // 2, REGISTRY: SIZE_MIN}

    again = spend(vm, OPERATOR, SIZE_MIN, data(good))
    assert again.code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_datacap_has_a_name_and_a_symbol(vm):
    assert decode(vm.ok(OWNER, DATACAP, methods.NAME)) == "DataCap"
    assert decode(vm.ok(OWNER, DATACAP, methods.SYMBOL)) == "DCAP"
