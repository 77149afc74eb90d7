"""Proofs that do not hold, on actors that have them checked."""

import pytest
from actor_fixtures import machines
from sealing import (
    at_once,
    codes,
    commit_at_once,
    prove_commit,
    prove_updates,
    sealing_world,
    together,
    update,
)
from upkeep import POLICY, PROOF, SEALING, announce, new_miner, onboard, place, prove_window, wait

from papyrus.primitives.exit_codes import ExitCode

OK, REFUSED = ExitCode.OK, ExitCode.USR_ILLEGAL_ARGUMENT

make_vm = machines(bundle="testing")


class Judge:
    """A verifier that rejects proofs that begin with a certain byte, and remembers all it saw."""

    name = "judge"

    def __init__(self):
        """Begin without having seen anything."""
        self.seen = []

    def verify_seal(self, statement, /):
        return self._judge(statement)

    def verify_post(self, statement, /):
        self.seen.append(statement)
        return True

    def verify_aggregate_seals(self, statement, /):
        return self._judge(statement)

    def verify_replica_update(self, statement, /):
        return self._judge(statement)

    def _judge(self, statement):
        self.seen.append(statement)
        return bytes(statement.proof[:1]) != b"\xbb"


@pytest.fixture
def vm(make_vm):
    """Return a machine with a world, on which proofs that begin with 0xbb are wrong.

    All engines must ask for the same to be verified.
    """
    judges = []

    def judge(one):
        one.verifier = Judge()
        judges.append(one.verifier)

    machine = sealing_world(make_vm())
    machine.each(judge)
    yield machine
    first, *others = judges
    assert first.seen
    assert all(other.seen == first.seen for other in others)


@pytest.fixture
def miner(vm):
    """Return a miner."""
    return new_miner(vm)


def test_one_proof_that_does_not_hold_proves_nothing(vm, miner):
    info = at_once(vm, miner, 1)
    assert commit_at_once(vm, miner, info, aggregate_proof=b"\xbb").code == REFUSED
    assert codes(commit_at_once(vm, miner, info, aggregate_proof=PROOF)) == [OK]


def test_a_sector_without_a_proof_is_left_out(vm, miner):
    sectors = {number: [] for number in range(1, 4)}
    assert announce(vm, miner, sectors).code == 0
    wait(vm, SEALING)
    proofs = {"sector_proofs": (PROOF, b"\xbb", PROOF)}
    failed = prove_commit(vm, miner, sectors, require_activation_success=True, **proofs)
    assert failed.code == REFUSED
    bad = prove_commit(vm, miner, {2: []}, sector_proofs=(b"\xbb",))
    assert bad.code == REFUSED
    assert codes(prove_commit(vm, miner, sectors, **proofs)) == [OK, REFUSED, OK]


def test_an_aggregate_that_does_not_hold_proves_nothing(vm, miner):
    sectors = {number: [] for number in range(1, 5)}
    assert announce(vm, miner, sectors).code == 0
    wait(vm, SEALING)
    outcome = prove_commit(vm, miner, sectors, **together(aggregate_proof=b"\xbb"))
    assert outcome.code == REFUSED
    assert codes(prove_commit(vm, miner, sectors, **together())) == [OK] * 4


def test_an_update_without_a_proof_is_left_out(vm, miner):
    onboard(vm, miner, [1, 2])
    prove_window(vm, miner, place(vm, miner, 1)[0], 0)
    wait(vm, 24 * POLICY.challenge_window)
    updates = update(vm, miner, 1), update(vm, miner, 2)
    proofs = {"sector_proofs": (b"\xbb", PROOF)}
    failed = prove_updates(vm, miner, *updates, require_activation_success=True, **proofs)
    assert failed.code == REFUSED
    bad = prove_updates(vm, miner, updates[0], sector_proofs=(b"\xbb",))
    assert bad.code == REFUSED
    assert codes(prove_updates(vm, miner, *updates, **proofs)) == [REFUSED, OK]
