"""Why a message waits: each cause with its sentence, its figures, and the command that ends it."""

from dataclasses import replace

import pytest
from pool_chain import FIL, GAS, NETWORK, PoolChain, person, pool_of

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.mpool.advice import Advice, Adviser, Cause, replacement, unpriced
from papyrus.mpool.chain_view import Account
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.gas_estimation import SendSpec
from papyrus.mpool.refusals import Refusal
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.rules.gas_prices import FIRST_INCLUSION

ALICE, BOB = person(1), person(2)
TEXT = ALICE.address.to_string(NETWORK.address_prefix)


def attofil(amount):
    return TokenAmount(amount)


@pytest.fixture
def chain():
    built = PoolChain()
    built.fund(ALICE, BOB, fil=10)
    return built


@pytest.fixture
def pool(chain):
    return pool_of(chain)


@pytest.fixture
def on_chain():
    return {}


@pytest.fixture
def why(chain, pool, on_chain):
    adviser = Adviser(pool, chain, NETWORK, on_chain.get)
    return lambda message: adviser.why(message.cid)


def test_nothing_keeps_a_message_that_would_be_taken(pool, why):
    pool.push(ALICE.message(0))
    assert why(ALICE.message(0)) == Advice(
        Cause.NOTHING, "Nothing keeps it: one of the next blocks should take it."
    )


def test_a_message_nobody_knows(why):
    advice = why(ALICE.message(0))
    assert (advice.cause, advice.command) == (Cause.UNKNOWN, None)
    assert advice.sentence.startswith("No such message waits here, and the chain has none")


def test_a_message_on_the_chain(why, on_chain):
    on_chain[ALICE.message(0).cid] = 77
    assert why(ALICE.message(0)) == Advice(
        Cause.ON_CHAIN, "It is on the chain, in the tipset at height 77."
    )


def test_a_message_the_chain_has_just_taken(chain, pool, why):
    pool.push(ALICE.message(0))
    chain.move(pool, chain.extend([ALICE.message(0)]))
    assert why(ALICE.message(0)).sentence == "It is on the chain, in the tipset at height 1."


def test_a_message_whose_nonce_another_used(chain, pool, why):
    pool.push(ALICE.message(0))
    other = ALICE.message(0, method=9)
    chain.move(pool, chain.extend([other]))
    assert why(ALICE.message(0)) == Advice(
        Cause.NONCE_USED,
        f"It can never be on the chain: message {other.cid} used its nonce at height 1.",
    )


def test_a_message_that_was_replaced(pool, why):
    pool.push(ALICE.message(0))
    better = ALICE.message(0, premium=9)
    pool.push(better)
    assert why(ALICE.message(0)) == Advice(
        Cause.REPLACED,
        f"Message {better.cid} with the same nonce took its place.",
        f"papyrus mpool why {better.cid}",
    )


def test_a_message_that_was_removed(pool, why):
    pool.push(ALICE.message(0))
    pool.remove(ALICE.address, 0)
    assert why(ALICE.message(0)).cause is Cause.CLEARED


def test_a_message_that_was_taken_off_as_used(pool, why):
    pool.push(ALICE.message(0))
    pool.remove(ALICE.address, 0, applied=True)
    assert why(ALICE.message(0)) == Advice(
        Cause.NONCE_USED, "It can never be on the chain: another message used its nonce."
    )


def test_a_message_that_was_dropped(chain, on_chain):
    config = MpoolConfig(size_limit_high=1, size_limit_low=1)
    pool = pool_of(chain, config=config)
    pool.add(ALICE.message(0))
    pool.add(BOB.message(0, premium=9))
    advice = Adviser(pool, chain, NETWORK, on_chain.get).why(ALICE.message(0).cid)
    assert advice.cause is Cause.DROPPED
    assert "with a higher premium" in advice.sentence


def test_a_missing_nonce_is_named_with_what_fills_it(pool, why):
    pool.push(ALICE.message(0))
    pool.push(ALICE.message(3))
    assert why(ALICE.message(3)) == Advice(
        Cause.NONCE_GAP,
        f"The message with nonce 1 of its sender {TEXT} is missing, and must come first.",
        f"papyrus send --from {TEXT} --nonce 1 {TEXT} 0",
    )


def test_a_fee_cap_under_the_base_fee_is_told_with_both(chain, pool, why):
    pool.push(ALICE.message(0, premium=20))
    chain.base_fee = 121
    assert why(ALICE.message(0, premium=20)) == Advice(
        Cause.FEE_CAP,
        "Its fee cap is 120 attoFIL, and the base fee of the next block is 121 attoFIL.",
        f"papyrus mpool fix {ALICE.message(0, premium=20).cid}",
    )
    chain.base_fee = 120
    assert why(ALICE.message(0, premium=20)).cause is Cause.NOTHING


def test_a_poor_sender_is_told_what_is_missing(chain, pool, why):
    pool.push(ALICE.message(0, gas_limit=10**9, premium=900))
    chain.book[ALICE.address] = Account(0, attofil(4 * 10**11))
    chain.move(pool, chain.extend())
    message = ALICE.message(0, gas_limit=10**9, premium=900)
    assert why(message) == Advice(
        Cause.NOT_ENOUGH_FUNDS,
        "Its gas may cost 0.000001 FIL, and its sender has 0.0000004 FIL left for it.",
        f"papyrus send {TEXT} 0.0000006",
    )


def test_what_messages_before_it_spend_is_counted(pool, why):
    pool.push(ALICE.message(0, value=attofil(10 * FIL)))
    pool.push(ALICE.message(1))
    cost = 101 * GAS
    assert why(ALICE.message(0, value=attofil(10 * FIL))).cause is Cause.NOTHING
    advice = why(ALICE.message(1))
    assert advice.cause is Cause.NOT_ENOUGH_FUNDS
    assert advice.command == f"papyrus send {TEXT} {attofil(2 * cost).unitless()}"
    assert "has 0 FIL left for it" in advice.sentence


def test_a_sender_that_is_not_there(chain, pool, why):
    pool.push(ALICE.message(0))
    del chain.book[ALICE.address]
    chain.move(pool, chain.extend())
    advice = why(ALICE.message(0))
    assert advice.cause is Cause.NO_SENDER
    assert advice.command == f"papyrus send {TEXT} {attofil(101 * GAS).unitless()}"


def test_a_message_behind_a_stuck_one_points_at_that(chain, pool, why):
    pool.push(ALICE.message(0, premium=5))
    pool.push(ALICE.message(1, premium=10**6))
    chain.base_fee = 5000
    stuck = ALICE.message(0, premium=5).cid
    assert why(ALICE.message(1, premium=10**6)) == Advice(
        Cause.BEHIND_ANOTHER,
        f"It is behind message {stuck} with nonce 0 of the same sender, which waits itself: "
        "Its fee cap is 105 attoFIL, and the base fee of the next block is 5000 attoFIL.",
        f"papyrus mpool fix {stuck}",
    )


def test_a_gas_limit_that_an_upgrade_made_too_low(chain):
    cheap = pool_of(chain)
    cheap.push(ALICE.message(0))
    message = ALICE.message(0, gas_limit=600_000)
    old = pool_of(chain, replace(NETWORK, inclusion_prices=FIRST_INCLUSION))
    old.push(message)
    advice = Adviser(old, chain, NETWORK, {}.get).why(message.cid)
    assert advice.cause is Cause.GAS_LIMIT
    assert advice.command == f"papyrus mpool fix {message.cid}"
    assert "Its gas limit of 600000 does not pay" in advice.sentence
    waiting = old.find(message.cid)
    prices = NETWORK.rules_at(1).prices
    assert unpriced(waiting, prices).gas_limit == 0
    assert unpriced(cheap.find(ALICE.message(0).cid), prices).gas_limit == GAS


def test_others_that_pay_more_are_told_with_figures(chain, pool, why):
    rich = [person(100 + number) for number in range(12)]
    chain.fund(*rich, fil=100)
    for one in rich:
        pool.add(one.message(0, premium=500, gas_limit=10**9))
    pool.push(ALICE.message(0, premium=20))
    advice = why(ALICE.message(0, premium=20))
    assert advice == Advice(
        Cause.PREMIUM,
        "Others pay more: it offers a premium of 20 attoFIL, and the cheapest that would fill the "
        "next block 500 attoFIL.",
        f"papyrus mpool fix {ALICE.message(0, premium=20).cid}",
    )
    assert sum(one.message.gas_limit for one in pool.pending()) > BLOCK_GAS_LIMIT


def offered(message, premium, fee_cap):
    return replace(message.message, gas_premium=attofil(premium), gas_fee_cap=attofil(fee_cap))


def waiting(pool, message):
    pool.push(message)
    return pool.find(message.cid)


@pytest.mark.parametrize(
    ("now", "premium", "fee_cap"),
    [((1, 200), 126, 200), ((500, 900), 500, 900), ((1, 2), 126, 126)],
)
def test_a_replacement_offers_what_is_needed_and_a_quarter_more(pool, now, premium, fee_cap):
    message = ALICE.message(0, premium=100)
    fixed = replacement(waiting(pool, message), offered(message, *now), 125)
    assert (fixed.gas_premium, fixed.gas_fee_cap) == (premium, fee_cap)
    pool.push(ALICE.sign(fixed))
    assert len(pool) == 1


def test_a_replacement_that_may_not_cost_enough_says_what_it_takes(pool):
    message = ALICE.message(0, premium=1000)
    held = waiting(pool, message)
    with pytest.raises(Invalid, match="takes a premium of 1101 attoFIL") as error:
        replacement(held, offered(message, 2000, 5000), 125, SendSpec(attofil(1100 * GAS)))
    assert error.value.fault == Refusal.PREMIUM_TOO_LOW_TO_REPLACE
    fixed = replacement(held, offered(message, 2000, 5000), 125, SendSpec(attofil(1101 * GAS)))
    assert fixed.gas_premium == fixed.gas_fee_cap == 1101


def test_what_is_estimated_anew_is_open(pool):
    held = waiting(pool, ALICE.message(0, premium=1000))
    open_message = unpriced(held, NETWORK.rules_at(1).prices)
    assert (open_message.gas_premium, open_message.gas_fee_cap) == (ZERO, ZERO)
    assert open_message.gas_limit == GAS
