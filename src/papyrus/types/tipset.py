"""Tipsets: the blocks of one epoch with the same parents (spec 4.1, 4.5).

The blocks stand in the order of their tickets' hashes, and of their CIDs where two tickets are
the same. The list of their CIDs is the tipset's key, and the CID of the key's bytes names the
tipset as a whole, which is what contracts see as a block hash.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from papyrus.ipld import cid as cids
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.types.block import BlockHeader


@dataclass(frozen=True, slots=True)
class TipsetKey:
    """The CIDs of a tipset's blocks, in the tipset's order."""

    cids: tuple[Cid, ...]

    def to_bytes(self) -> bytes:
        """Return the CIDs end to end."""
        return b"".join(self.cids)

    @classmethod
    def from_bytes(cls, data: bytes) -> "TipsetKey":
        """Return the key of CIDs end to end, or raise DecodeError."""
        found: list[Cid] = []
        at = 0
        while at < len(data):
            cid, at = cids.read(data, at)
            found.append(cid)
        return cls(tuple(found))

    @property
    def cid(self) -> Cid:
        """The tipset's CID: that of its key's bytes as a CBOR byte string."""
        return Cid.of(dag_cbor.encode(self.to_bytes()))

    def __str__(self) -> str:
        return "{" + ",".join(str(cid) for cid in self.cids) + "}"


@dataclass(frozen=True, slots=True)
class Tipset:
    """One or more blocks of one epoch with the same parents, in order."""

    blocks: tuple[BlockHeader, ...]
    key: TipsetKey

    @classmethod
    def of(cls, blocks: Iterable[BlockHeader]) -> "Tipset":
        """Return the tipset of blocks in any order.

        Raises DecodeError where there is none, one has no ticket, or they do not belong together.
        """
        keyed: list[tuple[bytes, Cid, BlockHeader]] = []
        for block in blocks:
            if block.ticket is None:
                raise DecodeError(f"block {block.cid} has no ticket")
            keyed.append((block.ticket.digest, block.cid, block))
        if not keyed:
            raise DecodeError("a tipset has at least one block")
        keyed.sort(key=lambda entry: entry[:2])
        first = keyed[0][2]
        for _, cid, block in keyed[1:]:
            if block.height != first.height:
                raise DecodeError(f"block {cid} has height {block.height}, not {first.height}")
            if block.parents != first.parents:
                raise DecodeError(f"block {cid} has other parents than the tipset")
        return cls(
            tuple(block for _, _, block in keyed),
            TipsetKey(tuple(cid for _, cid, _ in keyed)),
        )

    @property
    def height(self) -> ChainEpoch:
        """The epoch of its blocks."""
        return self.blocks[0].height

    @property
    def parents(self) -> TipsetKey:
        """The key of the parent tipset."""
        return TipsetKey(self.blocks[0].parents)

    @property
    def parent_state_root(self) -> Cid:
        """The state its messages execute on."""
        return self.blocks[0].parent_state_root

    @property
    def parent_message_receipts(self) -> Cid:
        """The receipts of the parent's messages."""
        return self.blocks[0].parent_message_receipts

    @property
    def parent_base_fee(self) -> TokenAmount:
        """The base fee in force for its messages."""
        return self.blocks[0].parent_base_fee

    @property
    def min_timestamp(self) -> int:
        """The earliest timestamp of its blocks."""
        return min(block.timestamp for block in self.blocks)

    @property
    def ticket_digest(self) -> bytes:
        """The digest of the smallest ticket, which is the first block's: the tipset's randomness.

        The blocks are in ticket order, so no other can be smaller.
        """
        ticket = self.blocks[0].ticket
        if ticket is None:
            raise DecodeError(f"tipset {self.key} has a block without a ticket")
        return ticket.digest
