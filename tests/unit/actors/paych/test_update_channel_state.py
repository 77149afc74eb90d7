"""Who may hand in which voucher, and when."""

from dataclasses import replace

import pytest
from channels import lanes_of, put_channel, redeem, signed, voucher
from multisigs import proposal, propose

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.multisig.params import PROPOSE
from papyrus.actors.paych.actor import CHANNEL_STATE_UPDATE_AFTER_SETTLED
from papyrus.actors.paych.params import (
    SETTLE,
    UPDATE_CHANNEL_STATE,
    Extra,
    UpdateChannelStateParams,
)
from papyrus.actors.paych.state import Lane, State
from papyrus.crypto.hashing import blake2b_256
from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

BAD = ExitCode.USR_ILLEGAL_ARGUMENT


def test_either_party_redeems_what_the_other_signed(vm, payer, payee):
    assert redeem(vm, payee.id, 200, voucher(200, payer, amount=7)).code == ExitCode.OK
    assert redeem(vm, payer.id, 200, voucher(200, payee, nonce=2, amount=5)).code == ExitCode.OK
    assert lanes_of(vm, 200) == {0: Lane(5, 2)}
    assert vm.one.state(200, State).to_send == 5


def test_a_partys_own_voucher_is_refused(vm, payer, payee):
    assert redeem(vm, payer.id, 200, voucher(200, payer)).code == BAD
    assert redeem(vm, payee.id, 200, voucher(200, payee)).code == BAD


def test_is_for_the_parties_alone(vm, payer):
    assert redeem(vm, 102, 200, voucher(200, payer)).code == ExitCode.USR_FORBIDDEN
    assert redeem(vm, 102, 200, voucher(200)).code == ExitCode.USR_FORBIDDEN


def test_a_voucher_must_be_signed(vm, payee):
    assert redeem(vm, payee.id, 200, voucher(200)).code == BAD


def test_a_signature_holds_for_what_was_signed(vm, payer, payee):
    changed = replace(voucher(200, payer), amount=2)
    assert redeem(vm, payee.id, 200, changed).code == BAD


@pytest.mark.parametrize("length", [0, 64, 66, 199, 200, 1000])
@pytest.mark.parametrize("kind", [SignatureType.SECP256K1, SignatureType.BLS])
def test_signatures_of_any_length_are_only_wrong(vm, payee, kind, length):
    promised = replace(voucher(200), signature=GivenSignature(kind, bytes(length)))
    assert redeem(vm, payee.id, 200, promised).code == BAD


def test_the_type_of_a_signature_is_that_of_the_account(vm, payer, payee):
    # Only the data of the signature travels to the account, whatever type it was given.
    right = voucher(200, payer).signature
    given = GivenSignature(SignatureType.BLS, right.data)
    assert redeem(vm, payee.id, 200, replace(voucher(200), signature=given)).code == ExitCode.OK


@pytest.mark.parametrize("signature", [b"\x40", b"\x41\x00", b"\x41\x03", b"\x41\x04", b"\x60"])
def test_unknown_signatures_do_not_decode(vm, payee, signature):
    data = UpdateChannelStateParams(voucher(200), b"").to_cbor()
    assert data.endswith(b"\xf6\x40")
    params = data[:-2] + signature + b"\x40"
    assert vm.send(payee.id, 200, UPDATE_CHANNEL_STATE, params).code == ExitCode.USR_SERIALIZATION


def test_a_voucher_is_for_its_channel(vm, payer, payee):
    assert redeem(vm, payee.id, 200, voucher(201, payer)).code == BAD
    assert redeem(vm, payee.id, 200, voucher(Address.actor(b"nobody"), payer)).code == BAD
    assert redeem(vm, payee.id, 200, voucher(2**64 - 1, payer)).code == BAD


def test_a_channel_may_be_named_by_any_address(vm, payer, payee):
    robust = Address.actor(b"the channel")
    names = {payer.key: payer.id, payee.key: payee.id, robust: 200}
    vm.each(lambda one: one.put_addresses(names))
    assert redeem(vm, payee.id, 200, voucher(robust, payer)).code == ExitCode.OK


@pytest.mark.parametrize(
    ("low", "high", "code"),
    [
        (1000, 0, ExitCode.OK),
        (1001, 0, BAD),
        (0, 1000, ExitCode.OK),
        (0, 999, BAD),
        (1000, 1000, ExitCode.OK),
        (-(2**63), 2**63 - 1, ExitCode.OK),
        (0, -1, BAD),
    ],
)
def test_a_voucher_holds_from_one_epoch_to_another(vm, payer, payee, low, high, code):
    promised = voucher(200, payer, time_lock_min=low, time_lock_max=high)
    assert redeem(vm, payee.id, 200, promised).code == code


@pytest.mark.parametrize(
    ("secret", "told", "code"),
    [
        (b"open", b"open", ExitCode.OK),
        (b"open", b"shut", BAD),
        (b"", b"", ExitCode.OK),
        (b"x" * 256, b"x" * 256, ExitCode.OK),
        (b"x" * 257, b"x" * 257, BAD),
    ],
)
def test_a_secret_must_be_told(vm, payer, payee, secret, told, code):
    promised = voucher(200, payer, secret_hash=blake2b_256(secret))
    assert redeem(vm, payee.id, 200, promised, told).code == code


def test_a_secret_that_is_not_asked_for_may_be_told_if_short(vm, payer, payee):
    assert redeem(vm, payee.id, 200, voucher(200, payer), b"anything").code == ExitCode.OK
    assert redeem(vm, payee.id, 201, voucher(201, payer), b"x" * 257).code == BAD


def test_a_hash_that_is_none_is_never_met(vm, payer, payee):
    short = blake2b_256(b"open")[:31]
    assert redeem(vm, payee.id, 200, voucher(200, payer, secret_hash=short), b"open").code == BAD


@pytest.mark.parametrize(
    ("epoch", "code"), [(1999, ExitCode.OK), (2000, CHANNEL_STATE_UPDATE_AFTER_SETTLED)]
)
def test_nothing_is_redeemed_once_the_channel_can_be_collected(vm, payer, payee, epoch, code):
    vm.each(lambda one: one.change(epoch=epoch))
    assert redeem(vm, payee.id, 202, voucher(202, payer)).code == code
    assert redeem(vm, payee.id, 202, voucher(202)).code == BAD


def test_a_party_that_cannot_sign_cannot_be_believed(vm, payee):
    # A multisig answers any exported number with nothing, which is no yes.
    promised = voucher(203, payee)
    assert redeem(vm, payee.id, 203, promised).code == ExitCode.USR_ASSERTION_FAILED
    # Its own vouchers need the payee, who signs.
    params = UpdateChannelStateParams(promised, b"")
    answer = propose(vm, 100, 300, 203, UPDATE_CHANNEL_STATE, params)
    assert answer.exit_code == ExitCode.OK


def test_a_party_without_the_method_fails_with_its_own_code(vm, payee):
    vm.each(lambda one: put_channel(one, 205, 200, payee.id, balance=5))
    refused = redeem(vm, payee.id, 205, voucher(205, payee))
    assert refused.code == ExitCode.USR_UNHANDLED_MESSAGE


def test_an_extra_message_must_succeed(vm, payer, payee):
    def outcome(extra):
        return redeem(vm, payee.id, 200, voucher(200, payer, extra=extra)).code

    assert outcome(Extra(Address.from_id(999), 0, b"")) == ExitCode.USR_UNSPECIFIED
    assert outcome(Extra(Address.from_id(200), SETTLE, b"")) == BAD
    assert outcome(Extra(Address.from_id(102), 3, b"")) == ExitCode.USR_UNHANDLED_MESSAGE
    # Parameters are sent even where they are empty: a method without any refuses them.
    assert outcome(Extra(Address.from_id(102), 2, b"")) == BAD
    assert outcome(Extra(Address.from_id(102), 1 << 24, b"\xff")) == ExitCode.OK


def test_an_extra_message_that_changes_the_channel_is_not_undone(vm, payer, payee):
    """The channel signs for the multisig that is its payer, and so can settle itself."""
    settle = proposal(203, SETTLE)
    extra = Extra(Address.from_id(300), PROPOSE, settle.to_cbor())
    promised = voucher(203, payee, extra=extra, amount=4)
    params = UpdateChannelStateParams(promised, b"")
    answer = propose(vm, payer.id, 300, 203, UPDATE_CHANNEL_STATE, params)
    assert answer.exit_code == ExitCode.OK
    state = vm.one.state(203, State)
    assert (state.settling_at, state.to_send) == (1000 + 1440, 4)


def test_an_extra_message_may_redeem_another_voucher_of_the_lane_first(vm, payer, payee):
    inner = UpdateChannelStateParams(voucher(203, payee, nonce=5, amount=9), b"")
    extra = Extra(
        Address.from_id(300), PROPOSE, proposal(203, UPDATE_CHANNEL_STATE, inner).to_cbor()
    )
    for nonce, code in ((5, BAD), (6, ExitCode.OK)):
        outer = UpdateChannelStateParams(voucher(203, payee, nonce=nonce, extra=extra), b"")
        answer = propose(vm, payer.id, 300, 203, UPDATE_CHANNEL_STATE, outer)
        assert answer.exit_code == code
    # The multisig does not mind that the inner voucher is refused the second time.
    assert lanes_of(vm, 203) == {0: Lane(1, 6)}


@pytest.mark.parametrize("place", range(11))
def test_every_field_of_a_voucher_must_decode(vm, payee, place):
    items = [b"\x42\x00\x64", b"\x00", b"\x00", b"\x40", b"\xf6", b"\x00", b"\x01", b"\x40"]
    items += [b"\x00", b"\x80", b"\xf6"]
    assert voucher(100, amount=0).to_cbor() == b"\x8b" + b"".join(items)
    items[place] = b"\xf5"
    params = b"\x82\x8b" + b"".join(items) + b"\x40"
    assert vm.send(payee.id, 200, UPDATE_CHANNEL_STATE, params).code == ExitCode.USR_SERIALIZATION


def test_what_is_signed_is_the_canonical_form_of_what_came(vm, payer, payee):
    promised = UpdateChannelStateParams(voucher(200, payer, amount=1), b"").to_cbor()
    assert promised[:2] == b"\x82\x8b"
    loose = b"\x98\x02\x98\x0b" + promised[2:]
    assert vm.send(payee.id, 200, UPDATE_CHANNEL_STATE, loose).code == ExitCode.OK


def test_wants_parameters(vm, payee):
    assert vm.send(payee.id, 200, UPDATE_CHANNEL_STATE).code == BAD


def test_signing_is_of_everything_but_the_signature(payer):
    once = voucher(200, payer)
    assert once.signing_bytes() == signed(once, payer).signing_bytes()
    assert once.signing_bytes().endswith(b"\xf6")
