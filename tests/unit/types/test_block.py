"""Block headers, message metadata and announced blocks."""

from dataclasses import replace

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError
from papyrus.types.block import BlockHeader, BlockMessage, MsgMeta

CID = Cid.of(b"\x80")


def test_header_is_the_array_of_its_sixteen_fields(header):
    encoded = header.to_cbor()
    assert encoded[0] == 0x90
    assert BlockHeader.from_cbor(encoded) == header
    assert header.cid == Cid.of(encoded)


def test_the_producer_signs_the_header_without_its_signature(header):
    assert header.signing_bytes == replace(header, block_sig=None).to_cbor()
    assert BlockHeader.from_cbor(header.signing_bytes).block_sig is None


def test_proofs_may_be_absent(header):
    bare = replace(header, ticket=None, election_proof=None, bls_aggregate=None, block_sig=None)
    assert BlockHeader.from_cbor(bare.to_cbor()) == bare


def test_more_than_8192_parents_are_refused(header):
    fields = header.to_ipld()
    fields[5] = [CID] * 8193
    with pytest.raises(DecodeError, match="parents"):
        BlockHeader.from_ipld(fields)


def test_message_metadata_is_two_roots():
    meta = MsgMeta(CID, CID)
    assert MsgMeta.from_cbor(meta.to_cbor()) == meta
    assert meta.cid == Cid.of(meta.to_cbor())


def test_announced_block_carries_the_cids_of_its_messages(header):
    block = BlockMessage(header, (CID,), ())
    assert BlockMessage.from_cbor(block.to_cbor()) == block
