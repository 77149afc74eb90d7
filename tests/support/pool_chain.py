"""A chain for the message pool: real tipsets and signatures over a book of accounts.

What executing a tipset would do to an account is that its nonce rises by its messages. Balances
stay as they were set, so that a test says what a sender owns.
"""

from dataclasses import dataclass, field, replace
from functools import cache

from papyrus.chain.head_changes import HeadChange, path_between
from papyrus.crypto.signatures import SignatureType, address_of, sign
from papyrus.ipld.cid import Cid
from papyrus.mpool.chain_view import Account
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.pool import MessagePool
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.types.block import BlockHeader
from papyrus.types.ethereum_transaction import METHOD_INVOKE_CONTRACT, Form, unsigned_transaction
from papyrus.types.message import Message, SignedMessage
from papyrus.types.ticket import Ticket
from papyrus.types.tipset import Tipset, TipsetKey

FIL = 10**18
GAS = 6_955_002
"""The gas limit of the messages in Lotus' own tests."""

TARGET = Address.from_id(1001)
NETWORK = replace(LOTUS_ITEST, inclusion_prices=None)
CHAIN_ID = NETWORK.ethereum_chain_id


@dataclass(frozen=True)
class Person:
    """Someone with a key."""

    kind: SignatureType
    secret: bytes
    address: Address

    def message(self, nonce, premium=1, **fields):
        """Return a message signed by this person, with Lotus' test's fee cap of 100 more."""
        values = {
            "version": 0, "to": TARGET, "sender": self.address, "nonce": nonce,
            "value": TokenAmount(0), "gas_limit": GAS,
            "gas_fee_cap": TokenAmount(100 + premium), "gas_premium": TokenAmount(premium),
            "method": 2, "params": b"",
        }  # fmt: skip
        return self.sign(Message(**(values | fields)))

    def sign(self, message):
        """Return a message with this person's signature, whoever it says it is from."""
        data = bytes(message.cid)
        if self.kind is SignatureType.DELEGATED:
            data = unsigned_transaction(message, CHAIN_ID).signing_bytes
        return SignedMessage(message, sign(self.kind, self.secret, data))

    def call(self, nonce, **fields):
        """Return a message as an Ethereum wallet signs it."""
        contract = Address.delegated(10, bytes(range(20)))
        return self.message(nonce, to=contract, method=METHOD_INVOKE_CONTRACT, **fields)

    def legacy_call(self, nonce):
        """Return a message as an old Ethereum wallet signs it, good on any network."""
        price = TokenAmount(200)
        message = self.call(nonce, gas_fee_cap=price, gas_premium=price).message
        unsigned = replace(unsigned_transaction(message, CHAIN_ID), form=Form.HOMESTEAD, chain_id=0)
        signature = sign(self.kind, self.secret, unsigned.signing_bytes).data
        signed = replace(
            unsigned,
            r=int.from_bytes(signature[:32], "big"),
            s=int.from_bytes(signature[32:64], "big"),
            v=27 + signature[64],
        )
        return SignedMessage(message, signed.signature)


@cache
def person(number, kind=SignatureType.SECP256K1):
    """Return one of many people, the same each time."""
    secret = (number + 1).to_bytes(32, "little" if kind is SignatureType.BLS else "big")
    return Person(kind, secret, address_of(kind, secret))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        """Begin somewhere."""
        self.now = 1_000_000.0

    def __call__(self):
        """Tell the time."""
        return self.now


@dataclass
class PoolChain:
    """A view of a chain that a test grows."""

    tipsets: dict[TipsetKey, Tipset] = field(default_factory=dict)
    contents: dict[TipsetKey, tuple] = field(default_factory=dict)
    book: dict[Address, Account] = field(default_factory=dict)
    names: dict[Address, Address] = field(default_factory=dict)
    base_fee: int = 100
    """Of the next block."""
    looked_up: int = 0

    def __post_init__(self):
        """Begin with a genesis."""
        self._made = 0
        self.head = self.tipset_on(None, 0)

    def tipset_on(self, parent, height, *blocks, base_fee=100):
        """Return a new tipset of blocks, each a list of messages."""
        headers = []
        for _ in blocks or ((),):
            self._made += 1
            headers.append(
                BlockHeader(
                    miner=Address.from_id(1000 + len(headers)),
                    ticket=Ticket(b"ticket %d" % self._made),
                    election_proof=None,
                    beacon_entries=(),
                    win_post_proof=(),
                    parents=() if parent is None else parent.key.cids,
                    parent_weight=0,
                    height=height,
                    parent_state_root=Cid.of(b"\x80"),
                    parent_message_receipts=Cid.of(b"\x80"),
                    messages=Cid.of(b"\x80"),
                    bls_aggregate=None,
                    timestamp=30 * height,
                    block_sig=None,
                    fork_signaling=0,
                    parent_base_fee=TokenAmount(base_fee),
                )
            )
        tipset = Tipset.of(headers)
        self.tipsets[tipset.key] = tipset
        self.contents[tipset.key] = tuple(
            _on_chain(message) for block in blocks for message in block
        )
        return tipset

    def extend(self, *blocks, on=None, nulls=0, base_fee=100):
        """Return a tipset on the head or another; the head stays."""
        parent = self.head if on is None else on
        return self.tipset_on(parent, parent.height + 1 + nulls, *blocks, base_fee=base_fee)

    def move(self, pool, tipset):
        """Make a tipset the head and tell the pool."""
        change = self.path(self.head.key, tipset.key)
        self.head = tipset
        pool.on_head_change(change)
        return change

    def fund(self, *people, fil=1, nonce=0, may_send=True):
        """Give people an account."""
        for one in people:
            self.book[one.address] = Account(nonce, TokenAmount(fil * FIL), may_send)

    # What the pool asks.

    def tipset(self, key):
        """Return a tipset."""
        return self.tipsets[key]

    def path(self, start, end) -> HeadChange:
        """Return how to get from one tipset to another."""
        return path_between(self, self.tipsets[start], self.tipsets[end])

    def account_after(self, tipset, address):
        """Return an account as a chain up to a tipset leaves it."""
        self.looked_up += 1
        account = self.book.get(address)
        if account is None:
            return None
        nonces = [account.nonce]
        while True:
            nonces += [
                message.unsigned.nonce + 1
                for message in self.contents[tipset.key]
                if self.key_of(message.unsigned.sender) == address
            ]
            if tipset.height == 0:
                return replace(account, nonce=max(nonces))
            tipset = self.tipsets[tipset.parents]

    def key_of(self, address):
        """Return the key behind an address."""
        if address.protocol is Protocol.ID:
            return self.names[address]
        return address

    def messages_of(self, tipset):
        """Return the messages of a tipset, each once, by their CIDs."""
        once = {message.unsigned.cid: message for message in self.contents[tipset.key]}
        return {message.cid: message for message in once.values()}

    def base_fee_after(self, tipset):
        """Return the base fee of a block on a tipset."""
        assert tipset.key in self.tipsets
        return TokenAmount(self.base_fee)


def _on_chain(message):
    """Return a message as a block holds it: without its signature under BLS."""
    if isinstance(message, SignedMessage) and message.signature.type is SignatureType.BLS:
        return message.message
    return message


def pending(signed):
    """Return a message as the pool keeps it."""
    return PendingMessage.of(signed, signed.message.sender)


def pool_of(chain, network=NETWORK, **how):
    """Return a pool on a chain, that never draws at random."""
    how.setdefault("clock", Clock())
    how.setdefault("draw", lambda below: below - 1)
    return MessagePool(chain, network, **how)
