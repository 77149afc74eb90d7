"""Actors in the state tree, and the root of the tree (spec 4.2, FIP-0048).

The tree is a HAMT from ID address to actor state, behind a small root that carries its version.
Since version 5 an actor has a fifth field, its delegated address. The first networks had no root
object at all: their state is the HAMT itself, version 0.
"""

from dataclasses import dataclass

from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError

EMPTY_STATE = Cid.of(b"\x80")
"""The root of an actor that has no state: an empty array."""


@cbor_tuple
class _ActorV4(Record):
    code: Cid
    head: Cid
    nonce: U64
    balance: TokenAmount


@cbor_tuple
class _ActorV5(Record):
    code: Cid
    head: Cid
    nonce: U64
    balance: TokenAmount
    delegated_address: Address | None


@dataclass(frozen=True, slots=True)
class ActorState:
    """One actor."""

    code: Cid
    """Which actor it is, as the CID of its Wasm code."""
    head: Cid
    """The root of its own state."""
    nonce: int
    """For an account, how many messages it sent; for others, how many actors it made."""
    balance: TokenAmount
    delegated_address: Address | None = None

    def with_code(self, code: Cid) -> "ActorState":
        """Return the actor with other code."""
        return ActorState(code, self.head, self.nonce, self.balance, self.delegated_address)

    def with_head(self, head: Cid) -> "ActorState":
        """Return the actor with another state root."""
        return ActorState(self.code, head, self.nonce, self.balance, self.delegated_address)

    def with_balance(self, balance: TokenAmount) -> "ActorState":
        """Return the actor with another balance."""
        return ActorState(self.code, self.head, self.nonce, balance, self.delegated_address)

    def with_nonce(self, nonce: int) -> "ActorState":
        """Return the actor with another nonce."""
        return ActorState(self.code, self.head, nonce, self.balance, self.delegated_address)

    def to_ipld(self, *, fields: int = 5) -> list[object]:
        """Return the wire form of a state tree version: 5 fields, or 4 before version 5."""
        if fields == 4:
            return list(_ActorV4(self.code, self.head, self.nonce, self.balance).to_ipld())
        full = _ActorV5(self.code, self.head, self.nonce, self.balance, self.delegated_address)
        return list(full.to_ipld())

    def to_cbor(self, *, fields: int = 5) -> bytes:
        """Return the encoded wire form."""
        return dag_cbor.encode(self.to_ipld(fields=fields))

    @classmethod
    def from_ipld(cls, value: object) -> "ActorState":
        """Return the actor of a decoded wire form of 4 or 5 fields, or raise DecodeError."""
        if isinstance(value, list) and len(value) == 4:
            old = _ActorV4.from_ipld(value)
            return cls(old.code, old.head, old.nonce, old.balance)
        if isinstance(value, list) and len(value) == 5:
            new = _ActorV5.from_ipld(value)
            return cls(new.code, new.head, new.nonce, new.balance, new.delegated_address)
        raise DecodeError("an actor is an array of 4 or 5 fields")

    @classmethod
    def from_cbor(cls, data: bytes) -> "ActorState":
        """Return the actor of a wire form of 4 or 5 fields, or raise DecodeError."""
        return cls.from_ipld(dag_cbor.decode(data))


@cbor_tuple
class StateRoot(Record):
    """The root of a state tree from version 1 on."""

    version: U64
    actors: Cid
    """The HAMT of actors."""
    info: Cid
    """A `StateInfo0`."""


@cbor_tuple
class StateInfo0(Record):
    """What the root says besides its actors: nothing, as an empty array."""
