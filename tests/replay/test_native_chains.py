"""Chains that Lotus made, executed again on the actors in Python, with Ethereum contracts as Wasm.

Gas is taken from the chain's receipts. A contract that reads how much gas it has left reads another
number, since what Python does costs none; the tipsets in which one keeps that number are named.
"""

import json

import pytest

from papyrus.actors.engine import EngineChoice
from papyrus.conformance.replay import Means, replay_chain
from papyrus.conformance.report import Status

NATIVE = Means(choice=EngineChoice.parse("native"), gas_from_receipts=True)
BESIDE_CONTRACTS = Means(
    choice=EngineChoice.parse("hybrid:eam=wasm,evm=wasm"), gas_from_receipts=True
)

WITHOUT_CONTRACTS = (
    "consensus-fault",
    "market",
    "multisig",
    "niporep-65",
    "onboard-piece",
    "paych-vouchers",
    "pledge",
    "pledge-100",
    "real-proofs-pledge",
    "remove-datacap",
)
WITH_CONTRACTS = (
    "eth-contract-invocation",
    "fevm",
    "fevm-basic",
    "fevm-bls",
    "fevm-recursive",
    "fevm-recursive-actor",
    "fevm-selfdestruct",
    "ledger",
    "miner",
)
KEEP_THE_GAS_THAT_IS_LEFT = {"fevm": {"15", "42", "47", "65", "84"}}
"""The heights at which a contract stores what GAS gave it."""


def check(shared, name: str, means: Means) -> None:
    folder = shared / "chains" / name
    run = replay_chain(folder / "chain.car.zst", means=means)
    failed = {case.id: case.reason for case in run.cases if case.status is not Status.PASSED}
    assert set(failed) == KEEP_THE_GAS_THAT_IS_LEFT.get(name, set()), failed
    assert all(reason.startswith("state root: ") for reason in failed.values())
    assert run.total == json.loads((folder / "meta.json").read_text())["tipsets"]


@pytest.mark.parametrize("name", WITHOUT_CONTRACTS)
def test_a_chain_is_exact_without_any_released_code(shared, name: str):
    check(shared, name, NATIVE)


@pytest.mark.bundle("v18/testing-fake-proofs")
@pytest.mark.parametrize("name", WITH_CONTRACTS)
def test_a_chain_with_contracts_is_exact_beside_them(shared, name: str):
    check(shared, name, BESIDE_CONTRACTS)


@pytest.mark.slow
def test_a_long_chain_of_cron_and_rewards_is_exact(shared):
    check(shared, "paych-long", NATIVE)
