"""Payment channels by command on a devnet: what they pay, and that promises outlive the process."""

import asyncio
import base64
from random import Random

import pytest
from channels import voucher as unsigned_voucher
from command_shell import CommandShell
from devnet_process import PATIENCE, DevnetProcess, RefusedCallError, connection
from running_devnet import running_devnet

from papyrus.actors.init.params import ExecReturn
from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import Cid
from papyrus.paychan import messages
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.json_codecs import codec_of
from papyrus.rpc.views.payment_channels import Voucher
from papyrus.types.message import Message, SignedMessage
from papyrus.wallet.keys import new_key

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


def test_payee_hands_vouchers_in_by_itself_when_a_stranger_settles(tmp_path):
    asyncio.run(_settled_by_a_stranger(tmp_path))


class Stranger:
    """A payer whose key is on no node."""

    def __init__(self, key):
        self.key, self.node, self.channel = key, None, None

    @property
    def address(self):
        return self.key.address.to_string("t")

    async def send(self, draft):
        """Send a message from outside, and return its receipt once it is executed."""
        told = codec_of(Message).write(draft, "t")
        told["Nonce"] = await self.node.call("Filecoin.MpoolGetNonce", self.address)
        filled = await self.node.call("Filecoin.GasEstimateMessageGas", told, None, None)
        message = codec_of(Message).read({**filled, "Nonce": told["Nonce"]})
        signed = SignedMessage(message, self.key.sign(bytes(message.cid)))
        pushed = codec_of(SignedMessage).write(signed, "t")
        cid = await self.node.call("Filecoin.MpoolPush", pushed)
        found = await self.node.call("Filecoin.StateWaitMsg", cid, 0, -1, True)
        assert found["Receipt"]["ExitCode"] == 0
        return found["Receipt"]

    def voucher(self, **terms):
        """Return a voucher as the interface has it."""
        amount = TokenAmount(terms.pop("amount"))
        found = unsigned_voucher(self.channel, self.key, amount=amount, **terms)
        return codec_of(Voucher).write(found, "t")


async def promised(node, channel):
    found = await node.call("Filecoin.StateReadState", channel, None)
    return int(found["State"]["ToSend"])


async def _settled_by_a_stranger(folder):
    process = DevnetProcess(folder)
    await process.start()
    facts = await process.ready()
    bob = facts["accounts"][1]["filecoin"]
    stranger = Stranger(new_key(SignatureType.SECP256K1))
    async with connection(facts) as node:
        stranger.node = node
        await node.call("Papyrus.SetBalance", stranger.address, str(10 * FIL))
        codes = await node.call("Filecoin.StateActorCodeCIDs", 28)
        code = Cid.from_string(codes["paymentchannel"]["/"])
        payee, funds = Address.from_string(bob), TokenAmount(5 * FIL)
        made = await stranger.send(messages.create(code, stranger.key.address, payee, funds))
        returned = ExecReturn.from_cbor(base64.b64decode(made["Return"]))
        stranger.channel = returned.robust_address
        channel = stranger.channel.to_string("t")
        vouchers = [
            stranger.voucher(lane=0, nonce=1, amount=1 * FIL),
            stranger.voucher(lane=0, nonce=2, amount=2 * FIL),
            stranger.voucher(lane=1, nonce=1, amount=FIL // 2),
            stranger.voucher(lane=2, nonce=1, amount=FIL // 4),
        ]
        for voucher in vouchers:
            await node.call("Filecoin.PaychVoucherAdd", channel, voucher, None, "0")
        worse = stranger.voucher(lane=0, nonce=3, amount=FIL)
        with pytest.raises(RefusedCallError, match="amount is lower"):
            await node.call("Filecoin.PaychVoucherAdd", channel, worse, None, "0")
        status = await node.call("Filecoin.PaychStatus", channel)
        assert status == {"ControlAddr": bob, "Direction": 1}
        spent = await node.call("Filecoin.PaychVoucherSubmit", channel, vouchers[3], None, None)
        await node.call("Filecoin.StateWaitMsg", spent, 0, -1, True)
        # The payee's key is away while the stranger settles, and there again after a restart.
        await node.call("Filecoin.WalletDelete", bob)
        await stranger.send(messages.settle(stranger.key.address, stranger.channel))
        assert await node.call("Filecoin.MpoolPending", None) == []
    assert await process.stop() == 0
    assert "the payee's key be imported" in process.stderr_path.read_text()

    await process.start()
    facts = await process.ready()
    async with connection(facts) as node:
        stranger.node = node
        before = int(await node.call("Filecoin.WalletBalance", bob))
        owed = 2 * FIL + FIL // 2 + FIL // 4
        async with asyncio.timeout(PATIENCE):
            while await promised(node, channel) != owed:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
        await node.call("Papyrus.AdvanceEpochs", HALF_A_DAY)
        assert await node.call("Filecoin.MpoolPending", None) == []
        nonce = await node.call("Filecoin.MpoolGetNonce", bob)
        assert nonce == 3
        await stranger.send(messages.collect(stranger.key.address, stranger.channel))
        after = int(await node.call("Filecoin.WalletBalance", bob))
        assert before + owed - FIL // 1000 < after <= before + owed
    assert await process.stop() == 0


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
