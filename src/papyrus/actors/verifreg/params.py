"""What the methods of the verified registry take and return, and what its receiver hook is told.

DataCap is counted in whole bytes here; the DataCap actor counts the same in attoDCAP.
"""

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.dispatch import frc42
from papyrus.actors.verifreg.state import Claim, RemoveDataCapProposalID
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ActorID, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_transparent, cbor_tuple
from papyrus.primitives.address import Address

ADD_VERIFIER = 2
REMOVE_VERIFIER = 3
ADD_VERIFIED_CLIENT = 4
REMOVE_VERIFIED_CLIENT_DATACAP = 7
REMOVE_EXPIRED_ALLOCATIONS = 8
CLAIM_ALLOCATIONS = 9
GET_CLAIMS = 10
EXTEND_CLAIM_TERMS = 11
REMOVE_EXPIRED_CLAIMS = 12

ADD_VERIFIED_CLIENT_EXPORTED = frc42("AddVerifiedClient")
REMOVE_EXPIRED_ALLOCATIONS_EXPORTED = frc42("RemoveExpiredAllocations")
GET_CLAIMS_EXPORTED = frc42("GetClaims")
EXTEND_CLAIM_TERMS_EXPORTED = frc42("ExtendClaimTerms")
REMOVE_EXPIRED_CLAIMS_EXPORTED = frc42("RemoveExpiredClaims")


@cbor_tuple
class VerifierParams(Record):
    """A verifier or a client, and the bytes of DataCap it may give away or spend.

    `AddVerifierParams` and `AddVerifiedClientParams` of builtin-actors.
    """

    address: Address
    allowance: BigInt


@cbor_tuple
class RemoveDataCapRequest(Record):
    """One verifier's word that a client is to lose DataCap."""

    verifier: Address
    signature: GivenSignature
    """Of the domain separation and the `RemoveDataCapProposal`."""


@cbor_tuple
class RemoveDataCapParams(Record):
    """DataCap that a client is to lose, on the word of two verifiers."""

    client: Address
    amount: BigInt
    first_request: RemoveDataCapRequest
    second_request: RemoveDataCapRequest


@cbor_tuple
class RemoveDataCapReturn(Record):
    """What a client has lost."""

    client: Address
    """Its ID address."""
    removed: BigInt


@cbor_tuple
class RemoveDataCapProposal(Record):
    """What a verifier signs so that a client loses DataCap."""

    client: Address
    """Its ID address."""
    amount: BigInt
    proposal: RemoveDataCapProposalID


@cbor_tuple
class RemoveExpiredAllocationsParams(Record):
    """Allocations that nobody has claimed in time."""

    client: ActorID
    allocation_ids: tuple[U64, ...]
    """None means all that have expired."""


@cbor_tuple
class RemoveExpiredAllocationsReturn(Record):
    """What became of them."""

    considered: tuple[U64, ...]
    """The allocations asked for, or found to have expired."""
    results: BatchReturn
    recovered: BigInt
    """The bytes of DataCap that the client has back."""


@cbor_tuple
class AllocationClaim(Record):
    """A piece in a sector, for which an allocation is claimed."""

    client: ActorID
    allocation_id: U64
    data: Cid
    """The piece's CID."""
    size: U64
    """Its padded size in bytes."""


@cbor_tuple
class SectorAllocationClaims(Record):
    """The claims of one sector, which succeed or fail together."""

    sector: U64
    expiry: ChainEpoch
    claims: tuple[AllocationClaim, ...]


@cbor_tuple
class ClaimAllocationsParams(Record):
    """The claims of some sectors."""

    sectors: tuple[SectorAllocationClaims, ...]
    all_or_nothing: bool
    """Whether to abort where a sector fails, instead of leaving it out."""


@cbor_transparent
class SectorClaimSummary(Record):
    """The bytes that one sector has claimed."""

    claimed_space: BigInt


@cbor_tuple
class ClaimAllocationsReturn(Record):
    """Which sectors have their claims."""

    sector_results: BatchReturn
    sector_claims: tuple[SectorClaimSummary, ...]
    """Of the sectors that succeeded only, in order."""


@cbor_tuple
class GetClaimsParams(Record):
    """Claims of a provider."""

    provider: ActorID
    claim_ids: tuple[U64, ...]


@cbor_tuple
class GetClaimsReturn(Record):
    """The claims that were found."""

    results: BatchReturn
    """`batch_info` of builtin-actors."""
    claims: tuple[Claim, ...]
    """Of the IDs that succeeded only, in order."""


@cbor_tuple
class ClaimTerm(Record):
    """A longer term for a claim."""

    provider: ActorID
    claim_id: U64
    term_max: ChainEpoch


@cbor_tuple
class ExtendClaimTermsParams(Record):
    """Longer terms for some claims."""

    terms: tuple[ClaimTerm, ...]


@cbor_tuple
class RemoveExpiredClaimsParams(Record):
    """Claims whose term is over."""

    provider: ActorID
    claim_ids: tuple[U64, ...]
    """None means all that have expired."""


@cbor_tuple
class RemoveExpiredClaimsReturn(Record):
    """What became of them."""

    considered: tuple[U64, ...]
    """The claims asked for, or found to have expired."""
    results: BatchReturn


@cbor_tuple
class AllocationRequest(Record):
    """An allocation to pay for with DataCap; the fields are those of `Allocation`."""

    provider: ActorID
    data: Cid
    size: U64
    term_min: ChainEpoch
    term_max: ChainEpoch
    expiration: ChainEpoch


@cbor_tuple
class ClaimExtensionRequest(Record):
    """A claim to extend, paid for with DataCap."""

    provider: ActorID
    claim: U64
    term_max: ChainEpoch


@cbor_tuple
class AllocationRequests(Record):
    """What the operator data of a transfer of DataCap to the registry says it is for."""

    allocations: tuple[AllocationRequest, ...]
    extensions: tuple[ClaimExtensionRequest, ...]


@cbor_tuple
class AllocationsResponse(Record):
    """What the registry's hook answers, and so the recipient data of the transfer."""

    allocation_results: BatchReturn
    extension_results: BatchReturn
    new_allocations: tuple[U64, ...]
    """The IDs of the new allocations, in the order of the requests."""
