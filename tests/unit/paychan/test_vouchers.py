"""Whether vouchers are good, and for how much; what the actor itself makes of them decides."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voucher_cases import (
    CHANNEL,
    HOLDS,
    PAYEE,
    channel_with,
    lane,
    promise,
    worth,
)

from papyrus.actors.paych.params import Extra, Merge
from papyrus.actors.paych.state import LANES
from papyrus.actors.paych.vouchers import redeem
from papyrus.paychan.refusals import InsufficientFunds, VoucherRefused
from papyrus.paychan.vouchers import standing_of, worth_handing_in
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError


def test_voucher_adds_what_its_lane_has_not_paid_yet():
    _, channel = channel_with({0: lane(30, 4)})
    assert worth(promise(0, 5, 100), channel) == 70
    assert worth(promise(0, 6, 100), channel, promise(0, 5, 90)) == 10
    assert worth(promise(1, 1, 100), channel, promise(0, 5, 90)) == 100


def test_voucher_that_merges_lanes_adds_what_none_of_them_has_paid():
    _, channel = channel_with({0: lane(30, 4), 1: lane(20, 2)})
    assert worth(promise(0, 5, 100, merges=(Merge(1, 3),)), channel) == 50
    merged = promise(0, 5, 100, merges=(Merge(1, 3), Merge(2, 2)))
    assert worth(merged, channel, promise(2, 1, 40)) == 10


@pytest.mark.parametrize(
    ("bad", "words", "good"),
    [
        ({"nonce": 4}, "nonce too low", {"nonce": 5}),
        ({"amount": 30}, "amount is lower", {"amount": 31}),
        ({"amount": 29}, "amount is lower", {"amount": 31}),
        ({"amount": -1}, "must be non-negative", {"amount": 40}),
        ({"time_lock_min": 1}, "Min Time Locked", {"time_lock_min": 0}),
        ({"time_lock_max": 99}, "Max Time Locked", {"time_lock_max": 0}),
        ({"secret_hash": b"h"}, "Hash Locked", {"secret_hash": b""}),
        (
            {"extra": Extra(CHANNEL, 2, b"")},
            "Message Locked",
            {"extra": None, "min_settle_height": 5},
        ),
        ({"signer": None}, "no signature", {}),
        ({"signer": PAYEE}, "not signed by", {}),
        ({"merges": (Merge(0, 9),)}, "merge lanes into it's own lane", {}),
        ({"merges": (Merge(7, 9),)}, "invalid merge lane 7", {"merges": (Merge(1, 9),)}),
        ({"merges": (Merge(1, 2),)}, "outdated nonce", {"merges": (Merge(1, 3),)}),
        ({"amount": 50, "merges": (Merge(1, 3),)}, "amount is lower", {"amount": 50}),
        ({"number": 2**63}, r"maximum lane ID is 2\^63-1", {"number": 2**63 - 1}),
    ],
)
def test_voucher_is_refused_where_its_twin_is_good(bad, words, good):
    _, channel = channel_with({0: lane(30, 4), 1: lane(20, 2)})
    with pytest.raises(VoucherRefused, match=words):
        worth(promise(**{"nonce": 5, "amount": 60, **bad}), channel)
    assert worth(promise(**{"nonce": 5, "amount": 60, **good}), channel) > 0


def test_voucher_of_nothing_is_good_on_a_new_lane_alone():
    _, channel = channel_with()
    assert worth(promise(3, 1, 0), channel) == 0
    with pytest.raises(VoucherRefused, match="amount is lower"):
        worth(promise(3, 2, 0), channel, promise(3, 1, 0))


def test_voucher_for_another_channel_is_refused():
    _, channel = channel_with()
    other = replace(promise(), channel=Address.actor(b"another"))
    with pytest.raises(VoucherRefused, match="doesn't match channel address"):
        worth(other, channel)


def test_changed_voucher_is_not_signed():
    _, channel = channel_with()
    with pytest.raises(VoucherRefused, match="not signed by"):
        worth(replace(promise(amount=1), amount=TokenAmount(2)), channel)


@pytest.mark.parametrize(("epoch", "is_good"), [(19, True), (20, False), (21, False)])
def test_settled_channel_takes_no_voucher(epoch, is_good):
    _, channel = channel_with(settling_at=20)
    if is_good:
        assert worth(promise(), channel, epoch=epoch) == 1
    else:
        with pytest.raises(VoucherRefused, match="after settling at epoch"):
            worth(promise(), channel, epoch=epoch)


def test_channel_covers_what_it_holds_and_not_one_more():
    _, channel = channel_with({0: lane(30, 4)})
    known = promise(1, 1, 20)
    assert worth(promise(2, 1, HOLDS - 50), channel, known) == HOLDS - 50
    with pytest.raises(InsufficientFunds) as short:
        worth(promise(2, 1, HOLDS - 49), channel, known)
    assert short.value.shortfall == 1
    with pytest.raises(InsufficientFunds) as short:
        worth(promise(0, 5, HOLDS + 30), channel, known)
    assert short.value.shortfall == 50


# The model: lanes kept beside the chain against the actor's own array of them.

NUMBERS = st.integers(0, 3) | st.sampled_from([2**62, 2**63 - 1, 2**63])
NONCES = st.integers(0, 6) | st.sampled_from([2**63, 2**64 - 1])
MERGES = st.lists(st.builds(Merge, st.integers(0, 4), NONCES), max_size=3).map(tuple)
PROMISES = st.builds(
    promise,
    number=NUMBERS,
    nonce=NONCES,
    amount=st.integers(0, 60),
    signer=st.none(),
    min_settle_height=st.integers(0, 9),
    merges=MERGES | st.just(()),
)
LANES_BEFORE = st.dictionaries(
    st.integers(0, 3), st.builds(lane, st.integers(0, 50), st.integers(0, 5)), max_size=3
)


def by_the_actor(store, state, voucher):
    """Return the state after a voucher by the actor's own code, or what it says against it."""
    array = LANES.open(store, state.lanes)
    try:
        redeemed = redeem(state, array, voucher, TokenAmount(10**9))
    except ActorError as error:
        return error.message
    return replace(redeemed, lanes=array.flush())


@given(LANES_BEFORE, st.lists(PROMISES, max_size=12), st.sampled_from([0, 30]))
def test_vouchers_come_to_what_the_actor_makes_of_them(before, vouchers, settling_at):
    store, channel = channel_with(before, settling_at=settling_at)
    standing = standing_of(channel, ())
    state = channel.state
    for each in vouchers:
        after = by_the_actor(store, state, each)
        if isinstance(after, str):
            with pytest.raises(VoucherRefused) as refused:
                standing.take(each)
            assert str(refused.value) == after
        else:
            assert standing.take(each) == after.to_send - state.to_send
            state = after
    assert replace(standing.state, lanes=state.lanes) == state
    assert standing.lanes == dict(LANES.open(store, state.lanes).items())


# What the payee hands in when the channel is settled.


def test_best_voucher_of_each_lane_is_worth_handing_in():
    _, channel = channel_with({0: lane(30, 4)})
    known = [promise(0, 5, 40), promise(1, 1, 10), promise(0, 6, 50), promise(2, 1, 0)]
    assert worth_handing_in(channel, known) == [known[1], known[2]]


def test_spent_voucher_is_not_worth_handing_in():
    _, channel = channel_with({0: lane(30, 4), 1: lane(5, 1)}, settling_at=20)
    assert worth_handing_in(channel, [promise(0, 4, 30), promise(1, 1, 5)]) == []


def test_voucher_that_is_worse_than_one_before_it_is_not_worth_handing_in():
    _, channel = channel_with()
    better, worse = promise(0, 1, 10), promise(0, 2, 7)
    assert worth_handing_in(channel, [better, worse]) == [better]
    assert worth_handing_in(channel, [worse, better]) == [worse]


def test_lanes_are_handed_in_before_the_voucher_that_merges_them():
    _, channel = channel_with()
    known = [
        promise(0, 1, 10),
        promise(0, 2, 20),
        promise(1, 1, 5),
        promise(0, 3, 40, merges=(Merge(1, 2),)),
        promise(1, 3, 9),
    ]
    assert worth_handing_in(channel, known) == known[1:]


@given(LANES_BEFORE, st.lists(PROMISES, max_size=8))
def test_what_is_handed_in_pays_as_much_as_all_that_add_something(before, known):
    _, channel = channel_with(before)
    taken = standing_of(channel, ())
    for voucher in known:
        with suppress(VoucherRefused):
            taken.take(voucher, must_add=True)
    chosen = standing_of(channel, ())
    added = [chosen.take(voucher) for voucher in worth_handing_in(channel, known)]
    assert all(each > 0 for each in added)
    assert (chosen.promised, chosen.lanes) == (taken.promised, taken.lanes)
