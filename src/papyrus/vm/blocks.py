"""The blocks an invocation holds open, and the links it may follow (FIP-0030, FIP-0071).

An actor names blocks by small numbers, never by address: it opens, creates and links them
through this registry. From nv21 on the registry also knows which CIDs are reachable, that is,
linked from a block the actor was given or has read, and refuses every other.
"""

from dataclasses import dataclass

from papyrus.ipld.cid import Cid
from papyrus.ipld.links import ALLOWED_CODECS
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber

NO_DATA = 0
"""The block number that means no data, as for a message without parameters."""

_FIRST_ID = 1
_MAX_BLOCKS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Block:
    """The bytes of a block with their codec, and the CIDs it links to where those matter."""

    codec: int
    data: bytes
    links: tuple[Cid, ...] = ()


class BlockRegistry:
    """The open blocks of one invocation, numbered from 1, and the reachable CIDs."""

    __slots__ = ("_blocks", "_reachable")

    def __init__(self) -> None:
        """Start empty: nothing is open and nothing is reachable."""
        self._blocks: list[Block] = []
        self._reachable: set[Cid] = set()

    def get(self, block_id: int) -> Block:
        """Return an open block; an unknown number is an invalid handle."""
        if not _FIRST_ID <= block_id <= len(self._blocks):
            raise SyscallError(ErrorNumber.INVALID_HANDLE, f"invalid block handle {block_id}")
        return self._blocks[block_id - _FIRST_ID]

    def put_reachable(self, block: Block) -> int:
        """Add a block known to be reachable, its links with it, and return its number."""
        self._check(block)
        self._reachable.update(block.links)
        self._blocks.append(block)
        return len(self._blocks)

    def put_checked(self, block: Block) -> int:
        """Add a new block whose links must all be reachable, and return its number."""
        self._check(block)
        for link in block.links:
            if link not in self._reachable:
                raise SyscallError(ErrorNumber.NOT_FOUND, f"cannot put block: {link} not reachable")
        self._blocks.append(block)
        return len(self._blocks)

    def mark_reachable(self, cid: Cid) -> None:
        """Let the actor open this CID from here on."""
        self._reachable.add(cid)

    def is_reachable(self, cid: Cid) -> bool:
        """Return whether the actor may open this CID."""
        return cid in self._reachable

    @property
    def is_full(self) -> bool:
        """Whether no further block can be numbered."""
        return len(self._blocks) >= _MAX_BLOCKS

    def _check(self, block: Block) -> None:
        if self.is_full:
            raise SyscallError(ErrorNumber.LIMIT_EXCEEDED, "too many blocks")
        if block.codec not in ALLOWED_CODECS:
            raise SyscallError(ErrorNumber.ILLEGAL_CODEC, f"codec {block.codec:#x} not allowed")
