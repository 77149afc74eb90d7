from dataclasses import replace

import pytest
from sealing import announcement, commd, pre_commit, publish_deals
from upkeep import (
    CONTRACT,
    CONTROLLER,
    NOBODY,
    OWNER,
    POLICY,
    WORKER,
    go_to,
    miner_state,
    new_miner,
    piece,
    put_state,
    sealed_cid,
    store_of,
    wait,
)

from papyrus.actors.miner.monies import pre_commit_deposit_for_power
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeWorkerAddressParams
from papyrus.actors.miner.params.numbers import BALANCE_INVARIANTS_BROKEN
from papyrus.actors.miner.params.onboarding import PreCommitSectorBatch2Params
from papyrus.actors.miner.params.payments import WithdrawBalanceParams
from papyrus.actors.miner.pre_commits import find_pre_commits
from papyrus.actors.miner.proof_policy import max_prove_commit_duration
from papyrus.actors.miner.state import ALLOCATED_SECTORS, PRE_COMMIT_CLEANUP, load_info, with_info
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, SHA2_256, Cid
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY, MAX_SECTOR_NUMBER

REWARD = 2
ILLEGAL_ARGUMENT = ExitCode.USR_ILLEGAL_ARGUMENT


def deposit_now(vm):
    """Return the deposit for a sector."""
    reward = vm.one.state(REWARD, RewardState)
    power = vm.one.state(4, PowerState)
    return pre_commit_deposit_for_power(
        reward.this_epoch_reward_smoothed, power.this_epoch_quality_adjusted_power_smoothed, 20_480
    )


def leave(vm, miner, amount):
    """Let a miner have just so much that is not locked."""
    request = WithdrawBalanceParams(TokenAmount(10**24))
    vm.ok(OWNER.id, miner, numbers.WITHDRAW_BALANCE, request)
    if amount:
        vm.ok(OWNER.id, miner, 0, value=amount)


def owe(vm, miner, amount):
    """Let a miner have a debt that it has not paid."""
    leave(vm, miner, 0)
    put_state(vm, miner, lambda _, state: replace(state, fee_debt=TokenAmount(amount)))


def test_a_sector_is_kept_for_a_deposit(vm, miner):
    info = announcement(vm, miner, 7)
    vm.ok(WORKER.id, miner, numbers.PRE_COMMIT_SECTOR_BATCH_2, PreCommitSectorBatch2Params((info,)))
    state = miner_state(vm, miner)
    (kept,) = find_pre_commits(store_of(vm), state, [7])
    assert kept.info == info
    assert kept.pre_commit_epoch == vm.one.epoch
    assert kept.pre_commit_deposit == state.pre_commit_deposits > 0
    assert state.deadline_cron_active
    assert list(ALLOCATED_SECTORS.load(store_of(vm), state.allocated_sectors).numbers) == [7]


def test_a_sector_is_told_of(vm, miner):
    outcome = pre_commit(vm, miner, *(announcement(vm, miner, number) for number in (9, 3)))
    told = [event.event.entries[1].value for event in outcome.events]
    assert told == [b"\x03", b"\x09"]


def test_a_pre_commitment_lapses_after_it_can_be_proven(vm, miner):
    pre_commit(vm, miner, announcement(vm, miner, 7))
    state = miner_state(vm, miner)
    queue = PRE_COMMIT_CLEANUP.open(store_of(vm), state.pre_committed_sectors_cleanup)
    ((epoch, numbers_there),) = queue.items()
    due = vm.one.epoch + max_prove_commit_duration(POLICY, 5)
    assert due < epoch - POLICY.expired_pre_commit_clean_up_delay < due + POLICY.challenge_window
    assert list(numbers_there) == [7]


def test_cron_is_asked_for_once(vm, miner):
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == 0
    wait(vm, 1)
    assert pre_commit(vm, miner, announcement(vm, miner, 2)).code == 0


def test_all_controllers_may_announce(vm, miner):
    controllers = ChangeWorkerAddressParams(WORKER.address, (CONTROLLER.address,))
    vm.ok(OWNER.id, miner, numbers.CHANGE_WORKER_ADDRESS, controllers)
    for number, sender in enumerate((OWNER, WORKER, CONTROLLER)):
        assert pre_commit(vm, miner, announcement(vm, miner, number), sender=sender).code == 0
    outcome = pre_commit(vm, miner, announcement(vm, miner, 5), sender=NOBODY)
    assert outcome.code == ExitCode.USR_FORBIDDEN


def test_a_contract_may_not_call_the_internal_method(vm, miner):
    params = PreCommitSectorBatch2Params((announcement(vm, miner, 5),))
    outcome = vm.send(CONTRACT, miner, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)
    assert outcome.code == ExitCode.USR_FORBIDDEN


def test_an_empty_batch_is_refused(vm, miner):
    assert pre_commit(vm, miner).code == ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("params", "code"),
    [(b"", ILLEGAL_ARGUMENT), (b"\x81", ExitCode.USR_SERIALIZATION)],
)
def test_parameters_must_be_there_and_decode(vm, miner, params, code):
    outcome = vm.send(WORKER.id, miner, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)
    assert outcome.code == code


@pytest.mark.parametrize(
    "fields",
    [
        {"seal_proof": 0},
        {"seal_proof": 15},
        {"seal_proof": -1},
        {"seal_proof": 8},
        {"sector_number": MAX_SECTOR_NUMBER + 1},
        {"sector_number": 2**64 - 2},
        {"sealed_cid": Cid.of(b"something")},
        {"sealed_cid": Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, SHA2_256)},
        {"unsealed_cid": sealed_cid(1, 1)},
        {"seal_randomness_epoch": 1000},
        {"seal_randomness_epoch": 2**63 - 1},
        {"seal_randomness_epoch": 999 - POLICY.max_pre_commit_randomness_lookback},
        {"seal_randomness_epoch": -(2**63)},
        {"expiration": 0},
        {"expiration": -(2**63)},
        {"expiration": 2**63 - 1},
        {"expiration": 1000 + 30 * EPOCHS_IN_DAY + 10},
        {"expiration": 1000 + 30 * EPOCHS_IN_DAY + 10 + POLICY.min_sector_expiration - 1},
        {"expiration": 1001 + POLICY.max_sector_expiration_extension},
    ],
)
def test_a_sector_that_none_may_announce_is_refused(vm, miner, fields):
    assert pre_commit(vm, miner, announcement(vm, miner, 1, **fields)).code == ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    "fields",
    [
        {"seal_proof": 10},
        {"sector_number": MAX_SECTOR_NUMBER},
        {"seal_randomness_epoch": 1000 - POLICY.max_pre_commit_randomness_lookback},
        {"seal_randomness_epoch": -1},
        {"expiration": 1000 + 30 * EPOCHS_IN_DAY + 10 + POLICY.min_sector_expiration},
        {"expiration": 1000 + POLICY.max_sector_expiration_extension},
        {"unsealed_cid": commd([piece(1)])},
    ],
)
def test_a_sector_at_the_limits_is_accepted(vm, miner, fields):
    assert pre_commit(vm, miner, announcement(vm, miner, 1, **fields)).code == ExitCode.OK


def test_a_number_that_no_bitfield_holds_is_a_panic(vm, miner):
    outcome = pre_commit(vm, miner, announcement(vm, miner, 2**64 - 1))
    assert outcome.code == ExitCode.USR_ASSERTION_FAILED


def test_a_number_may_not_be_there_twice(vm, miner):
    infos = announcement(vm, miner, 1), announcement(vm, miner, 1)
    assert pre_commit(vm, miner, *infos).code == ILLEGAL_ARGUMENT


def test_a_number_is_taken_for_good(vm, miner):
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == 0
    infos = announcement(vm, miner, 2), announcement(vm, miner, 1)
    assert pre_commit(vm, miner, *infos).code == ILLEGAL_ARGUMENT
    assert pre_commit(vm, miner, announcement(vm, miner, 2)).code == 0


def test_sectors_of_another_size_are_refused(vm, miner):
    assert pre_commit(vm, miner, announcement(vm, miner, 1, seal_proof=6)).code == ILLEGAL_ARGUMENT


def test_too_many_deals_are_refused(vm, miner):
    """The market, which is asked first, does not mind that they are none."""
    (deal_id,) = publish_deals(vm, miner, 256)
    info = announcement(vm, miner, 1, deal_ids=(deal_id,) * 257)
    assert pre_commit(vm, miner, info).code == ILLEGAL_ARGUMENT


def test_deals_must_make_up_the_commd(vm, miner):
    deals = publish_deals(vm, miner, 512, 1024)
    pieces = [replace(piece(0), cid=t.piece_cid, size=t.piece_size) for t in deals.values()]
    wrong = announcement(vm, miner, 1, deal_ids=tuple(deals), unsealed_cid=None)
    assert pre_commit(vm, miner, wrong).code == ILLEGAL_ARGUMENT
    wrong = announcement(vm, miner, 1, pieces[::-1], deal_ids=tuple(deals))
    assert pre_commit(vm, miner, wrong).code == ILLEGAL_ARGUMENT
    others = announcement(vm, miner, 2), announcement(vm, miner, 3, [piece(9)])
    right = announcement(vm, miner, 1, pieces, deal_ids=tuple(deals))
    assert pre_commit(vm, miner, right, *others).code == 0


def test_the_market_decides_on_deals_before_the_caller_is_known(vm, miner):
    info = announcement(vm, miner, 1, deal_ids=(77,))
    assert pre_commit(vm, miner, info, sender=NOBODY).code == ExitCode.USR_NOT_FOUND


def test_a_deal_of_another_miner_is_forbidden(vm, miner):
    other = new_miner(vm)
    (deal_id,) = publish_deals(vm, other, 256)
    info = announcement(vm, miner, 1, [piece(1)], deal_ids=(deal_id,))
    assert pre_commit(vm, miner, info).code == ExitCode.USR_FORBIDDEN


def test_a_deposit_that_is_just_there_is_enough(vm, miner):
    deposit = deposit_now(vm)
    leave(vm, miner, 2 * deposit - 1)
    infos = announcement(vm, miner, 1), announcement(vm, miner, 2)
    assert pre_commit(vm, miner, *infos).code == ExitCode.USR_INSUFFICIENT_FUNDS
    vm.ok(OWNER.id, miner, 0, value=1)
    assert pre_commit(vm, miner, *infos).code == 0
    assert miner_state(vm, miner).pre_commit_deposits == 2 * deposit


def test_debt_that_can_not_be_paid_is_in_the_way(vm, miner):
    owe(vm, miner, 10**18)
    info = announcement(vm, miner, 1)
    assert pre_commit(vm, miner, info).code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_debt_is_paid_and_burnt(vm, miner):
    owe(vm, miner, 10**18)
    vm.ok(OWNER.id, miner, 0, value=2 * 10**18)
    before = vm.one.balance(99)
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == 0
    assert miner_state(vm, miner).fee_debt == ZERO
    assert vm.one.balance(99) == before + 10**18


def test_debt_comes_before_the_deposit(vm, miner):
    owe(vm, miner, 10**18)
    vm.ok(OWNER.id, miner, 0, value=10**18 + deposit_now(vm) - 1)
    info = announcement(vm, miner, 1)
    assert pre_commit(vm, miner, info).code == ExitCode.USR_INSUFFICIENT_FUNDS
    vm.ok(OWNER.id, miner, 0, value=1)
    assert pre_commit(vm, miner, info).code == 0


def test_nothing_is_announced_during_a_consensus_fault(vm, miner):
    epoch = vm.one.epoch

    def suspend(store, state):
        info = replace(load_info(store, state), consensus_fault_elapsed=epoch + 5)
        return with_info(store, state, info)

    put_state(vm, miner, suspend)
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == ExitCode.USR_FORBIDDEN
    go_to(vm, epoch + 5)
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == ExitCode.USR_FORBIDDEN
    go_to(vm, epoch + 6)
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == ExitCode.OK


@pytest.mark.parametrize(
    ("locked", "code"),
    [(10**30, ExitCode.USR_ILLEGAL_STATE), (-1, BALANCE_INVARIANTS_BROKEN)],
)
def test_funds_that_do_not_add_up_are_noticed(vm, locked, code):
    miner = new_miner(vm)
    put_state(vm, miner, lambda _, state: replace(state, locked_funds=TokenAmount(locked)))
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == code


def test_a_pre_commitment_that_was_never_counted_is_noticed(vm, miner):
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == 0
    before = miner_state(vm, miner)

    def forget(store, state):
        none = replace(ALLOCATED_SECTORS.load(store, state.allocated_sectors))
        empty = replace(none, numbers=none.numbers - none.numbers)
        return replace(state, allocated_sectors=ALLOCATED_SECTORS.save(store, empty))

    put_state(vm, miner, forget)
    info = announcement(vm, miner, 1)
    assert pre_commit(vm, miner, info).code == ExitCode.USR_ILLEGAL_STATE
    put_state(
        vm, miner, lambda _, state: replace(state, allocated_sectors=before.allocated_sectors)
    )
