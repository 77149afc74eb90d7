"""Who gets what of the gas fees; the table is that of the references' own burn tests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.gas_outputs import gas_outputs


def split(used, limit, base_fee=0, fee_cap=0, premium=0):
    return gas_outputs(
        gas_used=used,
        gas_limit=limit,
        base_fee=TokenAmount(base_fee),
        fee_cap=TokenAmount(fee_cap),
        premium=TokenAmount(premium),
    )


@pytest.mark.parametrize(
    ("used", "limit", "refund", "burned"),
    [
        (100, 200, 10, 90),
        (100, 150, 30, 20),
        (1000, 1300, 240, 60),
        (500, 700, 140, 60),
        (200, 200, 0, 0),
        (20_000, 21_000, 1000, 0),
        (0, 2000, 0, 2000),
        (500, 651, 121, 30),
        (500, 5000, 0, 4500),
        (7_499_000_000, 7_500_000_000, 1_000_000, 0),
        (7_500_000_000 // 2, 7_500_000_000, 375_000_000, 3_375_000_000),
        (1, 7_500_000_000, 0, 7_499_999_999),
    ],
)
def test_unused_gas_is_refunded_or_burnt(used, limit, refund, burned):
    outputs = split(used, limit)
    assert (outputs.gas_refund, outputs.gas_burned) == (refund, burned)


@pytest.mark.parametrize(
    ("used", "limit", "fee_cap", "premium", "expected"),
    [
        # base fee 10 throughout: burn, over-estimation burn, penalty, tip, refund
        (100, 110, 11, 1, (1000, 0, 0, 110, 100)),
        (100, 130, 11, 1, (1000, 60, 0, 130, 240)),
        (100, 110, 10, 1, (1000, 0, 0, 0, 100)),
        (100, 110, 6, 1, (600, 0, 400, 0, 60)),
        # 6 of the 30 left over are burnt, and the miner owes the shortfall of 4 on them too.
        (100, 130, 6, 1, (600, 36, 424, 0, 144)),
    ],
)
def test_fees_at_a_base_fee_of_ten(used, limit, fee_cap, premium, expected):
    outputs = split(used, limit, 10, fee_cap, premium)
    assert (
        outputs.base_fee_burn,
        outputs.over_estimation_burn,
        outputs.miner_penalty,
        outputs.miner_tip,
        outputs.refund,
    ) == expected


gas = st.integers(0, 10**10)
price = st.integers(0, 10**12)


@given(gas, gas, price, price, price)
def test_nothing_of_the_fee_is_lost(used, more, base_fee, fee_cap, premium):
    limit = used + more
    premium = min(premium, fee_cap)
    outputs = split(used, limit, base_fee, fee_cap, premium)
    parts = (
        outputs.base_fee_burn,
        outputs.over_estimation_burn,
        outputs.miner_tip,
        outputs.refund,
    )
    assert min(parts) >= 0
    assert sum(parts) == fee_cap * limit
    assert outputs.gas_refund + outputs.gas_burned == limit - used
