"""Payment channels by command on a devnet: what they pay, and that promises outlive the process."""

import asyncio
from random import Random

import pytest
from command_shell import CommandShell
from devnet_process import DevnetProcess, connection
from running_devnet import running_devnet

pytestmark = pytest.mark.slow

FIL = 10**18
HALF_A_DAY = 1440


@pytest.fixture(scope="module")
def papyrus(tmp_path_factory):
    """Give a shell beside a devnet."""
    folder = tmp_path_factory.mktemp("channels")
    with running_devnet(folder) as facts, CommandShell(folder) as shell:
        shell.accounts = [account["filecoin"] for account in facts["accounts"]]
        yield shell


def balance(papyrus, address):
    return int(papyrus("wallet", "balance", address)["balance"])


def fee(papyrus, cid):
    """Return what a message that went well cost beside its value."""
    found = papyrus("state", "replay", cid)
    assert found["MsgRct"]["ExitCode"] == 0
    return int(found["GasCost"]["TotalCost"])


def test_channel_pays_by_vouchers_to_the_attofil(papyrus):
    alice, bob = papyrus.accounts[:2]
    before = balance(papyrus, alice), balance(papyrus, bob)
    funded = papyrus("paych", "add-funds", alice, bob, "10")
    channel = funded["channel"]
    assert papyrus("paych", "list") == [channel]
    assert papyrus.text("paych", "add-funds", alice, bob, "4", "--reserve").strip() == channel

    first = papyrus("paych", "voucher", "create", channel, "2")["text"]
    second = papyrus.text("paych", "voucher", "create", channel, "3").strip()
    other = papyrus("paych", "voucher", "create", channel, "0.5", "--lane", "1")["text"]
    told = papyrus.refused("paych", "voucher", "create", channel, "9.6")
    assert "holds 0.1 FIL too little" in told
    assert papyrus("paych", "voucher", "check", channel, second) == {"valid": True}
    assert "nonce too low" in papyrus.refused("paych", "voucher", "check", channel, first)
    assert papyrus("paych", "voucher", "add", channel, second) == {"added": "0"}
    assert papyrus.text("paych", "voucher", "list", channel).splitlines() == [
        "Lane 0, Nonce 1: 2 FIL",
        "Lane 0, Nonce 2: 3 FIL",
        "Lane 1, Nonce 1: 0.5 FIL",
    ]
    best = papyrus("paych", "voucher", "best-spendable", channel)
    assert [voucher["Text"] for voucher in best] == [second, other]
    status = papyrus("paych", "status-by-from-to", alice, bob)
    assert status == papyrus("paych", "status", channel)
    assert (status["ConfirmedAmt"], status["NonReservedAmt"], status["VoucherReedeemedAmt"]) == (
        str(10 * FIL),
        str(6 * FIL),
        str(35 * FIL // 10),
    )

    submitted = [papyrus("paych", "voucher", "submit", channel, text) for text in (second, other)]
    assert papyrus("paych", "voucher", "best-spendable", channel) == []
    settled = papyrus("paych", "settle", channel)
    assert settled["settling_at"] > HALF_A_DAY
    assert "not settling or settled" in papyrus.refused("paych", "collect", channel)
    papyrus("mine", "--epochs", str(HALF_A_DAY))
    collected = papyrus("paych", "collect", channel)

    owed = 35 * FIL // 10
    fees = sum(fee(papyrus, cid) for cid in (funded["message"], settled["cid"], collected["cid"]))
    assert balance(papyrus, alice) == before[0] - owed - fees
    fees = sum(fee(papyrus, each["cid"]) for each in submitted)
    assert balance(papyrus, bob) == before[1] + owed - fees
    assert "there is no actor" in papyrus.refused("paych", "status", channel)

    papyrus("mine")
    path = papyrus.folder / "state.car"
    papyrus("snapshot", "export", path, "--chain", "devnet", "--recent-stateroots", "900")
    report = papyrus("state", "check", path)
    assert (report["findings"], report["whole"]) == ([], True)


def test_what_is_no_voucher_is_told(papyrus):
    told = papyrus.refused("paych", "voucher", "check", "t01", "abcd")
    assert told.startswith("papyrus: this is no voucher")


def test_vouchers_that_were_acknowledged_outlive_any_end_of_the_devnet(tmp_path):
    asyncio.run(_kill_while_vouchers_are_made(tmp_path, Random(5), ends=3))  # noqa: S311 - moments


async def _kill_while_vouchers_are_made(folder, chance, ends):
    process = DevnetProcess(folder)
    await process.start()
    facts = await process.ready()
    alice, bob = (account["filecoin"] for account in facts["accounts"][:2])
    async with connection(facts) as node:
        funded = await node.call("Filecoin.PaychFund", alice, bob, "1000")
        channel = await node.call("Filecoin.PaychGetWaitReady", funded["WaitSentinel"])
    acknowledged = []
    for _ in range(ends):
        async with connection(facts) as node:
            for _ in range(chance.randint(1, 9)):
                amount = str(len(acknowledged) + 1)
                made = await node.call("Filecoin.PaychVoucherCreate", channel, amount, 0)
                acknowledged.append(made["Voucher"])
            process.kill()
            await process.ended()
        await process.start()
        facts = await process.ready()
        async with connection(facts) as node:
            assert await node.call("Filecoin.PaychVoucherList", channel) == acknowledged
            assert await node.call("Filecoin.PaychList") == [channel]
    assert await process.stop() == 0
