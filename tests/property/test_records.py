"""Records and their JSON come back whole, and no bytes make a decoder fail in another way."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.crypto.signatures import Signature, SignatureType
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
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket

U64 = st.integers(0, 2**64 - 1)
I64 = st.integers(-(2**63), 2**63 - 1)
DATA = st.binary(max_size=40)
CIDS = DATA.map(Cid.of)
AMOUNTS = st.integers(-(2**90), 2**90).map(TokenAmount)
ADDRESSES = st.one_of(
    st.integers(0, 2**63 - 1).map(Address.from_id),
    DATA.map(Address.actor),
    st.binary(min_size=48, max_size=48).map(Address.bls),
    st.binary(min_size=20, max_size=20).map(Address.from_ethereum),
)
SIGNATURES = st.builds(Signature, st.sampled_from(SignatureType), st.binary(max_size=100))
MESSAGES = st.builds(
    Message,
    version=U64,
    to=ADDRESSES,
    sender=ADDRESSES,
    nonce=U64,
    value=AMOUNTS,
    gas_limit=I64,
    gas_fee_cap=AMOUNTS,
    gas_premium=AMOUNTS,
    method=U64,
    params=DATA,
)
ENTRIES = st.builds(EventEntry, st.integers(0, 255), st.text(max_size=8), U64, DATA)
HEADERS = st.builds(
    BlockHeader,
    miner=ADDRESSES,
    ticket=st.none() | st.builds(Ticket, DATA),
    election_proof=st.none() | st.builds(ElectionProof, I64, DATA),
    beacon_entries=st.lists(st.builds(BeaconEntry, U64, DATA), max_size=2).map(tuple),
    win_post_proof=st.lists(st.builds(PoStProof, I64, DATA), max_size=2).map(tuple),
    parents=st.lists(CIDS, max_size=3).map(tuple),
    parent_weight=st.integers(-(2**90), 2**90),
    height=I64,
    parent_state_root=CIDS,
    parent_message_receipts=CIDS,
    messages=CIDS,
    bls_aggregate=st.none() | SIGNATURES,
    timestamp=U64,
    block_sig=st.none() | SIGNATURES,
    fork_signaling=U64,
    parent_base_fee=AMOUNTS,
)
RECORDS = st.one_of(
    MESSAGES,
    st.builds(SignedMessage, MESSAGES, SIGNATURES),
    st.builds(Receipt, I64, DATA, I64, st.none() | CIDS),
    HEADERS,
    st.builds(MsgMeta, CIDS, CIDS),
    st.builds(StateRoot, U64, CIDS, CIDS),
    st.builds(ActorState, CIDS, CIDS, U64, AMOUNTS, st.none() | ADDRESSES),
    st.builds(StampedEvent, U64, st.builds(ActorEvent, st.lists(ENTRIES, max_size=3).map(tuple))),
)
DECODERS = (Message, SignedMessage, Receipt, BlockHeader, BlockMessage, ActorState, StampedEvent)


@given(RECORDS)
def test_wire_form_comes_back(record):
    assert type(record).from_cbor(record.to_cbor()) == record


@given(RECORDS, st.sampled_from("ft"))
def test_json_comes_back_through_text(record, network):
    value = json.loads(json.dumps(to_json(record, network)))
    assert from_json(type(record), value) == record


@given(st.sampled_from(DECODERS), st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(decoder, data):
    try:
        record = decoder.from_cbor(data)
    except DecodeError:
        return
    assert record.to_cbor() == data


@given(RECORDS, st.data())
def test_a_damaged_wire_form_decodes_or_is_refused(record, data):
    encoded = bytearray(record.to_cbor())
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= data.draw(st.integers(1, 255))
    try:
        type(record).from_cbor(bytes(encoded))
    except DecodeError:
        return


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(st.sampled_from(DECODERS), RECORDS, st.data())
def test_any_json_reads_or_is_refused(decoder, record, data):
    value = to_json(record)
    name = data.draw(st.sampled_from(sorted(value)))
    for changed in (value | {name: data.draw(JSON_VALUES)}, data.draw(JSON_VALUES)):
        try:
            from_json(decoder, changed)
        except DecodeError:
            continue


@pytest.mark.parametrize("decoder", DECODERS)
def test_deep_nesting_is_refused(decoder):
    with pytest.raises(DecodeError):
        decoder.from_cbor(b"\x81" * 100_000)
