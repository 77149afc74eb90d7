"""DataCap in a test's state: verifiers, clients, allocations to miners, and messages about them."""

from hashlib import sha256

from actor_vm import BUNDLE
from people import people, put_people

from papyrus.actors.common.findings import Findings
from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.datacap import params as datacap
from papyrus.actors.datacap import state as datacap_state
from papyrus.actors.datacap.invariants import check_state_invariants as check_datacap
from papyrus.actors.datacap.params import TransferParams, TransferReturn
from papyrus.actors.datacap.token import balances_shape
from papyrus.actors.singletons import DATACAP, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as verifreg
from papyrus.actors.verifreg import state as verifreg_state
from papyrus.actors.verifreg.invariants import check_against_datacap
from papyrus.actors.verifreg.invariants import check_state_invariants as check_verifreg
from papyrus.actors.verifreg.params import (
    AllocationClaim,
    AllocationRequest,
    AllocationRequests,
    AllocationsResponse,
    ClaimAllocationsParams,
    RemoveDataCapProposal,
    RemoveDataCapRequest,
    SectorAllocationClaims,
    VerifierParams,
)
from papyrus.actors.verifreg.state import (
    ALLOCATIONS,
    CLAIMS,
    VERIFIERS,
    RemoveDataCapProposalID,
)
from papyrus.actors.verifreg.verifiers import REMOVAL_DOMAIN
from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import policy_of

POLICY = policy_of(BUNDLE)
TERM_MIN = POLICY.minimum_verified_allocation_term
TERM_MAX = POLICY.maximum_verified_allocation_term
EXPIRATION_MAX = POLICY.maximum_verified_allocation_expiration
SIZE_MIN = POLICY.minimum_verified_allocation_size

PEOPLE = people(6)
ROOT, VERIFIER, OTHER_VERIFIER, CLIENT, OTHER_CLIENT, NOBODY = (one.id for one in PEOPLE)
MINER, OTHER_MINER = 110, 111

BYTE = 10**18
"""A byte of DataCap as an amount of tokens."""


def put_verified(one, root=ROOT):
    """Put the registry, its token, six people and two miners into a state."""
    put_people(one, PEOPLE)
    root_key = Address.from_id(root)
    one.put_actor(6, "verifiedregistry", verifreg_state.empty(one.base, root_key))
    one.put_actor(7, "datacap", datacap_state.empty(one.base, VERIFIED_REGISTRY))
    for miner in (MINER, OTHER_MINER):
        one.put_actor(miner, "storageminer", balance=1)


def person(actor_id):
    """Return one of the people by ID."""
    return PEOPLE[actor_id - ROOT]


def piece(number):
    """Return the CID of a piece."""
    digest = sha256(b"piece %d" % number).digest()
    return Cid.of_digest(digest, FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)


def give(vm, client, amount, verifier=VERIFIER):
    """Make an actor a client of a verifier with some bytes of DataCap."""
    vm.ok(ROOT, VERIFIED_REGISTRY, verifreg.ADD_VERIFIER, params_for(verifier, amount))
    method = verifreg.ADD_VERIFIED_CLIENT
    vm.ok(verifier, VERIFIED_REGISTRY, method, params_for(client, amount))


def params_for(actor_id, allowance):
    """Return the parameters that make an actor a verifier or a client."""
    address = Address.from_id(actor_id) if isinstance(actor_id, int) else actor_id
    return VerifierParams(address, allowance)


def request(number=1, **fields):
    """Return a request for an allocation of a piece, a good one unless told otherwise."""
    given = {
        "provider": MINER,
        "data": piece(number),
        "size": 1024,
        "term_min": TERM_MIN,
        "term_max": TERM_MAX,
        "expiration": EXPIRATION_MAX,
    }
    return AllocationRequest(**{**given, **fields})


def spend(vm, client, amount, allocations=(), extensions=()):
    """Send DataCap to the registry for allocations and extensions, and return the outcome."""
    wanted = AllocationRequests(tuple(allocations), tuple(extensions))
    params = TransferParams(VERIFIED_REGISTRY, TokenAmount(amount * BYTE), wanted.to_cbor())
    return vm.send(client, DATACAP, datacap.TRANSFER, params)


def allocate(vm, client, *requests):
    """Pay for allocations and return their IDs."""
    outcome = spend(vm, client, sum(each.size for each in requests), requests)
    assert outcome.code == 0, outcome.failure
    answer = TransferReturn.from_cbor(outcome.value)
    return AllocationsResponse.from_cbor(answer.recipient_data).new_allocations


def sector_claims(sector, client, requests, term=TERM_MIN, *, epoch=0):
    """Return a sector's claims of allocations by ID, for a lifetime from an epoch on."""
    claims = (
        AllocationClaim(client, number, each.data, each.size) for number, each in requests.items()
    )
    return SectorAllocationClaims(sector, epoch + term, tuple(claims))


def claim(vm, *sectors, miner=MINER, all_or_nothing=False):
    """Claim allocations for sectors of a miner and return the outcome."""
    params = ClaimAllocationsParams(sectors, all_or_nothing)
    return vm.send(miner, VERIFIED_REGISTRY, verifreg.CLAIM_ALLOCATIONS, params)


def removal(verifier, client, amount, used=0, *, address=None):
    """Return a verifier's request to take DataCap from a client, the `used`-th of its kind."""
    signer = person(verifier)
    proposal = RemoveDataCapProposal(Address.from_id(client), amount, RemoveDataCapProposalID(used))
    signed = signer.sign(REMOVAL_DOMAIN + proposal.to_cbor())
    signature = GivenSignature(signed.type, signed.data)
    return RemoveDataCapRequest(address or signer.address, signature)


# Looking at the state.


def registry(one):
    """Return the state of the registry."""
    return one.state(6, verifreg_state.State)


def token(one):
    """Return the state of the token."""
    return one.state(7, datacap_state.State).token


def verifiers(vm):
    """Return what each verifier may still hand out."""
    state = registry(vm.one)
    found = VERIFIERS.open(vm.one.machine.store, state.verifiers).items()
    return {address.id: allowance for address, allowance in found}


def balances(vm):
    """Return how many bytes of DataCap each actor has."""
    state = token(vm.one)
    found = balances_shape(state.bit_width).open(vm.one.machine.store, state.balances)
    return {owner: balance // BYTE for owner, balance in found.items()}


def allocations(vm):
    """Return all allocations by ID."""
    return _nested(vm.one, ALLOCATIONS, registry(vm.one).allocations)


def claims(vm):
    """Return all claims by ID."""
    return _nested(vm.one, CLAIMS, registry(vm.one).claims)


def findings_of(one, *, against_datacap=True):
    """Return what the invariants find wrong with registry and token."""
    findings = Findings()
    store = one.machine.store
    held = check_datacap(store, one.state(7, datacap_state.State), findings)
    summary = check_verifreg(store, registry(one), one.epoch, policy_of(one.bundle), findings)
    if against_datacap:
        check_against_datacap(summary, held, findings)
    return findings.sentences


def _nested(one, shape, root):
    store = one.machine.store
    return {
        number: subject
        for _, inner in shape.roots.open(store, root).items()
        for number, subject in shape.inner.open(store, inner).items()
    }
