"""A small chain: headers in a store, and a state tree with the actors consensus reads."""

from dataclasses import dataclass, replace

import pytest

from papyrus.actors.registry import BUILTIN_NAMES
from papyrus.consensus.chain import StoredChain
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount, encode_bigint
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import Message
from papyrus.types.ticket import BeaconEntry, ElectionProof, Ticket
from papyrus.types.tipset import Tipset

CODES = {name: Cid.of(name.encode(), RAW) for name in BUILTIN_NAMES}

MINER = 1000
WORKER = 101
WORKER_SECRET = (7).to_bytes(32, "little")


@dataclass
class Chain:
    """A store, the tipsets in it by height, and what new blocks are made from."""

    store: MemoryBlockstore
    source: StoredChain
    state: Cid
    tipsets: dict[int, Tipset]

    def message(self, sender, nonce, **fields):
        """Return a message."""
        values = {
            "version": 0,
            "to": Address.from_id(102),
            "sender": sender,
            "nonce": nonce,
            "value": ZERO,
            "gas_limit": 1_000_000,
            "gas_fee_cap": TokenAmount(1000),
            "gas_premium": TokenAmount(10),
            "method": 0,
            "params": b"",
        }
        return Message(**(values | fields))

    def messages(self, bls_messages=(), others=()):
        """Store messages and return the CID of their metadata."""
        roots = []
        for group in (bls_messages, others):
            cids = []
            for message in group:
                data = message.to_cbor()
                cid = message.cid
                self.store.put(cid, data)
                cids.append(cid)
            roots.append(amt_root(self.store, cids))
        return put_cbor(self.store, MsgMeta(*roots).to_ipld())

    def header(self, height, parents, **fields):
        """Return a header that is not stored."""
        values = {
            "miner": Address.from_id(MINER),
            "ticket": Ticket(b"ticket %d" % height),
            "election_proof": ElectionProof(1, b"election"),
            "beacon_entries": (BeaconEntry(100 + height, b"beacon %d" % height),),
            "win_post_proof": (),
            "parents": parents,
            "parent_weight": height,
            "height": height,
            "parent_state_root": self.state,
            "parent_message_receipts": amt_root(self.store, []),
            "messages": self.messages(),
            "bls_aggregate": None,
            "timestamp": 30 * height,
            "block_sig": None,
            "fork_signaling": 0,
            "parent_base_fee": TokenAmount(100),
        }
        return BlockHeader(**(values | fields))

    def signed(self, header, secret=WORKER_SECRET):
        """Return a header with its producer's signature."""
        data = bls.sign(secret, header.signing_bytes)
        return replace(header, block_sig=Signature(SignatureType.BLS, data))

    def add(self, *headers):
        """Store the blocks of a tipset and return it."""
        for header in headers:
            self.store.put(header.cid, header.to_cbor())
        tipset = Tipset.of(headers)
        self.tipsets[tipset.height] = tipset
        return tipset

    def extend(self, *heights):
        """Add one-block tipsets at these heights on top of the latest."""
        for height in heights:
            parents = self.tipsets[max(self.tipsets)].key.cids
            self.add(self.header(height, parents))


def _amounts(count, **places):
    state = [b""] * count
    for place, amount in places.items():
        state[int(place[1:])] = encode_bigint(amount)
    return state


def make_state(store):
    """Store a state tree and return its root."""
    manifest = put_cbor(store, [[name, code] for name, code in CODES.items()])
    empty = put_cbor(store, [])
    worker = Address.bls(bls.public_key(WORKER_SECRET))
    names = Hamt(store)
    names.set(worker, WORKER)
    info = put_cbor(store, [bytes(Address.from_id(WORKER)), bytes(Address.from_id(WORKER))])
    states = {
        0: ("system", put_cbor(store, [manifest]), 0),
        1: ("init", put_cbor(store, [names.flush(), 1001, "testing"]), 0),
        2: ("reward", put_cbor(store, _amounts(11, _8=500)), 1000),
        3: ("cron", empty, 0),
        4: ("storagepower", put_cbor(store, _amounts(16, _4=70)), 0),
        5: ("storagemarket", put_cbor(store, _amounts(13, _8=1, _9=2, _10=4)), 0),
        90: ("multisig", empty, 300_000_000 * 10**18 - 40),
        99: ("account", empty, 30),
        WORKER: ("account", put_cbor(store, [bytes(worker)]), 10**18),
        MINER: ("storageminer", put_cbor(store, [info]), 0),
    }
    actors = Hamt(store)
    for actor_id, (name, head, balance) in states.items():
        actor = ActorState(CODES[name], head, 0, TokenAmount(balance))
        actors.set(Address.from_id(actor_id), actor.to_ipld())
    return put_cbor(store, StateRoot(5, actors.flush(), put_cbor(store, [])).to_ipld())


@pytest.fixture
def chain():
    """Return a chain that holds its genesis."""
    store = MemoryBlockstore()
    built = Chain(store, StoredChain(store), make_state(store), {})
    built.add(built.header(0, ()))
    return built


@pytest.fixture
def worker():
    """Return the miner's worker key."""
    return Address.bls(bls.public_key(WORKER_SECRET))
