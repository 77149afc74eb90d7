"""Blocks that broke a rule for good, remembered so that nobody judges them again (node.md 3.2).

What descends from a bad block is bad as well, and is remembered with that reason. The cache is
bounded, the longest unasked for going first, and gone with the process: rules and code change.
"""

from collections import OrderedDict
from dataclasses import dataclass

from papyrus.consensus.verdicts import is_temporary
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import Sentence, sentence

_MOST_BLOCKS = 1 << 15
"""As many as Lotus remembers."""


@dataclass(frozen=True, slots=True)
class BadBlock:
    """A block and why it is bad."""

    cid: Cid
    reason: str | Sentence


class BadBlocks:
    """The bad blocks of a node."""

    def __init__(self, most: int = _MOST_BLOCKS) -> None:
        """Begin with none, and keep so many at most."""
        self._most = most
        self._reasons: OrderedDict[Cid, str | Sentence] = OrderedDict()

    def add(self, cid: Cid, reason: str | Sentence) -> None:
        """Remember a block; the first reason given stays."""
        self._reasons.setdefault(cid, reason)
        self._reasons.move_to_end(cid)
        if len(self._reasons) > self._most:
            self._reasons.popitem(last=False)

    def add_verdict(self, cid: Cid, verdict: Invalid) -> None:
        """Remember a block that was judged, unless the verdict may change."""
        if not is_temporary(verdict):
            self.add(cid, sentence("{}", verdict))

    def reason(self, cid: Cid) -> str | Sentence | None:
        """Return why a block is bad, or None where it is not known to be."""
        found = self._reasons.get(cid)
        if found is not None:
            self._reasons.move_to_end(cid)
        return found

    def remove(self, cid: Cid) -> None:
        """Forget a block, which may be judged again."""
        self._reasons.pop(cid, None)

    def clear(self) -> None:
        """Forget all."""
        self._reasons.clear()

    def blocks(self) -> list[BadBlock]:
        """Return all of them, the longest unasked for first."""
        return [BadBlock(cid, reason) for cid, reason in self._reasons.items()]

    def __len__(self) -> int:
        return len(self._reasons)
