"""Choosing for a block: Lotus' own scenarios, and what its selection chose of random pools.

The figures in `lotus_selections.json` come from running Lotus' `selection.go` on the pools beside
them. In those marked "index" one line of it was put right: it sorts a part of its chains with
comparisons of others, because a closure counts from the wrong start.
"""

import json
import random
from collections import Counter
from pathlib import Path

import pytest
from pool_chain import FIL, GAS, NETWORK, pending, person

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.crypto.signatures import SignatureType
from papyrus.mpool.block_probability import (
    MOST_BLOCKS,
    block_probabilities,
    other_winner_probabilities,
    winner_probabilities,
)
from papyrus.mpool.message_chains import SenderQueue, gas_reward
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.selection import Candidates, select_messages
from papyrus.primitives.address import Address
from papyrus.rules.versions import NV28

FIGURES = json.loads((Path(__file__).parent / "lotus_selections.json").read_text())
PRICES = NETWORK.rules_at(1).prices
FITTING = BLOCK_GAS_LIMIT // GAS
ALICE, BOB = person(1), person(2)
BELLA = person(3, SignatureType.BLS)
LENGTH = 100
ROUND_LIMIT = 750_000
"""The gas limit of messages of which more than ten thousand would have gas enough."""


def keep_order(below):
    return below - 1


def light(sender, nonce, premium, gas_limit=GAS, *, fee_cap=None, is_bls=False, value=0):
    """Return a message of which only the figures count."""
    cap = 100 + premium if fee_cap is None else fee_cap
    return PendingMessage(
        None, None, None, sender, LENGTH, nonce, gas_limit, cap, premium, value, cap * gas_limit,
        is_bls,
    )  # fmt: skip


def queue_of(sender, premiums, balance=FIL, **fields):
    messages = [light(sender, nonce, premium, **fields) for nonce, premium in enumerate(premiums)]
    return SenderQueue(sender, 0, balance, tuple(messages))


def choose(*queues, quality=1.0, base_fee=100, priority=(), draw=keep_order):
    candidates = Candidates(queues, base_fee, PRICES, priority)
    chosen = select_messages(candidates, quality, draw)
    check_block(chosen, queues)
    return chosen


def check_block(chosen, queues):
    """Check what must hold of every block."""
    assert sum(message.gas_limit for message in chosen) <= BLOCK_GAS_LIMIT
    assert len(chosen) <= 10_000
    assert max(Counter(message.is_bls for message in chosen).values(), default=0) <= 8192
    expected = {queue.sender: queue.nonce for queue in queues}
    for message in chosen:
        assert message.nonce == expected[message.sender]
        expected[message.sender] += 1


def by_sender(chosen):
    return Counter(message.sender for message in chosen)


def ids(count):
    return [Address.from_id(100 + number) for number in range(count)]


def test_nothing_is_chosen_from_nothing():
    assert choose() == []
    assert choose(SenderQueue(ALICE.address, 0, FIL, ())) == []


def test_the_better_payer_comes_first():
    chosen = choose(
        queue_of(BOB.address, [nonce + 1 for nonce in range(10)]),
        queue_of(ALICE.address, [2 * nonce + 1 for nonce in range(10)]),
    )
    assert [message.sender for message in chosen] == [ALICE.address] * 10 + [BOB.address] * 10


def test_a_block_is_filled_to_its_last_message():
    premiums = [1 + nonce % 3 + (FITTING + 1 - nonce) // 3 for nonce in range(FITTING + 1)]
    chosen = choose(queue_of(ALICE.address, premiums), queue_of(BOB.address, premiums))
    assert len(chosen) == FITTING


def test_a_list_holds_8192_messages():
    assert len(choose(queue_of(ALICE.address, [100] * 10_000, gas_limit=ROUND_LIMIT))) == 8192


def test_both_lists_together_hold_10000():
    chosen = choose(
        queue_of(ALICE.address, [100] * 10_000, gas_limit=ROUND_LIMIT),
        queue_of(BELLA.address, [1000] * 10_000, gas_limit=ROUND_LIMIT, is_bls=True),
    )
    assert by_sender(chosen) == {BELLA.address: 8192, ALICE.address: 10_000 - 8192}


def test_what_no_list_has_room_for_does_not_pull_its_chain_up():
    chosen = choose(
        queue_of(ALICE.address, [100] * 8191 + [1000], gas_limit=ROUND_LIMIT),
        queue_of(BELLA.address, [100] * 8192 + [10**6], gas_limit=ROUND_LIMIT, is_bls=True),
    )
    assert len(chosen) == 10_000
    assert by_sender(chosen)[ALICE.address] == 8192


def test_priority_senders_come_first():
    premiums = [1 + nonce % 3 + (10 - nonce) // 3 for nonce in range(10)]
    chosen = choose(
        queue_of(BOB.address, premiums),
        queue_of(ALICE.address, premiums),
        priority=(ALICE.address,),
    )
    assert [message.sender for message in chosen] == [ALICE.address] * 10 + [BOB.address] * 10


def test_priority_senders_may_fill_the_block():
    count = 2 * FITTING
    premiums = [1 + nonce % 3 + (count - nonce) // 3 for nonce in range(count)]
    chosen = choose(
        queue_of(BOB.address, premiums),
        queue_of(ALICE.address, premiums),
        priority=(ALICE.address,),
    )
    assert by_sender(chosen) == {ALICE.address: FITTING}


@pytest.mark.parametrize("quality", [1.0, 0.1])
def test_what_costs_its_producer_is_left_out(quality):
    premiums = [1000 + nonce % 3 + (10 - nonce) // 3 for nonce in range(10)]
    chosen = choose(
        queue_of(ALICE.address, premiums),
        queue_of(BOB.address, [100] * 10),
        base_fee=1000,
        quality=quality,
        priority=(ALICE.address,),
    )
    assert by_sender(chosen) == {ALICE.address: 10}


@pytest.mark.parametrize("quality", [1.0, 0.1])
def test_nothing_is_chosen_where_everything_costs(quality):
    assert choose(queue_of(BOB.address, [100] * 10), base_fee=1000, quality=quality) == []
    priority = (BOB.address,)
    rejected = choose(
        queue_of(BOB.address, [100] * 10), base_fee=1000, quality=quality, priority=priority
    )
    assert rejected == []


def test_a_poor_ticket_takes_a_single_senders_messages_from_the_start():
    count = 10 * FITTING
    premiums = [1 + nonce % 3 + (count - nonce) // 3 for nonce in range(count)]
    chosen = choose(queue_of(ALICE.address, premiums), quality=0.25)
    assert [message.nonce for message in chosen] == list(range(FITTING))


def test_a_poor_ticket_leaves_the_best_payer_to_others():
    count = 5 * FITTING
    falling = [nonce % 3 + (count - nonce) // 3 for nonce in range(count)]
    chosen = choose(
        queue_of(ALICE.address, [200_000 + premium for premium in falling]),
        queue_of(BOB.address, [190_000 + premium for premium in falling]),
        quality=0.1,
    )
    assert len(chosen) == FITTING
    assert by_sender(chosen)[ALICE.address] <= by_sender(chosen)[BOB.address]


def test_a_poor_ticket_goes_for_the_middle_of_many():
    people = ids(10)
    count = FITTING + 1
    chosen = choose(
        *(
            queue_of(
                sender,
                [
                    500_000 + 10_000 * (10 - place) + (count + 2 - nonce) // 300 + nonce % 3
                    for nonce in range(count)
                ],
            )
            for place, sender in enumerate(people)
        ),
        quality=0.1,
    )
    assert len(chosen) == FITTING
    assert not set(people[:3]) & set(by_sender(chosen))


@pytest.mark.parametrize("seed", [1947, 1976, 2020])
def test_producers_who_differ_in_luck_fill_more_than_one_who_is_greedy(seed):
    source = random.Random(seed)  # noqa: S311 - the same each time
    people = ids(300)
    premiums = {sender: [] for sender in people}
    for _ in range(10 * FITTING):
        premiums[source.choice(people)].append(source.randrange(5000, 25_000))
    queues = [queue_of(sender, some) for sender, some in premiums.items() if some]
    greedy = choose(*queues)
    together = {
        (message.sender, message.nonce): message
        for _ in range(4)
        for message in choose(*queues, quality=source.random(), draw=source.randrange)
    }
    assert len(together) >= len(greedy)
    assert all(gas_reward(message, 100) >= 0 for message in together.values())


@pytest.mark.parametrize("quality", [1.0, 0.8, 0.4, 0.1, 0.01])
def test_blocks_are_full_where_enough_waits(quality):
    source = random.Random(7)  # noqa: S311 - the same each time
    queues = [
        SenderQueue(
            sender, 0, 10**6 * FIL,
            tuple(
                light(sender, nonce, source.randrange(10**5), source.randrange(10**6, 10**8),
                      fee_cap=10**9)
                for nonce in range(source.randrange(1, 30))
            ),
        )
        for sender in ids(200)
    ]  # fmt: skip
    chosen = choose(*queues, quality=quality, base_fee=8 * 10**8, draw=source.randrange)
    assert sum(message.gas_limit for message in chosen) >= BLOCK_GAS_LIMIT * 9 // 10


def test_what_is_given_is_not_changed():
    queue = queue_of(ALICE.address, [9, 3, 5, 1])
    before = queue.messages
    assert choose(queue, quality=0.3) == choose(queue, quality=0.3)
    assert queue.messages is before


def test_messages_of_real_people_can_be_chosen():
    waiting = tuple(pending(BELLA.message(nonce)) for nonce in range(3))
    assert choose(SenderQueue(BELLA.address, 0, FIL, waiting)) == list(waiting)


@pytest.mark.parametrize("number", range(len(FIGURES)))
def test_lotus_chooses_the_same(number):
    figures = FIGURES[number]
    senders = [Address.from_id(place) for place in range(len(figures["senders"]))]
    waiting = {sender: [] for sender in senders}
    for sender, nonce, gas_limit, fee_cap, premium, value, is_bls in figures["messages"]:
        waiting[senders[sender]].append(
            light(
                senders[sender], nonce, premium, gas_limit, fee_cap=fee_cap, value=value,
                is_bls=bool(is_bls),
            )
        )  # fmt: skip
    queues = tuple(
        SenderQueue(sender, nonce, balance, tuple(sorted(waiting[sender], key=lambda m: m.nonce)))
        for sender, (nonce, balance) in zip(senders, figures["senders"], strict=True)
    )
    priority = tuple(senders[place] for place in figures["priority"])
    candidates = Candidates(queues, figures["base_fee"], NV28.prices, priority)
    chosen = select_messages(candidates, figures["quality"], keep_order)
    check_block(chosen, queues)
    assert [[message.sender.id, message.nonce] for message in chosen] == figures["chosen"]


def test_with_a_good_ticket_the_first_place_is_the_likeliest_and_so_on():
    chances = block_probabilities(0.85)
    assert list(chances) == sorted(chances, reverse=True)


def test_five_win_on_average():
    chances = winner_probabilities()
    assert len(chances) == MOST_BLOCKS
    assert sum(chances) == pytest.approx(1, abs=0.001)
    assert sum(count * chance for count, chance in enumerate(chances)) == pytest.approx(5, abs=0.01)


def test_beside_a_winner_are_as_many_as_remain():
    chances = other_winner_probabilities()
    assert sum(chances) == pytest.approx(1, abs=0.001)
    assert chances[0] == pytest.approx(winner_probabilities()[1] / (1 - winner_probabilities()[0]))


@pytest.mark.parametrize(
    ("quality", "first"),
    [
        (1.0, (0.999930523630046, 0.0, 0.0)),
        (0.85, (0.5515087053654094, 0.3222798389656417, 0.10046277641768421)),
        (0.5, (0.15171635827520838, 0.2614927877878193, 0.2550184636171069)),
        (0.0, (0.03391827453152117, 0.0847956863288029, 0.14132614388133816)),
    ],
)
def test_lotus_finds_the_same_chances(quality, first):
    assert block_probabilities(quality)[:3] == pytest.approx(first, rel=1e-12)
