"""An allocation's life: paid for with DataCap, then claimed by its provider, or over and refunded.

To pay, a client sends DataCap tokens to the registry and says in the transfer what they are for;
the registry's hook makes the allocations, or the transfer fails. The tokens are the registry's
until the provider has committed the piece, and then burnt.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.integers import checked_i64
from papyrus.actors.common.nested_collections import MapOfMaps
from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.datacap import calls as datacap
from papyrus.actors.datacap.params import FRC46_TOKEN_TYPE, TokensReceived
from papyrus.actors.dispatch import method
from papyrus.actors.singletons import DATACAP
from papyrus.actors.verifreg import events
from papyrus.actors.verifreg.claims import extended_claims
from papyrus.actors.verifreg.expiration import expired
from papyrus.actors.verifreg.params import (
    CLAIM_ALLOCATIONS,
    REMOVE_EXPIRED_ALLOCATIONS,
    REMOVE_EXPIRED_ALLOCATIONS_EXPORTED,
    AllocationClaim,
    AllocationRequest,
    AllocationRequests,
    AllocationsResponse,
    ClaimAllocationsParams,
    ClaimAllocationsReturn,
    RemoveExpiredAllocationsParams,
    RemoveExpiredAllocationsReturn,
    SectorAllocationClaims,
    SectorClaimSummary,
)
from papyrus.actors.verifreg.state import ALLOCATIONS, CLAIMS, Allocation, Claim, State
from papyrus.actors.verifreg.tokens import to_datacap, to_tokens
from papyrus.ipld.tuples import Reading, Record
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, SyscallError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.aborts import assertion_failed, illegal_argument, illegal_state, serialization
from papyrus.vm.runtime import Runtime

R = TypeVar("R", bound=Record)


@method(RECEIVE)
def universal_receiver_hook(rt: Runtime, params: UniversalReceiverParams) -> AllocationsResponse:
    """Make allocations and extend claims for exactly the DataCap that has come in.

    For the DataCap actor. What is spent on extensions is burnt at once. Anyone may pay for a longer
    term of any claim. A single bad request aborts, and so gives all tokens back.
    """
    rt.require_caller(DATACAP)
    received = _tokens_received(rt, params)
    requests = _decoded(AllocationRequests, received.operator_data, "allocation requests")
    made = []
    for request in requests.allocations:
        _check_request(rt, request)
        _require_miner(rt, request.provider)
        made.append(_allocation(received.sender, request))
    claims = CLAIMS.open(rt.store, rt.load(State).claims)
    updated = extended_claims(rt, claims, requests.extensions)

    spent_on_extensions = sum(claim.size for _, claim in updated)
    spent = sum(allocation.size for allocation in made) + spent_on_extensions
    if spent != to_datacap(received.amount):
        raise illegal_argument(
            f"total allocation size {spent} must match data cap amount received "
            f"{to_datacap(received.amount)}"
        )
    datacap.burn(rt, to_tokens(spent_on_extensions))
    new_ids = _store(rt, received.sender, made, updated)
    return AllocationsResponse(
        BatchReturn(len(made), ()), BatchReturn(len(updated), ()), tuple(new_ids)
    )


@method(REMOVE_EXPIRED_ALLOCATIONS, REMOVE_EXPIRED_ALLOCATIONS_EXPORTED)
def remove_expired_allocations(
    rt: Runtime, params: RemoveExpiredAllocationsParams
) -> RemoveExpiredAllocationsReturn:
    """Remove allocations of a client that nobody has claimed in time, and give it its DataCap back.

    For anyone. The client's hook is called even if nothing comes back, and may refuse.
    """
    rt.accept_any_caller()
    state = rt.load(State)
    allocations = ALLOCATIONS.open(rt.store, state.allocations)
    considered, results = expired(allocations, params.client, params.allocation_ids, rt.epoch)
    recovered = 0
    for allocation_id in results.successes(considered):
        removed = allocations.delete(params.client, allocation_id)
        if removed is None:
            # Quirk: an allocation that is named twice is found twice and removed once, a panic.
            raise assertion_failed(f"allocation {allocation_id} is removed twice")
        events.allocation_removed(rt, allocation_id, removed)
        recovered += removed.size
    rt.save(replace(state, allocations=allocations.flush()))

    datacap.transfer(rt, Address.from_id(params.client), to_tokens(recovered))
    return RemoveExpiredAllocationsReturn(considered, results, recovered)


@method(CLAIM_ALLOCATIONS)
def claim_allocations(rt: Runtime, params: ClaimAllocationsParams) -> ClaimAllocationsReturn:
    """Turn allocations into claims for pieces that the calling miner has committed to sectors.

    The claims of one sector succeed or fail together; the DataCap of all that succeed is burnt.
    With `all_or_nothing` a sector that fails aborts with 16, whatever its own code.
    """
    rt.require_caller_type("storageminer")
    if not params.sectors:
        raise illegal_argument("claim allocations called with no claims")
    state = rt.load(State)
    claims = CLAIMS.open(rt.store, state.claims)
    allocations = ALLOCATIONS.open(rt.store, state.allocations)
    codes = []
    spaces = []
    for sector in params.sectors:
        code, made = _claims_of_sector(rt, allocations, sector)
        codes.append(code)
        if code == ExitCode.OK:
            _replace_by_claims(rt, allocations, claims, made)
            spaces.append(sum(claim.size for _, claim in made))
    rt.save(replace(state, allocations=allocations.flush(), claims=claims.flush()))

    results = BatchReturn.of(codes)
    if params.all_or_nothing and not results.all_succeeded:
        raise illegal_argument(f"claim failed with all-or-nothing: {codes}")
    datacap.burn(rt, to_tokens(sum(spaces)))
    return ClaimAllocationsReturn(results, tuple(map(SectorClaimSummary, spaces)))


def _tokens_received(rt: Runtime, params: UniversalReceiverParams) -> TokensReceived:
    if params.kind != FRC46_TOKEN_TYPE:
        raise illegal_argument(
            f"invalid token type {params.kind}, expected {FRC46_TOKEN_TYPE} (FRC-46)"
        )
    received = _decoded(TokensReceived, params.payload, "receiver hook payload")
    if received.to != rt.receiver_id:
        raise illegal_argument(f"token receiver expected to {rt.receiver_id}, was {received.to}")
    return received


def _decoded(kind: type[R], data: bytes, name: str) -> R:
    try:
        return kind.from_cbor(data, reading=Reading.LENIENT)
    except DecodeError as error:
        raise serialization(f"failed to deserialize {name}: {error}") from error


def _check_request(rt: Runtime, request: AllocationRequest) -> None:
    """Abort unless an allocation's size, term and expiration are what the network allows."""
    policy = rt.policy
    if request.size < policy.minimum_verified_allocation_size:
        raise illegal_argument(
            f"allocation size {request.size} below minimum "
            f"{policy.minimum_verified_allocation_size}"
        )
    if request.term_min < policy.minimum_verified_allocation_term:
        raise illegal_argument(
            f"allocation term min {request.term_min} below limit "
            f"{policy.minimum_verified_allocation_term}"
        )
    if request.term_max > policy.maximum_verified_allocation_term:
        raise illegal_argument(
            f"allocation term max {request.term_max} above limit "
            f"{policy.maximum_verified_allocation_term}"
        )
    if request.term_min > request.term_max:
        raise illegal_argument(
            f"allocation term min {request.term_min} exceeds term max {request.term_max}"
        )
    if request.expiration < rt.epoch:
        raise illegal_argument(
            f"allocation expiration epoch {request.expiration} has passed current epoch {rt.epoch}"
        )
    latest = rt.epoch + policy.maximum_verified_allocation_expiration
    if request.expiration > latest:
        raise illegal_argument(
            f"allocation expiration {request.expiration} exceeds maximum {latest}"
        )


def _require_miner(rt: Runtime, provider: int) -> None:
    """Abort unless an actor is a miner, since nobody else could claim what is allocated to it."""
    name = rt.type_of(provider)
    if name != "storageminer":
        raise illegal_argument(f"allocation provider {provider} must be a miner actor, was {name}")


def _allocation(client: int, request: AllocationRequest) -> Allocation:
    return Allocation(
        client=client,
        provider=request.provider,
        data=request.data,
        size=request.size,
        term_min=request.term_min,
        term_max=request.term_max,
        expiration=request.expiration,
    )


def _store(
    rt: Runtime, client: int, made: list[Allocation], updated: list[tuple[int, Claim]]
) -> range:
    """Save new allocations and updated claims, and return the allocations' IDs."""
    state = rt.load(State)
    new_ids = range(state.next_allocation_id, state.next_allocation_id + len(made))
    allocations = ALLOCATIONS.open(rt.store, state.allocations)
    for allocation_id, allocation in zip(new_ids, made, strict=True):
        allocations.set(client, allocation_id, allocation)
        events.allocation(rt, allocation_id, allocation)
    try:
        allocations_root = allocations.flush()
    except SyscallError as error:
        # A client may name any CID as its piece's, also one that nothing here can link to.
        raise illegal_state(f"failed to flush allocations table: {error}") from error
    claims = CLAIMS.open(rt.store, state.claims)
    for claim_id, claim in updated:
        claims.set(claim.provider, claim_id, claim)
        events.claim_updated(rt, claim_id, claim)
    rt.save(
        replace(
            state,
            allocations=allocations_root,
            next_allocation_id=new_ids.stop,
            claims=claims.flush(),
        )
    )
    return new_ids


def _claims_of_sector(
    rt: Runtime, allocations: MapOfMaps[int, int, Allocation], sector: SectorAllocationClaims
) -> tuple[int, list[tuple[int, Claim]]]:
    """Return the claims that a sector's allocations become, or the code why they do not."""
    made = []
    for asked in sector.claims:
        allocation = allocations.get(asked.client, asked.allocation_id)
        if allocation is None:
            return ExitCode.USR_NOT_FOUND, []
        if not _may_claim(rt, asked, allocation, sector.expiry):
            return ExitCode.USR_FORBIDDEN, []
        claim = Claim(
            provider=rt.caller_id,
            client=allocation.client,
            data=allocation.data,
            size=allocation.size,
            term_min=allocation.term_min,
            term_max=allocation.term_max,
            term_start=rt.epoch,
            sector=sector.sector,
        )
        made.append((asked.allocation_id, claim))
    return ExitCode.OK, made


def _may_claim(
    rt: Runtime, asked: AllocationClaim, allocation: Allocation, sector_expiry: int
) -> bool:
    """Return whether the calling miner may claim an allocation for a piece in a sector."""
    lifetime = checked_i64(sector_expiry - rt.epoch)
    return (
        allocation.provider == rt.caller_id
        and (asked.client, asked.data, asked.size)
        == (allocation.client, allocation.data, allocation.size)
        and rt.epoch <= allocation.expiration
        and allocation.term_min <= lifetime <= allocation.term_max
    )


def _replace_by_claims(
    rt: Runtime,
    allocations: MapOfMaps[int, int, Allocation],
    claims: MapOfMaps[int, int, Claim],
    made: Iterable[tuple[int, Claim]],
) -> None:
    for claim_id, claim in made:
        if not claims.set_if_absent(claim.provider, claim_id, claim):
            raise illegal_argument(f"claim {claim_id} already exists")
        events.claim(rt, claim_id, claim)
        allocations.delete(claim.client, claim_id)
