"""A batch of deals is published: what is wrong with some of them does not hold up the others.

The policy is a devnet's, under which a provider must put down collateral.
"""

from dataclasses import replace

import pytest
from actor_fixtures import EVERY_OTHER, machines
from calls import expected, last_call
from markets import (
    CLIENT,
    OTHER_CLIENT,
    OTHER_OWNER,
    OTHER_WORKER,
    WORKER,
    add_balance,
    escrow,
    give_datacap,
    new_miner,
    proposal,
    publish,
    signed,
)
from upkeep import FIRST_EPOCH

from papyrus.actors.account.params import AUTHENTICATE_MESSAGE, AuthenticateMessageParams
from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.market.bounds import MAX_DURATION, MIN_DURATION
from papyrus.actors.market.params import PublishStorageDealsReturn
from papyrus.actors.miner.params.numbers import IS_CONTROLLING_ADDRESS
from papyrus.actors.power.params import CURRENT_TOTAL_POWER
from papyrus.actors.reward.params import THIS_EPOCH_REWARD
from papyrus.actors.singletons import REWARD, STORAGE_POWER
from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY

make_vm = machines(bundle="devnet", hybrid=EVERY_OTHER)

FIL = 10**18
MARKET = 5
CHEAP, VERIFIED = OTHER_OWNER, OTHER_WORKER
"""A client without funds in escrow, and one with DataCap."""

DATACAP = 1 << 32
START = FIRST_EPOCH + 30 * EPOCHS_IN_DAY
LOCKED = FIL + 1 * MIN_DURATION
"""What a client locks for a deal: collateral, and an attoFIL for each epoch."""


@pytest.fixture
def miner(network):
    """Return a miner with funds in escrow, as clients have, of whom one has DataCap."""
    made = new_miner(network)
    give_datacap(network, VERIFIED.id, DATACAP)
    for owner in (made, CLIENT.id, OTHER_CLIENT.id, VERIFIED.id):
        add_balance(network, owner, 100 * FIL)
    return made


def deal(provider, number, by=CLIENT, /, **fields):
    """Return a signed deal of 1 GiB, whose number makes it another than the rest."""
    given = {
        "piece_size": 1 << 30,
        "start_epoch": START,
        "end_epoch": START + fields.pop("lifetime", MIN_DURATION),
        "storage_price_per_epoch": TokenAmount(1),
        "provider_collateral": TokenAmount(FIL),
        "client_collateral": TokenAmount(FIL),
    }
    return signed(proposal(provider, number, by, **{**given, **fields}), by)


def valid(vm, *deals, sender=WORKER):
    """Publish deals and return the places of those that are valid, one ID having come for each."""
    outcome = publish(vm, *deals, sender=sender)
    assert outcome.code == ExitCode.OK, outcome.failure
    answer = PublishStorageDealsReturn.from_cbor(outcome.value)
    places = list(answer.valid_deals)
    assert len(answer.ids) == len(places)
    return places


def test_a_deal_with_another_provider_is_left_out(network, miner):
    stranger = deal(CHEAP.id, 1)
    assert valid(network, deal(miner, 0), stranger, deal(miner, 2)) == [0, 2]
    assert escrow(network, miner) == (100 * FIL, 2 * FIL)
    assert escrow(network, CLIENT.id) == (100 * FIL, 2 * LOCKED)


def test_a_deal_of_no_size_is_left_out(network, miner):
    assert valid(network, deal(miner, 0, piece_size=0), deal(miner, 1)) == [1]


def test_a_deal_that_should_have_begun_is_left_out(network, miner):
    late = deal(miner, 0, start_epoch=FIRST_EPOCH - 1)
    assert valid(network, late, deal(miner, 1)) == [1]


def test_a_deal_of_an_unknown_client_is_left_out(network, miner):
    unknown = deal(miner, 1, client=Address.from_id(5_000_000))
    assert valid(network, deal(miner, 0), unknown) == [0]


def test_a_deal_of_a_client_without_funds_is_left_out(network, miner):
    assert valid(network, deal(miner, 0, CHEAP), deal(miner, 1)) == [1]


def test_a_client_pays_for_as_many_deals_as_its_funds_last(network, miner):
    add_balance(network, CHEAP.id, LOCKED, CHEAP)
    assert valid(network, *(deal(miner, number, CHEAP) for number in range(3))) == [0]
    assert escrow(network, CHEAP.id) == (LOCKED, LOCKED)


def test_a_provider_covers_as_many_deals_as_its_funds_last(network, miner):
    poor = new_miner(network, CHEAP, OTHER_WORKER)
    assert poor != miner
    add_balance(network, poor, FIL)
    deals = deal(poor, 0), deal(poor, 1, OTHER_CLIENT)
    assert valid(network, *deals, sender=OTHER_WORKER) == [0]
    assert escrow(network, poor) == (FIL, FIL)
    assert escrow(network, OTHER_CLIENT.id) == (100 * FIL, 0)


def test_a_deal_counts_once_in_a_batch(network, miner):
    numbers = 0, 1, 0, 0, 2, 1
    assert valid(network, *(deal(miner, number) for number in numbers)) == [0, 1, 4]
    assert escrow(network, CLIENT.id) == (100 * FIL, 3 * LOCKED)


def test_a_deal_that_is_there_counts_no_more(network, miner):
    assert valid(network, deal(miner, 0, OTHER_CLIENT)) == [0]
    numbers = 0, 1, 1
    assert valid(network, *(deal(miner, number, OTHER_CLIENT) for number in numbers)) == [1]


def test_a_verified_deal_without_datacap_is_left_out(network, miner):
    big = {"piece_size": DATACAP, "verified_deal": True}
    deals = (
        deal(miner, 0, VERIFIED),
        deal(miner, 1, VERIFIED, **big),
        deal(miner, 2, VERIFIED, **big),
    )
    assert valid(network, *deals) == [0, 1]


def test_each_of_many_deals_fails_for_its_own_reason(network, miner):
    add_balance(network, CHEAP.id, LOCKED, CHEAP)
    big = {"piece_size": DATACAP, "verified_deal": True}
    deals = [
        deal(miner, 0, VERIFIED, **big),
        deal(miner, 0, VERIFIED, **big),  # there already
        deal(miner, 2, CHEAP),
        deal(miner, 3, WORKER),  # whose client has no funds in escrow
        deal(OTHER_CLIENT.id, 4),  # with an account for a provider
        deal(miner, 5, VERIFIED, verified_deal=True),  # whose client's DataCap is spent
        deal(miner, 6, CHEAP),  # whose client's funds are spent
        deal(miner, 7, OTHER_CLIENT, provider_collateral=ZERO),
        deal(miner, 8),
    ]
    assert valid(network, *deals) == [0, 2, 8]
    assert escrow(network, miner) == (100 * FIL, 3 * FIL)


def test_a_batch_without_a_valid_deal_aborts(network, miner):
    deals = [
        deal(miner, 0, provider_collateral=ZERO),
        deal(OTHER_CLIENT.id, 1),
        deal(miner, 2, verified_deal=True),
        deal(miner, 3, client=Address.from_id(2000)),
        deal(miner, 4, piece_size=0),
    ]
    assert publish(network, *deals).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert escrow(network, miner) == (100 * FIL, 0)


def test_a_client_is_asked_whether_it_signed(network, miner):
    good = deal(miner, 0)
    signature = GivenSignature(SignatureType.BLS, b"very_invalid_sig")
    refused = publish(network, replace(good, client_signature=signature))
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT

    controlling, reward, power, authenticate = last_call(network).calls
    assert (controlling.to, controlling.method) == (Address.from_id(miner), IS_CONTROLLING_ADDRESS)
    assert (reward.to, reward.method) == (REWARD, THIS_EPOCH_REWARD)
    assert (power.to, power.method) == (STORAGE_POWER, CURRENT_TOTAL_POWER)
    claim = AuthenticateMessageParams(signature.data, good.proposal.to_cbor())
    assert authenticate == expected(
        MARKET,
        CLIENT.key,
        AUTHENTICATE_MESSAGE,
        claim,
        code=ExitCode.USR_ILLEGAL_ARGUMENT,
    )


def test_all_deals_of_a_batch_are_published(network, miner):
    assert valid(network, *(deal(miner, number) for number in range(5))) == [0, 1, 2, 3, 4]
    assert escrow(network, miner) == (100 * FIL, 5 * FIL)
    assert escrow(network, CLIENT.id) == (100 * FIL, 5 * LOCKED)


def test_a_deal_may_last_longer_than_540_days(network, miner):
    days = 541, MAX_DURATION // EPOCHS_IN_DAY
    deals = [deal(miner, each, lifetime=each * EPOCHS_IN_DAY) for each in days]
    assert valid(network, *deals, deal(miner, 0)) == [0, 1, 2]


def test_a_deal_lasts_no_longer_than_1278_days(network, miner):
    days = 541, 1279
    fine, over = (deal(miner, each, lifetime=each * EPOCHS_IN_DAY) for each in days)
    assert valid(network, fine, deal(miner, 0), over) == [0, 1]
