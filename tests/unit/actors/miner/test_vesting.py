import pytest

from papyrus.actors.miner.vesting import (
    REWARD_VESTING_SPEC,
    VestSpec,
    add_locked,
    load_vesting,
    unlock_vested,
    unlock_vested_and_unvested,
)
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.amounts import TokenAmount

STARTS = 10
"""Epochs after the proving period began."""


@pytest.mark.parametrize(
    ("delay", "period", "step", "unit", "period_start", "vests"),
    [
        (0, 1, 1, 1, 0, [0, 0, 100, 0]),
        (0, 2, 1, 1, 0, [0, 0, 50, 50, 0]),
        (0, 2, 1, 2, 0, [0, 0, 0, 100, 0]),
        (0, 3, 1, 1, 0, [0, 0, 33, 33, 34, 0]),
        (0, 3, 1, 2, 0, [0, 0, 0, 66, 0, 34, 0]),
        (0, 2, 2, 1, 0, [0, 0, 0, 100, 0]),
        (0, 5, 2, 1, 0, [0, 0, 0, 40, 0, 40, 0, 20, 0]),
        (1, 5, 2, 1, 0, [0, 0, 0, 0, 40, 0, 40, 0, 20, 0]),
        (0, 5, 2, 2, 0, [0, 0, 0, 40, 0, 40, 0, 20, 0]),
        (0, 5, 3, 1, 0, [0, 0, 0, 0, 60, 0, 0, 40, 0]),
        (0, 5, 3, 2, 0, [0, 0, 0, 0, 0, 80, 0, 20, 0]),
        (0, 5, 6, 1, 0, [0, 0, 0, 0, 0, 0, 0, 100, 0]),
        (5, 5, 1, 1, 0, [0, 0, 0, 0, 0, 0, 0, 20, 20, 20, 20, 20, 0]),
        (0, 10, 2, 2, 0, [0, 0, 0, 20, 0, 20, 0, 20, 0, 20, 0, 20]),
        (0, 10, 2, 2, 1, [0, 0, 0, 20, 0, 20, 0, 20, 0, 20, 0, 20]),
        (0, 10, 2, 2, 55, [0, 0, 0, 20, 0, 20, 0, 20, 0, 20, 0, 20]),
        (0, 10, 1, 5, 0, [0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 50]),
    ],
)
def test_funds_vest_in_steps_that_are_rounded_up(delay, period, step, unit, period_start, vests):
    store = MemoryBlockstore()
    begin = period_start + STARTS
    spec = VestSpec(delay, period, step, unit)
    funds, vested = add_locked(store, None, begin, TokenAmount(100), period_start, spec)
    assert vested == 0
    unlocked = []
    for epoch in range(begin, begin + len(vests)):
        funds, vested = unlock_vested(store, funds, epoch)
        unlocked.append(vested)
    assert unlocked == vests
    assert funds is None


@pytest.fixture
def store():
    return MemoryBlockstore()


def locked(store, begin, period, amount=100):
    funds, _ = add_locked(store, None, begin, TokenAmount(amount), 0, VestSpec(0, period, 1, 1))
    return funds


@pytest.mark.parametrize(
    ("target", "unvested", "left"),
    [
        (5, 5, [(101, 15), (102, 20), (103, 20), (104, 20), (105, 20)]),
        (39, 39, [(102, 1), (103, 20), (104, 20), (105, 20)]),
        # An entry that is used up to the last is kept as the first, with nothing in it.
        (40, 40, [(103, 20), (104, 20), (105, 20)]),
        (100, 100, []),
        (200, 100, []),
    ],
)
def test_unvested_funds_are_taken_from_what_vests_first(store, target, unvested, left):
    funds, vested, taken = unlock_vested_and_unvested(
        store, locked(store, 100, 5), 100, TokenAmount(target)
    )
    assert (vested, taken) == (0, unvested)
    assert [(entry.epoch, entry.amount) for entry in load_vesting(store, funds)] == left
    assert (funds is None) == (target > 100)


def test_vested_funds_go_before_unvested_ones(store):
    funds, vested, unvested = unlock_vested_and_unvested(
        store, locked(store, 10, 50), 30, TokenAmount(60)
    )
    assert (vested, unvested) == (38, 60)
    assert [(entry.epoch, entry.amount) for entry in load_vesting(store, funds)] == [(60, 2)]


def test_small_penalty_leaves_the_rest_of_the_table_untouched(store):
    before = locked(store, 100, 5)
    after, _, _ = unlock_vested_and_unvested(store, before, 100, TokenAmount(20))
    assert after.tail == before.tail
    assert (after.head.epoch, after.head.amount) == (101, 0)


def test_tables_are_merged_by_epoch(store):
    spec = VestSpec(0, 2, 1, 1)
    funds, _ = add_locked(store, None, 10, TokenAmount(100), 0, spec)
    funds, vested = add_locked(store, funds, 12, TokenAmount(10), 0, spec)
    assert vested == 50
    assert [(entry.epoch, entry.amount) for entry in load_vesting(store, funds)] == [
        (12, 50),
        (13, 5),
        (14, 5),
    ]


def test_rewards_vest_over_half_a_year_in_steps_of_a_day(store):
    funds, _ = add_locked(store, None, 5_000, TokenAmount(10**21), 7, REWARD_VESTING_SPEC)
    table = load_vesting(store, funds)
    assert len(table) == 180
    assert {(entry.epoch - 7) % 1_440 for entry in table} == {0}
    assert sum(entry.amount for entry in table) == 10**21
    assert table[0].epoch == 5_000 + 2_880 + 767


def test_nothing_locked_adds_no_entry(store):
    assert add_locked(store, None, 5, TokenAmount(0), 0, REWARD_VESTING_SPEC) == (None, 0)
