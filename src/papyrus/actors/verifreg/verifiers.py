"""Who hands out DataCap, and to whom.

The root, an actor of the network's governance, appoints verifiers and how much each may hand out.
A verifier makes others its clients, giving them DataCap that becomes theirs as tokens. On the word
of two verifiers the root takes what a client has not spent. Nobody is verifier and client at once.
"""

from dataclasses import replace

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE, AuthenticateMessageParams
from papyrus.actors.common.resolution import resolve_to_id
from papyrus.actors.datacap import calls as datacap
from papyrus.actors.dispatch import method
from papyrus.actors.singletons import STORAGE_MARKET, VERIFIED_REGISTRY
from papyrus.actors.verifreg import events
from papyrus.actors.verifreg.params import (
    ADD_VERIFIED_CLIENT,
    ADD_VERIFIED_CLIENT_EXPORTED,
    ADD_VERIFIER,
    REMOVE_VERIFIED_CLIENT_DATACAP,
    REMOVE_VERIFIER,
    RemoveDataCapParams,
    RemoveDataCapProposal,
    RemoveDataCapRequest,
    RemoveDataCapReturn,
    VerifierParams,
)
from papyrus.actors.verifreg.state import (
    PROPOSAL_IDS,
    VERIFIERS,
    RemoveDataCapProposalID,
    State,
)
from papyrus.actors.verifreg.tokens import to_datacap, to_tokens
from papyrus.primitives.address import Address
from papyrus.vm.aborts import illegal_argument, not_found
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime

REMOVAL_DOMAIN = b"fil_removedatacap:"
"""Comes before a proposal that is signed, which so is no other kind of message."""


@method(ADD_VERIFIER)
def add_verifier(rt: Runtime, params: VerifierParams) -> None:
    """Appoint a verifier, or change what one may hand out; for the root.

    What it may hand out is from now on the allowance, whatever it was.
    """
    _require_allowance(rt, params)
    verifier_id = resolve_to_id(rt, params.address, must_exist=True)
    verifier = Address.from_id(verifier_id)
    state = rt.load(State)
    rt.require_caller(state.root_key)
    if verifier == state.root_key:
        raise illegal_argument("Rootkey cannot be added as verifier")
    if to_datacap(datacap.balance(rt, verifier, read_only=True)) > 0:
        raise illegal_argument(f"verified client {verifier} cannot become a verifier")

    state = rt.load(State)
    verifiers = VERIFIERS.open(rt.store, state.verifiers)
    verifiers.set(verifier, params.allowance)
    rt.save(replace(state, verifiers=verifiers.flush()))
    events.verifier_balance(rt, verifier_id, params.allowance)


@method(REMOVE_VERIFIER)
def remove_verifier(rt: Runtime, address: Address) -> None:
    """Dismiss a verifier; for the root. Its clients keep what they have."""
    verifier = resolve_to_id(rt, address, must_exist=False)
    state = rt.load(State)
    rt.require_caller(state.root_key)
    verifiers = VERIFIERS.open(rt.store, state.verifiers)
    if verifiers.delete(Address.from_id(verifier)) is None:
        raise illegal_argument("failed to remove verifier: verifier not found")
    rt.save(replace(state, verifiers=verifiers.flush()))
    events.verifier_balance(rt, verifier, 0)


@method(ADD_VERIFIED_CLIENT, ADD_VERIFIED_CLIENT_EXPORTED)
def add_verified_client(rt: Runtime, params: VerifierParams) -> None:
    """Hand out DataCap to a client, new or not; for verifiers.

    The market may spend it for the client. Aborts with 17 where the caller is no verifier.
    """
    rt.accept_any_caller()
    _require_allowance(rt, params)
    client_id = resolve_to_id(rt, params.address, must_exist=True)
    client = Address.from_id(client_id)
    state = rt.load(State)
    if client == state.root_key:
        raise illegal_argument("root cannot be added as client")
    verifiers = VERIFIERS.open(rt.store, state.verifiers)
    allowed = verifiers.get(rt.caller)
    if allowed is None:
        raise not_found(f"caller {rt.caller} is not a verifier")
    if client in verifiers:
        raise illegal_argument(f"verifier {client} cannot be added as a verified client")
    if allowed < params.allowance:
        raise illegal_argument(
            f"add more DataCap {params.allowance} for client than allocated {allowed}"
        )
    verifiers.set(rt.caller, allowed - params.allowance)
    events.verifier_balance(rt, rt.caller_id, allowed - params.allowance, client_id)
    rt.save(replace(state, verifiers=verifiers.flush()))

    datacap.mint(rt, client, to_tokens(params.allowance), (STORAGE_MARKET,))


@method(REMOVE_VERIFIED_CLIENT_DATACAP)
def remove_verified_client_data_cap(
    rt: Runtime, params: RemoveDataCapParams
) -> RemoveDataCapReturn:
    """Take DataCap from a client, or all that it has; for the root, and for two verifiers.

    What a client has spent stays spent. Each verifier signs a proposal that says how often it has
    removed DataCap from this client before.
    """
    client = Address.from_id(resolve_to_id(rt, params.client, must_exist=False))
    requests = params.first_request, params.second_request
    verifiers = [
        Address.from_id(resolve_to_id(rt, request.verifier, must_exist=True))
        for request in requests
    ]
    if verifiers[0] == verifiers[1]:
        raise illegal_argument("need two different verifiers to send remove datacap request")
    proposal_ids = _use_proposal_ids(rt, params, verifiers, client)

    # The proposals count as used before anyone is asked about signatures, who might call again.
    for request, proposal_id in zip(requests, proposal_ids, strict=True):
        proposal = RemoveDataCapProposal(client, params.amount, proposal_id)
        _require_signature(rt, request, proposal)

    owned = to_datacap(datacap.balance(rt, client, read_only=True))
    removed = min(owned, params.amount)
    datacap.destroy(rt, client, to_tokens(removed))
    return RemoveDataCapReturn(client, removed)


def _require_allowance(rt: Runtime, params: VerifierParams) -> None:
    if params.allowance < rt.policy.minimum_verified_allocation_size:
        raise illegal_argument(
            f"allowance {params.allowance} below minimum deal size for {params.address}"
        )


def _use_proposal_ids(
    rt: Runtime, params: RemoveDataCapParams, verifiers: list[Address], client: Address
) -> list[RemoveDataCapProposalID]:
    """Count a proposal of each verifier as used and return which ones they are."""
    state = rt.load(State)
    rt.require_caller(state.root_key)
    # Quirk: only this address of the registry is refused; by any other it is let through.
    if params.client == VERIFIED_REGISTRY:
        raise illegal_argument("cannot remove data cap from verified registry itself")
    known = VERIFIERS.open(rt.store, state.verifiers)
    for verifier in verifiers:
        if verifier not in known:
            raise not_found(f"{verifier} is not a verifier")
    counters = PROPOSAL_IDS.open(rt.store, state.proposal_ids)
    used = []
    for verifier in verifiers:
        current = counters.get((verifier, client)) or RemoveDataCapProposalID(0)
        counters.set((verifier, client), RemoveDataCapProposalID(current.id + 1))
        used.append(current)
    rt.save(replace(state, proposal_ids=counters.flush()))
    return used


def _require_signature(
    rt: Runtime, request: RemoveDataCapRequest, proposal: RemoveDataCapProposal
) -> None:
    claim = AuthenticateMessageParams(request.signature.data, REMOVAL_DOMAIN + proposal.to_cbor())
    answer = rt.send(request.verifier, AUTHENTICATE_MESSAGE, claim, read_only=True)
    if not read_return(bool, answer):
        raise illegal_argument("proposal authentication failed")
