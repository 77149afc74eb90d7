"""Messages by the file, and messages as they come and go, against a devnet that runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_shell import CommandShell
from running_devnet import COMMAND, running_devnet

HEADS = "Recipient,FIL,Method,Params"
NOWHERE = "0xd388ab098ed3e84c0d808776440b48f685198498"


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory):
    """Return a shell beside a devnet, and what the devnet tells of itself."""
    folder = tmp_path_factory.mktemp("bulk")
    with running_devnet(folder) as facts, CommandShell(folder) as shell:
        yield shell, facts


def csv_of(folder: Path, *lines: str) -> Path:
    file = folder / "payments.csv"
    file.write_text("\n".join((HEADS, *lines)) + "\n", encoding="utf-8")
    return file


def test_every_line_of_a_file_is_sent(devnet, tmp_path: Path) -> None:
    papyrus, facts = devnet
    sender, to = facts["accounts"][1]["filecoin"], facts["accounts"][2]["filecoin"]
    file = csv_of(tmp_path, f"{to},1.5,0,nil", f"{NOWHERE},0.25,0,", f"{to}, 10attofil ,0,nil")
    sent = papyrus("send", "--csv", file, "--from", sender, "--wait")
    assert [one["line"] for one in sent] == [2, 3, 4]
    assert [one["message"]["Nonce"] for one in sent] == [0, 1, 2]
    assert [one["message"]["Value"] for one in sent] == [str(15 * 10**17), str(25 * 10**16), "10"]
    assert [one["message"]["Method"] for one in sent] == [0, 3_844_450_837, 0]
    assert [one["lookup"]["Receipt"]["ExitCode"] for one in sent] == [0, 0, 0]
    again = papyrus.text("send", "--csv", file, "--from", sender, "--wait").splitlines()
    assert [line[:7] for line in again[:3]] == ["bafy2bz"] * 3
    assert [line.split()[-1] for line in again[4:]] == ["OK(0)"] * 3


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("{to},1,0,nil", "{to},much,0,nil", "t1abc,1,0,nil"), "line 3: the amount 'much' is none"),
        (("{to},1,0",), "line 2: it has 3 fields, and 4 are needed"),
        (("{to},1,send,nil",), "line 2: the method 'send' is no number"),
        (("{to},1,0,xy",), "line 2: the parameters 'xy' are not hexadecimal"),
        (("{to},1,0,nil", "t03,0,5,nil"), "line 3: message execution failed"),
        (("{to},1,0,nil", f"{NOWHERE},0,5,nil"), "line 3: an Ethereum account chooses no method"),
        (("{to},5000,0,nil", "{to},5001,0,nil"), "with --from; nothing was sent"),
        (("{to},9999.9999999999,0,nil",), "of gas; nothing was sent"),
        ((), "there is nothing to send"),
    ],
)
def test_file_with_a_mistake_sends_nothing(devnet, tmp_path: Path, lines, why: str) -> None:
    papyrus, facts = devnet
    sender, to = facts["accounts"][3]["filecoin"], facts["accounts"][2]["filecoin"]
    file = csv_of(tmp_path, *(line.format(to=to) for line in lines))
    assert why in papyrus.refused("send", "--csv", file, "--from", sender)
    assert papyrus("mpool", "nonce", sender) == 0


def test_file_of_another_form_is_refused(devnet, tmp_path: Path) -> None:
    papyrus, _ = devnet
    file = tmp_path / "other.csv"
    file.write_text("to,amount\nt01,1\n", encoding="utf-8")
    assert f"is to begin with the line {HEADS}" in papyrus.refused("send", "--csv", file)
    file.write_bytes(b"\xff\xfe")
    assert "is no CSV file" in papyrus.refused("send", "--csv", file)
    code, _, told = papyrus.run("send", "--csv", file, "--nonce", "3")
    assert (code, "only --from, --max-fee and --wait go with --csv" in told) == (2, True)


def test_what_comes_and_goes_is_told(devnet) -> None:
    papyrus, facts = devnet
    sender = facts["accounts"][4]["filecoin"]
    hearer = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "mpool", "sub", "--count", "3", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PAPYRUS_PATH": str(papyrus.folder)},
    )
    sent = []
    try:
        # It does not say when it begins to hear, so messages are sent until it has heard enough.
        while hearer.poll() is None and len(sent) < 100:
            sent.append(papyrus("send", sender, "0", "--from", sender, "--wait")["cid"])
        lines = hearer.stdout.readlines()
    finally:
        hearer.kill()
        hearer.communicate()
    changes = [(one["Type"], one["Message"]["CID"]["/"]) for one in map(json.loads, lines)]
    came = changes[0] if changes[0][0] == 0 else changes[1]
    assert came[1] in sent
    assert changes[changes.index(came) + 1] == (1, came[1])
    assert hearer.returncode == 0


def test_worth_of_what_waits_is_shown(devnet) -> None:
    papyrus, facts = devnet
    sender = facts["accounts"][5]["filecoin"]
    gas = ("--gas-limit", "2000000", "--gas-feecap", "300000000", "--gas-premium", "250000000")
    papyrus("send", sender, "0", "--from", sender, "--nonce", "1", *gas)
    base_fee = int(papyrus("chain", "head")["Blocks"][0]["ParentBaseFee"])
    [row] = [one for one in papyrus("mpool", "gas-perf", "--all") if one["sender"] == sender]
    paid = min(250_000_000, 300_000_000 - base_fee)
    assert (row["nonce"], row["reward"]) == (1, str(paid * 2_000_000))
    assert row["performance"] == str(paid * 10_000_000_000)
    assert "FOR A WHOLE BLOCK" in papyrus.text("mpool", "gas-perf")
