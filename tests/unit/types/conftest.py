"""Records with a value in every field."""

import pytest

from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.block import BlockHeader
from papyrus.types.message import Message, SignedMessage
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket


@pytest.fixture
def message():
    """Return a message."""
    return Message(
        version=0,
        to=Address.from_id(1000),
        sender=Address.secp256k1(b"\x04" + bytes(64)),
        nonce=7,
        value=TokenAmount(10**18),
        gas_limit=1_000_000,
        gas_fee_cap=TokenAmount(200),
        gas_premium=TokenAmount(50),
        method=2,
        params=b"\x80",
    )


@pytest.fixture
def signed(message):
    """Return the message with a secp256k1 signature."""
    return SignedMessage(message, Signature(SignatureType.SECP256K1, bytes(65)))


@pytest.fixture
def header():
    """Return a block header."""
    cid = Cid.of(b"\x80")
    return BlockHeader(
        miner=Address.from_id(1001),
        ticket=Ticket(b"ticket"),
        election_proof=ElectionProof(1, b"election"),
        beacon_entries=(BeaconEntry(5, b"beacon"),),
        win_post_proof=(PoStProof(3, b"proof"),),
        parents=(cid,),
        parent_weight=1234,
        height=9,
        parent_state_root=cid,
        parent_message_receipts=cid,
        messages=cid,
        bls_aggregate=Signature(SignatureType.BLS, bytes(96)),
        timestamp=1_600_000_000,
        block_sig=Signature(SignatureType.BLS, bytes(96)),
        fork_signaling=0,
        parent_base_fee=TokenAmount(100),
    )
