from dataclasses import replace

import pytest
from markets import (
    CLIENT,
    OTHER_CLIENT,
    OTHER_OWNER,
    OTHER_WORKER,
    OWNER,
    START,
    WORKER,
    escrow,
    findings_of,
    give_datacap,
    market,
    new_miner,
    piece,
    proposal,
    publish,
    published,
    put_market,
    signed,
    stored,
)

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.dispatch import frc42
from papyrus.actors.market import bounds
from papyrus.actors.market.params import (
    PUBLISH_STORAGE_DEALS,
    PublishStorageDealsParams,
    PublishStorageDealsReturn,
)
from papyrus.actors.market.state import DEAL_OPS, PENDING_ALLOCATIONS, PROPOSALS
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, SHA2_256, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import policy_of

CONTRACT, MULTISIG = 300, 301
MOST = bounds.TOTAL_FILECOIN


def valid(outcome):
    """Return the places of the deals that were published."""
    assert outcome.code == 0, outcome.failure
    return list(PublishStorageDealsReturn.from_cbor(outcome.value).valid_deals)


@pytest.mark.parametrize("method", [PUBLISH_STORAGE_DEALS, frc42("PublishStorageDeals")])
def test_a_deal_is_kept_and_its_funds_are_locked(vm, miner, method):
    terms = proposal(miner, 1)
    params = PublishStorageDealsParams((signed(terms),))
    answer = vm.ok(WORKER.id, STORAGE_MARKET, method, params)
    assert PublishStorageDealsReturn.from_cbor(answer).ids == (0,)
    state = market(vm.one)
    store = vm.one.machine.store
    assert PROPOSALS.open(store, state.proposals).get(0) == stored(miner, 1)
    assert escrow(vm, CLIENT.id)[1] == terms.client_balance_requirement
    assert escrow(vm, miner)[1] == terms.provider_collateral
    assert list(DEAL_OPS.open(store, state.deal_ops_by_epoch).keys()) == [86_400]
    assert findings_of(vm.one) == []


def test_each_deal_has_its_own_place_in_the_interval(vm, miner):
    start = 86_400 + 3
    deals = [signed(proposal(miner, number, start_epoch=start)) for number in range(5)]
    published(vm, *deals)
    root = market(vm.one).deal_ops_by_epoch
    epochs = sorted(DEAL_OPS.open(vm.one.machine.store, root).keys())
    assert epochs == [86_403, 86_404, 172_800, 172_801, 172_802]


def test_clients_of_both_kinds_sign_and_are_told(vm, miner):
    deals = [
        signed(proposal(miner, 1)),
        signed(proposal(miner, 2, OTHER_CLIENT), OTHER_CLIENT),
    ]
    outcome = publish(vm, *deals)
    assert valid(outcome) == [0, 1]
    assert [event.emitter for event in outcome.events] == [5, 5]


@pytest.mark.parametrize(
    "flaw",
    [
        {"piece_cid": Cid.of(b"no piece")},
        {"piece_cid": Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, SHA2_256_TRUNC254_PADDED)},
        {"piece_cid": Cid.of_digest(bytes(32), 0xF101, SHA2_256)},
        {"piece_cid": Cid.of_digest(bytes(31), 0xF101, SHA2_256_TRUNC254_PADDED)},
        {"piece_size": 0},
        {"piece_size": 64},
        {"piece_size": 384},
        {"label": "x" * 257},
        {"label": "é" * 129},
        {"label": b"\xff" * 257},
        {"start_epoch": 6},
        {"start_epoch": -1, "end_epoch": bounds.MIN_DURATION},
        {"start_epoch": 2**63 - 1, "end_epoch": -(2**63)},
        {"end_epoch": START},
        {"end_epoch": START - 1},
        {"end_epoch": START + bounds.MIN_DURATION - 1},
        {"end_epoch": START + bounds.MAX_DURATION + 1},
        {"storage_price_per_epoch": TokenAmount(-1)},
        {"storage_price_per_epoch": MOST + 1},
        {"provider_collateral": TokenAmount(-1)},
        {"provider_collateral": MOST + 1},
        {"client_collateral": TokenAmount(-1)},
        {"client_collateral": MOST + 1},
        {"client_collateral": TokenAmount(10**12)},
        {"provider_collateral": TokenAmount(10**12)},
        {"provider": Address.actor(b"nobody")},
        {"provider": Address.from_id(110)},
        {"client": Address.actor(b"nobody")},
        {"client": Address.bls(b"\x05" * 48)},
        {"client": Address.from_id(CONTRACT)},
        {"client": Address.from_id(MULTISIG)},
        {"client": Address.from_id(999)},
        {"client": OTHER_CLIENT.key},
        {"verified_deal": True},
    ],
    ids=repr,
)
def test_a_flawed_deal_is_left_out(vm, miner, flaw):
    vm.each(lambda one: one.change(epoch=7))
    good = [signed(proposal(miner, number)) for number in (1, 2)]
    flawed = signed(replace(proposal(miner, 3), **flaw))
    assert valid(publish(vm, good[0], flawed, good[1])) == [0, 2]
    assert findings_of(vm.one) == []


@pytest.mark.parametrize(
    "terms",
    [
        {"label": "é" * 128},
        {"label": b"\xff" * 256},
        {"label": ""},
        {"start_epoch": 7},
        {"end_epoch": START + bounds.MAX_DURATION},
        {"piece_size": 128, "piece_cid": piece(5)},
        {"piece_size": 2**63},
        {"storage_price_per_epoch": TokenAmount(0)},
        {"client_collateral": TokenAmount(0)},
        {"provider_collateral": TokenAmount(0)},
        {"client": CLIENT.address},
    ],
    ids=repr,
)
def test_terms_just_within_bounds_are_taken(vm, miner, terms):
    vm.each(lambda one: one.change(epoch=7))
    published(vm, signed(replace(proposal(miner), **terms)))
    assert findings_of(vm.one) == []


@pytest.mark.parametrize(
    "signature",
    [
        GivenSignature(SignatureType.SECP256K1, b""),
        GivenSignature(SignatureType.SECP256K1, bytes(65)),
        GivenSignature(SignatureType.BLS, bytes(96)),
        GivenSignature(SignatureType.BLS, bytes(300)),
    ],
)
def test_a_forged_signature_makes_a_deal_invalid(vm, miner, signature):
    forged = replace(signed(proposal(miner)), client_signature=signature)
    assert publish(vm, forged).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_only_the_data_of_a_signature_counts(vm, miner):
    deal = signed(proposal(miner))
    mislabelled = GivenSignature(SignatureType.BLS, deal.client_signature.data)
    assert valid(publish(vm, replace(deal, client_signature=mislabelled))) == [0]


def test_funds_are_counted_over_the_whole_batch(vm, miner):
    most = 10**12
    terms = [
        proposal(miner, number, storage_price_per_epoch=TokenAmount(0), client_collateral=one)
        for number, one in enumerate(map(TokenAmount, (most - 5, 10, 5)))
    ]
    assert valid(publish(vm, *map(signed, terms))) == [0, 2]
    assert escrow(vm, CLIENT.id) == (most, most)


def test_the_providers_funds_are_counted_too(vm, miner):
    most = 10**12
    terms = [
        proposal(miner, number, provider_collateral=one)
        for number, one in enumerate(map(TokenAmount, (most - 5, 10, 5)))
    ]
    assert valid(publish(vm, *map(signed, terms))) == [0, 2]
    assert escrow(vm, miner) == (most, most)


def test_a_proposal_is_published_once(vm, miner):
    deal = signed(proposal(miner))
    by_id = signed(proposal(miner, client=CLIENT.address))
    assert valid(publish(vm, deal, deal, by_id)) == [0]
    assert publish(vm, by_id).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_deals_of_another_provider_are_left_out(vm, miner):
    other = new_miner(vm, OTHER_OWNER, OTHER_WORKER)
    deals = [signed(proposal(miner, 1)), signed(proposal(other, 2))]
    assert valid(publish(vm, *deals)) == [0]


@pytest.mark.parametrize("sender", [OTHER_WORKER, CLIENT])
def test_only_who_controls_the_provider_publishes(vm, miner, sender):
    refused = publish(vm, signed(proposal(miner)), sender=sender)
    assert refused.code == ExitCode.USR_FORBIDDEN


def test_the_owner_publishes_too(vm, miner):
    published(vm, signed(proposal(miner)), sender=OWNER)


@pytest.mark.parametrize(
    ("provider", "code"),
    [
        (Address.actor(b"nobody"), ExitCode.USR_NOT_FOUND),
        (Address.from_id(999), ExitCode.USR_NOT_FOUND),
        (CLIENT.address, ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_the_provider_must_be_a_miner(vm, provider, code):
    assert publish(vm, signed(replace(proposal(0), provider=provider))).code == code


def test_no_deals_and_no_valid_deals_are_refused(vm, miner):
    assert publish(vm).code == ExitCode.USR_ILLEGAL_ARGUMENT
    flawed = signed(proposal(miner, piece_size=0))
    assert publish(vm, flawed).code == ExitCode.USR_ILLEGAL_ARGUMENT


# Verified deals.


def test_a_verified_deal_spends_datacap_on_an_allocation(vm, miner):
    give_datacap(vm, CLIENT.id, 1024)
    deals = [
        signed(proposal(miner, number, verified_deal=True, piece_size=size))
        for number, size in enumerate((512, 1024, 512, 256))
    ]
    assert valid(publish(vm, *deals)) == [0, 2]
    root = market(vm.one).pending_deal_allocation_ids
    assert dict(PENDING_ALLOCATIONS.open(vm.one.machine.store, root).items()) == {0: 1, 1: 2}
    assert findings_of(vm.one) == []


def test_allocations_of_several_clients_are_given_to_their_deals(vm, miner):
    for client in (OTHER_CLIENT, CLIENT):
        give_datacap(vm, client.id, 4096)
    deals = [
        signed(proposal(miner, 1, OTHER_CLIENT, verified_deal=True), OTHER_CLIENT),
        signed(proposal(miner, 2, verified_deal=True)),
        signed(proposal(miner, 3)),
        signed(proposal(miner, 4, OTHER_CLIENT, verified_deal=True), OTHER_CLIENT),
    ]
    published(vm, *deals)
    root = market(vm.one).pending_deal_allocation_ids
    found = dict(PENDING_ALLOCATIONS.open(vm.one.machine.store, root).items())
    assert found == {0: 2, 1: 1, 3: 3}


def test_an_allocation_that_the_registry_refuses_fails_all(vm, miner):
    give_datacap(vm, CLIENT.id, 4096)
    deals = [
        signed(proposal(miner, 1)),
        signed(proposal(miner, 2, verified_deal=True, piece_size=128)),
    ]
    assert publish(vm, *deals).code == ExitCode.USR_ILLEGAL_STATE


def test_a_size_beyond_signed_integers_costs_less_than_nothing(vm, miner):
    give_datacap(vm, CLIENT.id, 4096)
    huge = [
        signed(proposal(miner, number, verified_deal=True, piece_size=2**63)) for number in (1, 2)
    ]
    assert publish(vm, huge[0]).code == ExitCode.USR_ILLEGAL_STATE
    assert publish(vm, *huge).code == ExitCode.USR_ASSERTION_FAILED


@pytest.mark.bundle("v18/devnet")
def test_providers_put_down_their_share_of_the_supply(make_vm):
    vm = make_vm(bundle="devnet")
    vm.each(put_market)
    vm.each(lambda one: one.change(circulating_supply=TokenAmount(4 * 10**26)))
    miner = new_miner(vm)
    for owner in (miner, CLIENT.id):
        vm.ok(OWNER.id, STORAGE_MARKET, 2, Address.from_id(owner), value=10**18)
    baseline = vm.one.state(2, RewardState).this_epoch_baseline_power
    least = bounds.minimum_provider_collateral(
        policy_of("devnet"), 256, 0, baseline, TokenAmount(4 * 10**26)
    )
    assert least == 256 * 4 * 10**26 // (baseline * 100) > 0
    deals = [
        signed(proposal(miner, number, provider_collateral=TokenAmount(one)))
        for number, one in enumerate((least - 1, least))
    ]
    assert valid(publish(vm, *deals)) == [1]
