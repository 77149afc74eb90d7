"""Verified deals: an allocation that is claimed, kept longer and dropped, and those that expire.

Nothing is proven or ticked in the months between.
"""

from dataclasses import replace
from functools import partial

import pytest
from markets import (
    CLIENT,
    OTHER_CLIENT,
    OWNER,
    ROOT,
    VERIFIER,
    WORKER,
    add_balance,
    new_miner,
    proposal,
    published,
    settle,
    signed,
)
from markets import piece as piece_cid
from onboarding import (
    POLICY,
    SEAL_PROOF,
    SECTOR_SIZE,
    activation,
    deal,
    extend,
    pending_allocation,
    place,
    pre_commit,
    prove_commit,
    prove_deadline,
    sector,
)
from upkeep import FIRST_EPOCH, SEALING, go_to, tick
from verified import TERM_MAX, TERM_MIN, allocations, balances, claims, params_for, spend

from papyrus.actors.market.params import (
    DealSettlementSummary,
    SettleDealPaymentsReturn,
)
from papyrus.actors.market.state import STATES
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.proof_policy import max_prove_commit_duration
from papyrus.actors.power.state import CLAIMS as POWER_CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.singletons import STORAGE_MARKET, STORAGE_POWER, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as methods
from papyrus.actors.verifreg.params import (
    ClaimExtensionRequest,
    ClaimTerm,
    ExtendClaimTermsParams,
    RemoveExpiredAllocationsParams,
    RemoveExpiredAllocationsReturn,
    RemoveExpiredClaimsParams,
    RemoveExpiredClaimsReturn,
)
from papyrus.actors.verifreg.state import Claim
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY

DATACAP = 1 << 20
TERM_BUFFER = POLICY.market_default_allocation_term_buffer
BEGIN = FIRST_EPOCH


@pytest.fixture
def vm(timeless_network):
    """Return the machines."""
    return timeless_network


@pytest.fixture
def miner(vm):
    """Return a miner with collateral at the market, and let clients have DataCap."""
    found = new_miner(vm)
    allowance = params_for(VERIFIER.id, 2 * DATACAP)
    vm.ok(ROOT.id, VERIFIED_REGISTRY, methods.ADD_VERIFIER, allowance)
    for client in (CLIENT, OTHER_CLIENT):
        allowance = params_for(client.id, DATACAP)
        vm.ok(VERIFIER.id, VERIFIED_REGISTRY, methods.ADD_VERIFIED_CLIENT, allowance)
    add_balance(vm, CLIENT.id, 10**20, CLIENT)
    add_balance(vm, found, 10**20)
    return found


def publish(vm, miner, number, start, size=SECTOR_SIZE):
    """Publish a verified deal for the shortest term and return its ID."""
    terms = proposal(
        miner,
        number,
        piece_size=size,
        verified_deal=True,
        start_epoch=start,
        end_epoch=start + TERM_MIN,
    )
    (deal_id,) = published(vm, signed(replace(terms, client=CLIENT.key)))
    return deal_id


def power(vm, miner):
    """Return a miner's raw and quality-adjusted power."""
    one = vm.one
    state = one.state(STORAGE_POWER.id, PowerState)
    claim = POWER_CLAIMS.open(one.machine.store, state.claims).get(Address.from_id(miner))
    return claim.raw_byte_power, claim.quality_adjusted_power


def extend_claim(vm, miner, claim_id, term_max):
    params = ExtendClaimTermsParams((ClaimTerm(miner, claim_id, term_max),))
    vm.ok(CLIENT.id, VERIFIED_REGISTRY, methods.EXTEND_CLAIM_TERMS, params)
    assert claims(vm)[claim_id].term_max == term_max


def test_a_claim_is_made_kept_longer_dropped_and_removed(vm, miner):
    start = BEGIN + SEALING
    deal_id = publish(vm, miner, 1, start)
    claim_id = pending_allocation(vm, deal_id)
    expiration = start + TERM_MIN + TERM_BUFFER
    pre_commit(vm, WORKER.id, miner, 100, [deal_id], expiration)
    go_to(vm, start)
    assert prove_commit(vm, WORKER.id, miner, activation(vm, 100, [deal_id])).code == ExitCode.OK

    proven = sector(vm, miner, 100)
    lifetime = expiration - start
    assert proven.expiration - proven.activation == lifetime
    assert (proven.deal_weight, proven.verified_deal_weight) == (0, lifetime * SECTOR_SIZE)
    assert balances(vm) == {CLIENT.id: DATACAP - SECTOR_SIZE, OTHER_CLIENT.id: DATACAP}
    made = Claim(
        provider=miner,
        client=CLIENT.id,
        data=piece_cid(1),
        size=SECTOR_SIZE,
        term_min=TERM_MIN,
        term_max=TERM_MIN + TERM_BUFFER,
        term_start=start,
        sector=100,
    )
    assert claims(vm) == {claim_id: made}

    deadline, partition = place(vm, miner, 100)
    prove_deadline(vm, WORKER.id, miner, deadline, partition, start + 2880)
    assert power(vm, miner) == (SECTOR_SIZE, 10 * SECTOR_SIZE)

    # The client lets the claim last a year, and the miner the sector.
    go_to(vm, start + TERM_MIN + 10)
    extend_claim(vm, miner, claim_id, 360 * EPOCHS_IN_DAY)
    first = start + 360 * EPOCHS_IN_DAY
    extend(vm, WORKER.id, miner, 100, first, keep=(claim_id,))
    assert power(vm, miner) == (SECTOR_SIZE, 10 * SECTOR_SIZE)

    # Another client pays for more than an allocation can last.
    go_to(vm, first - 100)
    over = vm.one.epoch + TERM_MAX
    extension = ClaimExtensionRequest(miner, claim_id, over - start)
    assert extension.term_max > TERM_MAX
    assert spend(vm, OTHER_CLIENT.id, SECTOR_SIZE, extensions=[extension]).code == ExitCode.OK
    second = first + 60 * EPOCHS_IN_DAY
    extend(vm, WORKER.id, miner, 100, second, keep=(claim_id,))

    # Near its end the sector may live on without the claim.
    go_to(vm, second - 30 * EPOCHS_IN_DAY)
    extend(vm, WORKER.id, miner, 100, second, drop=(claim_id,))
    assert power(vm, miner) == (SECTOR_SIZE, SECTOR_SIZE)
    left = sector(vm, miner, 100)
    assert left.expiration == second
    assert (left.deal_weight, left.verified_deal_weight) == (0, 0)
    spent = DATACAP - SECTOR_SIZE
    assert balances(vm) == {CLIENT.id: spent, OTHER_CLIENT.id: spent}

    go_to(vm, over)
    params = RemoveExpiredClaimsParams(miner, (claim_id,))
    answer = vm.ok(WORKER.id, VERIFIED_REGISTRY, methods.REMOVE_EXPIRED_CLAIMS, params)
    removed = RemoveExpiredClaimsReturn.from_cbor(answer)
    assert removed.considered == (claim_id,)
    assert removed.results.all_succeeded
    assert claims(vm) == {}

    fee = deal(vm, deal_id).total_storage_fee
    answer = SettleDealPaymentsReturn.from_cbor(settle(vm, deal_id, sender=OWNER).value)
    assert answer.settlements == (DealSettlementSummary(TokenAmount(fee), completed=True),)


def number_deals(one, first):
    """Let the next deal have another ID."""
    actor = one.actor(STORAGE_MARKET.id)
    state = replace(one.state(STORAGE_MARKET.id, MarketState), next_id=first)
    head = put_cbor(one.machine.store, state.to_ipld())
    one.machine.tree.set(STORAGE_MARKET.id, replace(actor, head=head))


def test_an_allocation_outlives_its_deal_until_it_is_removed(vm, miner):
    # Cron looks at a deal in the epoch of its ID, counted from the beginning of each month.
    deal_id = BEGIN + 20
    vm.each(partial(number_deals, first=deal_id))
    start = BEGIN + 10
    assert publish(vm, miner, 1, start) == deal_id
    assert balances(vm)[CLIENT.id] == DATACAP - SECTOR_SIZE

    go_to(vm, deal_id)
    tick(vm)
    assert deal(vm, deal_id) is None
    assert pending_allocation(vm, deal_id) is None
    assert list(allocations(vm)) == [1]

    params = RemoveExpiredAllocationsParams(CLIENT.id, ())
    answer = vm.ok(WORKER.id, VERIFIED_REGISTRY, methods.REMOVE_EXPIRED_ALLOCATIONS, params)
    removed = RemoveExpiredAllocationsReturn.from_cbor(answer)
    assert (removed.considered, removed.recovered) == ((1,), SECTOR_SIZE)
    assert allocations(vm) == {}
    assert balances(vm)[CLIENT.id] == DATACAP


def test_no_sector_is_proven_where_one_claim_fails(vm, miner):
    size = SECTOR_SIZE // 2
    start = BEGIN + POLICY.maximum_verified_allocation_expiration + 1
    late = publish(vm, miner, 1, start, size)
    go_to(vm, BEGIN + 1)
    in_time = publish(vm, miner, 2, start, size)
    assert balances(vm)[CLIENT.id] == DATACAP - 2 * size

    go_to(vm, start - max_prove_commit_duration(POLICY, SEAL_PROOF))
    expiration = start + TERM_MIN + TERM_BUFFER
    pre_commit(vm, WORKER.id, miner, 0, [in_time], expiration)
    pre_commit(vm, WORKER.id, miner, 1, [late], expiration)
    go_to(vm, start)
    sectors = activation(vm, 1, [late]), activation(vm, 0, [in_time])
    outcome = prove_commit(vm, WORKER.id, miner, *sectors)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT

    one = vm.one
    states = STATES.open(one.machine.store, one.state(STORAGE_MARKET.id, MarketState).states)
    assert (states.get(late), states.get(in_time)) == (None, None)
    assert (sector(vm, miner, 0), sector(vm, miner, 1)) == (None, None)
    assert claims(vm) == {}
