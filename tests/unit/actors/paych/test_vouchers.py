"""What vouchers come to: lanes, nonces, merges and heights."""

import pytest
from channels import findings_of, lanes_of, redeem, voucher

from papyrus.actors.paych.params import Merge
from papyrus.actors.paych.state import Lane, State
from papyrus.actors.paych.vouchers import MAX_LANE
from papyrus.primitives.exit_codes import ExitCode

BAD = ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.fixture
def hand_in(vm, payer, payee):
    """Return what hands a voucher of the payer in on a channel and returns the exit code."""

    def action(channel, **fields):
        code = redeem(vm, payee.id, channel, voucher(channel, payer, **fields)).code
        vm.each(lambda one: check_invariants(one, channel))
        return code

    return action


def check_invariants(one, channel):
    assert findings_of(one, channel) == []


def owed(vm, channel):
    return vm.one.state(channel, State).to_send


def test_a_voucher_adds_what_its_lane_has_not_paid_yet(vm, hand_in):
    assert hand_in(201, lane=1, nonce=6, amount=130) == ExitCode.OK
    assert owed(vm, 201) == 330
    assert lanes_of(vm, 201)[1] == Lane(130, 6)


def test_a_voucher_of_less_takes_back(vm, hand_in):
    assert hand_in(201, lane=2, nonce=10, amount=0) == ExitCode.OK
    assert owed(vm, 201) == 100
    assert lanes_of(vm, 201)[2] == Lane(0, 10)


@pytest.mark.parametrize("lane", [0, 3, MAX_LANE])
def test_any_lane_may_be_opened(vm, hand_in, lane):
    assert hand_in(200, lane=lane, nonce=0, amount=0) == ExitCode.OK
    assert lanes_of(vm, 200) == {lane: Lane(0, 0)}


@pytest.mark.parametrize("lane", [MAX_LANE + 1, 2**64 - 1])
def test_lanes_end_at_63_bits(hand_in, lane):
    assert hand_in(200, lane=lane) == BAD
    assert hand_in(201, lane=1, nonce=6, merges=(Merge(lane, 1),)) == BAD


@pytest.mark.parametrize(("nonce", "code"), [(4, BAD), (5, BAD), (6, 0), (2**64 - 1, 0)])
def test_a_nonce_is_greater_than_the_last(hand_in, nonce, code):
    assert hand_in(201, lane=1, nonce=nonce, amount=100) == code


@pytest.mark.parametrize(("amount", "code"), [(-1, BAD), (0, 0), (1000, 0), (1001, BAD)])
def test_a_channel_owes_from_nothing_to_all_it_has(hand_in, amount, code):
    assert hand_in(200, amount=amount) == code


def test_a_channel_never_owes_less_than_nothing(vm, hand_in):
    assert hand_in(201, lane=1, nonce=6, amount=0, merges=(Merge(2, 10),)) == ExitCode.OK
    assert owed(vm, 201) == 0
    # Lane 2 still counts as having paid 200, which cannot be taken back once more.
    assert hand_in(201, lane=1, nonce=7, amount=0, merges=(Merge(2, 11),)) == BAD


def test_a_merge_takes_over_what_a_lane_has_paid(vm, hand_in):
    merges = (Merge(2, 10), Merge(7, 2))
    assert hand_in(201, lane=1, nonce=6, amount=310, merges=merges) == ExitCode.OK
    assert owed(vm, 201) == 310
    assert lanes_of(vm, 201) == {1: Lane(310, 6), 2: Lane(200, 10), 7: Lane(0, 2)}


@pytest.mark.parametrize(
    "merges",
    [
        (Merge(1, 7),),
        (Merge(3, 7),),
        (Merge(2, 9),),
        (Merge(2, 8),),
        (Merge(2, 10), Merge(2, 10)),
        (Merge(7, 2), Merge(1, 9)),
    ],
)
def test_refuses_merges_of_itself_of_nothing_and_of_the_past(vm, hand_in, merges):
    before = lanes_of(vm, 201)
    assert hand_in(201, lane=1, nonce=6, amount=310, merges=merges) == BAD
    assert lanes_of(vm, 201) == before


def test_a_lane_merged_twice_counts_twice(vm, hand_in):
    merges = (Merge(2, 10), Merge(2, 11))
    assert hand_in(201, lane=3, nonce=1, amount=500, merges=merges) == ExitCode.OK
    assert owed(vm, 201) == 400
    assert lanes_of(vm, 201)[2] == Lane(200, 11)


def test_a_lane_may_open_by_a_merge(vm, hand_in):
    assert hand_in(201, lane=9, nonce=1, amount=100, merges=(Merge(1, 6),)) == ExitCode.OK
    assert owed(vm, 201) == 300


@pytest.mark.parametrize(
    ("height", "settling_at", "min_settle_height"),
    [(0, 2000, 0), (1999, 2000, 1999), (2001, 2001, 2001), (-5, 2000, 0), (2**63 - 1,) * 3],
)
def test_a_voucher_may_put_settling_off(vm, hand_in, height, settling_at, min_settle_height):
    assert hand_in(202, amount=1, min_settle_height=height) == ExitCode.OK
    state = vm.one.state(202, State)
    assert (state.settling_at, state.min_settle_height) == (settling_at, min_settle_height)


def test_a_height_is_kept_for_when_the_channel_settles(vm, hand_in):
    assert hand_in(200, min_settle_height=5000) == ExitCode.OK
    assert hand_in(200, nonce=2, min_settle_height=4000) == ExitCode.OK
    state = vm.one.state(200, State)
    assert (state.settling_at, state.min_settle_height) == (0, 5000)
