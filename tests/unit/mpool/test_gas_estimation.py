"""What gas is said to cost: Lotus' figures, and each bound of the suggestions."""

from dataclasses import replace

import pytest
from pool_chain import GAS, PoolChain, person, pool_of

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT, BLOCK_GAS_TARGET
from papyrus.mpool.gas_estimation import (
    DEFAULT_MAX_FEE,
    GasEstimator,
    GasHistory,
    SendSpec,
    cap_gas_fee,
    estimate_fee_cap,
    estimate_gas_limit,
    estimate_premium,
    middle_premium,
    premium_that_keeps_the_base_fee,
    premium_to_outbid,
)
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.types.receipt import Receipt
from papyrus.vm.executor import ApplyResult

ALICE = person(1)
HALF = BLOCK_GAS_TARGET // 2


def attofil(amount):
    return TokenAmount(amount)


@pytest.mark.parametrize(
    ("offers", "blocks", "premium"),
    [
        ([(5, BLOCK_GAS_TARGET)], 1, 5),
        ([(5, BLOCK_GAS_TARGET), (10, BLOCK_GAS_TARGET)], 1, 10),
        ([(10, HALF), (20, HALF)], 1, 15),
        ([(10, HALF), (20, HALF), (30, HALF)], 1, 25),
        ([(10, HALF), (20, HALF), (30, HALF)], 2, 15),
        ([], 1, 0),
        ([], 0, 0),
    ],
)
def test_lotus_finds_the_same_middle(offers, blocks, premium):
    assert middle_premium(offers, blocks) == premium


def grown(premiums, blocks=1):
    """Return a chain of tipsets whose messages together fill half of each block."""
    chain = PoolChain()
    for premium in premiums:
        messages = [person(number).message(0, premium, gas_limit=HALF) for number in range(blocks)]
        chain.head = chain.extend(*([message] for message in messages))
    chain.head = chain.extend()
    return chain


@pytest.mark.parametrize(
    ("epochs", "least"), [(0, 200_000), (1, 200_000), (2, 150_000), (3, 100_000), (500, 100_000)]
)
def test_a_chain_without_messages_suggests_the_least(epochs, least):
    chain = grown([])
    assert estimate_premium(GasHistory(chain), chain.head, epochs, 1.0) == least


def test_the_premium_is_what_was_paid_lately_and_a_trifle():
    chain = grown([10**6] * 4, blocks=3)
    premium = estimate_premium(GasHistory(chain), chain.head, 2, 1.0)
    assert premium == 10**6 * (2**32 + 1) // 2**32 == 10**6


@pytest.mark.parametrize(("noise", "premium"), [(1.01, 1_010_000), (0.99, 990_000)])
def test_noise_moves_the_premium(noise, premium):
    chain = grown([10**6] * 4)
    assert estimate_premium(GasHistory(chain), chain.head, 2, noise) == premium


def test_only_twice_as_many_tipsets_as_epochs_are_looked_at():
    chain = grown([9 * 10**6, 9 * 10**6, 10**6, 10**6])
    history = GasHistory(chain)
    assert estimate_premium(history, chain.head, 1, 1.0) == 10**6
    assert history.before(chain.head, 2) == ([(10**6, HALF)] * 2, 2)
    offers, blocks = history.before(chain.head, 100)
    assert (len(offers), blocks) == (4, 5)


def test_genesis_has_no_past():
    chain = PoolChain()
    assert GasHistory(chain).before(chain.head, 20) == ([], 0)


@pytest.mark.parametrize(
    ("base_fee", "premium", "epochs", "fee_cap"),
    [
        (100, 0, 0, 100),
        (100, 0, 1, 112),
        (100, 7, 1, 119),
        (256, 0, 20, 2699),
        (10**9, 100_000, 20, 10**9 * 2699 // 256 + 100_000),
    ],
)
def test_the_fee_cap_outlasts_a_rise(base_fee, premium, epochs, fee_cap):
    assert estimate_fee_cap(base_fee, premium, epochs) == fee_cap


def priced(limit, fee_cap, premium):
    return ALICE.message(
        0, gas_limit=limit, gas_fee_cap=attofil(fee_cap), gas_premium=attofil(premium)
    ).message


@pytest.mark.parametrize(
    ("message", "spec", "default", "fee_cap", "premium"),
    [
        (priced(10**8, 10**8, 10**5), SendSpec(), 10**11, 1000, 1000),
        (priced(10**8, 10**8, 10**5), SendSpec(attofil(10**11)), 0, 1000, 1000),
        (priced(10**8, 10**5, 10**8), SendSpec(attofil(10**14)), 0, 10**5, 10**5),
        (priced(10**8, 1000, 10), SendSpec(attofil(10**11)), 0, 1000, 10),
        (priced(10**8, 1001, 10), SendSpec(attofil(10**11)), 0, 1000, 10),
        (priced(10**8, 10, 10), SendSpec(attofil(10**11), True), 0, 1000, 10),
        (priced(0, 10, 10), SendSpec(attofil(10**11), True), 0, 10, 10),
    ],
)
def test_gas_costs_no_more_than_it_may(message, spec, default, fee_cap, premium):
    capped = cap_gas_fee(message, spec, attofil(default))
    assert (capped.gas_fee_cap, capped.gas_premium) == (fee_cap, premium)
    assert replace(capped, gas_fee_cap=ZERO, gas_premium=ZERO) == replace(
        message, gas_fee_cap=ZERO, gas_premium=ZERO
    )


def outcome(gas_used, exit_code=0, failure=None, data=b""):
    return ApplyResult(Receipt(exit_code, data, gas_used), ZERO, ZERO, failure=failure)


def test_a_trial_runs_after_what_waits_before_it_with_all_gas_for_free():
    tried = []

    def trial(message, prior):
        tried.append((message, prior))
        return outcome(1234)

    waiting = [ALICE.message(nonce) for nonce in range(5)]
    assert estimate_gas_limit(ALICE.message(3).message, waiting, trial) == 1234
    ((message, prior),) = tried
    assert prior == tuple(waiting[:3])
    assert message == replace(
        ALICE.message(3).message, gas_limit=BLOCK_GAS_LIMIT, gas_fee_cap=ZERO, gas_premium=ZERO
    )
    estimate_gas_limit(ALICE.message(9).message, waiting, trial)
    assert tried[1][1] == tuple(waiting)


def test_a_trial_that_fails_gives_no_gas_but_its_reason():
    with pytest.raises(ActorError, match="no such method") as error:
        estimate_gas_limit(
            ALICE.message(0).message, [], lambda *_: outcome(7, 33, "no such method", b"why")
        )
    assert (error.value.exit_code, error.value.data) == (33, b"why")
    with pytest.raises(ActorError, match="message execution failed"):
        estimate_gas_limit(ALICE.message(0).message, [], lambda *_: outcome(7, 7))


def estimator(chain, **how):
    pool = pool_of(chain)
    how.setdefault("trial", lambda *_: outcome(1_000_000))
    return GasEstimator(chain, GasHistory(chain), pool.pending_of, draw_noise=lambda: 1.0, **how)


def open_message(**fields):
    values = {"gas_limit": 0, "gas_fee_cap": ZERO, "gas_premium": ZERO}
    return ALICE.message(0, **(values | fields)).message


def test_every_open_field_is_filled_in():
    filled = estimator(grown([])).message_gas(open_message())
    assert filled.gas_limit == 1_250_000
    assert filled.gas_premium == 100_000
    assert filled.gas_fee_cap == 100 * 2699 // 256 + 100_000


def test_what_was_set_is_kept():
    filled = estimator(grown([])).message_gas(
        open_message(gas_limit=GAS, gas_premium=attofil(3), gas_fee_cap=attofil(5))
    )
    assert (filled.gas_limit, filled.gas_premium, filled.gas_fee_cap) == (GAS, 3, 5)


def test_more_gas_than_a_block_has_is_not_suggested():
    greedy = estimator(grown([]), trial=lambda *_: outcome(9 * 10**9))
    assert greedy.gas_limit(open_message()) == 9 * 10**9
    assert greedy.message_gas(open_message()).gas_limit == BLOCK_GAS_LIMIT


def test_seven_hundredths_of_a_fil_are_the_most_unless_a_user_says_more():
    dear = open_message(gas_limit=10**9, gas_premium=attofil(10**9))
    assert DEFAULT_MAX_FEE == 7 * 10**16
    filled = estimator(grown([])).message_gas(dear)
    assert filled.gas_fee_cap == filled.gas_premium == 7 * 10**7
    paid = estimator(grown([])).message_gas(dear, SendSpec(attofil(10**18)))
    assert paid.gas_fee_cap == 10**9


def test_the_overestimation_is_a_setting():
    assert (
        estimator(grown([]), overestimation=2.0).message_gas(open_message()).gas_limit == 2 * 10**6
    )


@pytest.mark.parametrize(
    ("offers", "gas_limit", "premium"),
    [
        ([], GAS, 0),
        ([(50, BLOCK_GAS_LIMIT // 2)], GAS, 0),
        ([(50, BLOCK_GAS_LIMIT)], GAS, 51),
        ([(50, BLOCK_GAS_LIMIT - GAS)], GAS, 0),
        ([(50, BLOCK_GAS_LIMIT - GAS + 1)], GAS, 51),
        ([(90, BLOCK_GAS_LIMIT // 2), (40, BLOCK_GAS_LIMIT)], GAS, 41),
        ([(90, BLOCK_GAS_LIMIT), (40, BLOCK_GAS_LIMIT)], BLOCK_GAS_LIMIT, 91),
    ],
)
def test_the_premium_that_finds_room(offers, gas_limit, premium):
    assert premium_to_outbid(offers, gas_limit) == premium


@pytest.mark.parametrize(("base_fee", "premium"), [(0, 0), (8, 1), (9, 2), (800, 100)])
def test_the_premium_that_leaves_the_base_fee_as_it_is(base_fee, premium):
    assert premium_that_keeps_the_base_fee(base_fee) == premium
