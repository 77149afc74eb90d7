"""Calls that may not write, which only contracts make of the registry."""

import pytest
from actor_vm import TwinVm
from contracts import forward, put_contract
from verified import (
    CLIENT,
    MINER,
    ROOT,
    SIZE_MIN,
    TERM_MAX,
    TERM_MIN,
    allocate,
    claim,
    findings_of,
    give,
    params_for,
    put_verified,
    request,
    sector_claims,
)

from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import (
    ClaimTerm,
    ExtendClaimTermsParams,
    GetClaimsParams,
    RemoveExpiredAllocationsParams,
    RemoveExpiredClaimsParams,
)
from papyrus.primitives.exit_codes import ExitCode

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

VERIFIER, BUYER = 300, 301
REGISTRY = 6
SHORT = request(1, term_max=TERM_MIN)


@pytest.fixture
def vm():
    """Return machines with a contract that is a verifier, and one that is a client with a claim.

    The claim and an allocation are over.
    """
    machine = TwinVm("hybrid:evm=wasm")

    def fill(one):
        put_verified(one)
        for contract in (VERIFIER, BUYER):
            put_contract(one, contract)

    machine.each(fill)
    machine.ok(ROOT, REGISTRY, methods.ADD_VERIFIER, params_for(VERIFIER, 10**6))
    give(machine, BUYER, 10**6)
    allocate(machine, BUYER, SHORT, request(2))
    claim(machine, sector_claims(1, BUYER, {1: SHORT}))
    machine.each(lambda one: one.change(epoch=TERM_MIN))
    return machine


def told(vm, sender, method, params):
    """Return what a contract is told if it may not write, and if it may."""
    may_not = forward(vm, ROOT, sender, REGISTRY, method, params, read_only=True)
    assert findings_of(vm.one) == []
    return may_not, forward(vm, ROOT, sender, REGISTRY, method, params)


@pytest.mark.parametrize(
    ("sender", "method", "params", "code"),
    [
        (BUYER, methods.GET_CLAIMS_EXPORTED, GetClaimsParams(MINER, (1,)), ExitCode.OK),
        (
            VERIFIER,
            methods.ADD_VERIFIED_CLIENT_EXPORTED,
            params_for(CLIENT, SIZE_MIN),
            ExitCode.USR_ASSERTION_FAILED,
        ),
        (
            BUYER,
            methods.EXTEND_CLAIM_TERMS_EXPORTED,
            ExtendClaimTermsParams((ClaimTerm(MINER, 1, TERM_MAX),)),
            ExitCode.USR_ASSERTION_FAILED,
        ),
        (
            BUYER,
            methods.EXTEND_CLAIM_TERMS_EXPORTED,
            ExtendClaimTermsParams(()),
            ExitCode.USR_READ_ONLY,
        ),
        (
            BUYER,
            methods.REMOVE_EXPIRED_CLAIMS_EXPORTED,
            RemoveExpiredClaimsParams(MINER, ()),
            ExitCode.USR_ASSERTION_FAILED,
        ),
        (
            BUYER,
            methods.REMOVE_EXPIRED_CLAIMS_EXPORTED,
            RemoveExpiredClaimsParams(MINER, (9,)),
            ExitCode.USR_READ_ONLY,
        ),
        (
            BUYER,
            methods.REMOVE_EXPIRED_ALLOCATIONS_EXPORTED,
            RemoveExpiredAllocationsParams(BUYER, ()),
            ExitCode.USR_ASSERTION_FAILED,
        ),
        (
            BUYER,
            methods.REMOVE_EXPIRED_ALLOCATIONS_EXPORTED,
            RemoveExpiredAllocationsParams(CLIENT, ()),
            ExitCode.USR_READ_ONLY,
        ),
    ],
)
def test_write_nothing(vm, sender, method, params, code):
    assert told(vm, sender, method, params) == (code, ExitCode.OK)
