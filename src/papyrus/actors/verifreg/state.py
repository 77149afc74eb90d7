"""What the verified registry keeps on chain: verifiers, allocations and claims.

DataCap is a permission to make storage count tenfold. Verifiers hand it to clients. A client spends
it on an allocation: a piece of data that one provider may store for so long. A provider who has
committed the piece to a sector claims the allocation, and the claim stays until its term is over.
"""

from typing import Annotated

from papyrus.actors.common.collections import (
    ADDRESS_KEY,
    UNSIGNED_KEY,
    KeyForm,
    MapShape,
)
from papyrus.actors.common.nested_collections import MapOfMapsShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64, ActorID, BigInt, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import decode_unsigned


@cbor_tuple
class Allocation(Record):
    """DataCap that a client has set aside for a piece at a provider."""

    client: ActorID
    provider: ActorID
    """The miner who may claim it."""
    data: Cid
    """The piece's CID."""
    size: U64
    """Its padded size in bytes, which is the DataCap spent."""
    term_min: ChainEpoch
    """The epochs for which the provider must commit to storing the piece."""
    term_max: ChainEpoch
    """The most epochs for which the piece makes the sector count tenfold."""
    expiration: ChainEpoch
    """The last epoch in which it may be claimed."""


@cbor_tuple
class Claim(Record):
    """An allocation that a provider has claimed."""

    provider: ActorID
    client: ActorID
    data: Cid
    size: U64
    term_min: ChainEpoch
    term_max: ChainEpoch
    term_start: ChainEpoch
    """The epoch in which the piece was committed."""
    sector: U64
    """The number of the provider's sector that holds the piece."""


@cbor_tuple
class RemoveDataCapProposalID(Record):
    """How often a verifier has had DataCap removed from a client.

    It is signed with the next proposal, so that no signature serves twice.
    """

    id: U64


def _pair_bytes(pair: tuple[Address, Address]) -> bytes:
    return pair[0] + pair[1]


def _pair_of(data: bytes) -> tuple[Address, Address]:
    if not data:
        raise DecodeError("a key of no bytes")
    _, end = decode_unsigned(data, 1)
    return Address.from_bytes(data[:end]), Address.from_bytes(data[end:])


def _parse_pair(text: str) -> tuple[Address, Address]:
    verifier, _, client = text.partition(",")
    return Address.from_string(verifier), Address.from_string(client)


VERIFIERS: MapShape[Address, int] = MapShape(ADDRESS_KEY, BigInt)
PROPOSAL_IDS: MapShape[tuple[Address, Address], RemoveDataCapProposalID] = MapShape(
    KeyForm(_pair_bytes, _pair_of, _parse_pair), RemoveDataCapProposalID
)
ALLOCATIONS: MapOfMapsShape[int, int, Allocation] = MapOfMapsShape(
    UNSIGNED_KEY, MapShape(UNSIGNED_KEY, Allocation)
)
CLAIMS: MapOfMapsShape[int, int, Claim] = MapOfMapsShape(
    UNSIGNED_KEY, MapShape(UNSIGNED_KEY, Claim)
)


@cbor_tuple
class State(Record):
    """The registry's state."""

    root_key: Address
    """The ID address of who appoints verifiers."""
    verifiers: Annotated[Cid, VERIFIERS]
    """A map from the ID addresses of verifiers to the bytes of DataCap they may still hand out."""
    proposal_ids: Annotated[Cid, PROPOSAL_IDS]
    """A map from a verifier and a client to the next `RemoveDataCapProposalID`.

    `remove_data_cap_proposal_ids` of builtin-actors; the key is both ID addresses, one after the
    other.
    """
    allocations: Annotated[Cid, ALLOCATIONS]
    """A map from clients to maps from allocation IDs to allocations."""
    next_allocation_id: U64
    """Zero is no allocation's."""
    claims: Annotated[Cid, CLAIMS]
    """A map from providers to maps from claim IDs to claims; each has its allocation's ID."""


def empty(store: Blockstore, root_key: Address) -> State:
    """Return the state of a registry without verifiers, whose root is an ID address."""
    no_verifiers = VERIFIERS.empty_root(store)
    no_allocations = ALLOCATIONS.empty_root(store)
    return State(root_key, no_verifiers, no_verifiers, no_allocations, 1, no_allocations)
