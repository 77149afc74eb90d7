"""Chains of one sender's messages; most outcomes are those of Lotus' selection tests."""

import math

import pytest
from pool_chain import FIL, GAS, NETWORK, pending, person

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.mpool.message_chains import (
    MessageChain,
    SenderQueue,
    create_chains,
    gas_performance,
    gas_reward,
    push_down,
)
from papyrus.primitives.amounts import TokenAmount

ALICE = person(1)
PRICES = NETWORK.rules_at(1).prices


def chains_of(messages, nonce=0, balance=FIL, base_fee=0):
    waiting = tuple(pending(message) for message in messages)
    return create_chains(SenderQueue(ALICE.address, nonce, balance, waiting), base_fee, PRICES)


def nonces(chains):
    return [[message.nonce for message in chain.messages] for chain in chains]


def test_premiums_that_rise_make_one_chain():
    chains = chains_of([ALICE.message(nonce, premium=nonce + 1) for nonce in range(10)])
    assert nonces(chains) == [list(range(10))]


def test_premiums_that_fall_make_a_chain_of_each_message():
    chains = chains_of([ALICE.message(nonce, premium=10 - nonce) for nonce in range(10)])
    assert nonces(chains) == [[nonce] for nonce in range(10)]


def test_groups_that_are_equal_are_merged():
    chains = chains_of([ALICE.message(nonce, premium=1 + nonce % 3) for nonce in range(10)])
    assert nonces(chains) == [list(range(9)), [9]]


def test_groups_that_fall_stay_apart():
    premiums = [1 + nonce % 3 + (12 - nonce) // 3 for nonce in range(10)]
    chains = chains_of([ALICE.message(nonce, premium=premiums[nonce]) for nonce in range(10)])
    assert nonces(chains) == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9]]


def test_a_missing_nonce_ends_the_chains():
    chains = chains_of([ALICE.message(2 * nonce, premium=nonce + 1) for nonce in range(10)])
    assert nonces(chains) == [[0]]


def test_a_message_that_does_not_pay_for_its_place_ends_the_chains():
    limits = [GAS] * 5 + [1] + [GAS] * 4
    chains = chains_of(
        [ALICE.message(nonce, nonce + 1, gas_limit=limit) for nonce, limit in enumerate(limits)]
    )
    assert nonces(chains) == [list(range(5))]


def test_a_chain_is_no_longer_than_a_block_has_gas():
    most = BLOCK_GAS_LIMIT // GAS
    chains = chains_of([ALICE.message(nonce, premium=nonce + 1) for nonce in range(most + 1)])
    assert nonces(chains) == [list(range(most))]


def test_what_the_sender_cannot_pay_for_ends_the_chains():
    messages = [ALICE.message(nonce, premium=nonce + 1) for nonce in range(10)]
    assert nonces(chains_of(messages, balance=300 * GAS + 1)) == [[0, 1]]


def test_value_is_taken_off_what_is_left_for_gas():
    messages = [ALICE.message(nonce, value=TokenAmount(500 * GAS)) for nonce in range(3)]
    assert nonces(chains_of(messages, balance=101 * GAS)) == [[0]]
    assert nonces(chains_of(messages, balance=701 * GAS)) == [[0]]
    assert nonces(chains_of(messages, balance=702 * GAS)) == [[0, 1]]


def test_used_nonces_are_passed_over():
    premiums = [1 + nonce % 3 + (20 - nonce) // 3 for nonce in range(20)]
    messages = [ALICE.message(nonce, premium=premiums[nonce]) for nonce in range(20)]
    chains = chains_of(messages, nonce=10)
    assert nonces(chains) == [[10, 11], [12, 13, 14], [15, 16, 17], [18, 19]]


def test_chains_know_their_neighbours_and_fall_in_performance():
    chains = chains_of([ALICE.message(nonce, premium=9 - nonce) for nonce in range(4)])
    assert [chain.previous for chain in chains] == [None, *chains[:-1]]
    assert [chain.next for chain in chains] == [*chains[1:], None]
    performances = [chain.gas_performance for chain in chains]
    assert performances == sorted(performances, reverse=True)


@pytest.mark.parametrize(
    ("premium", "fee_cap", "base_fee", "reward"),
    [
        (100, 200, 100, 1000),
        (100, 200, 210, -300),
        (200, 250, 210, 400),
        (200, 250, 2000, -52_500),
    ],
)
def test_a_message_below_the_base_fee_costs_its_producer_threefold(
    premium, fee_cap, base_fee, reward
):
    message = pending(
        ALICE.message(
            0, gas_limit=10, gas_fee_cap=TokenAmount(fee_cap), gas_premium=TokenAmount(premium)
        )
    )
    assert gas_reward(message, base_fee) == reward


def test_the_further_below_the_base_fee_the_worse():
    def reward(fee_cap):
        fields = {"gas_limit": 1000, "gas_premium": TokenAmount(min(fee_cap, 15_000))}
        return gas_reward(
            pending(ALICE.message(0, gas_fee_cap=TokenAmount(fee_cap), **fields)), 30_000
        )

    assert 0 > reward(20_000) > reward(15_000) > reward(10_000)


def test_performance_is_rounded_once_and_never_fails():
    assert gas_performance(3, 7) == 3 * BLOCK_GAS_LIMIT / 7
    assert gas_performance(10**30 + 1, 3) == (10**30 + 1) * BLOCK_GAS_LIMIT / 3
    assert gas_performance(10**400, 1) == math.inf
    assert gas_performance(-(10**400), 1) == -math.inf


def test_a_chain_is_cut_from_its_end_and_what_follows_is_dropped():
    chains = chains_of(
        [ALICE.message(nonce, premium) for nonce, premium in enumerate((5, 6, 7, 3, 2))]
    )
    first, second, third = chains
    first.trim(2 * GAS, 100, 0)
    assert nonces([first]) == [[0, 1]]
    assert (first.gas_limit, first.gas_reward) == (2 * GAS, 11 * GAS)
    assert first.gas_performance == gas_performance(11 * GAS, 2 * GAS)
    assert (first.is_valid, second.is_valid, third.is_valid) == (True, False, False)
    assert (first.next, second.messages, third.messages) == (None, [], [])


def test_a_chain_is_cut_to_a_number_of_messages():
    (chain,) = chains_of([ALICE.message(nonce, nonce + 1) for nonce in range(5)])
    chain.trim(BLOCK_GAS_LIMIT, 3, 0)
    assert nonces([chain]) == [[0, 1, 2]]


def test_a_chain_that_earns_nothing_is_cut_until_it_does():
    (chain,) = chains_of([ALICE.message(0, 5), ALICE.message(1, 9)])
    chain.gas_performance = -1.0
    chain.trim(BLOCK_GAS_LIMIT, 100, 0)
    assert nonces([chain]) == [[0]]


def test_a_chain_of_which_nothing_fits_is_invalid():
    (chain,) = chains_of([ALICE.message(0), ALICE.message(1)])
    chain.trim(GAS - 1, 100, 0)
    assert (chain.messages, chain.is_valid, chain.gas_performance) == ([], False, 0.0)


def test_what_precedes_a_chain_weighs_on_it():
    first, second = chains_of([ALICE.message(0, 9), ALICE.message(1, 3)])
    first.set_block_probability(0.5)
    second.set_block_probability(0.5)
    assert first.effective_performance == first.gas_performance * 0.5
    alone = second.gas_performance * 0.5
    assert second.effective_performance == (alone + first.effective_performance) / 2
    assert second.effective_performance + second.parent_offset == pytest.approx(alone)


def test_a_chain_without_a_block_counts_nothing_unless_it_costs():
    chain = MessageChain(pending(ALICE.message(0)), 10)
    chain.weigh_nothing()
    assert chain.effective_performance == 0.0
    costly = MessageChain(pending(ALICE.message(0)), -10)
    costly.weigh_nothing()
    assert costly.effective_performance == costly.gas_performance < 0


def test_a_cut_chain_moves_back_to_its_place():
    chains = [MessageChain(pending(ALICE.message(0)), reward) for reward in (4, 9, 7, 4, 3)]
    moved = chains[0]
    assert push_down(chains, 0)
    assert [chain.gas_reward for chain in chains] == [9, 7, 4, 4, 3]
    assert chains[3] is moved
    assert not push_down(chains, 0)


def test_of_equal_performance_the_larger_chain_comes_first():
    small = MessageChain(pending(ALICE.message(0)), 10)
    large = MessageChain(pending(ALICE.message(0)), 20)
    large.gas_performance = small.gas_performance
    assert large.comes_before(small)
    assert not small.comes_before(large)
    assert large.comes_before_effectively(small)
    small.is_merged = True
    assert small.comes_before_effectively(large)
