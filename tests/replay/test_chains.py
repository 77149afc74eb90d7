"""Every chain that Lotus made, executed again (chains/README.md)."""

import json
from pathlib import Path

import pytest

from papyrus.conformance.replay import Means, replay_chain
from papyrus.conformance.report import Status

TRACED = Means(trace=True)

QUICK = (
    "consensus-fault",
    "eth-contract-invocation",
    "fevm-basic",
    "fevm-bls",
    "fevm-recursive",
    "fevm-selfdestruct",
    "multisig",
    "onboard-piece",
    "paych-vouchers",
    "pledge",
    "pledge-100",
    "remove-datacap",
)
LONG = (
    "fevm",
    "fevm-recursive-actor",
    "ledger",
    "market",
    "miner",
    "niporep-65",
    "paych-long",
    "real-proofs-pledge",
)

pytestmark = [pytest.mark.bundle("v18/testing-fake-proofs"), pytest.mark.bundle("v18/testing")]


def check(folder: Path, *, trace: bool) -> None:
    run = replay_chain(folder / "chain.car.zst", means=Means(trace=trace))
    assert [(case.id, case.reason) for case in run.cases if case.status is not Status.PASSED] == []
    meta = json.loads((folder / "meta.json").read_text())
    assert run.total == meta["tipsets"]
    codes: dict[str, int] = {}
    for case in run.cases:
        for call in case.calls:
            codes[str(call.exit_code)] = codes.get(str(call.exit_code), 0) + 1
    assert codes == meta["exit_codes"]


@pytest.mark.parametrize("name", QUICK)
def test_a_chain_is_exact_to_every_gas_charge(shared, name: str):
    check(shared / "chains" / name, trace=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_long_chain_is_exact(shared, name: str):
    check(shared / "chains" / name, trace=False)


@pytest.mark.full
@pytest.mark.parametrize("name", LONG)
def test_a_long_chain_is_exact_to_every_gas_charge(shared, name: str):
    check(shared / "chains" / name, trace=True)


def test_runs_are_the_same_twice_and_with_two_jobs(shared):
    path = shared / "chains" / "multisig" / "chain.car.zst"
    first = replay_chain(path, means=TRACED)
    assert first == replay_chain(path, means=TRACED) == replay_chain(path, means=TRACED, jobs=2)
    assert first.passed == first.total == 33
