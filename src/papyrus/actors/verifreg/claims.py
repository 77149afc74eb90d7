"""A claim's life: it lasts until its term is over, which its client may make longer.

Up to the longest term that an allocation can have, the claim's client makes it longer for nothing.
Beyond that, anyone may pay for the longest term from the present on, as long as the claim is not
over.
"""

from collections.abc import Iterable
from dataclasses import replace

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.nested_collections import MapOfMaps
from papyrus.actors.dispatch import method
from papyrus.actors.verifreg import events
from papyrus.actors.verifreg.expiration import expiration_of, expired
from papyrus.actors.verifreg.params import (
    EXTEND_CLAIM_TERMS,
    EXTEND_CLAIM_TERMS_EXPORTED,
    GET_CLAIMS,
    GET_CLAIMS_EXPORTED,
    REMOVE_EXPIRED_CLAIMS,
    REMOVE_EXPIRED_CLAIMS_EXPORTED,
    ClaimExtensionRequest,
    ClaimTerm,
    ExtendClaimTermsParams,
    GetClaimsParams,
    GetClaimsReturn,
    RemoveExpiredClaimsParams,
    RemoveExpiredClaimsReturn,
)
from papyrus.actors.verifreg.state import CLAIMS, Claim, State
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.aborts import assertion_failed, forbidden, illegal_argument, not_found
from papyrus.vm.runtime import Runtime


@method(GET_CLAIMS, GET_CLAIMS_EXPORTED)
def get_claims(rt: Runtime, params: GetClaimsParams) -> GetClaimsReturn:
    """Return claims of a provider; one that is not there fails in the results with 17."""
    rt.accept_any_caller()
    claims = CLAIMS.open(rt.store, rt.load(State).claims)
    found = [claims.get(params.provider, claim_id) for claim_id in params.claim_ids]
    return GetClaimsReturn(
        BatchReturn.of(ExitCode.USR_NOT_FOUND if claim is None else ExitCode.OK for claim in found),
        tuple(claim for claim in found if claim is not None),
    )


@method(EXTEND_CLAIM_TERMS, EXTEND_CLAIM_TERMS_EXPORTED)
def extend_claim_terms(rt: Runtime, params: ExtendClaimTermsParams) -> BatchReturn:
    """Give claims of the caller longer terms, up to the longest that an allocation can have.

    Claims that are over come back to life. What may not be fails in the results: with 16 a term
    that is too long or shorter than the claim's, with 17 no such claim, with 18 another's.
    """
    rt.accept_any_caller()
    state = rt.load(State)
    claims = CLAIMS.open(rt.store, state.claims)
    results = BatchReturn.of([_extend(rt, claims, term) for term in params.terms])
    rt.save(replace(state, claims=claims.flush()))
    return results


@method(REMOVE_EXPIRED_CLAIMS, REMOVE_EXPIRED_CLAIMS_EXPORTED)
def remove_expired_claims(
    rt: Runtime, params: RemoveExpiredClaimsParams
) -> RemoveExpiredClaimsReturn:
    """Remove claims of a provider whose term is over; for anyone."""
    rt.accept_any_caller()
    state = rt.load(State)
    claims = CLAIMS.open(rt.store, state.claims)
    considered, results = expired(claims, params.provider, params.claim_ids, rt.epoch)
    for claim_id in results.successes(considered):
        removed = claims.delete(params.provider, claim_id)
        if removed is None:
            # Quirk: a claim that is named twice is found twice and removed once, a panic.
            raise assertion_failed(f"claim {claim_id} is removed twice")
        events.claim_removed(rt, claim_id, removed)
    rt.save(replace(state, claims=claims.flush()))
    return RemoveExpiredClaimsReturn(considered, results)


def extended_claims(
    rt: Runtime, claims: MapOfMaps[int, int, Claim], requests: Iterable[ClaimExtensionRequest]
) -> list[tuple[int, Claim]]:
    """Return claims with the longer terms that someone has paid for; abort where one may not be."""
    updated = []
    for request in requests:
        claim = claims.get(request.provider, request.claim)
        if claim is None:
            raise not_found(f"no claim {request.claim} for provider {request.provider}")
        _check_extension(rt, request, claim)
        # The client stays who it was, whoever pays.
        updated.append((request.claim, replace(claim, term_max=request.term_max)))
    return updated


def _extend(rt: Runtime, claims: MapOfMaps[int, int, Claim], term: ClaimTerm) -> int:
    """Give a claim a longer term and return whether it could be, as an exit code."""
    if term.term_max > rt.policy.maximum_verified_allocation_term:
        return ExitCode.USR_ILLEGAL_ARGUMENT
    claim = claims.get(term.provider, term.claim_id)
    if claim is None:
        return ExitCode.USR_NOT_FOUND
    if claim.client != rt.caller_id:
        return ExitCode.USR_FORBIDDEN
    if term.term_max < claim.term_max:
        return ExitCode.USR_ILLEGAL_ARGUMENT
    updated = replace(claim, term_max=term.term_max)
    claims.set(term.provider, term.claim_id, updated)
    events.claim_updated(rt, term.claim_id, updated)
    return ExitCode.OK


def _check_extension(rt: Runtime, request: ClaimExtensionRequest, claim: Claim) -> None:
    longest = rt.epoch + rt.policy.maximum_verified_allocation_term - claim.term_start
    if request.term_max > longest:
        raise illegal_argument(
            f"term_max {request.term_max} for claim {request.claim} exceeds maximum {longest} at "
            f"current epoch {rt.epoch}"
        )
    if request.term_max <= claim.term_max:
        raise illegal_argument(
            f"term_max {request.term_max} for claim {request.claim} is not larger than existing "
            f"term max {claim.term_max}"
        )
    # What is over cannot be paid for again, or a claim could begin anew at any later time.
    if rt.epoch > expiration_of(claim):
        raise forbidden(
            f"claim {request.claim} expired at {expiration_of(claim)}, current epoch {rt.epoch}"
        )
