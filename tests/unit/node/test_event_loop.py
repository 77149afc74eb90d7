"""Nothing keeps a node's event loop from the others for 50 ms: no call, no tipset and no disk.

A devnet as it runs, with a worker process, is asked all that may be large. What takes the processor
is measured call by call; what waits for the disk is found by keeping the disk from it.
"""

import asyncio
import itertools
import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest
from devnet_desk import CALLER, devnet_desk
from loop_turns import LIMIT, measured_turns

from papyrus.devnet.people import people_of
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.requests import Call
from papyrus.types.json import to_json
from papyrus.types.message import Message, SignedMessage

SENDERS, EACH = 30, 30
"""Together three times as many messages as a block of the network holds."""

FILES = ("mpool.sqlite", "sent.sqlite", "slash-filter.sqlite", "datastore/chain.sqlite",
         "datastore/index.sqlite")  # fmt: skip

PATIENCE = 20.0
"""Seconds after which the disk is let go of, so that a loop that waits for it is found out."""

HOLD_BLOCKS = """
import sys
from pathlib import Path
import lmdb
environment = lmdb.open(sys.argv[1], map_size=1 << 40, max_dbs=0, subdir=True)
with environment.begin(write=True):
    print("held", flush=True)
    sys.stdin.readline()
"""
"""Keeps everybody else from writing blocks, as a disk does that is busy."""


@pytest.fixture
def desk():
    with devnet_desk(workers=1, accounts=SENDERS) as opened:
        opened.mine()
        yield opened


def messages():
    """Return messages of many senders, in JSON."""
    people = people_of(accounts=SENDERS).accounts
    found = []
    for person, place in itertools.product(people, range(EACH)):
        message = Message(
            version=0, to=people[0].key.address, sender=person.key.address, nonce=place,
            value=TokenAmount(1), gas_limit=2_000_000, gas_fee_cap=TokenAmount(10**10),
            gas_premium=TokenAmount(10**5), method=0, params=b"",
        )  # fmt: skip
        found.append(to_json(SignedMessage(message, person.key.sign(bytes(message.cid))), "t"))
    return found


async def hear(desk, heard):
    """Take what a subscriber to the head is told."""
    call = Call(1, "Filecoin.ChainNotify", [])
    async for item in desk.dispatcher.subscription(call, CALLER):
        heard.append(item)


@contextmanager
def busy_disk(folder):
    """Keep everybody from writing to the files of a node, for some seconds at most."""
    connections = [
        sqlite3.connect(folder / name, isolation_level=None, check_same_thread=False)
        for name in FILES
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_BLOCKS, str(folder / "datastore" / "blocks")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def release():
        for connection in connections:
            connection.close()
        process.kill()

    impatience = threading.Timer(PATIENCE, release)
    with process:
        assert process.stdout.readline() == "held\n"
        for connection in connections:
            connection.execute("BEGIN IMMEDIATE")
        impatience.start()
        try:
            yield
        finally:
            impatience.cancel()
            release()


@pytest.mark.slow
def test_nothing_that_is_asked_keeps_the_loop(desk):
    batch = messages()
    one = batch[0]["Message"]

    async def ask_everything():
        heard = []
        subscribers = [asyncio.create_task(hear(desk, heard)) for _ in range(100)]
        await desk.ask("MpoolBatchPush", batch[: EACH * 10])
        await asyncio.gather(*(desk.ask("MpoolPush", each) for each in batch[EACH * 10 :]))
        assert len(await desk.ask("MpoolPending", [])) == len(batch)
        assert len(await desk.ask("MpoolSelect", [], 0.9)) == len(batch)
        await desk.ask("MpoolCheckPendingMessages", one["From"])
        await desk.ask("MpoolCheckMessages", [{"Message": one, "ValidNonce": True}] * 900)
        waits = [
            asyncio.create_task(desk.ask("StateWaitMsg", each["CID"], 1, -1, True))
            for each in batch[::20]
        ]
        before = await desk.ask("Papyrus.Snapshot")
        await desk.ask("Papyrus.MineTipset", 1, 0)
        held = await desk.ask("ChainHead")
        block = held["Cids"][0]
        assert len((await desk.ask("ChainGetBlockMessages", block))["Cids"]) == len(batch)
        await desk.ask("Papyrus.MineTipset", 30, 0)
        assert all(result["Receipt"]["ExitCode"] == 0 for result in await asyncio.gather(*waits))
        child = (await desk.ask("ChainGetTipSetAfterHeight", held["Height"] + 1, []))["Cids"][0]
        for method, *params in (
            ("ChainGetMessagesInTipset", held["Cids"]),
            ("ChainGetParentMessages", child),
            ("ChainGetParentReceipts", child),
            ("StateCompute", held["Height"], [], held["Cids"]),
            ("StateListMessages", {"To": one["To"]}, [], 0),
            ("StateListActors", []),
            ("StateMarketDeals", []),
            ("StateSearchMsg", [], batch[-1]["CID"], -1, True),
            ("ChainGetPath", (await desk.ask("ChainGetGenesis"))["Cids"], held["Cids"]),
            ("rpc.discover",),
        ):
            await desk.ask(method, *params)
        await desk.ask("Papyrus.Revert", before)
        assert len(await desk.ask("MpoolPending", [])) == len(batch)
        await desk.ask("MpoolClear", True)
        for subscriber in subscribers:
            subscriber.cancel()
        await asyncio.gather(*subscribers, return_exceptions=True)
        assert len(heard) > 100 * 30

    with measured_turns() as turns:
        desk.run(ask_everything())
    assert turns.longest < LIMIT, turns.what


@pytest.mark.slow
def test_vouchers_of_a_channel_do_not_keep_the_loop(desk):
    """A voucher is a payment, so a channel may have thousands."""
    payer, payee = desk.accounts[:2]
    funded = desk("PaychFund", payer, payee, str(10**6))
    desk.mine(2)
    channel = desk("PaychGetWaitReady", funded["WaitSentinel"])
    desk("PaychVoucherCreate", channel, "1", 0)
    manager = desk.devnet.payment_channels.manager
    known = manager.tracked(Address.from_string(channel))
    [first] = manager.vouchers(known.address)
    for nonce in range(2, 3001):
        manager.file.add_voucher(known, replace(first, nonce=nonce))
    with measured_turns() as turns:
        assert len(desk("PaychVoucherList", channel)) == 3000
        desk("PaychVoucherCreate", channel, "2", 1)
        desk("PaychAvailableFunds", channel)
    assert turns.longest < LIMIT, turns.what


@pytest.mark.slow
def test_no_body_and_no_answer_is_too_long_for_the_loop(desk):
    message = messages()[0]
    bodies = [
        {"id": 1, "method": "Filecoin.MpoolBatchPush", "params": [[message] * 8000]},
        {"id": 1, "method": "Filecoin.ChainPutObj", "params": ["A" * (8 << 20)]},
        [{"id": 1, "method": "Filecoin.ChainHead", "params": []}] * 1000,
        {"id": 1, "method": "Filecoin.StateListMessages", "params": [[[[0] * 9] * 9] * 9] * 900},
    ]
    texts = [json.dumps(body) for body in bodies]

    async def ask():
        return [await desk.dispatcher.answer(text, CALLER) for text in texts]

    with measured_turns() as turns:
        answers = [json.loads(answer) for answer in desk.run(ask())]
    assert "1000 at most" in answers[0]["error"]["message"]
    assert len(answers[2]) == 1000
    assert turns.longest < LIMIT, turns.what


def test_loop_goes_on_while_the_disk_takes_nothing(desk):
    batch = messages()[:40]
    folder = desk.node.plan.repository.folder

    async def work():
        began = time.monotonic()
        with busy_disk(folder):
            wish = {"From": batch[-1]["Message"]["From"], "To": batch[0]["Message"]["To"]}
            spec = {"MsgUuid": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "MaxFee": "0"}
            asked = [
                asyncio.create_task(desk.ask(method, *params))
                for method, *params in (
                    ("MpoolBatchPush", batch[:20]),
                    ("MpoolPush", batch[20]),
                    ("MpoolPushMessage", wish | {"Value": "1"}, spec),
                    ("Papyrus.MineTipset", 2, 0),
                )
            ]
            for _ in range(100):
                # Were the loop to wait for a file, nobody would ever let go of it.
                await desk.ask("ChainHead")
                await asyncio.sleep(0.005)
            assert not any(task.done() for task in asked)
            assert time.monotonic() - began < PATIENCE
        return await asyncio.gather(*asked)

    pushed, one, sent, head = desk.run(work())
    assert pushed == [each["CID"] for each in batch[:20]]
    assert one == batch[20]["CID"]
    assert sent["Message"]["Value"] == "1"
    assert head["Height"] == desk("ChainHead")["Height"]
