"""Receipts of both versions."""

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError
from papyrus.types.receipt import Receipt

EVENTS = Cid.of(b"\x80")


def test_version_0_has_three_fields():
    receipt = Receipt(16, b"\x01", 5, version=0)
    assert receipt.to_cbor() == bytes.fromhex("8310410105")
    assert Receipt.from_cbor(receipt.to_cbor()) == receipt


def test_version_1_ends_with_the_events_root_or_null():
    receipt = Receipt(0, b"", 0)
    assert receipt.to_cbor() == bytes.fromhex("84004000f6")
    with_events = Receipt(0, b"", 0, EVENTS)
    assert Receipt.from_cbor(with_events.to_cbor()) == with_events
    assert with_events.to_ipld()[3] == EVENTS


@pytest.mark.parametrize("encoded", ["80", "820040", "8500400000f6", "00", "a0"])
def test_other_shapes_are_refused(encoded):
    with pytest.raises(DecodeError):
        Receipt.from_cbor(bytes.fromhex(encoded))


def test_success_is_exit_code_zero():
    assert Receipt(0, b"", 1).is_success
    assert not Receipt(7, b"", 1).is_success
