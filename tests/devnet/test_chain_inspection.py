"""Looking into a devnet's chain by path, by search and by use of room, and reporting its miner."""

import json
import sys
from dataclasses import replace

import pytest
from command_shell import CommandShell
from running_devnet import running_devnet

from papyrus.primitives.address import Address
from papyrus.rpc.client import Client, parse_api_info
from papyrus.types.block import BlockHeader

IS_THERE = "import json, sys; print(str(json.load(sys.stdin)[2] > 0).lower())"


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory):
    """Return a shell beside a devnet of two miners, and what the devnet tells of itself."""
    folder = tmp_path_factory.mktemp("inspection")
    with running_devnet(folder, "--miners", "2") as facts, CommandShell(folder) as shell:
        accounts = [account["filecoin"] for account in facts["accounts"]]
        for place in range(3):
            shell("send", accounts[1 + place], "1", "--from", accounts[place], "--wait")
        yield shell, facts


def test_paths_lead_through_maps_and_arrays(devnet) -> None:
    papyrus, facts = devnet
    actor = papyrus("chain", "get", "/pstate/1/@Ha:f04")
    head = actor[1]["/"]
    power = papyrus("chain", "get", head)
    assert papyrus("chain", "get", "/pstate/1/@Ha:t04/1") == power
    assert papyrus("chain", "get", f"/ipfs/{head}/0") == power[0]
    messages = papyrus("chain", "head")["Blocks"][0]["Messages"]["/"]
    assert f"{messages}/0 has no '@A:0'" in papyrus.refused("chain", "get", f"{messages}/0/@A:0")
    miner = papyrus("chain", "get", f"/pstate/1/@Ha:{facts['miners'][0]}/1")
    sectors = next(one["/"] for one in miner if isinstance(one, dict) and "/" in one)
    assert sectors


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/pstate/1/@Ha:f099999", "pstate/1 has no '@Ha:f099999'"),
        ("/pstate/1/@Ha:nobody", "is not an address"),
        ("/pstate/1/@Hx:1", "a key is written @Ha:, @Hi:, @Hu:, @H: or @A:, not @Hx:"),
        ("/pstate/1/@A:x", "has no '@A:x'"),
        ("/pstate/0/@Ha:f01", "pstate/0 is no link to a map or an array"),
        ("/pstate/9", "pstate has no '9': it is a list of 3"),
        ("/ipfs", "an empty path"),
    ],
)
def test_path_that_leads_nowhere_is_told(devnet, path: str, why: str) -> None:
    assert why in devnet[0].refused("chain", "get", path)


def test_first_tipset_of_a_change_is_found(devnet) -> None:
    papyrus, facts = devnet
    sender = facts["accounts"][0]["filecoin"]
    [sent] = [
        papyrus("state", "search-msg", cid)
        for cid in papyrus("state", "list-messages", "--from", sender)
    ]
    head = papyrus("chain", "head", "--height")
    identity = papyrus("state", "lookup", sender)
    words = ("1", head, f"1/@Ha:{identity}", sys.executable, "-c", IS_THERE)
    code, out, err = papyrus.run("chain", "bisect", *words)
    # The state that a tipset is executed on has what its parents' messages changed.
    assert (code, out) == (0, f"{sent['Height']}\n"), err
    code, out, _ = papyrus.run("chain", "bisect", "--json", *words)
    assert json.loads(out)["key"] == [cid["/"] for cid in sent["TipSet"]]
    never = ("chain", "bisect", "1", head, "0", sys.executable, "-c", "print('false')")
    assert f"it does not hold at {head} yet" in papyrus.refused(*never)
    always = ("chain", "bisect", "1", head, "0", sys.executable, "-c", "print('true')")
    assert "it holds at 1 already" in papyrus.refused(*always)
    broken = ("chain", "bisect", "1", head, "0", sys.executable, "-c", "1/0")
    assert "ZeroDivisionError" in papyrus.refused(*broken)
    # The example of the help: the market's next deal ID, a number.
    many = (sys.executable, "-c", "import sys; sys.exit(int(sys.stdin.read()) <= 100)")
    deals = ("chain", "bisect", "1", head, "1/@Ha:f05/1/5", *many)
    assert f"it does not hold at {head} yet" in papyrus.refused(*deals)
    absent = ("chain", "bisect", "1", head, "0", "/nowhere/at/all")
    assert "cannot run /nowhere/at/all" in papyrus.refused(*absent)


def test_use_of_room_is_shown(devnet) -> None:
    papyrus, facts = devnet
    head = papyrus("chain", "head", "--height")
    used = papyrus("chain", "inspect-usage", "--length", head)
    senders = {one["name"]: one["messages"] for one in used["senders"]}
    assert [senders[facts["accounts"][place]["filecoin"]] for place in range(3)] == [1, 1, 1]
    assert used["gas_limit"] == sum(one["gas_limit"] for one in used["methods"])
    assert "account Send" in {one["name"] for one in used["methods"]}
    shown = papyrus.text("chain", "inspect-usage", "--length", head, "--num-results", "1")
    assert f"{used['messages']} messages, {used['gas_limit']:,} gas" in shown


def test_right_proofs_are_not_disputed(devnet) -> None:
    papyrus, facts = devnet
    looked = {"proofs": 0}
    while not looked["proofs"]:
        assert papyrus("mine", "--epochs", "120")["Height"] < 3000
        looked = papyrus("chain", "disputer", "start", "--once")
    assert looked["disputes"] == []
    told = [
        papyrus.refused("chain", "disputer", "dispute", miner, place["deadline"], 0)
        for miner in facts["miners"]
        for place in papyrus("miner", "proving", "deadlines", miner)
    ]
    assert all("it would fail with exit code USR_" in one for one in told)
    assert any("failed to dispute valid post" in one for one in told)


def test_miner_that_signs_two_blocks_is_reported(devnet) -> None:
    papyrus, facts = devnet
    found = facts["miners"][1]
    worker = papyrus("miner", "info", found)["info"]["Worker"]
    papyrus("mine", "20")
    cids = [
        block
        for tipset in papyrus("chain", "list", "--count", "100")
        for block, miner in zip(tipset["key"], tipset["miners"], strict=True)
        if miner == found
    ]
    data = bytes.fromhex(papyrus("chain", "read-obj", cids[0])["hex"])
    header = BlockHeader.from_cbor(data)
    twin = replace(header, timestamp=header.timestamp + 1, block_sig=None)
    with Client(parse_api_info(facts["rpc"])) as node:
        signature = node.wallet_sign(Address.from_string(worker), twin.signing_bytes)
        twin = replace(twin, block_sig=signature)
        node.chain_put_obj(twin.to_cbor())
    told = papyrus.refused("chain", "slash-consensus", cids[0], cids[0])
    assert "message execution failed" in told
    done = papyrus("chain", "slash-consensus", cids[0], str(twin.cid), "--wait")
    assert done["lookup"]["Receipt"]["ExitCode"] == 0
    assert papyrus("miner", "info", found)["info"]["ConsensusFaultElapsed"] > 0
    other = papyrus("chain", "get", "@1")["Cids"][0]["/"]
    genesis = papyrus("chain", "get", "@0")["Cids"][0]["/"]
    assert "a fault is one miner's" in papyrus.refused("chain", "slash-consensus", other, genesis)
