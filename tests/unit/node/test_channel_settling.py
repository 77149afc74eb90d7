"""A node that is paid hands its vouchers in by itself, once its channel is being settled."""

import asyncio
import logging
from contextlib import contextmanager, suppress

import pytest
from devnet_desk import devnet_desk

from papyrus.actors.paych.params import UPDATE_CHANNEL_STATE, UpdateChannelStateParams
from papyrus.crypto.signatures import SignatureType
from papyrus.node.channel_settling import ChannelSettling
from papyrus.paychan.channel_file import ChannelFile
from papyrus.paychan.manager import ChannelManager
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.views.payment_channels import VoucherSpec, terms
from papyrus.wallet.keys import new_key
from papyrus.wallet.wallet import memory_wallet

HALF_A_DAY = 1440
LOOKS = 20
"""Turns of the event loop in which whoever watches has seen what there is."""


class Payee:
    """Who is paid, and what watches over it, beside a node that plays the payer."""

    def __init__(self, desk, path, key):
        self.desk, self.key = desk, key
        self.payer = desk.devnet.payment_channels.manager
        wallet = memory_wallet([key], 1)
        self.manager = ChannelManager(ChannelFile(path), wallet, self.payer.chain)

    def new_channel(self):
        parties = self.desk.accounts[0], self.key.address.to_string("t")
        sentinel = self.desk("PaychFund", *parties, "1000")["WaitSentinel"]
        self.desk.mine(2)
        return Address.from_string(self.desk("PaychGetWaitReady", sentinel))

    def promise(self, channel, lane, amount):
        """Keep a voucher that the payer has made."""
        spec = VoucherSpec(TokenAmount(amount))
        voucher = self.payer.create_voucher(channel, terms(channel, lane, spec))
        self.manager.add_voucher(channel, voucher)

    @contextmanager
    def watching(self, confidence=0):
        """Watch over the channels until the block ends, as a node does while it runs."""
        desk = self.desk
        settling = ChannelSettling(desk.node, desk.devnet.sending, self.manager, confidence)

        async def begin():
            return asyncio.create_task(settling.run())

        async def end(task):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        task = desk.run(begin())
        try:
            yield
        finally:
            desk.run(end(task))

    def waiting(self):
        """Return the lanes and amounts of the vouchers that wait for a block."""
        return [
            (found.lane, int(found.amount))
            for signed in self.desk.node.pool.pending_of(self.key.address)
            if signed.message.method == UPDATE_CHANNEL_STATE
            for found in [UpdateChannelStateParams.from_cbor(signed.message.params).voucher]
        ]

    def hands_in(self, *vouchers):
        """See that these vouchers and no others come to wait for a block."""

        async def look():
            async with asyncio.timeout(20):
                while len(self.waiting()) < len(vouchers):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.01)

        self.desk.run(look())
        self.hands_in_no_more(*vouchers)

    def hands_in_no_more(self, *vouchers):
        async def look():
            for _ in range(LOOKS):
                await asyncio.sleep(0.005)

        self.desk.run(look())
        assert self.waiting() == list(vouchers)

    def owed(self, channel):
        """Return what the channel pays this one when it is collected."""
        return int(self.manager.chain().channel(channel).state.to_send)


@pytest.fixture
def desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


@pytest.fixture
def bob(desk, tmp_path):
    found = Payee(desk, tmp_path / "channels.sqlite", desk.devnet.people.accounts[1].key)
    yield found
    found.manager.file.close()


def told(caplog):
    """Return what was said of channels."""
    return [record for record in caplog.records if record.name == "papyrus.paychan"]


def settle(desk, channel):
    """Let the payer settle a channel, and see that done."""
    assert desk.receipt(desk("PaychSettle", channel.to_string("t")))["ExitCode"] == 0


def test_best_voucher_of_each_lane_is_handed_in_once(desk, bob):
    channel = bob.new_channel()
    for lane, amount in ((0, 10), (0, 30), (1, 5), (0, 40), (2, 7)):
        bob.promise(channel, lane, amount)
    with bob.watching():
        bob.hands_in_no_more()
    settle(desk, channel)
    with bob.watching():
        bob.hands_in((1, 5), (0, 40), (2, 7))
        desk.mine(2)
        assert bob.owed(channel) == 52
        desk.mine(2)
        bob.hands_in_no_more()
        bob.promise(channel, 1, 6)
        desk.mine()
        bob.hands_in((1, 6))
    desk.mine(2)
    assert bob.owed(channel) == 53
    assert desk.findings() == ()


def test_voucher_that_was_handed_in_before_is_not_sent_again(desk, bob):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)
    [voucher] = bob.manager.vouchers(channel)
    message = bob.manager.redemption(channel, voucher)
    settle(desk, channel)
    desk.run(desk.devnet.sending.send(message))
    with bob.watching():
        bob.hands_in_no_more((0, 10))
        desk.mine(2)
        bob.hands_in_no_more()
    assert bob.owed(channel) == 10


@pytest.mark.parametrize("waits", [True, False])
def test_restart_between_settling_and_handing_in(desk, bob, waits):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)
    settle(desk, channel)
    if waits:
        with bob.watching():
            bob.hands_in((0, 10))
    with bob.watching():
        bob.hands_in((0, 10))
        desk.mine(2)
        bob.hands_in_no_more()
    assert bob.owed(channel) == 10


def test_channel_must_have_been_settling_for_some_epochs(desk, bob):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)
    with bob.watching(confidence=4):
        number = desk("Papyrus.Snapshot")
        settle(desk, channel)
        bob.hands_in_no_more()
        desk.mine(2)
        bob.hands_in_no_more()
        # A fork that is given up begins the count anew.
        desk("Papyrus.Revert", number)
        bob.hands_in_no_more()
        settle(desk, channel)
        bob.hands_in_no_more()
        desk.mine(2)
        bob.hands_in_no_more()
        desk.mine()
        bob.hands_in((0, 10))
        desk.mine(2)
    assert bob.owed(channel) == 10


def test_message_that_a_fork_has_undone_is_sent_again(desk, bob):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)
    settle(desk, channel)
    number = desk("Papyrus.Snapshot")
    with bob.watching():
        bob.hands_in((0, 10))
        desk.mine(2)
        assert bob.owed(channel) == 10
        desk("Papyrus.Revert", number)
        bob.hands_in((0, 10))
        desk.mine(2)
    assert bob.owed(channel) == 10


def test_voucher_whose_message_failed_is_told_of_and_not_sent_again(desk, bob, caplog):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)
    settle(desk, channel)
    with bob.watching(), caplog.at_level(logging.WARNING):
        bob.hands_in((0, 10))
        # Who pays has the deposit no more: the channel holds too little when the voucher comes.
        balance = desk("Papyrus.SetBalance", channel.to_string("t"), "9")
        assert balance is not None
        desk.mine(3)
        bob.hands_in_no_more()
    assert [record.getMessage() for record in told(caplog)] == ["a voucher was not redeemed"]


def test_node_without_the_key_of_the_payee_says_so_once_and_goes_on_when_it_comes(
    desk, tmp_path, caplog
):
    key = new_key(SignatureType.SECP256K1)
    carol = Payee(desk, tmp_path / "channels.sqlite", key)
    desk.send(desk.accounts[0], key.address.to_string("t"), str(10**18))
    channel = carol.new_channel()
    carol.promise(channel, 0, 10)
    with carol.watching(), caplog.at_level(logging.WARNING):
        settle(desk, channel)
        desk.mine(2)
        carol.hands_in_no_more()
        [record] = told(caplog)
        assert "the payee's key be imported" in record.getMessage()
        assert record.fields["payee"] == key.address
        desk.node.wallet.import_(key)
        desk.mine()
        carol.hands_in((0, 10))
        desk.mine(2)
    assert carol.owed(channel) == 10
    carol.manager.file.close()


def test_voucher_that_cannot_be_sent_is_tried_again(desk, bob, caplog, monkeypatch):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)

    async def refuse(_message):
        raise LocalFault("the wallet is locked")

    settle(desk, channel)
    monkeypatch.setattr(desk.devnet.sending, "send", refuse)
    with bob.watching(), caplog.at_level(logging.WARNING):
        bob.hands_in_no_more()
        desk.mine(2)
        bob.hands_in_no_more()
        assert len(told(caplog)) == 1
        monkeypatch.undo()
        desk.mine()
        bob.hands_in((0, 10))
        desk.mine(2)
    assert bob.owed(channel) == 10


def test_voucher_that_comes_too_late_is_told_of(desk, bob, caplog):
    channel = bob.new_channel()
    bob.promise(channel, 0, 10)
    settle(desk, channel)
    desk.run(desk.devnet.advance(HALF_A_DAY))
    with bob.watching(), caplog.at_level(logging.WARNING):
        bob.hands_in_no_more()
        desk.mine()
        bob.hands_in_no_more()
    assert [record.getMessage() for record in told(caplog)] == ["vouchers came too late"]
