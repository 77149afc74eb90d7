from dataclasses import replace

import pytest
from sealing import at_once, codes, commit_at_once, far_deadline, network_pledge
from upkeep import (
    CONTRACT,
    NOBODY,
    OWNER,
    POLICY,
    WORKER,
    deadline,
    go_to,
    miner_state,
    new_miner,
    next_window,
    place,
    put_state,
    sector,
    store_of,
    wait,
    window,
)

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.numbers import BALANCE_INVARIANTS_BROKEN
from papyrus.actors.miner.params.payments import WithdrawBalanceParams
from papyrus.actors.miner.state import ALLOCATED_SECTORS, load_info, with_info
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_YEAR, MAX_SECTOR_NUMBER

OK, REFUSED = ExitCode.OK, ExitCode.USR_ILLEGAL_ARGUMENT


def leave(vm, miner, amount):
    """Let a miner have just so much that is not locked."""
    request = WithdrawBalanceParams(TokenAmount(10**24))
    vm.ok(OWNER.id, miner, numbers.WITHDRAW_BALANCE, request)
    vm.ok(OWNER.id, miner, 0, value=amount)


def taken(vm, miner):
    """Return the numbers that are taken."""
    state = miner_state(vm, miner)
    return list(ALLOCATED_SECTORS.load(store_of(vm), state.allocated_sectors).numbers)


def test_sectors_are_added_to_the_deadline_that_is_named(vm, miner):
    index, before = far_deadline(vm, miner), network_pledge(vm)
    infos = [at_once(vm, miner, number) for number in (5, 2, 9)]
    outcome = commit_at_once(vm, miner, *infos, proving_deadline=index)
    assert codes(outcome) == [OK] * 3
    found, state = sector(vm, miner, 2), miner_state(vm, miner)
    assert found.seal_proof == 15
    assert found.activation == vm.one.epoch
    assert found.deal_weight == found.verified_deal_weight == 0
    assert found.daily_fee > 0
    assert state.initial_pledge == 3 * found.initial_pledge > 0
    assert state.deadline_cron_active
    assert [place(vm, miner, number) for number in (2, 5, 9)] == [
        (index, 0),
        (index, 0),
        (index, 1),
    ]
    assert deadline(vm, miner, index).daily_fee == 3 * found.daily_fee
    assert network_pledge(vm) == before + state.initial_pledge
    told = [stamped.event.entries[1].value for stamped in outcome.events]
    assert told == [b"\x05", b"\x02", b"\x09"]


def test_cron_is_asked_for_once(vm, miner):
    for number in (1, 2):
        assert codes(commit_at_once(vm, miner, at_once(vm, miner, number))) == [OK]


def test_as_many_as_one_proof_covers_are_accepted(vm, miner):
    infos = [at_once(vm, miner, number) for number in range(66)]
    assert commit_at_once(vm, miner, *infos).code == REFUSED
    assert codes(commit_at_once(vm, miner, *infos[:-1])) == [OK] * 65


# What fails as a whole.


def test_there_must_be_a_sector(vm, miner):
    assert commit_at_once(vm, miner).code == REFUSED


def test_the_proof_is_looked_at_before_the_caller(vm, miner):
    info = at_once(vm, miner, 1)
    long = bytes(81_961)
    assert commit_at_once(vm, miner, info, sender=NOBODY, aggregate_proof=long).code == REFUSED
    assert commit_at_once(vm, miner, info, sender=NOBODY).code == ExitCode.USR_FORBIDDEN
    assert codes(commit_at_once(vm, miner, info, aggregate_proof=long[1:])) == [OK]


@pytest.mark.parametrize(
    ("params", "code"), [(b"", REFUSED), (b"\x86", ExitCode.USR_SERIALIZATION)]
)
def test_parameters_must_be_there_and_decode(vm, miner, params, code):
    outcome = vm.send(WORKER.id, miner, numbers.PROVE_COMMIT_SECTORS_NI, params)
    assert outcome.code == code


@pytest.mark.parametrize(
    "fields",
    [
        {"proving_deadline": 48},
        {"proving_deadline": 2**64 - 1},
        {"seal_proof_type": 5},
        {"seal_proof_type": 10},
        {"seal_proof_type": -1},
        {"seal_proof_type": 20},
        {"aggregate_proof_type": 0},
        {"aggregate_proof_type": 2},
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(vm, miner, fields):
    assert commit_at_once(vm, miner, at_once(vm, miner, 1), **fields).code == REFUSED


def test_sectors_of_any_size_are_accepted(vm):
    """Quirk: their size is not compared with the miner's, as at other ways in it is."""
    miner = new_miner(vm)
    info = at_once(vm, miner, 1)
    assert codes(commit_at_once(vm, miner, info, seal_proof_type=18)) == [OK]


@pytest.mark.parametrize(("ahead", "code"), [(0, 18), (1, 18), (2, 0), (47, 0)])
def test_the_deadline_may_not_be_open_or_next(vm, miner, ahead, code):
    go_to(vm, window(vm, miner).next_period_start)
    index = (window(vm, miner).index + ahead) % 48
    info = at_once(vm, miner, 1)
    assert commit_at_once(vm, miner, info, proving_deadline=index).code == code


def test_the_next_deadline_closes_an_epoch_before_the_window_before_it_opens(vm, miner):
    index = far_deadline(vm, miner)
    opens = next_window(vm, miner, index).open
    go_to(vm, opens - POLICY.challenge_window)
    outcome = commit_at_once(vm, miner, at_once(vm, miner, 1), proving_deadline=index)
    assert outcome.code == ExitCode.USR_FORBIDDEN
    go_to(vm, opens - POLICY.challenge_window - 1)
    outcome = commit_at_once(vm, miner, at_once(vm, miner, 1), proving_deadline=index)
    assert codes(outcome) == [OK]


def test_nothing_is_committed_during_a_consensus_fault(vm, miner):
    epoch = vm.one.epoch

    def suspend(store, state):
        info = replace(load_info(store, state), consensus_fault_elapsed=epoch)
        return with_info(store, state, info)

    put_state(vm, miner, suspend)
    info = at_once(vm, miner, 1)
    assert commit_at_once(vm, miner, info).code == ExitCode.USR_FORBIDDEN
    wait(vm, 1)
    assert codes(commit_at_once(vm, miner, info)) == [OK]


def test_a_number_may_not_be_there_twice(vm, miner):
    infos = at_once(vm, miner, 1), at_once(vm, miner, 2), at_once(vm, miner, 1)
    assert commit_at_once(vm, miner, *infos).code == REFUSED


def test_a_number_that_no_bitfield_holds_is_a_panic(vm, miner):
    infos = at_once(vm, miner, 1), at_once(vm, miner, 2**64 - 1)
    assert commit_at_once(vm, miner, *infos).code == ExitCode.USR_ASSERTION_FAILED


@pytest.mark.parametrize("after", [0, 1, 2**62])
def test_randomness_of_the_future_is_refused(vm, miner, after):
    bad = at_once(vm, miner, 2, seal_randomness_epoch=vm.one.epoch + after)
    assert commit_at_once(vm, miner, at_once(vm, miner, 1), bad).code == REFUSED


def test_randomness_from_before_all_epochs_is_refused(vm, miner):
    bad = at_once(vm, miner, 2, seal_randomness_epoch=-(2**63))
    assert commit_at_once(vm, miner, at_once(vm, miner, 1), bad).code == REFUSED


def test_pledge_must_be_there(vm, miner):
    assert codes(commit_at_once(vm, miner, at_once(vm, miner, 1))) == [OK]
    pledge = sector(vm, miner, 1).initial_pledge
    infos = at_once(vm, miner, 2), at_once(vm, miner, 3)
    leave(vm, miner, 2 * pledge - 1)
    assert commit_at_once(vm, miner, *infos).code == ExitCode.USR_INSUFFICIENT_FUNDS
    vm.ok(OWNER.id, miner, 0, value=1)
    assert codes(commit_at_once(vm, miner, *infos)) == [OK, OK]


def test_debt_is_paid_after_the_pledge(vm, miner):
    assert codes(commit_at_once(vm, miner, at_once(vm, miner, 1))) == [OK]
    pledge = sector(vm, miner, 1).initial_pledge
    leave(vm, miner, pledge + 99)
    put_state(vm, miner, lambda _, state: replace(state, fee_debt=TokenAmount(100)))
    info = at_once(vm, miner, 2)
    assert commit_at_once(vm, miner, info).code == ExitCode.USR_INSUFFICIENT_FUNDS
    vm.ok(OWNER.id, miner, 0, value=1)
    before = vm.one.balance(99)
    assert codes(commit_at_once(vm, miner, info)) == [OK]
    assert vm.one.balance(99) == before + 100
    assert miner_state(vm, miner).fee_debt == ZERO


@pytest.mark.parametrize(
    ("locked", "code"),
    [(10**30, ExitCode.USR_ILLEGAL_STATE), (-1, BALANCE_INVARIANTS_BROKEN)],
)
def test_funds_that_do_not_add_up_are_noticed(vm, locked, code):
    miner = new_miner(vm)
    put_state(vm, miner, lambda _, state: replace(state, locked_funds=TokenAmount(locked)))
    assert commit_at_once(vm, miner, at_once(vm, miner, 1)).code == code


def test_a_number_is_taken_for_good(vm, miner):
    assert codes(commit_at_once(vm, miner, at_once(vm, miner, 1))) == [OK]
    infos = at_once(vm, miner, 2), at_once(vm, miner, 1)
    assert commit_at_once(vm, miner, *infos).code == REFUSED


def test_a_contract_may_not_call_the_internal_method(vm, miner):
    outcome = vm.send(CONTRACT, miner, numbers.PROVE_COMMIT_SECTORS_NI, b"\x80")
    assert outcome.code == ExitCode.USR_FORBIDDEN


# What fails alone.


@pytest.mark.parametrize(
    "fields",
    [
        {"sector_number": MAX_SECTOR_NUMBER + 1, "sealing_number": MAX_SECTOR_NUMBER + 1},
        {"sealing_number": 8},
        {"sealer_id": 999},
        {"sealed_cid": Cid.of(b"something")},
        {"seal_randomness_epoch": 999 - POLICY.max_non_interactive_randomness_lookback},
        {"expiration": 1000},
        {"expiration": 1000 + POLICY.min_sector_expiration - 1},
        {"expiration": 1001 + POLICY.max_sector_expiration_extension},
        {"expiration": 1001 + 5 * EPOCHS_IN_YEAR},
    ],
)
def test_a_sector_that_cannot_be_committed_is_left_out(vm, miner, fields):
    infos = at_once(vm, miner, 7, **fields), at_once(vm, miner, 1)
    failed = commit_at_once(vm, miner, *infos, require_activation_success=True)
    assert failed.code == REFUSED
    assert commit_at_once(vm, miner, infos[0]).code == REFUSED
    assert codes(commit_at_once(vm, miner, *infos)) == [REFUSED, OK]


def test_the_number_of_a_sector_that_is_left_out_is_taken(vm, miner):
    infos = at_once(vm, miner, 7, sealer_id=999), at_once(vm, miner, 1)
    assert codes(commit_at_once(vm, miner, *infos)) == [REFUSED, OK]
    assert taken(vm, miner) == [1, 7]
    assert sector(vm, miner, 7) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"sector_number": MAX_SECTOR_NUMBER, "sealing_number": MAX_SECTOR_NUMBER},
        {"seal_randomness_epoch": 1000 - POLICY.max_non_interactive_randomness_lookback},
        {"seal_randomness_epoch": -1},
        {"expiration": 1000 + POLICY.min_sector_expiration},
        {"expiration": 1000 + POLICY.max_sector_expiration_extension},
    ],
)
def test_a_sector_at_the_limits_is_accepted(vm, miner, fields):
    info = at_once(vm, miner, 7, **fields)
    assert codes(commit_at_once(vm, miner, info, require_activation_success=True)) == [OK]
