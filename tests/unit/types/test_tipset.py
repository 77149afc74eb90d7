"""Tipsets and their keys."""

from dataclasses import replace

import pytest

from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.types.ticket import Ticket
from papyrus.types.tipset import Tipset, TipsetKey


def _blocks(header, count):
    return [
        replace(header, miner=Address.from_id(i), ticket=Ticket(bytes([i])), timestamp=100 + i)
        for i in range(1, count + 1)
    ]


def test_blocks_stand_in_the_order_of_their_ticket_hashes(header):
    blocks = _blocks(header, 5)
    tipset = Tipset.of(blocks)
    digests = [blake2b_256(block.ticket.vrf_proof) for block in tipset.blocks]
    assert digests == sorted(digests)
    assert tipset == Tipset.of(reversed(blocks))
    assert tipset.key.cids == tuple(block.cid for block in tipset.blocks)
    assert tipset.ticket_digest == digests[0]
    assert tipset.min_timestamp == 101


def test_equal_tickets_are_ordered_by_cid(header):
    blocks = [replace(block, ticket=Ticket(b"same")) for block in _blocks(header, 4)]
    cids = Tipset.of(blocks).key.cids
    assert list(cids) == sorted(cids)


def test_a_tipset_says_what_its_blocks_share(header):
    tipset = Tipset.of([header])
    assert tipset.height == header.height
    assert tipset.parents == TipsetKey(header.parents)
    assert tipset.parent_state_root == header.parent_state_root
    assert tipset.parent_message_receipts == header.parent_message_receipts
    assert tipset.parent_base_fee == header.parent_base_fee


def test_no_blocks_make_no_tipset():
    with pytest.raises(DecodeError, match="at least one block"):
        Tipset.of([])


def test_a_block_without_a_ticket_makes_no_tipset(header):
    with pytest.raises(DecodeError, match="has no ticket"):
        Tipset.of([replace(header, ticket=None)])


def test_blocks_of_two_heights_make_no_tipset(header):
    first, second = _blocks(header, 2)
    with pytest.raises(DecodeError, match="height"):
        Tipset.of([first, replace(second, height=10)])


def test_blocks_of_other_parents_make_no_tipset(header):
    first, second = _blocks(header, 2)
    with pytest.raises(DecodeError, match="other parents"):
        Tipset.of([first, replace(second, parents=())])


def test_key_is_its_cids_end_to_end():
    cids = (Cid.of(b"\x01"), Cid.of(b"\x02"))
    key = TipsetKey(cids)
    assert key.to_bytes() == cids[0] + cids[1]
    assert TipsetKey.from_bytes(key.to_bytes()) == key
    assert key.cid == Cid.of(dag_cbor.encode(key.to_bytes()))
    assert str(key) == f"{{{cids[0]},{cids[1]}}}"


def test_key_cut_short_is_refused():
    with pytest.raises(DecodeError):
        TipsetKey.from_bytes(Cid.of(b"\x01")[:-1])
