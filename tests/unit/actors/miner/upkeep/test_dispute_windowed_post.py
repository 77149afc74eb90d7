"""Disputing proofs that were taken on trust."""

import pytest
from network import claims_of
from upkeep import (
    CLIENT,
    CONTRACT,
    NOBODY,
    NOWHERE,
    SECTOR_SIZE,
    WORKER,
    Claimed,
    end_window,
    go_to,
    go_to_window,
    honest,
    miner_state,
    next_window,
    partition,
    prove_window,
    put_sector,
    skipping,
    submissions_to_dispute,
    submit,
    wait,
)

from papyrus.actors.miner.monies import BASE_REWARD_FOR_DISPUTED_WINDOW_POST as REWARD
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.payments import ApplyRewardParams
from papyrus.actors.miner.params.proving import DisputeWindowedPoStParams
from papyrus.actors.miner.params.upkeep import TerminateSectorsParams, TerminationDeclaration
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode

BURNT = 99


def dispute(vm, miner, index, post_index=0, sender=CLIENT.id):
    """Dispute a proof and return the outcome."""
    params = DisputeWindowedPoStParams(index, post_index)
    return vm.send(sender, miner, numbers.DISPUTE_WINDOWED_POST, params)


def test_wrong_proof_makes_its_sectors_faulty_and_pays_whom_disputes(vm, miner, proven):
    before, burnt = vm.one.balance(CLIENT.id), vm.one.balance(BURNT)
    assert dispute(vm, miner, proven).code == ExitCode.OK
    assert vm.one.balance(CLIENT.id) - before == REWARD
    assert vm.one.balance(BURNT) - burnt >= 20 * 10**18
    assert claims_of(vm.one)[miner].raw_byte_power == 0
    assert list(partition(vm, miner, proven).faults) == [0, 1]
    assert submissions_to_dispute(vm, miner, proven) == {}


def test_same_proof_is_disputed_once(vm, miner, proven):
    assert dispute(vm, miner, proven).code == ExitCode.OK
    outcome = dispute(vm, miner, proven)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "proof 0 not found" in outcome.failure


def test_one_of_two_proofs_is_disputed(vm, miner, index):
    prove_window(vm, miner, index, 1)
    prove_window(vm, miner, index, 0)
    end_window(vm, miner, index)
    assert dispute(vm, miner, index, 1).code == ExitCode.OK
    assert list(partition(vm, miner, index, 0).faults) == [0, 1]
    assert partition(vm, miner, index, 1).faults == NOWHERE
    assert claims_of(vm.one)[miner].raw_byte_power == 2 * SECTOR_SIZE


def test_proof_that_holds_stands(vm, miner, index):
    go_to_window(vm, miner, index)
    claimed = honest(vm, miner, Claimed(index, (skipping(0), skipping(1))))
    assert submit(vm, miner, claimed).code == ExitCode.OK
    end_window(vm, miner, index)
    outcome = dispute(vm, miner, index)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "failed to dispute valid post" in outcome.failure


def test_sectors_that_were_terminated_since_stay_so(vm, miner, proven):
    declared = TerminationDeclaration(proven, 0, BitField.from_bits([0]))
    vm.ok(WORKER.id, miner, numbers.TERMINATE_SECTORS, TerminateSectorsParams((declared,)))
    assert dispute(vm, miner, proven).code == ExitCode.OK
    assert list(partition(vm, miner, proven).faults) == [1]
    assert list(partition(vm, miner, proven).terminated) == [0]


def test_sectors_are_challenged_as_they_were(vm, miner, index):
    """A later change of a sector does not make a proof wrong that was right."""
    go_to_window(vm, miner, index)
    claimed = honest(vm, miner, Claimed(index, (skipping(0), skipping(1))))
    submit(vm, miner, claimed)
    end_window(vm, miner, index)
    put_sector(vm, miner, 0, seal_proof=5)
    assert dispute(vm, miner, index).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_miner_that_cannot_pay_owes_the_rest(vm, miner, proven):
    penalty = ApplyRewardParams(ZERO, TokenAmount(vm.one.balance(miner)))
    vm.ok(2, miner, numbers.APPLY_REWARDS, penalty)
    owed = miner_state(vm, miner).fee_debt
    assert owed > 0
    before = vm.one.balance(CLIENT.id)
    assert dispute(vm, miner, proven).code == ExitCode.OK
    assert vm.one.balance(CLIENT.id) == before
    assert miner_state(vm, miner).fee_debt > owed + REWARD


def test_dispute_is_open_from_the_end_of_the_window_for_two_finalities(vm, miner, index):
    prove_window(vm, miner, index, 0)
    prove_window(vm, miner, index, 1)
    ended = next_window(vm, miner, index)
    assert dispute(vm, miner, index).code == ExitCode.USR_FORBIDDEN
    end_window(vm, miner, index)
    assert vm.one.epoch == ended.close
    go_to(vm, ended.close + 1799)
    assert dispute(vm, miner, index).code == ExitCode.OK
    wait(vm, 1)
    assert dispute(vm, miner, index, 1).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("index", [48, 2**64 - 1])
def test_deadline_must_be_there(vm, miner, index):
    assert dispute(vm, miner, index).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("post_index", "code"),
    [
        (1, ExitCode.USR_ILLEGAL_ARGUMENT),
        (2**64 - 2, ExitCode.USR_ILLEGAL_ARGUMENT),
        (2**64 - 1, ExitCode.USR_ILLEGAL_STATE),
    ],
)
def test_proof_must_be_there(vm, miner, proven, post_index, code):
    assert dispute(vm, miner, proven, post_index).code == code


def test_contracts_do_not_dispute(vm, miner, proven):
    assert dispute(vm, miner, proven, sender=CONTRACT).code == ExitCode.USR_FORBIDDEN
    assert dispute(vm, miner, proven, sender=NOBODY.id).code == ExitCode.OK


def test_parameters_must_be_there_and_decode(vm, miner, proven):
    method = numbers.DISPUTE_WINDOWED_POST
    assert vm.send(CLIENT.id, miner, method).code == ExitCode.USR_ILLEGAL_ARGUMENT
    for params in (b"\x81\x00", b"\x82\x00\x20", b"\x82\x00\x00\x00"):
        assert vm.send(CLIENT.id, miner, method, params).code == ExitCode.USR_SERIALIZATION
    assert proven
