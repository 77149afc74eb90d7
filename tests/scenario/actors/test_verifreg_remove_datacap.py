"""DataCap that two verifiers take from a client, half of it and then the rest."""

import pytest
from invariants import broken_invariants
from verified import (
    CLIENT,
    OTHER_VERIFIER,
    ROOT,
    VERIFIER,
    balances,
    params_for,
    put_verified,
    registry,
    removal,
    verifiers,
)

from papyrus.actors.singletons import VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import RemoveDataCapParams, RemoveDataCapReturn
from papyrus.actors.verifreg.state import PROPOSAL_IDS
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

ALLOWANCE = 2 << 20


@pytest.fixture
def vm(make_vm):
    """Return a machine with two verifiers, whose end must keep the invariants."""
    machine = make_vm(epoch=1)
    machine.each(put_verified)
    for verifier in (VERIFIER, OTHER_VERIFIER):
        params = params_for(verifier, ALLOWANCE)
        machine.ok(ROOT, VERIFIED_REGISTRY, methods.ADD_VERIFIER, params)
    yield machine
    machine.each(check_end)


def check_end(one):
    assert broken_invariants(one) == []


def remove(vm, client, amount, used):
    requests = [removal(who, client, amount, used) for who in (VERIFIER, OTHER_VERIFIER)]
    params = RemoveDataCapParams(Address.from_id(client), amount, *requests)
    method = methods.REMOVE_VERIFIED_CLIENT_DATACAP
    return vm.send(ROOT, VERIFIED_REGISTRY, method, params)


def used_proposals(vm):
    """Return how many proposals about the client each verifier has used up, None for never any."""
    kept = PROPOSAL_IDS.open(vm.one.machine.store, registry(vm.one).proposal_ids)
    found = [
        kept.get((Address.from_id(who), Address.from_id(CLIENT)))
        for who in (VERIFIER, OTHER_VERIFIER)
    ]
    return [proposal and proposal.id for proposal in found]


def test_a_client_loses_half_and_then_the_rest(vm):
    method = methods.ADD_VERIFIED_CLIENT
    outcome = vm.send(VERIFIER, VERIFIED_REGISTRY, method, params_for(CLIENT, ALLOWANCE))
    assert outcome.code == ExitCode.OK
    assert [entry.key for entry in outcome.events[0].event.entries] == [
        "$type",
        "verifier",
        "balance",
        "client",
    ]
    assert verifiers(vm) == {VERIFIER: 0, OTHER_VERIFIER: ALLOWANCE}
    assert balances(vm) == {CLIENT: ALLOWANCE}
    assert used_proposals(vm) == [None, None]

    half = ALLOWANCE // 2
    for used, left in ((0, {CLIENT: half}), (1, {})):
        outcome = remove(vm, CLIENT, half, used)
        taken = RemoveDataCapReturn.from_cbor(outcome.value)
        assert taken == RemoveDataCapReturn(Address.from_id(CLIENT), half)
        assert balances(vm) == left
        assert used_proposals(vm) == [used + 1, used + 1]


def test_the_registry_itself_loses_nothing(vm):
    refused = remove(vm, VERIFIED_REGISTRY.id, 100, 0)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert used_proposals(vm) == [None, None]
