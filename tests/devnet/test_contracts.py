"""Ethereum contracts by command, on a devnet whose contracts run as released code."""

from pathlib import Path

import pytest
from command_shell import CommandShell
from running_devnet import running_devnet

from papyrus.storage.home import home

pytestmark = [pytest.mark.slow, pytest.mark.bundle("v18/testing-fake-proofs")]

FORTY_TWO = "602a60005260206000f3"
INIT = f"600a600c600039600a6000f3{FORTY_TWO}"
"""Makes a contract that answers 42, whatever it is asked."""
ANSWER = f"0x{42:064x}"


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory):
    """Return a shell beside a devnet that runs contracts, and what the devnet tells of itself."""
    folder = tmp_path_factory.mktemp("contracts")
    (folder / "bundles").symlink_to(home() / "bundles")
    engine = "hybrid:eam=wasm,evm=wasm"
    with running_devnet(folder, "--engine", engine) as facts, CommandShell(folder) as shell:
        yield shell, facts


@pytest.fixture(scope="module")
def contract(devnet, tmp_path_factory: pytest.TempPathFactory):
    papyrus, _ = devnet
    file = tmp_path_factory.mktemp("code") / "init.hex"
    file.write_text(INIT, encoding="utf-8")
    return papyrus("evm", "deploy", file, "--hex")


def test_contract_is_made_and_called(devnet, contract) -> None:
    papyrus, facts = devnet
    made = contract["ethereum"]
    assert papyrus("address", made)["testnet"][1:] == contract["filecoin"][1:]
    assert papyrus("evm", "bytecode", made) == f"0x{FORTY_TWO}"
    assert papyrus("evm", "call", facts["accounts"][0]["ethereum"], made, "00") == ANSWER
    for sender in ("filecoin", "delegated"):
        words = ("evm", "invoke", made, "0x00", "--from", facts["accounts"][1][sender])
        assert papyrus(*words)["returned"] == ANSWER
    found = papyrus("evm", "stat", contract["filecoin"])
    assert (found["ethereum"], found["type"], found["id"][1:]) == (made, "evm", contract["id"][1:])


def test_address_of_nobody_is_shown(devnet) -> None:
    papyrus, facts = devnet
    nowhere = papyrus("evm", "stat", "0xd388ab098ed3e84c0d808776440b48f685198498")
    assert (nowhere["id"], "type" in nowhere) == (None, False)
    key = papyrus("evm", "stat", facts["accounts"][0]["filecoin"])
    assert (key["ethereum"], key["type"]) == (None, "account")


def test_what_fails_is_told(devnet, tmp_path: Path) -> None:
    papyrus, facts = devnet
    sender = facts["accounts"][0]["ethereum"]
    file = tmp_path / "wrong.hex"
    file.write_text("60006000fd", encoding="utf-8")
    assert "message execution failed" in papyrus.refused("evm", "deploy", file, "--hex")
    file.write_text("what", encoding="utf-8")
    assert "'what' is not hexadecimal" in papyrus.refused("evm", "deploy", file, "--hex")
    told = papyrus.refused("evm", "bytecode", facts["accounts"][0]["filecoin"])
    assert "the call failed with exit code USR_" in told
    assert "is not hexadecimal" in papyrus.refused("evm", "call", sender, sender, "xyz")
