"""The record of channels: what it gives back, and that it has it after any end of the process."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from voucher_cases import CHANNEL, PAYEE, PAYER, channel_with, promise

from papyrus.actors.paych.params import Merge
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.paychan.channel_file import ChannelFile
from papyrus.paychan.messages import add_funds
from papyrus.paychan.records import Direction, Funding
from papyrus.paychan.vouchers import standing_of
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import SignedMessage


@pytest.fixture
def file(tmp_path):
    opened = ChannelFile(tmp_path / "channels.sqlite")
    yield opened
    opened.close()


def inbound(file, address=CHANNEL):
    return file.add_inbound(address, PAYER.key, PAYEE.key, 0)


def funding(number, channel=None, amount=10, available=4):
    draft = add_funds(PAYER.key, CHANNEL, TokenAmount(amount))
    return Funding(UUID(int=number), channel, draft, TokenAmount(amount), TokenAmount(available))


def message(of):
    return SignedMessage(of.draft, Signature(SignatureType.BLS, bytes(96)))


def test_funds_are_pending_until_their_message_has_gone_well(file):
    begun = file.begin(funding(1), PAYEE.key)
    [made] = file.outbound(PAYER.key, PAYEE.key)
    assert (made.address, made.confirmed, made.direction) == (None, 0, Direction.OUTBOUND)
    assert file.channels() == []
    assert file.funding_of(made) == begun
    file.sent(begun.wish, message(begun))
    assert file.funding_by(message(begun).cid) == replace(begun, message=message(begun))
    file.succeed(begun, CHANNEL)
    made = replace(made, address=CHANNEL, confirmed=10, available=4)
    assert [file.channel_at(CHANNEL), *file.channels()] == [made, made]
    assert (file.under_way(), file.funding_of(made)) == ([], None)
    more = file.begin(funding(2, made.number, 5, 5), PAYEE.key)
    file.succeed(more, CHANNEL)
    assert file.channel_at(CHANNEL) == replace(made, confirmed=15, available=9)
    file.reserve(made, TokenAmount(9))
    assert file.channel_at(CHANNEL) == replace(made, confirmed=15, available=0)


def test_channel_that_was_not_made_is_forgotten(file):
    begun = file.begin(funding(1), PAYEE.key)
    file.sent(begun.wish, message(begun))
    file.fail(begun, "why")
    assert file.outbound(PAYER.key, PAYEE.key) == file.under_way() == []
    assert file.funding_by(message(begun).cid) == replace(
        begun, channel=None, message=message(begun), outcome="why"
    )


def test_message_that_was_not_sent_leaves_nothing_behind(file):
    file.withdraw(file.begin(funding(1), PAYEE.key))
    assert file.outbound(PAYER.key, PAYEE.key) == file.under_way() == []


@pytest.mark.parametrize("end", [ChannelFile.withdraw, lambda file, of: file.fail(of, "why")])
def test_channel_that_gets_no_more_funds_stays(file, end):
    channel = inbound(file)
    end(file, file.begin(funding(1, channel.number), PAYEE.key))
    assert file.channel_at(CHANNEL) == channel
    assert file.funding_of(channel) is None


def test_channel_that_is_settled_is_not_paid_through(file):
    begun = file.begin(funding(1), PAYEE.key)
    file.succeed(begun, CHANNEL)
    [made] = file.outbound(PAYER.key, PAYEE.key)
    file.mark_settling(made)
    assert file.outbound(PAYER.key, PAYEE.key) == []
    assert file.channel_at(CHANNEL) == replace(made, is_settling=True)


def test_lane_is_given_once_and_none_that_a_voucher_uses(file):
    channel = inbound(file)
    assert [file.allocate_lane(channel), file.allocate_lane(channel)] == [0, 1]
    file.add_voucher(channel, promise(number=7))
    assert file.allocate_lane(channel) == 8
    file.add_voucher(channel, promise(number=2**63 - 1))
    assert file.allocate_lane(channel) == 2**63


def test_voucher_is_kept_once_and_submitted_with_those_before_it(file):
    channel = inbound(file)
    low, high, late = (promise(1, nonce, 10 * nonce) for nonce in (1, 2**63, 2**64 - 1))
    other = promise(2, 1, 5)
    for each in (low, high, other, high, late):
        file.add_voucher(channel, each)
    assert file.vouchers(channel) == [low, high, other, late]
    assert file.best_nonce(channel, 1) == 2**64 - 1
    assert file.best_nonce(channel, 9) == 0
    file.mark_submitted(channel, high)
    assert [file.is_submitted(channel, each) for each in (low, high, other, late)] == [
        True,
        True,
        False,
        False,
    ]
    assert file.is_submitted(channel, promise(3)) is None


MERGING = st.lists(st.builds(Merge, st.integers(0, 2), st.integers(1, 9)), max_size=1)
PROMISES = st.builds(
    promise,
    number=st.integers(0, 2),
    nonce=st.integers(1, 9),
    amount=st.integers(0, 50),
    signer=st.none(),
    merges=st.just(()) | MERGING.map(tuple),
)


@given(st.lists(PROMISES, max_size=10))
def test_decisive_vouchers_come_to_what_all_come_to(tmp_path_factory, vouchers):
    _, channel_now = channel_with()
    opened = ChannelFile(tmp_path_factory.mktemp("file") / "channels.sqlite")
    try:
        channel = inbound(opened)
        standing = standing_of(channel_now, ())
        for each in vouchers:
            # As the manager does: only those are kept that add to what was there.
            if standing_of(channel_now, [*opened.vouchers(channel), each]).lanes != standing.lanes:
                opened.add_voucher(channel, each)
                standing = standing_of(channel_now, opened.vouchers(channel))
        found = standing_of(channel_now, opened.decisive_vouchers(channel))
        assert (found.lanes, found.promised) == (standing.lanes, standing.promised)
    finally:
        opened.close()


KEEPER = """
import sys
from pathlib import Path
from papyrus.actors.paych.params import SignedVoucher
from papyrus.paychan.channel_file import ChannelFile
file = ChannelFile(Path(sys.argv[1]))
[channel] = file.channels()
for line in sys.stdin:
    file.add_voucher(channel, SignedVoucher.from_cbor(bytes.fromhex(line)))
    print("kept", flush=True)
"""


def test_voucher_that_was_acknowledged_outlives_the_process(tmp_path):
    path = tmp_path / "channels.sqlite"
    file = ChannelFile(path)
    channel = inbound(file)
    vouchers = [promise(0, nonce, nonce, signer=None) for nonce in range(1, 31)]
    acknowledged = 0
    for moment in (1, 5, 9):
        process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        lines = (each.to_cbor().hex() + "\n" for each in vouchers[acknowledged:])
        process.stdin.write("".join(lines).encode())
        process.stdin.flush()
        for _ in range(moment):
            assert process.stdout.readline() == b"kept\n"
        acknowledged += moment
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        kept = file.vouchers(channel)
        # One more may have been kept of which nobody was told, but never one less.
        assert kept[:acknowledged] == vouchers[:acknowledged]
        assert kept == vouchers[: len(kept)]
        acknowledged = len(kept)
    file.close()


def test_addresses_come_back_as_they_were(file):
    for address in (Address.from_id(5), PAYEE.key, CHANNEL):
        assert inbound(file, address).address == address
