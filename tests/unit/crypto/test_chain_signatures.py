"""Every kind of signature on chains that Lotus made: blocks, tickets, elections, messages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cbor2
import pytest
import zstandard

from papyrus.crypto import bls, vrf
from papyrus.crypto.hashing import blake2b_256
from papyrus.crypto.signatures import Signature, SignatureType, verify
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.varint import decode_unsigned

CHAIN_CID = bytes.fromhex("0171a0e40220")
ACCOUNT_OF_BLS_KEY = bytes.fromhex("81583103")
TICKET, ELECTION = 1, 2


class Chain(NamedTuple):
    """What the tests need of a chain, by CID."""

    blocks: dict[bytes, bytes]
    headers: list[list[Any]]


def read(path: Path) -> Chain:
    data = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    length, position = decode_unsigned(data)
    position += length
    blocks = {}
    while position < len(data):
        length, position = decode_unsigned(data, position)
        block = data[position : position + length]
        position += length
        if block.startswith(CHAIN_CID):
            blocks[block[:38]] = block[38:]
    decoded = [cbor2.loads(block) for block in blocks.values() if block[0] == 0x90]
    headers = [item for item in decoded if isinstance(item[7], int) and item[7] > 0]
    return Chain(blocks, sorted(headers, key=lambda header: header[7]))


def draw(base: bytes, tag: int, epoch: int, entropy: bytes) -> bytes:
    return blake2b_256(
        tag.to_bytes(8, "big") + blake2b_256(base) + epoch.to_bytes(8, "big") + entropy
    )


@pytest.fixture(scope="module", params=["multisig", "fevm-bls", "ledger"])
def chain(shared: Path, request: pytest.FixtureRequest) -> Chain:
    return read(shared / "chains" / request.param / "chain.car.zst")


@pytest.fixture(scope="module")
def worker_of(chain: Chain) -> Callable[[list[Any]], bytes]:
    """Return a function that finds the key of a header's signer among the chain's accounts."""
    accounts = [block for block in chain.blocks.values() if block.startswith(ACCOUNT_OF_BLS_KEY)]
    keys = {block[len(ACCOUNT_OF_BLS_KEY) :] for block in accounts}
    known: dict[bytes, bytes] = {}

    def find(header: list[Any]) -> bytes:
        miner = header[0]
        if miner not in known:
            signed = cbor2.dumps([*header[:13], None, *header[14:]])
            (known[miner],) = (key for key in keys if bls.verify(key, signed, header[13][1:]))
        return known[miner]

    return find


def test_blocks_are_signed_by_their_workers(
    chain: Chain, worker_of: Callable[[list[Any]], bytes]
) -> None:
    for header in chain.headers:
        signature = Signature.from_bytes(header[13])
        signed = cbor2.dumps([*header[:13], None, *header[14:]])
        assert verify(signature, Address.bls(worker_of(header)), signed)


def test_tickets_and_elections_are_proofs_of_their_workers(
    chain: Chain, worker_of: Callable[[list[Any]], bytes]
) -> None:
    checked = [header for header in chain.headers if header[3]]
    for header in checked:
        base, epoch, miner = header[3][-1][1], header[7], cbor2.dumps(header[0])
        key = worker_of(header)
        assert vrf.verify(key, draw(base, TICKET, epoch - 1, miner), header[1][0])
        assert vrf.verify(key, draw(base, ELECTION, epoch, miner), header[2][1])
        assert not vrf.verify(key, draw(base, ELECTION, epoch, miner), header[1][0])
    assert checked


def test_aggregates_cover_the_messages_of_their_blocks(chain: Chain) -> None:
    checked = 0
    for header in chain.headers:
        meta = cbor2.loads(chain.blocks[header[10].value[1:]])
        height, count, node = cbor2.loads(chain.blocks[meta[0].value[1:]])
        if height:
            continue  # only messages that fit one node of their AMT are looked at
        cids = [link.value[1:] for link in node[2]]
        senders = [Address.from_bytes(cbor2.loads(chain.blocks[cid])[2]) for cid in cids]
        if any(sender.protocol != Protocol.BLS for sender in senders):
            continue
        assert len(cids) == count
        aggregate = Signature.from_bytes(header[11])
        assert aggregate.type is SignatureType.BLS
        assert bls.verify_aggregate(aggregate.data, [key.payload for key in senders], cids)
        if count:
            assert not bls.verify_aggregate(
                aggregate.data, [key.payload for key in senders], [cids[0] + b"!", *cids[1:]]
            )
        else:
            assert aggregate.data == bls.ZERO_SIGNATURE
        checked += count
    assert checked


def test_secp256k1_messages_are_signed_by_their_senders(shared: Path) -> None:
    blocks = read(shared / "chains" / "ledger" / "chain.car.zst").blocks
    checked = 0
    for block in blocks.values():
        if not block.startswith(b"\x82\x8a"):
            continue
        message, wire = cbor2.loads(block)
        signature, sender = Signature.from_bytes(wire), Address.from_bytes(message[2])
        if (signature.type, sender.protocol) != (SignatureType.SECP256K1, Protocol.SECP256K1):
            continue
        cid = CHAIN_CID + blake2b_256(cbor2.dumps(message))
        assert verify(signature, sender, cid)
        assert not verify(signature, sender, cid[:-1])
        checked += 1
    assert checked > 100
