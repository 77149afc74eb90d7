"""Keys that were made by hand on a devnet outlive the process, and a miner's new worker is one."""

import asyncio
import base64
import json

import pytest
from devnet_process import DevnetProcess, connection

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeWorkerAddressParams
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY

pytestmark = pytest.mark.slow

FIL = 10**18
MINERS = ("t01000", "t01001")
STRANGER = "t1fib3pv7jua2ockdugtz7viz3cyy6lkhh7rfx3sa"
"""Whose key no devnet has."""


def test_new_workers_are_followed_through_restarts(tmp_path):
    asyncio.run(_change_workers(tmp_path))


async def _change_workers(folder):
    process = DevnetProcess(folder, "--miners", "2")
    await process.start()
    facts = await process.ready()
    alice, default = facts["accounts"][0]["filecoin"], facts["accounts"][1]["filecoin"]
    async with connection(facts) as node:
        people = await node.call("Papyrus.Accounts")
        owners = [one["Address"] for one in people if one["Role"] == "worker"]
        kept, lost = [await node.call("Filecoin.WalletNew", "bls") for _ in MINERS]
        for worker in (kept, lost):
            assert await sent(node, alice, worker, str(100 * FIL)) == 0
        await node.call("Filecoin.WalletSetDefault", default)

        async def each(method, params):
            for miner, owner, worker in zip(MINERS, owners, (kept, lost), strict=True):
                assert await sent(node, owner, miner, "0", method, await params(worker)) == 0

        async def new_worker(worker):
            identity = await node.call("Filecoin.StateLookupID", worker, None)
            record = ChangeWorkerAddressParams(Address.from_string(identity), ())
            return base64.b64encode(record.to_cbor()).decode()

        async def nothing(_worker):
            return None

        await each(numbers.CHANGE_WORKER_ADDRESS, new_worker)
        await node.call("Papyrus.AdvanceEpochs", CHAIN_FINALITY)
        await each(numbers.CONFIRM_CHANGE_WORKER_ADDRESS, nothing)
        for miner, worker in zip(MINERS, (kept, lost), strict=True):
            info = await node.call("Filecoin.StateMinerInfo", miner, None)
            assert await node.call("Filecoin.StateAccountKey", info["Worker"], None) == worker
        exported = await node.call("Filecoin.WalletExport", lost)
    assert await process.stop() == 0
    assert told(process) == []

    # A command takes a key away, as somebody may who tidies up.
    done = process.command("wallet", "delete", lost, "--chain", "devnet")
    assert done.returncode == 0
    await process.start()
    facts = await process.ready()
    async with connection(facts) as node:
        assert await node.call("Filecoin.WalletHas", kept)
        assert not await node.call("Filecoin.WalletHas", lost)
        assert await node.call("Filecoin.WalletDefaultAddress") == default
        # Blocks are judged by the worker of a finality ago.
        await node.call("Papyrus.AdvanceEpochs", CHAIN_FINALITY)
        assert await signers(node, 10) == {MINERS[0]}
        base = await base_info(node, MINERS[0])
        assert base["WorkerKey"] == kept
        # A day has passed for each window since the worker changed.
        await node.call("Papyrus.AdvanceEpochs", 2880 - CHAIN_FINALITY)
        assert await node.call("Filecoin.MpoolGetNonce", kept) > 0
        assert await node.call("Filecoin.MpoolGetNonce", lost) == 0
        assert await node.call("Filecoin.StateMinerFaults", MINERS[0], None) == [0]
    assert await process.stop() == 0
    [line] = told(process)
    assert f"the key of {lost}, the worker of {MINERS[1]}, is not in the wallet" in line

    await process.start()
    facts = await process.ready()
    async with connection(facts) as node:
        assert await node.call("Filecoin.WalletImport", exported) == lost
        # The miner has lost its power meanwhile, for nobody has proven its sectors.
        assert await sent(node, lost, alice, str(FIL)) == 0
        assert await signers(node, 3) == {MINERS[0]}
    assert await process.stop() == 0


def test_key_of_a_command_is_there_while_the_devnet_runs_and_afterwards(tmp_path):
    asyncio.run(_make_by_command(tmp_path))


async def _make_by_command(folder):
    process = DevnetProcess(folder)
    await process.start()
    facts = await process.ready()
    alice = facts["accounts"][0]["filecoin"]
    made = process.command("wallet", "new", "--chain", "devnet")
    assert (made.returncode, "NOT encrypted" in made.stderr) == (0, True)
    address = made.stdout.strip()
    async with connection(facts) as node:
        assert await node.call("Filecoin.WalletDefaultAddress") == alice
        assert await sent(node, alice, address, str(2 * FIL)) == 0
    process.kill()
    await process.ended()
    await process.start()
    facts = await process.ready()
    async with connection(facts) as node:
        assert await sent(node, address, alice, str(FIL)) == 0
    assert await process.stop() == 0
    process.options = (*process.options, "--reset")
    await process.start()
    facts = await process.ready()
    async with connection(facts) as node:
        assert await node.call("Filecoin.WalletHas", address)
        assert await node.call("Filecoin.WalletBalance", address) == "0"
    assert await process.stop() == 0


def test_commands_reach_the_keys_of_the_mnemonic(tmp_path):
    asyncio.run(_use_known_keys(tmp_path))


async def _use_known_keys(folder):
    process = DevnetProcess(folder)
    await process.start()
    facts = await process.ready()
    alice, bob = (account["filecoin"] for account in facts["accounts"][:2])

    def wallet(*arguments):
        return process.command("wallet", *arguments, "--chain", "devnet")

    assert wallet("default").stdout.strip() == alice
    unnamed = process.command("wallet", "default")
    assert (unnamed.stdout.strip(), "wallet of devnet" in unnamed.stderr) == (alice, True)
    assert wallet("balance", bob).stdout == "10000 FIL\n"
    assert process.command("send", STRANGER, "2", "--wait").returncode == 0
    stranger = process.command("send", alice, "1", "--from", STRANGER)
    assert "`papyrus wallet list --chain devnet` shows" in stranger.stderr
    made = wallet("new").stdout.strip()
    listed = json.loads(wallet("list", "--json").stdout)
    assert {alice, bob, made} < {row["address"] for row in listed}
    assert [row["address"] for row in listed if row["default"]] == [alice]
    async with connection(facts) as node:
        for chosen in (made, alice):
            assert wallet("set-default", chosen).returncode == 0
            assert wallet("default").stdout.strip() == chosen
            assert await node.call("Filecoin.WalletDefaultAddress") == chosen
        exported = bytes.fromhex(wallet("export", alice).stdout)
        assert json.loads(exported) == await node.call("Filecoin.WalletExport", alice)
        signature = wallet("sign", alice, "68656c6c6f").stdout.strip()
        assert wallet_verifies(process, alice, signature)
        refused = wallet("delete", alice)
        assert refused.returncode == 1
        assert f"the key of {alice} follows from the mnemonic of the devnet" in refused.stderr
        assert await node.call("Filecoin.WalletHas", alice)
    assert await process.stop() == 0
    assert wallet("export", bob).returncode == 0


def wallet_verifies(process, address, signature):
    """Return whether a command finds a signature of `hello` valid."""
    done = process.command("wallet", "verify", address, "68656c6c6f", signature)
    return done.stdout == "valid\n"


def told(process):
    """Return what the devnet warned of, but for a machine that did a lot else."""
    lines = process.stderr_path.read_text().splitlines()
    return [line for line in lines if "loop held up" not in line]


async def sent(node, sender, to, value, method=0, params=None):
    """Send a message, and return its exit code."""
    wish = {"From": sender, "To": to, "Value": value, "Method": method, "Params": params}
    signed = await node.call("Filecoin.MpoolPushMessage", wish, None)
    found = await node.call("Filecoin.StateWaitMsg", signed["CID"], 0, -1, True)
    return found["Receipt"]["ExitCode"]


async def signers(node, count):
    """Make tipsets, and return the miners of their blocks."""
    made = [await node.call("Papyrus.MineTipset") for _ in range(count)]
    return {block["Miner"] for tipset in made for block in tipset["Blocks"]}


async def base_info(node, miner):
    head = await node.call("Filecoin.ChainHead")
    return await node.call("Filecoin.MinerGetBaseInfo", miner, head["Height"] + 1, head["Cids"])
