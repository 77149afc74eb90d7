"""Chains made for tests: blocks of any parents and miners over one small state that never changes.

The state has what the weight of a chain is read from, and a name for a sender. Nothing is signed,
proven or executed.
"""

from dataclasses import dataclass, field

from papyrus.chain.opening import GenesisBlocks
from papyrus.consensus.weight import weight
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, encode_bigint
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import Message, SignedMessage
from papyrus.types.ticket import BeaconEntry, ElectionProof, Ticket
from papyrus.types.tipset import Tipset

SENDER = Address.from_id(100)


def make_state(store, power=1 << 40, nonce=0):
    """Store a state tree with a power actor and an account, and return its root."""
    empty = put_cbor(store, [])
    claims = Hamt(store).flush()
    fields = [b""] * 17
    fields[2], fields[10], fields[15] = encode_bigint(power), 4, claims
    names = Hamt(store).flush()
    states = {
        1: put_cbor(store, [names, 1001, "testing"]),
        4: put_cbor(store, fields),
        SENDER.id: put_cbor(store, [bytes(SENDER)]),
    }
    actors = Hamt(store)
    for actor_id, head in states.items():
        code = Cid.of(b"code of %d" % actor_id, RAW)
        turn = nonce if actor_id == SENDER.id else 0
        actors.set(
            Address.from_id(actor_id),
            ActorState(code, head, turn, TokenAmount(10**18)).to_ipld(),
        )
    return put_cbor(store, StateRoot(5, actors.flush(), empty).to_ipld())


def message(nonce, value=0, premium=0):
    """Return a BLS message."""
    return Message(
        version=0, to=Address.from_id(101), sender=SENDER, nonce=nonce, value=TokenAmount(value),
        gas_limit=1_000_000, gas_fee_cap=TokenAmount(1000), gas_premium=TokenAmount(premium),
        method=0, params=b"",
    )  # fmt: skip


def signed(nonce, value=0, premium=0):
    """Return a message that travels with its signature."""
    return SignedMessage(
        message(nonce, value, premium), Signature(SignatureType.SECP256K1, bytes(65))
    )


@dataclass
class Forge:
    """A store with a genesis, and what blocks are made from."""

    store: MemoryBlockstore = field(default_factory=MemoryBlockstore)

    def __post_init__(self):
        """Make the state and the genesis."""
        self.state = make_state(self.store)
        self.no_receipts = amt_root(self.store, [])
        self.no_messages = self.messages()
        header = self.header(0, (), miner=0)
        self.store.put(header.cid, header.to_cbor())
        self.genesis = Tipset.of([header])

    @property
    def genesis_blocks(self):
        """The genesis as it begins a folder."""
        return GenesisBlocks(self.genesis.key.cids[0], list(self.store.blocks.items()))

    def messages(self, bls=(), others=()):
        """Store messages and return the CID of their metadata."""
        roots = []
        for group in (bls, others):
            for each in group:
                self.store.put(each.cid, each.to_cbor())
            roots.append(amt_root(self.store, [each.cid for each in group]))
        return put_cbor(self.store, MsgMeta(*roots).to_ipld())

    def header(self, height, parents, miner=1000, wins=1, ticket=None, parent_weight=0, **fields):
        """Return a header that is not stored."""
        values = {
            "miner": Address.from_id(miner),
            "ticket": Ticket(ticket or b"ticket %d %d" % (height, miner)),
            "election_proof": ElectionProof(wins, b"election"),
            "beacon_entries": (BeaconEntry(100 + height, b"beacon %d" % height),),
            "win_post_proof": (),
            "parents": parents,
            "parent_weight": parent_weight,
            "height": height,
            "parent_state_root": self.state,
            "parent_message_receipts": self.no_receipts,
            "messages": getattr(self, "no_messages", None),
            "bls_aggregate": None,
            "timestamp": 30 * height,
            "block_sig": None,
            "fork_signaling": 0,
            "parent_base_fee": TokenAmount(100),
        }
        return BlockHeader(**(values | fields))

    def on(self, parent, height=None, miner=1000, **fields):
        """Return a block on a parent tipset, stored here."""
        height = parent.height + 1 if height is None else height
        header = self.header(
            height, parent.key.cids, miner, parent_weight=weight(parent, self.store), **fields
        )
        self.store.put(header.cid, header.to_cbor())
        return header

    def tipset(self, parent, height=None, miners=(1000,), **fields):
        """Return a tipset of blocks on a parent, stored here."""
        return Tipset.of([self.on(parent, height, miner, **fields) for miner in miners])

    def line(self, parent, length, miners=(1000,), **fields):
        """Return so many tipsets on top of one another, the lowest first."""
        found = []
        for _ in range(length):
            found.append(self.tipset(found[-1] if found else parent, miners=miners, **fields))
        return found
