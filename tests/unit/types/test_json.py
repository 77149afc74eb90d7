"""Lotus' JSON."""

from dataclasses import replace

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, BlockMessage, MsgMeta
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.json import from_json, to_json
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset, TipsetKey

CID = Cid.of(b"\x80")


def test_message_has_lotus_names_and_its_cid_last(message):
    value = to_json(message)
    assert list(value) == [
        "Version",
        "To",
        "From",
        "Nonce",
        "Value",
        "GasLimit",
        "GasFeeCap",
        "GasPremium",
        "Method",
        "Params",
        "CID",
    ]
    assert value["To"] == "f01000"
    assert value["Value"] == "1000000000000000000"
    assert value["Params"] == "gA=="
    assert value["CID"] == {"/": str(message.cid)}
    assert from_json(Message, value) == message


def test_addresses_take_the_letter_of_the_network(message):
    value = to_json(message, "t")
    assert value["To"] == "t01000"
    assert from_json(Message, value) == message


def test_no_params_are_null(message):
    value = to_json(replace(message, params=b""))
    assert value["Params"] is None
    assert from_json(Message, value).params == b""


def test_signed_message_holds_message_signature_and_cid(signed):
    value = to_json(signed)
    assert list(value) == ["Message", "Signature", "CID"]
    assert value["Signature"]["Type"] == 1
    assert from_json(SignedMessage, value) == signed


def test_receipt_writes_null_for_nothing():
    receipt = Receipt(7, b"", 12)
    value = {"ExitCode": 7, "Return": None, "GasUsed": 12, "EventsRoot": None}
    assert to_json(receipt) == value
    assert from_json(Receipt, value) == receipt


def test_header_writes_null_for_absent_proofs_and_empty_lists(header):
    bare = replace(
        header,
        ticket=None,
        election_proof=None,
        beacon_entries=(),
        win_post_proof=(),
        bls_aggregate=None,
    )
    value = to_json(bare)
    names = ("Ticket", "ElectionProof", "BeaconEntries", "WinPoStProof", "BLSAggregate")
    assert [value[name] for name in names] == [None] * 5
    assert from_json(BlockHeader, value) == bare


def test_full_header_comes_back(header):
    assert from_json(BlockHeader, to_json(header)) == header


def test_tipset_holds_cids_blocks_and_height(header):
    tipset = Tipset.of([header])
    value = to_json(tipset)
    assert list(value) == ["Cids", "Blocks", "Height"]
    assert from_json(Tipset, value) == tipset
    assert from_json(TipsetKey, value["Cids"]) == tipset.key


@pytest.mark.parametrize(
    "record",
    [
        ActorState(CID, CID, 1, TokenAmount(2)),
        ActorState(CID, CID, 1, TokenAmount(2), Address.from_ethereum(bytes(20))),
        StateRoot(5, CID, CID),
        MsgMeta(CID, CID),
        StampedEvent(7, ActorEvent((EventEntry(1, "k", 0x55, b"v"),))),
        StampedEvent(7, ActorEvent(())),
    ],
    ids=lambda record: type(record).__name__,
)
def test_record_comes_back(record):
    assert from_json(type(record), to_json(record)) == record


def test_announced_block_comes_back(header):
    block = BlockMessage(header, (CID,), ())
    value = to_json(block)
    assert value["BlsMessages"] == [{"/": str(CID)}]
    assert value["SecpkMessages"] is None
    assert from_json(BlockMessage, value) == block


def test_cid_is_an_object_of_one_key():
    assert to_json(StateRoot(5, CID, CID))["Actors"] == {"/": str(CID)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("To", 5),
        ("To", "g01"),
        ("Nonce", "1"),
        ("Nonce", True),
        ("Value", 5),
        ("Value", "1.5"),
        ("Value", "9" * 500),
        ("Params", "!"),
        ("Params", 1),
        ("Params", "\u00e9"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name(message, name, value):
    fields = to_json(message) | {name: value}
    with pytest.raises(DecodeError, match=name):
        from_json(Message, fields)


@pytest.mark.parametrize("value", [None, [], "x", {}])
def test_what_is_no_object_is_refused(value):
    with pytest.raises(DecodeError, match="Version"):
        from_json(Message, value)


def test_other_types_have_no_json():
    with pytest.raises(TypeError, match="int has no JSON form"):
        to_json(5)
    with pytest.raises(TypeError, match="int has no JSON form"):
        from_json(int, 5)


@pytest.mark.parametrize(("name", "number"), [("Nonce", 2**64), ("GasLimit", 2**63)])
def test_numbers_without_a_wire_form_are_refused(message, name, number):
    with pytest.raises(DecodeError, match="does not fit"):
        from_json(Message, to_json(message) | {name: number})
