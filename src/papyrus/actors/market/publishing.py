"""Deals come onto the chain: method 4, PublishStorageDeals.

A miner publishes deals that its clients have signed. Each deal is judged on its own: one that is
malformed, not signed, not funded or there already is left out, and the answer says which were kept.
Verified deals spend the client's DataCap on allocations in the verified registry (FIP-0045).
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE, AuthenticateMessageParams
from papyrus.actors.common.integers import checked_u64
from papyrus.actors.datacap import calls as datacap
from papyrus.actors.datacap.params import TOKEN_PRECISION, TransferFromParams
from papyrus.actors.dispatch import frc42, method
from papyrus.actors.market import bounds
from papyrus.actors.market.balances import LockReason
from papyrus.actors.market.deals import (
    ClientDealProposal,
    DealProposal,
    is_piece_cid,
    label_size,
)
from papyrus.actors.market.events import PUBLISHED, emit_deal
from papyrus.actors.market.identity import deal_cid
from papyrus.actors.market.ledger import Ledger
from papyrus.actors.market.params import (
    MARKET_NOTIFY_DEAL,
    PUBLISH_STORAGE_DEALS,
    MarketNotifyDealParams,
    PublishStorageDealsParams,
    PublishStorageDealsReturn,
)
from papyrus.actors.market.state import State
from papyrus.actors.miner.params.numbers import IS_CONTROLLING_ADDRESS
from papyrus.actors.power.calls import current_total_power
from papyrus.actors.reward.calls import this_epoch_reward
from papyrus.actors.singletons import VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import (
    AllocationRequest,
    AllocationRequests,
    AllocationsResponse,
)
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Reading
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError, DecodeError
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state, not_found
from papyrus.vm.payloads import encoded, read_return
from papyrus.vm.runtime import Runtime

_HALF = 1 << 63


@dataclass(slots=True)
class _Batch:
    """The valid deals so far, and what they take together."""

    provider_lockup: TokenAmount = ZERO
    client_lockups: dict[int, TokenAmount] = field(default_factory=dict)
    datacap_left: dict[int, TokenAmount] = field(default_factory=dict)
    requests: dict[int, list[tuple[Cid, AllocationRequest]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """The allocations for the verified deals of each client."""
    deals: dict[Cid, DealProposal] = field(default_factory=dict)
    """In order, with ID addresses."""


@method(PUBLISH_STORAGE_DEALS, frc42("PublishStorageDeals"))
def publish_storage_deals(
    rt: Runtime, params: PublishStorageDealsParams
) -> PublishStorageDealsReturn:
    """Publish the valid ones of a provider's deals, and tell their clients.

    For the provider's owner, worker and control addresses. Aborts where no deal is valid, and where
    a client refuses to be told.
    """
    rt.accept_any_caller()
    if not params.deals:
        raise illegal_argument("Empty deals parameter")
    given_provider = params.deals[0].proposal.provider
    provider_id = _provider_of(rt, given_provider)
    provider = Address.from_id(provider_id)
    answer = rt.send(provider, IS_CONTROLLING_ADDRESS, rt.caller)
    if not read_return(bool, answer):
        raise forbidden(
            f"caller {rt.caller} is not worker or control address of provider {provider_id}"
        )

    baseline_power = this_epoch_reward(rt).baseline_power
    network_power = current_total_power(rt).raw_byte_power
    # Clients are called here, and may call back: no state is read before.
    acceptable = [_is_acceptable(rt, deal, network_power, baseline_power) for deal in params.deals]

    ledger = Ledger(rt.store, rt.load(State))
    batch = _Batch()
    valid = []
    for index, (deal, is_acceptable) in enumerate(zip(params.deals, acceptable, strict=True)):
        proposal = deal.proposal
        is_valid = (
            is_acceptable
            and proposal.provider in (provider, given_provider)
            and _add(rt, ledger, batch, replace(proposal, provider=provider))
        )
        if is_valid:
            valid.append(index)
    allocations = _allocate(rt, batch)
    if not valid:
        raise illegal_argument("All deal proposals invalid")

    deal_ids = _keep(rt, batch, allocations)
    for deal_id, (cid, proposal) in zip(deal_ids, batch.deals.items(), strict=True):
        _notify_client(rt, deal_id, cid, proposal)
        emit_deal(rt, PUBLISHED, deal_id, proposal)
    return PublishStorageDealsReturn(tuple(deal_ids), BitField.from_bits(valid))


def _provider_of(rt: Runtime, address: Address) -> int:
    """Return the actor ID of a miner; abort where the address is not one's."""
    provider_id = rt.resolve(address)
    if provider_id is None:
        raise not_found(f"failed to resolve provider address {address}")
    code = rt.code_of(provider_id)
    if code is None:
        raise not_found(f"no code ID for address {provider_id}")
    if rt.type_of_code(code) != "storageminer":
        raise illegal_argument("deal provider is not a storage miner actor")
    return provider_id


def _is_acceptable(
    rt: Runtime, deal: ClientDealProposal, network_power: int, baseline_power: int
) -> bool:
    """Return whether a deal is signed by its client and its terms are within bounds."""
    proposal = deal.proposal
    return (
        _is_authentic(rt, deal)
        and label_size(proposal.label) <= bounds.MAX_LABEL_SIZE
        and bounds.is_piece_size(proposal.piece_size)
        and is_piece_cid(proposal.piece_cid)
        and rt.epoch <= proposal.start_epoch < proposal.end_epoch
        and bounds.MIN_DURATION <= proposal.duration <= bounds.MAX_DURATION
        and bounds.is_amount(proposal.storage_price_per_epoch)
        and bounds.is_amount(proposal.client_collateral)
        and bounds.minimum_provider_collateral(
            rt.policy,
            proposal.piece_size,
            network_power,
            baseline_power,
            rt.circulating_supply,
        )
        <= proposal.provider_collateral
        <= bounds.TOTAL_FILECOIN
    )


def _is_authentic(rt: Runtime, deal: ClientDealProposal) -> bool:
    """Return whether the client says that it has signed the deal."""
    signed = encoded(DealProposal, deal.proposal)
    claim = AuthenticateMessageParams(deal.client_signature.data, signed)
    try:
        answer = rt.send(deal.proposal.client, AUTHENTICATE_MESSAGE, claim, read_only=True)
        return read_return(bool, answer)
    except ActorError:
        return False


def _add(rt: Runtime, ledger: Ledger, batch: _Batch, proposal: DealProposal) -> bool:
    """Add a deal to the batch if it is funded and new; return whether it was added."""
    client_id = rt.resolve(proposal.client)
    if client_id is None:
        return False
    client = Address.from_id(client_id)
    client_lockup = batch.client_lockups.get(client_id, ZERO) + proposal.client_balance_requirement
    if not ledger.balances.can_lock(client, client_lockup):
        return False
    provider_lockup = batch.provider_lockup + proposal.provider_collateral
    if not ledger.balances.can_lock(proposal.provider, provider_lockup):
        return False
    proposal = replace(proposal, client=client)
    cid = deal_cid(rt, proposal)
    if cid in ledger.pending or cid in batch.deals:
        return False
    if proposal.verified_deal and not _spend_datacap(rt, batch, cid, proposal):
        return False
    batch.provider_lockup = provider_lockup
    batch.client_lockups[client_id] = client_lockup
    batch.deals[cid] = proposal
    return True


def _spend_datacap(rt: Runtime, batch: _Batch, cid: Cid, proposal: DealProposal) -> bool:
    """Request an allocation for a deal, if the client has the DataCap; return whether it has."""
    client_id = proposal.client.id
    left = batch.datacap_left.get(client_id)
    if left is None:
        try:
            left = datacap.balance(rt, proposal.client)
        except ActorError as error:
            raise not_found(
                f"failed to get datacap balance for client {client_id}: {error}"
            ) from error
    # Quirk: the size is taken for a signed integer, so that one of 2^63 bytes costs less than none.
    size = (proposal.piece_size + _HALF) % (2 * _HALF) - _HALF
    required = TokenAmount(size * TOKEN_PRECISION)
    if left < required:
        batch.datacap_left[client_id] = left
        return False
    batch.datacap_left[client_id] = left - required
    batch.requests[client_id].append((cid, _allocation_request(rt, proposal)))
    return True


def _allocation_request(rt: Runtime, proposal: DealProposal) -> AllocationRequest:
    policy = rt.policy
    term_min = proposal.duration
    return AllocationRequest(
        provider=proposal.provider.id,
        data=proposal.piece_cid,
        size=proposal.piece_size,
        term_min=term_min,
        term_max=min(
            term_min + policy.market_default_allocation_term_buffer,
            policy.maximum_verified_allocation_term,
        ),
        expiration=min(
            proposal.start_epoch, rt.epoch + policy.maximum_verified_allocation_expiration
        ),
    )


def _allocate(rt: Runtime, batch: _Batch) -> dict[Cid, int]:
    """Spend the clients' DataCap and return the allocations of the verified deals."""
    allocations: dict[Cid, int] = {}
    for client_id, requests in sorted(batch.requests.items()):
        wanted = tuple(request for _, request in requests)
        amount = checked_u64(sum(request.size for request in wanted)) * TOKEN_PRECISION
        params = TransferFromParams(
            Address.from_id(client_id),
            VERIFIED_REGISTRY,
            TokenAmount(amount),
            AllocationRequests(wanted, ()).to_cbor(),
        )
        try:
            answer = datacap.transfer_from(rt, params).recipient_data
            granted = AllocationsResponse.from_cbor(answer, reading=Reading.LENIENT)
        except (ActorError, DecodeError) as error:
            raise illegal_state(
                f"failed to transfer datacap from client {client_id}: {error}"
            ) from error
        new = granted.new_allocations
        if len(new) != len(requests):
            raise illegal_state(
                f"datacap transfer returned {len(new)} allocation IDs for {len(requests)} requests"
            )
        allocations.update(zip((cid for cid, _ in requests), new, strict=True))
    return allocations


def _keep(rt: Runtime, batch: _Batch, allocations: dict[Cid, int]) -> list[int]:
    """Lock the funds of the deals, keep them in the state, and return their IDs."""
    ledger = Ledger(rt.store, rt.load(State))
    deal_ids = []
    for cid, proposal in batch.deals.items():
        _lock(ledger, proposal)
        ledger.pending.add(cid)
        deal_id = ledger.new_deal(proposal)
        if cid in allocations:
            ledger.allocations.set(deal_id, allocations[cid])
        epoch = bounds.first_update_epoch(
            deal_id, rt.policy.deal_updates_interval, proposal.start_epoch
        )
        ledger.schedule.add(epoch, (deal_id,))
        deal_ids.append(deal_id)
    rt.save(ledger.close())
    return deal_ids


def _lock(ledger: Ledger, proposal: DealProposal) -> None:
    """Lock what client and provider have agreed to put down."""
    balances = ledger.balances
    balances.lock(
        proposal.client,
        {
            LockReason.CLIENT_COLLATERAL: proposal.client_collateral,
            LockReason.CLIENT_STORAGE_FEE: proposal.total_storage_fee,
        },
    )
    balances.lock(proposal.provider, {LockReason.PROVIDER_COLLATERAL: proposal.provider_collateral})


def _notify_client(rt: Runtime, deal_id: int, cid: Cid, proposal: DealProposal) -> None:
    """Tell a client of its deal; abort where it will not hear of it."""
    params = MarketNotifyDealParams(encoded(DealProposal, proposal), deal_id)
    try:
        rt.send(proposal.client, MARKET_NOTIFY_DEAL, params)
    except ActorError as error:
        raise illegal_argument(f"failed to notify deal with proposal cid {cid}: {error}") from error
