"""Paych: payment channels as a client has them, on a devnet in this process."""

import asyncio

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.ipld.cid import Cid
from papyrus.node.payment_channels import PaymentChannels
from papyrus.paychan.funding import Wish
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

FIL = 10**18
HALF_A_DAY = 1440


class Ended(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


@pytest.fixture
def pair(desk):
    """Return a payer and a payee between whom there is no channel yet."""
    return desk.accounts[0], desk("WalletNew", "secp256k1")


def fund(desk, payer, payee, amount):
    """Put an amount into the channel of two parties and return the channel."""
    got = desk("PaychFund", payer, payee, str(amount))
    desk.mine(2)
    return desk("PaychGetWaitReady", got["WaitSentinel"])


def get(desk, payer, payee, amount, off_chain=False):
    return desk.ask("PaychGet", payer, payee, str(amount), {"OffChain": off_chain})


def amounts(desk, channel):
    found = desk("PaychAvailableFunds", channel)
    names = ("ConfirmedAmt", "NonReservedAmt", "PendingAmt", "VoucherReedeemedAmt")
    return tuple(int(found[name]) for name in names)


def create(desk, channel, amount, lane=0):
    made = desk("PaychVoucherCreate", channel, str(amount), lane)
    assert made["Shortfall"] == "0"
    return made["Voucher"]


def fee(desk, cid):
    """Return what a message cost its sender beside its value, which must have gone well."""
    found = desk("StateReplay", None, cid)
    assert found["MsgRct"]["ExitCode"] == 0, found["Error"]
    return int(found["GasCost"]["TotalCost"])


def test_channel_pays_to_the_attofil(desk, pair):
    payer, payee = pair
    desk.send(payer, payee, str(FIL))
    before = desk.balance(payer), desk.balance(payee)
    got = desk("PaychFund", payer, payee, str(10 * FIL))
    assert got["Channel"] == "<empty>"
    made = got["WaitSentinel"]
    desk.mine(2)
    channel = desk("PaychGetWaitReady", made)
    assert desk("PaychStatus", channel) == {"ControlAddr": payer, "Direction": 2}
    create(desk, channel, 2 * FIL)
    best = [create(desk, channel, 3 * FIL), create(desk, channel, FIL + 1, lane=4)]
    submitted = [desk("PaychVoucherSubmit", channel, each, None, None) for each in best]
    desk.mine(2)
    settled = desk("PaychSettle", channel)
    desk.mine(2)
    with pytest.raises(Refused, match="payment channel not settling or settled"):
        desk("PaychCollect", channel)
    desk.run(desk.devnet.advance(HALF_A_DAY))
    collected = desk("PaychCollect", channel)
    desk.mine(2)
    own_fees = sum(fee(desk, cid) for cid in (made, settled, collected))
    payee_fees = sum(fee(desk, cid) for cid in submitted)
    owed = 4 * FIL + 1
    assert (desk.balance(payer), desk.balance(payee)) == (
        before[0] - own_fees - owed,
        before[1] - payee_fees + owed,
    )
    assert channel in desk("PaychList")
    with pytest.raises(Refused, match="there is no actor"):
        desk("PaychAvailableFunds", channel)
    assert desk("PaychAvailableFundsByFromTo", payer, payee)["Channel"] is None
    assert not desk.findings()


def test_funds_that_are_there_are_reserved_before_any_are_sent(desk, pair):
    payer, payee = pair
    channel = fund(desk, payer, payee, 100)
    assert amounts(desk, channel) == (100, 100, 0, 0)
    assert desk.run(get(desk, payer, payee, 60)) == {"Channel": channel, "WaitSentinel": None}
    assert amounts(desk, channel) == (100, 40, 0, 0)
    with pytest.raises(Refused, match="not enough funds available in the payment channel"):
        desk.run(get(desk, payer, payee, 41, off_chain=True))
    assert desk.run(get(desk, payer, payee, 40, off_chain=True))["Channel"] == channel
    more = desk.run(get(desk, payer, payee, 41))
    assert more["Channel"] == channel
    assert amounts(desk, channel) == (100, 0, 41, 0)
    desk.mine(2)
    assert desk("PaychGetWaitReady", more["WaitSentinel"]) == channel
    assert amounts(desk, channel) == (141, 0, 0, 0)
    assert desk.balance(channel) == 141


def test_channel_that_must_not_cost_a_message_has_to_be_there(desk, pair):
    payer, payee = pair
    with pytest.raises(Refused, match="payment channel doesn't exist"):
        desk.run(get(desk, payer, payee, 1, off_chain=True))
    got = desk.run(get(desk, payer, payee, 1))
    desk.mine(2)
    assert desk("PaychGetWaitReady", got["WaitSentinel"]).startswith("t2")


def test_wishes_that_come_meanwhile_are_met_together(desk, pair):
    payer, payee = map(Address.from_string, pair)
    channels = desk.devnet.payment_channels

    def wish(amount):
        return channels.fund(payer, payee, Wish(TokenAmount(amount), is_reserved=True))

    async def all_at_once():
        first = await wish(5)
        second, third, gone = (asyncio.create_task(wish(amount)) for amount in (3, 4, 1000))
        await asyncio.sleep(0)
        found = await desk.ask("PaychAvailableFundsByFromTo", *pair)
        assert (found["PendingAmt"], found["QueuedAmt"]) == ("5", "1007")
        assert Cid.from_string(found["PendingWaitSentinel"]["/"]) == first.message
        gone.cancel()
        await desk.devnet.mine(2)
        return first, await second, await third

    first, second, third = desk.run(all_at_once())
    assert first.channel is None
    assert second == third
    desk.mine(2)
    channel = desk.run(channels.ready(third.message)).to_string("t")
    assert amounts(desk, channel) == (12, 0, 0, 0)


def test_channel_that_cannot_be_paid_for_is_not_noted(desk, pair):
    payer, payee = pair
    with pytest.raises(Refused, match="SysErrInsufficientFunds"):
        desk("PaychFund", payer, payee, str(10**9 * FIL))
    assert desk("PaychAvailableFundsByFromTo", payer, payee)["PendingAmt"] == "0"
    assert fund(desk, payer, payee, 1).startswith("t2")


def test_message_that_nobody_sent_for_a_channel_is_not_waited_for(desk):
    with pytest.raises(Refused, match="Could not find wait msg cid"):
        desk("PaychGetWaitReady", desk("ChainHead")["Cids"][0])


def test_payment_is_good_when_it_returns(desk, pair):
    payer, payee = pair
    specs = [{"Amount": "10"}, {"Amount": "30", "MinSettle": 9}]

    async def pay():
        waits = asyncio.Event()
        end = desk.node.pool.subscribe(lambda _: waits.set())
        paying = asyncio.create_task(desk.ask("PaychNewPayment", payer, payee, specs))
        await waits.wait()
        end()
        await desk.devnet.mine(2)
        return await paying

    paid = desk.run(pay())
    first, second = paid["Vouchers"]
    assert (first["Lane"], second["Lane"], second["Nonce"], second["MinSettleHeight"]) == (
        0,
        0,
        2,
        9,
    )
    channel = paid["Channel"]
    assert desk("PaychVoucherCheckValid", channel, second) is None
    assert desk("PaychVoucherList", channel) == [first, second]
    assert desk("PaychAllocateLane", channel) == 1
    with pytest.raises(Refused, match="from 1 to"):
        desk("PaychNewPayment", payer, payee, [])


def test_voucher_is_spendable_until_it_or_a_later_one_is_handed_in(desk, pair):
    payer, payee = pair
    desk.send(payer, payee, str(FIL))
    channel = fund(desk, payer, payee, 100)
    first, second = create(desk, channel, 10), create(desk, channel, 20)

    def spendable(voucher):
        return desk("PaychVoucherCheckSpendable", channel, voucher, None, None)

    assert (spendable(first), spendable(second)) == (True, True)
    assert desk("PaychVoucherAdd", channel, second, None, "0") == "0"
    desk("PaychVoucherSubmit", channel, second, None, None)
    assert (spendable(first), spendable(second)) == (False, False)
    for each in (first, second):
        with pytest.raises(Refused, match="already been submitted"):
            desk("PaychVoucherSubmit", channel, each, None, None)
    with pytest.raises(Refused, match="not been added to channel"):
        spendable({**second, "Nonce": 9})
    desk.mine(2)
    assert create(desk, channel, 100)["Nonce"] == 3
    assert desk("PaychVoucherCreate", channel, "107", 1) == {"Voucher": None, "Shortfall": "107"}


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("PaychVoucherCheckSpendable", [None, "AA=="]),
        ("PaychVoucherSubmit", [None, "AA=="]),
        ("PaychVoucherAdd", ["AA==", "0"]),
    ],
)
def test_proofs_are_refused(desk, pair, method, more):
    channel = fund(desk, *pair, 100)
    with pytest.raises(Refused, match="payment channel proof parameter is not supported"):
        desk(method, channel, create(desk, channel, 10), *more)


@pytest.mark.parametrize(
    "change", [{"Lane": -1}, {"Nonce": -1}, {"TimeLockMin": 2**63}, {"Merges": [{"Lane": -1}]}]
)
def test_voucher_with_numbers_out_of_place_is_refused(desk, pair, change):
    channel = fund(desk, *pair, 100)
    voucher = {**create(desk, channel, 10), **change}
    with pytest.raises(Refused, match="cannot be written") as refused:
        desk("PaychVoucherCheckValid", channel, voucher)
    assert refused.value.code == -32602


def test_lane_out_of_place_is_refused(desk, pair):
    channel = fund(desk, *pair, 100)
    with pytest.raises(Refused, match="64 bits"):
        desk("PaychVoucherCreate", channel, "1", -1)
    with pytest.raises(Refused, match="maximum lane ID"):
        desk("PaychVoucherCreate", channel, "1", 2**63)
    assert desk("PaychVoucherCreate", channel, "1", 2**63 - 1)["Shortfall"] == "0"


@pytest.mark.parametrize("moment", ["before it waits", "after it waits"])
def test_node_that_ended_while_it_sent_knows_afterwards(desk, pair, monkeypatch, moment):
    payer, payee = pair
    sending, channels = desk.devnet.sending, desk.devnet.payment_channels
    send = sending.send

    async def end(message, *, wish):
        if moment == "after it waits":
            await send(message, wish=wish)
        raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(sending, "send", end)
        # What is withdrawn where sending fails, a process that has ended cannot withdraw.
        patch.setattr(channels._file, "withdraw", lambda _: None)
        with pytest.raises(Ended):
            desk("PaychFund", payer, payee, "7")
    found = desk("PaychAvailableFundsByFromTo", payer, payee)
    if moment == "before it waits":
        assert (found["PendingAmt"], desk("MpoolPending", [])) == ("0", [])
        fund(desk, payer, payee, 7)
    else:
        [waiting] = desk("MpoolPending", [])
        assert found["PendingWaitSentinel"] == waiting["CID"]
        desk.mine(2)
    [channel] = [
        each
        for each in desk("PaychList")
        if desk("PaychAvailableFundsByFromTo", payer, payee)["Channel"] == each
    ]
    assert amounts(desk, channel) == (7, 7, 0, 0)


def test_node_that_starts_again_hears_what_became_of_its_messages(desk, pair):
    payer, payee = pair
    sentinel = desk("PaychFund", payer, payee, "5")["WaitSentinel"]
    again = PaymentChannels(desk.node, desk.devnet.sending)
    desk.mine(2)
    channel = desk("PaychGetWaitReady", sentinel)
    assert Address.from_string(channel) in again.manager.addresses()
    again.close()
