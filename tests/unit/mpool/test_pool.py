"""The pool and the chain: what comes, goes and comes back; outcomes of Lotus' tests among it."""

import pytest
from pool_chain import PoolChain, person, pool_of

from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import Cid
from papyrus.mpool import admission, sender_messages
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.recent import Departure, Fate
from papyrus.mpool.republishing import republish_interval
from papyrus.mpool.waiting import PoolChange, PoolChangeKind
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid, LocalFault


def nonces(pool, sender):
    return [signed.message.nonce for signed in pool.pending_of(sender.address)]


def test_the_next_nonce_follows_what_waits(chain, pool, alice):
    assert pool.next_nonce(alice.address) == 0
    pool.add(alice.message(0))
    assert pool.next_nonce(alice.address) == 1
    pool.add(alice.message(1))
    assert pool.next_nonce(alice.address) == 2
    chain.move(pool, chain.extend([alice.message(0), alice.message(1)]))
    assert pool.next_nonce(alice.address) == 2
    assert pool.pending() == []


def test_the_next_nonce_of_nobody_is_an_error_that_says_what_to_do(pool):
    with pytest.raises(LookupError, match="is not on the chain: send it some FIL first"):
        pool.next_nonce(person(50).address)


def test_a_sender_may_be_asked_for_by_id(chain, pool, alice):
    chain.names[Address.from_id(101)] = alice.address
    pool.add(alice.message(0))
    assert pool.pending_of(Address.from_id(101)) == [alice.message(0)]
    with pytest.raises(KeyError):
        chain.key_of(Address.from_id(102))
    assert pool.pending_of(Address.from_id(102)) == []


def test_filling_a_gap_moves_the_next_nonce_over_all_that_waits(pool, alice):
    for nonce in (0, 2, 3, 4):
        pool.add(alice.message(nonce))
    assert pool.next_nonce(alice.address) == 1
    pool.add(alice.message(1))
    assert pool.next_nonce(alice.address) == 5


def test_what_remains_of_a_sender_is_chosen_for_the_next_block(chain, pool, bella):
    messages = [bella.message(nonce) for nonce in range(5)]
    for message in messages:
        pool.add(message)
    head = chain.extend(messages[:2])
    chain.move(pool, head)
    assert pool.select(head, 1.0) == messages[2:]


def test_a_block_takes_all_of_two_senders_and_the_pool_is_empty(chain, pool, alice, bob):
    for nonce in range(10):
        pool.add(alice.message(nonce, 2 * nonce + 1))
        pool.add(bob.message(nonce, nonce + 1))
    chosen = pool.select(chain.head, 1.0)
    assert [one.message.sender for one in chosen] == [alice.address] * 10 + [bob.address] * 10
    chain.move(pool, chain.extend(chosen))
    assert (pool.pending(), len(pool)) == ([], 0)


def test_a_block_on_a_tipset_the_pool_has_not_heard_of_leaves_out_what_that_took(
    chain, pool, alice, bob
):
    for nonce in range(4):
        pool.add(alice.message(nonce))
        pool.add(bob.message(nonce, premium=50))
    ahead = chain.extend([alice.message(0), bob.message(0), bob.message(1)])
    assert pool.select(ahead, 1.0) == [
        bob.message(2, premium=50), bob.message(3, premium=50),
        alice.message(1), alice.message(2), alice.message(3),
    ]  # fmt: skip
    assert len(pool) == 8


def test_a_block_on_another_fork_may_take_what_the_head_took(chain, pool, alice, bella):
    genesis = chain.head
    pool.add(bella.message(0))
    chain.move(pool, chain.extend([alice.message(0), bella.message(0)]))
    pool.add(alice.message(1))
    other = chain.extend(on=genesis)
    assert set(pool.select(other, 1.0)) == {
        alice.message(0), alice.message(1), bella.message(0),
    }  # fmt: skip
    assert pool.pending() == [alice.message(1)]


def test_what_a_fork_gives_back_waits_again(chain, pool, bella):
    genesis = chain.head
    messages = [bella.message(nonce) for nonce in range(4)]
    for message in messages:
        pool.add(message)
    first = chain.extend(messages[:1])
    chain.move(pool, first)
    assert pool.next_nonce(bella.address) == 4
    chain.move(pool, chain.extend(messages[1:]))
    assert (pool.next_nonce(bella.address), len(pool)) == (4, 0)
    chain.move(pool, first)
    assert pool.next_nonce(bella.address) == 4
    assert pool.pending() == messages[1:]
    chain.move(pool, genesis)
    assert pool.pending() == messages


def test_what_both_forks_took_does_not_come_back(chain, pool, alice):
    genesis = chain.head
    for nonce in range(3):
        pool.add(alice.message(nonce))
    chain.move(pool, chain.extend([alice.message(0), alice.message(1)]))
    chain.move(pool, chain.extend([alice.message(0)], on=genesis, nulls=2))
    assert nonces(pool, alice) == [1, 2]
    assert pool.next_nonce(alice.address) == 3


def test_a_message_of_the_left_fork_gives_way_to_the_other_forks(chain, pool, alice):
    genesis = chain.head
    chain.move(pool, chain.extend([alice.message(0)]))
    chain.move(pool, chain.extend([alice.message(0, method=7)], on=genesis, nulls=1))
    assert pool.pending() == []
    assert pool.next_nonce(alice.address) == 1


def test_a_bls_message_whose_signature_never_came_by_is_gone_with_its_fork(
    chain, pool, bella, alice
):
    genesis = chain.head
    chain.move(pool, chain.extend([bella.message(0), alice.message(0)]))
    pool.push(bella.message(1))
    chain.move(pool, genesis)
    assert nonces(pool, alice) == [0]
    assert nonces(pool, bella) == [1]


def test_a_sender_whose_account_a_fork_undid_still_waits(chain, pool, alice):
    genesis = chain.head
    chain.move(pool, chain.extend([alice.message(0)]))
    del chain.book[alice.address]
    chain.move(pool, genesis)
    assert nonces(pool, alice) == [0]


def test_after_a_fork_the_next_nonce_is_the_first_gap(chain, pool, bella):
    genesis = chain.head
    chain.move(pool, chain.extend([bella.message(0)]))
    pool.add(bella.message(1))
    assert pool.next_nonce(bella.address) == 2
    chain.move(pool, genesis)
    assert pool.next_nonce(bella.address) == 0
    pool.add(bella.message(0, premium=3))
    assert pool.next_nonce(bella.address) == 2


def test_a_block_may_name_the_sender_by_its_id(chain, pool, alice):
    chain.names[Address.from_id(101)] = alice.address
    pool.add(alice.message(0))
    pool.add(alice.message(1))
    by_id = alice.message(0, sender=Address.from_id(101))
    chain.move(pool, chain.extend([by_id]))
    assert nonces(pool, alice) == [1]


def test_another_message_with_the_nonce_takes_the_turn(chain, pool, alice):
    pool.add(alice.message(0))
    chain.move(pool, chain.extend([alice.message(0, method=9)]))
    assert pool.pending() == []
    used = Fate(Departure.APPLIED, alice.message(0, method=9).cid, 1)
    assert pool.fate(alice.message(0).cid) == used


def test_a_nonce_that_the_pool_did_not_know_is_used_up_too(chain, pool, alice):
    pool.push(alice.message(3))
    chain.move(pool, chain.extend([alice.message(nonce) for nonce in range(3)]))
    assert pool.next_nonce(alice.address) == 4


def test_two_blocks_of_a_tipset_may_hold_the_same_message(chain, pool, alice, bob):
    pool.add(alice.message(0))
    pool.add(bob.message(0))
    genesis = chain.head
    chain.move(pool, chain.extend([alice.message(0)], [alice.message(0), bob.message(0)]))
    assert len(pool) == 0
    chain.move(pool, genesis)
    assert set(pool.pending()) == {alice.message(0), bob.message(0)}


def test_removing_a_message_leaves_a_gap(pool, alice):
    for nonce in range(3):
        pool.add(alice.message(nonce))
    pool.remove(alice.address, 1)
    assert nonces(pool, alice) == [0, 2]
    assert pool.next_nonce(alice.address) == 1
    assert pool.fate(alice.message(1).cid) == Fate(Departure.CLEARED)
    pool.remove(alice.address, 7)
    pool.remove(person(9).address, 0)
    assert len(pool) == 2


def test_a_message_is_found_by_either_cid(pool, alice, bella):
    pool.add(alice.message(0))
    pool.add(bella.message(0))
    for message in (alice.message(0), bella.message(0)):
        for cid in (message.cid, message.message.cid):
            assert pool.find(cid).signed == message
    assert pool.find(Cid.of(b"\x80")) is None


def test_replacing_forgets_the_replaced(pool, alice):
    pool.add(alice.message(0))
    better = alice.message(0, premium=5)
    pool.add(better)
    assert pool.find(alice.message(0).cid) is None
    assert pool.fate(alice.message(0).cid) == Fate(Departure.REPLACED, better.cid)
    assert pool.fate(better.cid) is None
    assert len(pool) == 1


def test_a_fork_may_give_back_a_message_better_than_what_waits(chain, pool, bella):
    genesis = chain.head
    pool.add(bella.message(0, premium=50))
    chain.move(pool, chain.extend([bella.message(0, premium=50)]))
    change = chain.path(chain.head.key, genesis.key)
    chain.head = genesis
    pool.add(bella.message(0, premium=5))
    pool.on_head_change(change)
    assert pool.pending() == [bella.message(0, premium=50)]


def test_a_fork_does_not_give_back_a_message_worse_than_what_waits(chain, pool, bella):
    genesis = chain.head
    pool.add(bella.message(0, premium=5))
    chain.move(pool, chain.extend([bella.message(0, premium=5)]))
    change = chain.path(chain.head.key, genesis.key)
    chain.head = genesis
    better = bella.message(0, premium=50)
    pool.add(better)
    pool.on_head_change(change)
    assert pool.pending() == [better]
    assert pool.fate(bella.message(0, premium=5).cid) == Fate(Departure.REPLACED, better.cid)


def test_observers_hear_of_each_message_that_comes_and_goes(chain, pool, alice):
    heard = []
    stop = pool.subscribe(heard.append)
    pool.add(alice.message(0))
    pool.add(alice.message(0, premium=5))
    chain.move(pool, chain.extend([alice.message(0, premium=5)]))
    assert heard == [
        PoolChange(PoolChangeKind.ADDED, alice.message(0)),
        PoolChange(PoolChangeKind.ADDED, alice.message(0, premium=5)),
        PoolChange(PoolChangeKind.REMOVED, alice.message(0, premium=5)),
    ]
    stop()
    pool.add(alice.message(1))
    assert len(heard) == 3
    assert [kind.value for kind in PoolChangeKind] == [0, 1]


def test_clearing_all_leaves_nothing(pool, alice, bob):
    for nonce in range(10):
        pool.push(alice.message(nonce))
        pool.add(bob.message(nonce))
    pool.clear(local=True)
    assert (pool.pending(), len(pool)) == ([], 0)


def test_clearing_leaves_the_users_own(pool, alice, bob):
    for nonce in range(10):
        pool.push(alice.message(nonce))
        pool.add(bob.message(nonce))
    pool.clear(local=False)
    assert {signed.message.sender for signed in pool.pending()} == {alice.address}
    assert len(pool) == 10


def test_pruning_drops_what_no_block_could_take(chain, alice, monkeypatch):
    monkeypatch.setattr(sender_messages, "LARGEST_GAP", 1000)
    pool = pool_of(chain, config=MpoolConfig(size_limit_high=44, size_limit_low=10))
    for nonce in (*range(5), *range(10, 50)):
        pool.add(alice.message(nonce))
    assert nonces(pool, alice) == list(range(5))


def early(sender, nonce):
    """Return messages of a sender that leave gaps which gossip allows."""
    return [sender.message(one) for one in nonce]


def test_pruning_keeps_what_pays_best(chain, clock):
    config = MpoolConfig(size_limit_high=40, size_limit_low=10, prune_cooldown=60)
    pool = pool_of(chain, clock=clock, config=config)
    people = [person(100 + number) for number in range(41)]
    chain.fund(*people)
    for number, one in enumerate(people[:40]):
        pool.add(one.message(0, premium=number + 1))
    assert len(pool) == 40
    pool.add(people[40].message(0, premium=41))
    kept = {signed.message.gas_premium for signed in pool.pending()}
    assert kept == set(range(32, 42))
    assert pool.fate(people[0].message(0, premium=1).cid) == Fate(Departure.DROPPED)


def test_pruning_drops_messages_behind_a_gap_first(chain, clock, alice, bob):
    config = MpoolConfig(size_limit_high=6, size_limit_low=5)
    pool = pool_of(chain, clock=clock, config=config)
    for message in early(alice, (0, 1, 3, 4)):
        pool.add(message)
    for message in early(bob, (0, 1, 2)):
        pool.add(message)
    assert (nonces(pool, alice), nonces(pool, bob)) == ([0, 1], [0, 1, 2])
    assert pool.next_nonce(alice.address) == 2


def test_pruning_waits_for_its_cooldown_except_before_a_choice(chain, clock):
    config = MpoolConfig(size_limit_high=4, size_limit_low=2, prune_cooldown=60)
    pool = pool_of(chain, clock=clock, config=config)
    people = [person(100 + number) for number in range(12)]
    chain.fund(*people)
    for one in people[:5]:
        pool.add(one.message(0))
    assert len(pool) == 2
    for one in people[5:9]:
        pool.add(one.message(0))
    assert len(pool) == 6
    assert len(pool.select(chain.head, 1.0)) == 2
    for one in people[9:]:
        pool.add(one.message(0))
    assert len(pool) == 5
    clock.now += 60
    pool.add(people[0].message(0, premium=7))
    assert len(pool) == 2


def test_pruning_spares_users_and_priority(chain, clock, alice, bob):
    config = MpoolConfig((bob.address,), size_limit_high=4, size_limit_low=2)
    pool = pool_of(chain, clock=clock, config=config)
    pool.push(alice.message(0))
    pool.push(alice.message(1))
    pool.add(bob.message(0))
    other = person(77)
    chain.fund(other)
    pool.add(other.message(0, premium=90))
    pool.add(other.message(1, premium=90))
    assert (nonces(pool, alice), nonces(pool, bob), nonces(pool, other)) == ([0, 1], [0], [])


def test_a_priority_address_that_is_not_there_is_no_fault(chain, alice):
    config = MpoolConfig((Address.from_id(12345), alice.address))
    pool = pool_of(chain, config=config)
    pool.add(alice.message(0))
    assert pool.select(chain.head, 0.3) == [alice.message(0)]


def test_users_messages_are_published_again_after_ten_epochs(pool, clock, alice, bob):
    for nonce in range(10):
        pool.push(alice.message(nonce, premium=nonce + 1))
    pool.add(bob.message(0))
    assert pool.republish() == []
    clock.now += 309.9
    assert pool.republish() == []
    clock.now += 0.1
    assert pool.republish() == [alice.message(nonce, premium=nonce + 1) for nonce in range(10)]
    assert pool.republish() == []
    clock.now += 310
    assert len(pool.republish()) == 10


@pytest.mark.parametrize(("block_delay", "seconds"), [(30, 310), (13, 140), (4, 130), (1, 130)])
def test_gossip_must_have_forgotten_what_is_published_again(block_delay, seconds):
    assert republish_interval(block_delay) == seconds


def test_a_block_with_some_of_the_last_lot_brings_the_next_lot_at_once(chain, pool, clock, alice):
    for nonce in range(40):
        pool.push(alice.message(nonce))
    clock.now += 310
    assert [one.message.nonce for one in pool.republish()] == list(range(30))
    chain.move(pool, chain.extend([alice.message(0)]))
    assert [one.message.nonce for one in pool.republish()] == list(range(1, 31))
    chain.move(pool, chain.extend())
    assert pool.republish() == []


def test_only_what_a_fallen_base_fee_would_let_in_is_published_again(chain, pool, clock, alice):
    chain.base_fee = 2000
    pool.push(alice.message(0, premium=100))
    pool.push(alice.message(1, premium=99))
    pool.push(alice.message(2, premium=200))
    clock.now += 310
    assert [one.message.nonce for one in pool.republish()] == [0]


def test_at_most_thirty_are_published_again_the_best_first(chain, pool, clock, alice, bob):
    chain.fund(alice, bob, fil=100)
    for nonce in range(20):
        pool.push(alice.message(nonce, premium=5))
        pool.push(bob.message(nonce, premium=9))
    clock.now += 310
    again = pool.republish()
    assert [one.message.sender for one in again] == [bob.address] * 20 + [alice.address] * 10


def test_a_chain_with_more_gas_than_a_block_is_cut(chain, pool, clock, alice, bob):
    chain.fund(alice, bob, fil=100)
    for nonce in range(3):
        pool.push(alice.message(nonce, premium=50, gas_limit=3_000_000_000))
    for nonce in range(3):
        pool.push(bob.message(nonce, premium=9, gas_limit=600_000_000))
    clock.now += 310
    assert [(one.message.sender, one.message.nonce) for one in pool.republish()] == [
        (alice.address, 0), (alice.address, 1), (alice.address, 2), (bob.address, 0),
    ]  # fmt: skip


def test_what_cannot_be_sent_is_not_published_again(pool, clock, alice):
    pool.push(alice.message(1))
    clock.now += 310
    assert pool.republish() == []


def test_a_signature_is_checked_once(chain, alice, bella, monkeypatch):
    checked = []
    real = admission.check_signer
    monkeypatch.setattr(
        admission, "check_signer", lambda *how: (checked.append(how[0].cid), real(*how))
    )
    pool = pool_of(chain)
    for message in (alice.message(0), bella.message(0)):
        pool.add(message)
        with pytest.raises(Invalid):
            pool.add(message)
    assert checked == [alice.message(0).cid, bella.message(0).cid]


def test_accounts_are_looked_up_once_for_a_head(chain, pool, alice):
    for nonce in range(5):
        pool.add(alice.message(nonce))
    assert chain.looked_up == 1
    chain.move(pool, chain.extend())
    pool.select(chain.head, 0.5)
    pool.select(chain.head, 0.9)
    assert chain.looked_up == 2


@pytest.mark.parametrize("kind", SignatureType)
def test_every_kind_of_sender_may_wait(kind):
    chain = PoolChain()
    one = person(5, kind)
    chain.fund(one)
    pool = pool_of(chain)
    message = one.call(0) if kind is SignatureType.DELEGATED else one.message(0)
    pool.push(message)
    assert pool.select(chain.head, 0.5) == [message]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"replace_by_fee_percent": 109}, "'ReplaceByFeeRatio' is less than required 1.09 < 1.1"),
        ({"gas_limit_overestimation": 0.99}, "'GasLimitOverestimation' cannot be less than 1"),
        ({"gas_limit_overestimation": float("nan")}, "cannot be less than 1"),
        ({"size_limit_low": 0}, "'SizeLimitLow' is 0"),
        ({"size_limit_low": 30_001}, "'SizeLimitLow' is 30001"),
        ({"prune_cooldown": -1.0}, "'PruneCooldown' cannot be negative"),
    ],
)
def test_a_setting_out_of_bounds_is_refused(settings, reason):
    with pytest.raises(LocalFault, match=reason):
        MpoolConfig(**settings)


def test_settings_at_their_bounds_hold():
    config = MpoolConfig(
        replace_by_fee_percent=110, gas_limit_overestimation=1, size_limit_low=1,
        size_limit_high=1, prune_cooldown=0,
    )  # fmt: skip
    assert config.size_limit_high == 1
    assert MpoolConfig() == MpoolConfig((), 30_000, 20_000, 125, 60.0, 1.25)
