"""Bounds the base fee keeps whatever blocks hold."""

from hypothesis import given
from hypothesis import strategies as st

from papyrus.consensus.base_fee import (
    BLOCK_GAS_LIMIT,
    BLOCK_GAS_TARGET_INDEX,
    next_base_fee_from_premium,
    next_base_fee_from_use,
    percentile_premium,
)
from papyrus.primitives.amounts import TokenAmount

FEES = st.integers(100, 10**24).map(TokenAmount)
OFFERS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, BLOCK_GAS_LIMIT)), max_size=12)


@given(FEES, st.integers(0, 10**12), st.integers(1, 15), st.booleans())
def test_use_moves_the_fee_by_an_eighth_at_most(fee, gas, blocks, packed):
    following = next_base_fee_from_use(fee, gas, blocks, packed=packed)
    assert following >= 100
    assert abs(following - fee) <= -(-fee // 8)


@given(FEES, st.integers(0, 10**24))
def test_premium_moves_the_fee_by_an_eighth_at_most(fee, premium):
    following = next_base_fee_from_premium(fee, premium)
    assert following >= 100
    assert abs(following - fee) <= -(-fee // 8)


@given(FEES, st.integers(0, 10**24), st.integers(0, 10**24))
def test_a_higher_premium_never_lowers_the_fee(fee, one, other):
    low, high = sorted((one, other))
    assert next_base_fee_from_premium(fee, low) <= next_base_fee_from_premium(fee, high)


@given(OFFERS, st.randoms(use_true_random=False))
def test_the_order_of_offers_means_nothing(offers, random):
    shuffled = list(offers)
    random.shuffle(shuffled)
    expected = percentile_premium(offers, BLOCK_GAS_TARGET_INDEX)
    assert percentile_premium(shuffled, BLOCK_GAS_TARGET_INDEX) == expected


@given(OFFERS)
def test_less_gas_than_the_percentile_pays_more_than_the_deciding_premium(offers):
    premium = percentile_premium(offers, BLOCK_GAS_TARGET_INDEX)
    assert sum(limit for offer, limit in offers if offer > premium) <= BLOCK_GAS_TARGET_INDEX
    if sum(limit for _, limit in offers) > BLOCK_GAS_TARGET_INDEX:
        reached = sum(limit for offer, limit in offers if offer >= premium)
        assert reached > BLOCK_GAS_TARGET_INDEX
