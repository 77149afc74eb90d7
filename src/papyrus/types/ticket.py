"""What a block producer proves of its luck and its storage (spec 4.4, 4.6).

A ticket is a verifiable random function over the beacon and the parent's ticket; it orders the
blocks of a tipset. An election proof is another, which decides whether and how often the producer
won. Beacon entries and the winning proof of spacetime stand beside them in the header.
"""

from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.schema import I64, U64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.types.limits import BoundedBytes


@cbor_tuple
class Ticket(Record):
    """A block's ticket."""

    vrf_proof: BoundedBytes

    @property
    def digest(self) -> bytes:
        """The hash by which tickets are compared, and from which randomness is drawn."""
        return blake2b_256(self.vrf_proof)


@cbor_tuple
class ElectionProof(Record):
    """The proof of having won an epoch's election, and how often."""

    win_count: I64
    vrf_proof: BoundedBytes


@cbor_tuple
class BeaconEntry(Record):
    """One round of the randomness beacon."""

    round: U64
    data: BoundedBytes
    """The beacon's signature."""


@cbor_tuple
class PoStProof(Record):
    """A proof of spacetime."""

    post_proof: I64
    """The registered proof type."""
    proof_bytes: BoundedBytes
