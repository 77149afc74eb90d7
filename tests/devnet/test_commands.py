"""The command line against a devnet, each a process of its own, as people run them."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
from command_shell import CommandShell
from running_devnet import running_devnet

COMMAND = [sys.executable, "-c", "from papyrus.cli.main import main; main()"]
PATIENCE = 120.0

NOWHERE = "0xd388ab098ed3e84c0d808776440b48f685198498"
NOWHERE_IN_FILECOIN = "t410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy"


@dataclass
class Shell:
    """Runs commands in a folder of Papyrus' state."""

    folder: Path
    worker: CommandShell
    """A process that runs commands one after the other, in any folder."""
    facts: dict[str, Any]

    def account(self, place: int) -> str:
        return str(self.facts["accounts"][place]["filecoin"])

    def balance(self, address: str) -> int:
        """Return the attoFIL of an address, asked without a command."""
        call = {"jsonrpc": "2.0", "id": 1, "method": "Filecoin.WalletBalance", "params": [address]}
        return int(json.loads(post(self.facts["rpc"], call))["result"])

    def run(self, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a process of its own."""
        return subprocess.run(
            [*COMMAND, *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
            env={**environment(), "PAPYRUS_PATH": str(self.folder), **more},
        )

    def text(self, *words: object) -> str:
        """Return what a command prints, which must go well."""
        code, out, err = self.answer(*words)
        assert code == 0, err
        return out

    def answer(self, *words: object) -> tuple[int, str, str]:
        """Return the exit code of a command, its stdout and its stderr."""
        self.worker.folder = self.folder
        code, out, err = self.worker.run(*words)
        return code, out, err

    def json(self, *words: object) -> Any:
        """Return the one document that a command prints with --json, and nothing else."""
        return json.loads(self.text(*words, "--json"))

    def refused(self, *words: object, code: int = 1) -> str:
        """Return what a command says that must fail: one sentence, and nothing on stdout."""
        return sentence(code, *self.answer(*words))

    def refused_alone(self, *words: object, **more: str) -> str:
        """Do the same with a command as a process of its own, and its environment."""
        done = self.run(*words, **more)
        return sentence(1, done.returncode, done.stdout, done.stderr)


def sentence(expected: int, code: int, out: str, err: str) -> str:
    """Return what a command said when it failed as it should."""
    assert (code, out) == (expected, ""), err
    assert "Traceback" not in err
    if expected == 1:
        assert len(err.splitlines()) == 1
        assert err.startswith("papyrus: ")
    return err.strip()


def environment() -> dict[str, str]:
    """Return the environment without what would choose another node."""
    inherited = {name: text for name, text in os.environ.items() if "PAPYRUS_" not in name}
    inherited.pop("FULLNODE_API_INFO", None)
    return inherited


def read_document(stream: IO[str]) -> Any:
    """Return the document that a process prints before it goes on."""
    text = ""
    for line in stream:
        text += line
        if line == "}\n":
            break
    return json.loads(text)


def post(url: str, body: object, token: str = "") -> bytes:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - http, here
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - http, here
        found: bytes = answer.read()
        return found


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandShell]:
    """Return a process that runs commands for this module."""
    with CommandShell(tmp_path_factory.mktemp("nothing")) as shell:
        yield shell


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory, worker: CommandShell) -> Iterator[Shell]:
    """Return a shell beside a devnet that runs for this module."""
    folder = tmp_path_factory.mktemp("commands")
    with running_devnet(folder) as facts:
        yield Shell(folder, worker, facts)


@pytest.fixture
def empty(tmp_path: Path, worker: CommandShell) -> Shell:
    """Return a shell where nothing runs."""
    return Shell(tmp_path, worker, {})


# Sending.


def test_what_is_sent_arrives(shell: Shell) -> None:
    to = shell.account(9)
    before = shell.balance(to)
    done = shell.run("send", to, "1.5")
    cid = done.stdout.strip()
    assert (done.returncode, "papyrus state wait-msg " + cid in done.stderr) == (0, True)
    found = shell.json("state", "wait-msg", cid)
    assert (found["Message"]["/"], found["Receipt"]["ExitCode"]) == (cid, 0)
    assert shell.balance(to) == before + 15 * 10**17
    assert "exit code  OK(0)" in shell.text("state", "search-msg", cid)
    assert "OK(0)" in shell.text("state", "replay", cid, "--show-trace")
    assert shell.account(9) in shell.text("chain", "getmessage", cid)


def test_ethereum_address_is_sent_to_by_its_method(shell: Shell) -> None:
    found = shell.json("send", NOWHERE, "0.25", "--wait")
    assert found["message"]["Method"] == 3_844_450_837
    assert found["lookup"]["Receipt"]["ExitCode"] == 0
    assert shell.balance(NOWHERE_IN_FILECOIN) == 25 * 10**16


def test_faucet_gives_by_command_and_over_http(shell: Shell) -> None:
    before = shell.balance(NOWHERE_IN_FILECOIN)
    assert "FIL now" in shell.text("faucet", NOWHERE, "--amount", "2")
    url = shell.facts["rpc"].removesuffix("/rpc/v1") + "/faucet"
    given = json.loads(post(url, {"address": NOWHERE, "amount": "3"}))
    shell.json("state", "wait-msg", given["cid"])
    assert shell.balance(NOWHERE_IN_FILECOIN) == before + 5 * 10**18
    asked = urllib.request.Request(f"{url}?address={NOWHERE}&amount=1", method="POST")  # noqa: S310
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
        given = json.loads(answer.read())
    assert (given["to"], given["amount"]) == (NOWHERE_IN_FILECOIN, str(10**18))


def test_failed_message_ends_with_1_and_says_why(shell: Shell) -> None:
    done = shell.run("send", "t03", "0", "--method", "5", "--gas-limit", "9000000", "--wait")
    assert done.returncode == 1
    assert "exit code  USR_UNHANDLED_MESSAGE(22)" in done.stdout
    assert "failed with exit code USR_UNHANDLED_MESSAGE(22): " in done.stderr
    assert "papyrus state replay" in done.stderr


def test_method_is_called_with_parameters_of_json(shell: Shell) -> None:
    miner = shell.facts["miners"][0]
    owner = shell.json("miner", "actor", "control", "list", miner)[0]["key"]
    wish = json.dumps({"AmountRequested": "7"})
    found = shell.json(
        "send", miner, "0", "--method", "16", "--params-json", wish, "--from", owner, "--wait"
    )
    assert found["lookup"]["ReturnDec"] == "7"


# The pool.


def test_stuck_message_says_why_and_is_fixed(shell: Shell) -> None:
    sender = shell.account(7)
    cheap = ("--gas-feecap", "100", "--gas-premium", "1", "--gas-limit", "2000000")
    cid = shell.text("send", shell.account(8), "1", "--from", sender, *cheap).strip()
    told = shell.text("mpool", "why", cid)
    assert "Its fee cap is 100 attoFIL, and the base fee" in told
    assert f"papyrus mpool fix {cid}" in told
    assert [one["CID"]["/"] for one in shell.json("mpool", "pending", "--from", sender)] == [cid]
    (row,) = [one for one in shell.json("mpool", "stat") if one["sender"] == sender]
    assert (row["next"], row["below_base_fee"]) == (1, 1)
    fixed = shell.json("mpool", "fix", cid, "--wait")
    assert fixed["lookup"]["Receipt"]["ExitCode"] == 0
    assert shell.json("mpool", "why", cid)["Cause"] == "replaced"
    assert shell.json("mpool", "why", fixed["cid"])["Cause"] == "on-chain"


def test_missing_nonce_is_told_and_a_message_replaced(shell: Shell) -> None:
    sender = shell.account(6)
    early = shell.text("send", sender, "0", "--from", sender, "--nonce", "1").strip()
    told = shell.json("mpool", "why", early)
    assert told["Cause"] == "nonce-gap"
    better = ("--gas-feecap", "300000000", "--gas-premium", "300000000")
    replaced = shell.json("mpool", "replace", sender, "1", *better)["cid"]
    assert replaced != early
    first = told["Command"].removeprefix("papyrus ").split()
    shell.text(*first)
    assert shell.json("state", "wait-msg", replaced)["Receipt"]["ExitCode"] == 0
    assert shell.json("mpool", "nonce", sender) == 2


# Multisigs.


def test_multisig_is_made_and_decides(shell: Shell) -> None:
    first, second, third = (shell.account(place) for place in (0, 1, 2))
    made = shell.json("msig", "create", "--required", "2", "--value", "10", first, second)
    multisig = made["multisig"]
    proposed = shell.json("msig", "propose", multisig, third, "2.5")
    assert (proposed["transaction"], proposed["applied"]) == (0, False)
    shown = shell.json("msig", "inspect", multisig)
    assert (shown["threshold"], [one["ID"] for one in shown["transactions"]]) == (2, [0])
    before = shell.balance(third)
    wrong = shell.run("msig", "approve", multisig, "0", first, third, "2.4", "--from", second)
    assert (wrong.returncode, "exit=[ErrIllegalArgument(16)]" in wrong.stderr) == (1, True)
    approved = shell.json("msig", "approve", multisig, "0", first, third, "2.5", "--from", second)
    assert approved["applied"] is True
    assert shell.balance(third) == before + 25 * 10**17

    assert shell.json("msig", "add-propose", multisig, third)["transaction"] == 1
    shell.json("msig", "add-approve", multisig, first, "1", third, "--from", second)
    assert shell.json("msig", "propose-threshold", multisig, "1")["transaction"] == 2
    shell.json("msig", "cancel", multisig, "2")
    shown = shell.json("msig", "inspect", multisig, "--vesting", "--decode-params")
    assert (len(shown["signers"]), shown["threshold"], shown["transactions"]) == (3, 2, [])


# Storage.


def test_market_keeps_funds_and_gives_them_back(shell: Shell) -> None:
    shell.json("wallet", "market", "add", "5", "--wait")
    assert shell.json("state", "market", "balance", shell.account(0))["Escrow"] == str(5 * 10**18)
    back = shell.json("wallet", "market", "withdraw", "2")
    assert back["withdrawn"] == str(2 * 10**18)
    told = shell.refused("wallet", "market", "withdraw", "4")
    assert "has 3 FIL in the market" in told


def test_miner_is_shown_made_and_paid_out(shell: Shell) -> None:
    miner, worker = shell.facts["miners"][0], shell.facts["bls"]["address"]
    found = shell.json("miner", "info", miner)
    assert (found["info"]["SectorSize"], found["sectors"]["Live"]) == (2048, 2)
    assert "may make blocks    yes" in shell.text("miner", "info", miner)
    assert [one["sectors"] for one in shell.json("miner", "proving", "deadlines", miner)] == [2]
    assert len(shell.json("miner", "sectors", "list", miner)) == 2
    made = shell.json("miner", "create", "--worker", worker, "--sector-size", "2KiB")
    assert shell.json("miner", "info", made["miner"])["sectors"]["Live"] == 0
    paid = shell.json("miner", "actor", "withdraw", miner, "1")
    assert paid["withdrawn"] == str(10**18)
    assert "has" in shell.refused("miner", "actor", "withdraw", miner, "99999999")
    assert "2KiB, 8MiB" in shell.refused("miner", "create", "--sector-size", "3KiB")
    unknown = shell.json("wallet", "new", "bls", "--chain", "devnet")["address"]
    told = shell.refused("miner", "create", "--worker", unknown, "--sector-size", "2KiB")
    assert f"the worker {unknown} is not on the chain" in told
    assert f"`papyrus send {unknown} 0.1`" in told


def test_sector_is_added_by_simulation(shell: Shell) -> None:
    miner = shell.facts["miners"][0]
    done = shell.json("miner", "sectors", "pledge", miner)
    assert done == {"miner": done["miner"], "sectors": [2], "sealing": "SIMULATED"}
    assert shell.json("state", "sector", miner, "2")["SectorNumber"] == 2


def test_datacap_is_granted(shell: Shell) -> None:
    client = shell.account(3)
    shell.json("filplus", "grant-datacap", client, "32GiB")
    assert shell.text("filplus", "check-client-datacap", client) == "32 GiB\n"
    assert str(32 << 30) in shell.json("filplus", "list-clients").values()
    assert len(shell.json("filplus", "list-notaries")) == 2
    told = shell.refused("filplus", "grant-datacap", client, "1GiB", "--from", client)
    assert f"{client} is no verifier" in told


# Looking.


def test_everything_is_shown_for_people_and_for_programs(shell: Shell) -> None:
    account, miner = shell.account(0), shell.facts["miners"][0]
    head = shell.json("chain", "head")
    block = head["Cids"][0]["/"]
    messages = head["Blocks"][0]["Messages"]["/"]
    commands = [
        ("info",),
        ("version",),
        ("wait-api",),
        ("status", "--chain"),
        ("log", "list"),
        ("log", "set-level", "info", "--system", "rpc"),
        ("chain", "head"),
        ("chain", "list", "--count", "3", "--gas-stats"),
        ("chain", "get", "@1"),
        ("chain", "get", "/pstate/0"),
        ("chain", "get-block", block),
        ("chain", "read-obj", block),
        ("chain", "stat-obj", messages),
        ("chain", "gas-price"),
        ("chain", "encode", "params", miner, "16", '{"AmountRequested":"1"}'),
        ("chain", "decode", "params", miner, "16", "gUIAAQ=="),
        ("state", "get-actor", "t02"),
        ("state", "lookup", account),
        ("state", "lookup", "-r", miner),
        ("state", "read-state", "t04"),
        ("state", "list-actors"),
        ("state", "list-miners"),
        ("state", "network-version"),
        ("state", "actor-cids"),
        ("state", "circulating-supply"),
        ("state", "circulating-supply", "--vm-supply"),
        ("state", "miner-info", miner),
        ("state", "power", miner),
        ("state", "sectors", miner),
        ("state", "sector-size", miner),
        ("state", "miner-proving-deadline", miner),
        ("state", "list-messages", "--from", account),
        ("state", "market", "proposal-pending", block),
        ("state", "call", "t02", "3"),
        ("state", "compute-state"),
        ("mpool", "config"),
        ("miner", "proving", "info", miner),
        ("miner", "proving", "faults", miner),
        ("filplus", "list-claims"),
        ("filplus", "list-allocations"),
        ("sync", "status"),
        ("sync", "wait", "--timeout", "20"),
        ("sync", "check-bad", block),
        ("sync", "checkpoint", "--epoch", "0"),
        ("net", "id"),
        ("net", "peers"),
        ("net", "listen"),
        ("auth", "api-info"),
        ("wallet", "balance"),
    ]
    for words in commands:
        shell.json(*words)
        code, out, err = shell.answer(*words)
        assert (code, bool(out.strip() or err.strip())) == (0, True), (words, err)


# What goes wrong.


def test_wrong_input_is_told(shell: Shell) -> None:
    to = shell.account(1)
    assert "'t1abc' is not an address" in shell.refused("send", "t1abc", "1")
    assert "write FIL as 1.5" in shell.refused("send", to, "much")
    assert "which is less than 999999 FIL" in shell.refused("send", to, "999999")
    assert "nobody has sent anything" in shell.refused("state", "get-actor", "t099999")
    assert "Missing argument" in shell.refused("send", to, code=2)
    assert "there is no level 'loud'" in shell.refused("log", "set-level", "loud")
    named = re.findall(r"--system ([a-z.]+)", shell.text("log", "set-level", "--help"))
    assert named
    assert set(named) <= set(shell.text("log", "list").split())
    stranger = shell.refused("send", to, "0", "--from", NOWHERE)
    assert "wallet" in stranger or "key" in stranger


def test_wrong_token_is_told(empty: Shell, tmp_path: Path) -> None:
    with running_devnet(tmp_path, "--auth") as facts:
        assert empty.json("chain", "head", "--height") >= 1
        line = empty.text("auth", "api-info", "--perm", "read").strip().partition("=")[2]
        reader = {"FULLNODE_API_INFO": line, "PAPYRUS_PATH": str(tmp_path / "elsewhere")}
        to = facts["accounts"][1]["filecoin"]
        told = empty.refused_alone("send", to, "1", **reader)
        assert "the token does not allow this: missing permission" in told
        assert "(need 'write'); `papyrus auth api-info --perm write`" in told
        forged = {**reader, "FULLNODE_API_INFO": "x" + line}
        assert "the node refuses the token" in empty.refused_alone("chain", "head", **forged)
        assert "there is no permission" in empty.refused("auth", "api-info", "--perm", "all")


def test_without_a_node_there_is_one_sentence(empty: Shell) -> None:
    assert "no node runs here: start one" in empty.refused_alone("chain", "head")
    assert "is it running?" in empty.refused("info", "--api", "http://127.0.0.1:9")
    assert "within 0.1 s: no node runs" in empty.refused("wait-api", "--timeout", "0.1")


# Nodes of networks.


def test_second_node_in_a_folder_and_taken_port_are_refused(shell: Shell, empty: Shell) -> None:
    told = shell.refused("devnet", "--port", "0")
    assert "a node runs in" in told
    assert "stop it, or set PAPYRUS_PATH" in told
    port = shell.facts["rpc"].removesuffix("/rpc/v1").rpartition(":")[2]
    assert f"cannot listen on 127.0.0.1 port {port}" in empty.refused("devnet", "--port", port)


def test_daemon_without_a_chain_says_how_to_begin(empty: Shell) -> None:
    told = empty.refused("daemon", "--chain", "calibnet", "--port", "0")
    assert "begin one with `papyrus daemon --chain calibnet --import-snapshot FILE`" in told
    assert "run `papyrus devnet`" in empty.refused("daemon", "--chain", "devnet")
    assert "unknown network" in empty.refused("daemon", "--chain", "nonsense")


def test_chain_moves_to_another_node_by_a_snapshot(shell: Shell, empty: Shell) -> None:
    file = empty.folder / "devnet.car.zst"
    written = shell.json("snapshot", "export", file, "--chain", "devnet")
    assert empty.json("snapshot", "info", file)["height"] == written["height"]
    downloaded = empty.folder / "downloaded.car"
    shell.text("chain", "export", downloaded)
    assert empty.json("snapshot", "info", downloaded)["height"] >= written["height"]
    assert "--load-state FILE" in empty.refused("snapshot", "import", file, "--chain", "devnet")
    assert not (empty.folder / "devnet").exists()
    imported = empty.json("snapshot", "import", file, "--chain", "butterflynet")
    assert imported["height"] == written["height"]
    secret = {"PAPYRUS_WALLET_PASSWORD": "a password of some length"}
    made = empty.run("wallet", "new", "--chain", "butterflynet", "--json", **secret)
    address = json.loads(made.stdout)["address"]
    words = ("daemon", "--chain", "butterflynet", "--engine", "native", "--port", "0", "--json")
    with (empty.folder / "stderr.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [*COMMAND, *words],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env={**environment(), "PAPYRUS_PATH": str(empty.folder)},
        )
    try:
        told = read_document(process.stdout)
        assert (told["height"], told["peers"]) == (written["height"], 0)
        assert "cannot be checked" in told["proofs"]
        assert empty.json("chain", "head", "--height") == written["height"]
        assert [one["address"] for one in empty.json("wallet", "balance")] == [address]
        token = (empty.folder / "butterflynet" / "token").read_text()
        sign = {"id": 1, "method": "Filecoin.WalletSign", "params": [address, "aGk="]}
        assert "locked" in json.loads(post(told["rpc"], sign, token))["error"]["message"]
        assert empty.run("wallet", "unlock", **secret).returncode == 0
        assert json.loads(post(told["rpc"], sign, token))["result"]["Type"] == 1
        empty.text("wallet", "lock")
        assert "error" in json.loads(post(told["rpc"], sign, token))
        empty.text("stop")
        assert process.wait(PATIENCE) == 0
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()
