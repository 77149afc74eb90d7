"""The base fee, against the tables of Lotus' own tests."""

from dataclasses import replace

import pytest

from papyrus.consensus.base_fee import (
    BLOCK_GAS_LIMIT,
    BLOCK_GAS_TARGET,
    BLOCK_GAS_TARGET_INDEX,
    next_base_fee,
    next_base_fee_from_premium,
    next_base_fee_from_use,
    offers,
    percentile_premium,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.networks import CALIBNET, MAINNET

FEE = TokenAmount(100_000_000)
ALICE, BOB = Address.from_id(101), Address.from_id(102)


@pytest.mark.parametrize(
    ("gas", "blocks", "packed", "unpacked"),
    [
        (0, 1, 87_500_000, 87_500_000),
        (0, 5, 87_500_000, 87_500_000),
        (BLOCK_GAS_TARGET, 1, 103_125_000, 100_000_000),
        (BLOCK_GAS_TARGET * 2, 2, 103_125_000, 100_000_000),
        (BLOCK_GAS_LIMIT * 2, 2, 112_500_000, 112_500_000),
        (BLOCK_GAS_LIMIT * 15 // 10, 2, 110_937_500, 106_250_000),
    ],
)
def test_fee_follows_use(gas, blocks, packed, unpacked):
    assert next_base_fee_from_use(FEE, gas, blocks, packed=True) == packed
    assert next_base_fee_from_use(FEE, gas, blocks, packed=False) == unpacked


def test_a_falling_fee_rounds_away_from_the_old_one():
    assert next_base_fee_from_use(TokenAmount(801), 0, 1, packed=False) == 700


def test_fee_never_falls_below_the_minimum():
    assert next_base_fee_from_use(TokenAmount(101), 0, 1, packed=False) == 100


@pytest.mark.parametrize(
    ("fee", "premium", "expected"),
    [
        (100, 0, 100),
        (100, 13, 100),
        (100, 14, 101),
        (100, 26, 113),
        (801, 0, 700),
        (801, 20, 720),
        (801, 100, 800),
        (801, 200, 900),
        (801, 201, 901),
        (808, 0, 707),
        (808, 1, 708),
        (808, 201, 908),
        (808, 202, 909),
        (808, 203, 909),
    ],
)
def test_fee_follows_the_deciding_premium(fee, premium, expected):
    assert next_base_fee_from_premium(TokenAmount(fee), premium) == expected


@pytest.mark.parametrize(
    ("premiums", "limits", "expected"),
    [
        ([], [], 0),
        ([123, 100], [5_999_999_999, 2_000_000_000], 0),
        ([123, 0], [5_999_999_999, 2_000_000_001], 0),
        ([123, 100], [5_999_999_999, 2_000_000_001], 100),
        ([123, 100], [7_999_999_999, 2_000_000_001], 100),
        ([123, 100], [8_000_000_000, 2_000_000_000], 123),
        ([123, 100], [8_000_000_000, 9_000_000_000], 123),
        (
            [100, 200, 300, 400, 500, 600, 700],
            [
                4_000_000_000,
                1_000_000_000,
                2_000_000_000,
                1_000_000_000,
                2_000_000_000,
                2_000_000_000,
                3_000_000_000,
            ],
            400,
        ),
    ],
)
def test_deciding_premium_is_at_the_percentile(premiums, limits, expected):
    pairs = list(zip(premiums, limits, strict=True))
    assert percentile_premium(pairs, BLOCK_GAS_TARGET_INDEX) == expected
    assert percentile_premium(reversed(pairs), BLOCK_GAS_TARGET_INDEX) == expected


def test_offers_count_a_sender_and_nonce_once_and_cap_the_premium(chain):
    dear = chain.message(ALICE, 0, gas_premium=TokenAmount(900), gas_fee_cap=TokenAmount(1000))
    again = chain.message(ALICE, 0, gas_premium=TokenAmount(1))
    poor = chain.message(BOB, 0, gas_fee_cap=TokenAmount(50))
    assert offers(TokenAmount(100), [[dear], [again, poor]]) == [(900, 1_000_000), (0, 1_000_000)]
    assert offers(TokenAmount(200), [[dear]]) == [(800, 1_000_000)]


def test_breeze_holds_the_fee_at_the_minimum_between_its_heights():
    full = []
    assert next_base_fee(MAINNET.base_fee, 41_281, FEE, [full]) == 100
    assert next_base_fee(MAINNET.base_fee, 41_280, FEE, [full]) == 87_500_000
    assert next_base_fee(MAINNET.base_fee, 41_400, FEE, [full]) == 87_500_000


def test_the_parents_height_picks_the_formula(chain):
    message = chain.message(ALICE, 0, gas_limit=BLOCK_GAS_TARGET)
    heights = MAINNET.base_fee
    assert next_base_fee(heights, heights.packed_until, FEE, [[message]]) == 103_125_000
    assert next_base_fee(heights, heights.packed_until + 1, FEE, [[message]]) == 100_000_000
    assert next_base_fee(heights, heights.premiums_from, FEE, [[message]]) == 87_500_000
    assert next_base_fee(CALIBNET.base_fee, 0, FEE, [[message]]) == 100_000_000


def test_use_counts_a_message_once_over_all_blocks(chain):
    message = chain.message(ALICE, 0, gas_limit=BLOCK_GAS_TARGET)
    other = replace(message, nonce=1)
    height = MAINNET.base_fee.packed_until + 1
    once = next_base_fee(MAINNET.base_fee, height, FEE, [[message], [message]])
    twice = next_base_fee(MAINNET.base_fee, height, FEE, [[message], [other]])
    assert (once, twice) == (93_750_000, 100_000_000)
