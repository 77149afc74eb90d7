"""The channels of a node that is paid: its own wallet and record, beside the payer's node."""

import pytest
from devnet_desk import devnet_desk

from papyrus.actors.paych.params import SignedVoucher
from papyrus.paychan.channel_file import ChannelFile
from papyrus.paychan.manager import ChannelManager
from papyrus.paychan.records import Direction
from papyrus.paychan.refusals import (
    ChannelNotTracked,
    ChannelRefusal,
    InsufficientFunds,
    VoucherRefused,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.views.payment_channels import VoucherSpec, terms
from papyrus.wallet.wallet import memory_wallet

HOLDS = 1000


@pytest.fixture(scope="module")
def desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


@pytest.fixture(scope="module")
def channel(desk):
    alice, bob, _ = desk.accounts
    sentinel = desk("PaychFund", alice, bob, str(HOLDS))["WaitSentinel"]
    desk.mine(2)
    return Address.from_string(desk("PaychGetWaitReady", sentinel))


def manager_of(desk, path, *places):
    """Return the channels of someone who has the keys of some of the accounts."""
    keys = [desk.devnet.people.accounts[place].key for place in places]
    chain = desk.devnet.payment_channels.manager.chain
    return ChannelManager(ChannelFile(path / "channels.sqlite"), memory_wallet(keys, 1), chain)


@pytest.fixture
def payer(desk):
    return desk.devnet.payment_channels.manager


@pytest.fixture
def payee(desk, tmp_path):
    found = manager_of(desk, tmp_path, 1)
    yield found
    found.file.close()


@pytest.fixture
def stranger(desk, tmp_path):
    found = manager_of(desk, tmp_path, 2)
    yield found
    found.file.close()


def make(manager, channel, amount, lane) -> SignedVoucher:
    spec = VoucherSpec(TokenAmount(amount))
    return manager.create_voucher(channel, terms(channel, lane, spec))


def test_payee_takes_up_the_channel_with_its_first_voucher(desk, channel, payer, payee):
    lane = payer.allocate_lane(channel)
    first, second = make(payer, channel, 10, lane), make(payer, channel, 25, lane)
    assert (first.nonce, second.nonce) == (1, 2)
    with pytest.raises(ChannelNotTracked):
        payee.tracked(channel)
    assert payee.add_voucher(channel, second) == 25
    taken_up = payee.tracked(channel)
    assert taken_up.direction is Direction.INBOUND
    alice, bob = (account.key.address for account in desk.devnet.people.accounts[:2])
    assert (taken_up.payer, taken_up.payee) == (alice, bob)
    assert payee.add_voucher(channel, second) == 0
    with pytest.raises(VoucherRefused, match="nonce too low"):
        payee.add_voucher(channel, first)
    assert payee.vouchers(channel) == [second]
    assert payee.addresses() == [channel]
    assert payee.redemption(channel, second).sender == bob


def test_channel_of_others_is_not_taken_up(channel, payer, stranger):
    voucher = make(payer, channel, 1, payer.allocate_lane(channel))
    with pytest.raises(ChannelRefusal, match="wallet does not have key"):
        stranger.add_voucher(channel, voucher)
    assert stranger.addresses() == []


def test_what_is_no_channel_is_not_taken_up(desk, payer, payee, channel):
    voucher = make(payer, channel, 1, payer.allocate_lane(channel))
    with pytest.raises(ChannelRefusal, match="is no payment channel"):
        payee.check_voucher(Address.from_string(desk.accounts[0]), voucher)
    with pytest.raises(ChannelRefusal, match="there is no actor"):
        payee.check_voucher(Address.actor(b"nobody"), voucher)


def test_payee_makes_no_voucher(channel, payer, payee):
    lane = payer.allocate_lane(channel)
    payee.add_voucher(channel, make(payer, channel, 5, lane))
    with pytest.raises(VoucherRefused, match="not signed by"):
        make(payee, channel, 9, lane)
    assert make(payer, channel, 9, lane).nonce == 2


def test_voucher_must_add_what_is_asked_for(channel, payer, payee):
    voucher = make(payer, channel, 5, payer.allocate_lane(channel))
    with pytest.raises(VoucherRefused, match="supplied token amount too low; minD=6, D=5"):
        payee.add_voucher(channel, voucher, TokenAmount(6))
    assert payee.vouchers(channel) == []
    assert payee.add_voucher(channel, voucher, TokenAmount(5)) == 5


def test_voucher_that_is_kept_stays_good_until_there_is_a_later_one(channel, payer):
    lane = payer.allocate_lane(channel)
    first = make(payer, channel, 5, lane)
    assert payer.check_voucher(channel, first) == 5
    second = make(payer, channel, 7, lane)
    assert payer.check_voucher(channel, second) == 7
    with pytest.raises(VoucherRefused, match="nonce too low"):
        payer.check_voucher(channel, first)


def test_vouchers_of_all_lanes_together_are_covered(channel, payer):
    promised = int(payer.funds(payer.tracked(channel)).promised)
    lanes = [payer.allocate_lane(channel) for _ in range(2)]
    left = HOLDS - promised
    make(payer, channel, left - 3, lanes[0])
    with pytest.raises(InsufficientFunds) as short:
        make(payer, channel, 5, lanes[1])
    assert short.value.shortfall == 2
    assert make(payer, channel, 3, lanes[1]).nonce == 1
    assert payer.funds(payer.tracked(channel)).promised == HOLDS
