"""Random messages of every kind on both engines: the same answers, calls and state, one by one.

On one side every actor is native that is written in Python. The builds of the actors come in turn:
on all but one proofs are asked of a verifier, which refuses some. `make differential` runs the same
seeds and many more, and counts.
"""

import pytest
from recorder import FussyVerifier
from traffics import COLLATERAL, FAKE_PROOFS, PROOFS, TRAFFICS, run

from papyrus.primitives.errors import SyscallError

pytestmark = [pytest.mark.bundle(f"v18/{bundle}") for bundle in (FAKE_PROOFS, PROOFS, COLLATERAL)]

SEEDS = (0, 3, 4, 7, 8)
"""Two for each build, and of each parity, which some traffics make something of."""
SLOW = ("miner-upkeep", "miner-sealing", "network")
CASES = [(name, seed) for name in TRAFFICS for seed in (SEEDS[1:3] if name in SLOW else SEEDS)]


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_engines_agree_on_random_messages(name, seed):
    vm = run(name, seed, steps=60 if name in SLOW else 100)
    assert sum(vm.counts.values()) > 30


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1020))
@pytest.mark.parametrize("name", TRAFFICS)
def test_engines_agree_on_many_random_messages(name, seed):
    assert run(name, seed).counts


def test_a_fussy_verifier_refuses_the_same_proofs_again():
    first, second = (FussyVerifier(1), FussyVerifier(1))
    verdicts = []
    for verifier in (first, second):
        told = []
        for statement in range(300):
            try:
                told.append(verifier.verify_seal(statement))
            except SyscallError:
                told.append(None)
        verdicts.append(told)
    assert verdicts[0] == verdicts[1]
    assert set(verdicts[0]) == {True, False, None}
    assert verdicts[0].count(True) > 200
