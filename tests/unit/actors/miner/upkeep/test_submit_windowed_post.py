"""Proving sectors in their window, and every way in which a proof is refused."""

from dataclasses import replace

import pytest
from mutations import mangled
from network import claims_of
from upkeep import (
    NOBODY,
    PROOF,
    SECTOR_SIZE,
    WINDOW_POST_2KIB,
    WORKER,
    Claimed,
    commit,
    deadline,
    end_window,
    go_to,
    go_to_window,
    honest,
    next_window,
    partition,
    post,
    prove_window,
    put_state,
    skipping,
    submissions_to_dispute,
    submit,
    window,
)

from papyrus.actors.miner.deadline import POST_SUBMISSIONS
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import DeclareFaultsRecoveredParams, RecoveryDeclaration
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.statements import PoStProof


def power(vm, miner):
    """Return the raw power in sectors that a miner is credited with."""
    return claims_of(vm.one)[miner].raw_byte_power // SECTOR_SIZE


def recover(vm, miner, index, number, *sectors):
    """Declare faulty sectors recovered."""
    declared = RecoveryDeclaration(index, number, BitField.from_bits(sectors))
    params = DeclareFaultsRecoveredParams((declared,))
    vm.ok(WORKER.id, miner, numbers.DECLARE_FAULTS_RECOVERED, params)


def test_new_sectors_get_their_power_with_their_first_proof(vm, miner, index):
    assert power(vm, miner) == 0
    prove_window(vm, miner, index, 0, 1)
    assert power(vm, miner) == 4
    assert list(deadline(vm, miner, index).partitions_posted) == [0, 1]
    assert not partition(vm, miner, index).unproven


def test_proof_that_restores_nothing_is_kept_to_be_disputed(vm, miner, index):
    prove_window(vm, miner, index, 0, 1)
    root = deadline(vm, miner, index).optimistic_post_submissions
    kept = dict(POST_SUBMISSIONS.open(vm.one.machine.store, root).items())
    assert list(kept[0].partitions) == [0, 1]
    assert kept[0].proofs == (PoStProof(WINDOW_POST_2KIB, PROOF),)
    end_window(vm, miner, index)
    assert list(submissions_to_dispute(vm, miner, index)) == [0]


def test_partitions_of_a_window_can_be_proven_one_by_one(vm, miner, index):
    prove_window(vm, miner, index, 1)
    assert power(vm, miner) == 2
    prove_window(vm, miner, index, 0)
    assert power(vm, miner) == 4


def test_skipped_sectors_are_faulty(vm, miner, index):
    go_to_window(vm, miner, index)
    outcome = submit(vm, miner, Claimed(index, (skipping(0, 1), skipping(1))))
    assert outcome.code == ExitCode.OK
    assert power(vm, miner) == 3
    assert list(partition(vm, miner, index).faults) == [1]


def test_partitions_without_proof_are_faulty_when_the_window_ends(vm, miner, index):
    prove_window(vm, miner, index, 0)
    end_window(vm, miner, index)
    assert power(vm, miner) == 2
    assert list(partition(vm, miner, index, 1).faults) == [2, 3]


@pytest.fixture
def recovering(vm, miner, index):
    """Return the deadline, in whose window sector 1 has to recover."""
    prove_window(vm, miner, index, 0, 1)
    end_window(vm, miner, index)
    end_window(vm, miner, index)
    assert power(vm, miner) == 0
    recover(vm, miner, index, 0, 1)
    go_to_window(vm, miner, index)
    return index


def test_proof_that_holds_restores_power(vm, miner, recovering):
    claimed = honest(vm, miner, Claimed(recovering, (skipping(0),)))
    assert submit(vm, miner, claimed).code == ExitCode.OK
    assert power(vm, miner) == 1
    assert list(partition(vm, miner, recovering).faults) == [0]
    submissions = deadline(vm, miner, recovering).optimistic_post_submissions
    assert submissions == POST_SUBMISSIONS.empty_root(vm.one.machine.store)


def test_proof_that_does_not_hold_restores_nothing(vm, miner, recovering):
    outcome = submit(vm, miner, Claimed(recovering, (skipping(0),)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "invalid post was submitted" in outcome.failure
    assert power(vm, miner) == 0


def test_skipping_all_that_recovers_leaves_nothing_to_prove(vm, miner, recovering):
    outcome = submit(vm, miner, Claimed(recovering, (skipping(0, 1),)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "no active sectors" in outcome.failure


def test_same_partition_is_proven_once(vm, miner, index):
    prove_window(vm, miner, index, 0)
    outcome = submit(vm, miner, Claimed(index, (skipping(0),)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "already proven" in outcome.failure
    outcome = submit(vm, miner, Claimed(index, (skipping(1), skipping(1))))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "duplicate partitions" in outcome.failure


def test_only_controllers_prove(vm, miner, index):
    go_to_window(vm, miner, index)
    outcome = submit(vm, miner, Claimed(index, (skipping(0),)), NOBODY)
    assert outcome.code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("partitions", "code"),
    [
        ((), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((skipping(2),), ExitCode.USR_NOT_FOUND),
        ((skipping(2**64 - 2),), ExitCode.USR_NOT_FOUND),
        ((skipping(2**64 - 1),), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((skipping(0, 2),), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((skipping(0, 2**64 - 2),), ExitCode.USR_ILLEGAL_ARGUMENT),
        (tuple(map(skipping, range(4))), ExitCode.USR_ILLEGAL_ARGUMENT),
        ((skipping(0, 0, 1),), ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_partitions_must_be_there_and_few(vm, miner, index, partitions, code):
    go_to_window(vm, miner, index)
    assert submit(vm, miner, Claimed(index, partitions)).code == code


@pytest.mark.parametrize(
    "proofs",
    [
        (),
        (PoStProof(WINDOW_POST_2KIB, PROOF),) * 2,
        (PoStProof(0, PROOF),),
        (PoStProof(99, PROOF),),
        (PoStProof(-1, PROOF),),
        (PoStProof(WINDOW_POST_2KIB + 1, PROOF),),
        (PoStProof(WINDOW_POST_2KIB, bytes(193)),),
    ],
)
def test_proof_must_be_one_of_the_miners_kind(vm, miner, index, proofs):
    go_to_window(vm, miner, index)
    outcome = submit(vm, miner, Claimed(index, (skipping(0),)), proofs=proofs)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_proof_may_be_empty_and_as_long_as_its_partitions_allow(vm, miner, index):
    go_to_window(vm, miner, index)
    for proof, number in ((b"", 0), (bytes(192), 1)):
        outcome = submit(vm, miner, Claimed(index, (skipping(number),), proof))
        assert outcome.code == ExitCode.OK


def test_deadline_must_be_the_open_one(vm, miner, index):
    go_to_window(vm, miner, index)
    for named in (index + 1, 48, 2**64 - 1):
        outcome = submit(vm, miner, Claimed(named, (skipping(0),)))
        assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
        assert "invalid deadline" in outcome.failure


def test_proof_names_an_epoch_between_challenge_and_now(vm, miner, index):
    opened = go_to_window(vm, miner, index)
    claimed = Claimed(index, (skipping(0),))
    for epoch in (opened.challenge - 1, vm.one.epoch, vm.one.epoch + 1, -1, 2**63 - 1):
        outcome = submit(vm, miner, claimed, chain_commit_epoch=epoch)
        assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
        assert "chain commit epoch" in outcome.failure
    assert submit(vm, miner, claimed, chain_commit_epoch=opened.challenge).code == ExitCode.OK


@pytest.mark.parametrize("randomness", [b"", bytes(31), bytes(32), bytes(33)])
def test_proof_is_for_this_chain(vm, miner, index, randomness):
    go_to_window(vm, miner, index)
    claimed = Claimed(index, (skipping(0),))
    outcome = submit(vm, miner, claimed, chain_commit_randomness=randomness)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_window_is_open_from_its_first_epoch_to_its_last(vm, miner, index):
    found = next_window(vm, miner, index)
    for epoch, number in ((found.open, 0), (found.last, 1)):
        go_to(vm, epoch)
        assert submit(vm, miner, Claimed(index, (skipping(number),))).code == ExitCode.OK
    go_to(vm, found.close)
    code = submit(vm, miner, Claimed(index, (skipping(0),))).code
    assert code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_no_amount_may_be_negative_at_the_end(world_apart):
    vm, miner = world_apart
    index = (window(vm, miner).index + 10) % 48
    commit(vm, miner, [0], index)
    go_to_window(vm, miner, index)
    put_state(vm, miner, lambda _, state: replace(state, fee_debt=TokenAmount(-1)))
    outcome = submit(vm, miner, Claimed(index, (skipping(0),)))
    assert outcome.code == numbers.BALANCE_INVARIANTS_BROKEN


def test_parameters_are_read_as_the_released_actors_read_them(vm, miner, index, random):
    go_to_window(vm, miner, index)
    params = post(vm, Claimed(index, (skipping(0),))).to_cbor()
    codes = {
        vm.send(WORKER.id, miner, numbers.SUBMIT_WINDOWED_POST, mangled(random, params)).code
        for _ in range(30)
    }
    assert ExitCode.USR_SERIALIZATION in codes
