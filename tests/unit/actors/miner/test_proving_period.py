import pytest

from papyrus.actors.miner.proving_period import (
    current_deadline_index,
    deadline_available_for_compaction,
    deadline_available_for_dispute,
    deadline_info,
    deadline_info_at,
    deadline_is_mutable,
    declaration_window,
    first_period_start,
    proving_period_offset,
)
from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.address import Address
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import MAINNET_POLICY

DAY = MAINNET_POLICY.proving_period


@pytest.mark.parametrize(
    ("epoch", "offset", "start"),
    [
        (0, 0, 0),
        (0, 1, 1 - DAY),
        (0, DAY - 1, -1),
        (1, 1, 1),
        (1, 2, 2 - DAY),
        (123, 123, 123),
        (123, 124, 124 - DAY),
        (DAY - 1, DAY - 1, DAY - 1),
        (DAY, 0, DAY),
        (DAY, 1, 1),
        (DAY + 234, 234, DAY + 234),
        (DAY + 234, 235, 235),
    ],
)
def test_first_period_starts_at_the_offset_and_not_after_the_epoch(epoch, offset, start):
    assert first_period_start(MAINNET_POLICY, epoch, offset) == start


def test_offset_comes_from_the_hash_of_the_address_in_cbor_and_the_epoch():
    miner = Address.actor(b"a")
    digest = blake2b_256(b"\x55" + bytes(miner) + (5).to_bytes(8, "big"))
    found = proving_period_offset(MAINNET_POLICY, miner, 5, blake2b_256)
    assert found == int.from_bytes(digest[:8], "big") % DAY
    offsets = {proving_period_offset(MAINNET_POLICY, miner, n, blake2b_256) for n in range(100)}
    assert len(offsets) > 90
    assert all(0 <= offset < DAY for offset in offsets)


def test_window_of_a_deadline():
    window = deadline_info(MAINNET_POLICY, 1_000, 3, 1_179)
    assert (window.open, window.close, window.last) == (1_180, 1_240, 1_239)
    assert (window.challenge, window.fault_cutoff) == (1_160, 1_110)
    assert window.next_period_start == 1_000 + DAY
    assert window.period_started
    assert not window.is_open
    assert window.fault_cutoff_passed
    assert (window.quant.unit, window.quant.offset) == (DAY, 1_239)


def test_deadline_beyond_the_last_stands_for_the_end_of_the_period():
    window = deadline_info(MAINNET_POLICY, 1_000, 48, 1_179)
    assert {window.open, window.close, window.challenge} == {1_000 + DAY}
    assert window.fault_cutoff == 0


@pytest.mark.parametrize(
    ("epoch", "opens"),
    [(900, 1_060), (1_119, 1_060), (1_120, 1_060 + DAY), (1_119 + 5 * DAY, 1_060 + 5 * DAY)],
)
def test_next_window_that_is_not_over(epoch, opens):
    assert deadline_info(MAINNET_POLICY, 1_000, 1, epoch).next_not_elapsed().open == opens


@pytest.mark.parametrize("seed", [7, 7 + 9 * DAY, -2_222])
def test_window_follows_from_any_start_of_a_period(seed):
    for epoch in range(3 * DAY, 4 * DAY, 37):
        window = deadline_info_at(MAINNET_POLICY, seed, epoch)
        assert window.is_open
        assert (window.period_start - seed) % DAY == 0
        assert window.index == current_deadline_index(MAINNET_POLICY, epoch, window.period_start)
        assert 0 <= window.index < 48


@pytest.mark.parametrize(
    ("index", "mutable"), [(3, True), (4, True), (5, False), (6, False), (7, True), (47, True)]
)
def test_only_the_open_deadline_and_the_next_are_fixed(index, mutable):
    assert deadline_is_mutable(MAINNET_POLICY, 1_000, index, 1_300 + 59) == mutable


@pytest.mark.parametrize(
    ("epoch", "disputable"),
    [
        (999, False),
        (1_000, False),
        (1_060, False),
        (1_119, False),
        (1_120, True),
        (2_919, True),
        (2_920, False),
    ],
)
def test_proofs_can_be_disputed_for_a_while_after_their_window(epoch, disputable):
    # Deadline 1 is open from 1,060 to 1,120, and was a day before.
    found = deadline_available_for_dispute(MAINNET_POLICY, 1_000, 1, epoch)
    assert found == disputable


@pytest.mark.parametrize(
    ("epoch", "fit"), [(2_919, False), (2_920, True), (3_879, True), (3_880, False)]
)
def test_deadline_is_compacted_when_nothing_can_be_disputed_or_soon_proven(epoch, fit):
    assert deadline_available_for_compaction(MAINNET_POLICY, 1_000, 1, epoch) == fit


def test_declaration_for_no_deadline_is_an_illegal_argument():
    assert declaration_window(MAINNET_POLICY, 1_000, 47, 1_000).index == 47
    with pytest.raises(ActorError) as aborted:
        declaration_window(MAINNET_POLICY, 1_000, 48, 1_000)
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT
