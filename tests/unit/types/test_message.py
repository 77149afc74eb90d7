"""Messages and signed messages."""

from dataclasses import replace

import pytest

from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import DecodeError
from papyrus.types.message import Message, SignedMessage


def test_message_is_the_array_of_its_ten_fields(message):
    encoded = message.to_cbor()
    assert encoded[0] == 0x8A
    assert Message.from_cbor(encoded) == message
    assert message.cid == Cid.of(encoded)
    assert message.chain_length == len(encoded)


def test_message_of_nine_fields_is_refused(message):
    with pytest.raises(DecodeError, match="Message"):
        Message.from_ipld(message.to_ipld()[:9])


def test_message_without_a_receiver_is_refused(message):
    fields = message.to_ipld()
    fields[1] = b""
    with pytest.raises(DecodeError, match=r"Message\.to"):
        Message.from_ipld(fields)


def test_params_over_two_mebibytes_are_refused(message):
    fields = message.to_ipld()
    fields[9] = bytes((2 << 20) + 1)
    with pytest.raises(DecodeError, match=r"Message\.params"):
        Message.from_ipld(fields)


def test_signed_message_is_known_and_measured_with_its_signature(signed):
    encoded = signed.to_cbor()
    assert SignedMessage.from_cbor(encoded) == signed
    assert signed.cid == Cid.of(encoded)
    assert signed.chain_length == len(encoded)


def test_bls_message_is_known_and_measured_without_its_signature(message):
    signed = SignedMessage(message, Signature(SignatureType.BLS, bytes(96)))
    assert signed.cid == message.cid
    assert signed.chain_length == message.chain_length


def test_both_forms_give_the_message(message, signed):
    assert message.unsigned is signed.unsigned is message


@pytest.mark.parametrize(("base_fee", "premium"), [(0, 50), (150, 50), (180, 20), (201, 0)])
def test_effective_premium_is_what_the_cap_leaves(message, base_fee, premium):
    assert message.effective_premium(base_fee) == premium


def test_zero_value_is_an_empty_byte_string(message):
    plain = replace(message, value=ZERO, to=Address.from_id(1))
    assert plain.to_ipld()[4] == b""
