"""A set of numbers that mostly lie close together, eight to a byte.

The IDs of all actors of a network, or of all its deals, fit in memory like this where a set of
Python's would not.
"""

_BLOCK = 4096
"""Bytes that are kept for numbers which lie together."""


class NumberSet:
    """Numbers of any size, none of them negative."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        """Begin without a number."""
        self._blocks: dict[int, bytearray] = {}

    def add(self, number: int) -> bool:
        """Add a number and return whether it was new."""
        place, bit = divmod(number, 8)
        index, offset = divmod(place, _BLOCK)
        block = self._blocks.get(index)
        if block is None:
            block = self._blocks[index] = bytearray(_BLOCK)
        before = block[offset]
        block[offset] |= 1 << bit
        return block[offset] != before

    def __contains__(self, number: int) -> bool:
        place, bit = divmod(number, 8)
        index, offset = divmod(place, _BLOCK)
        block = self._blocks.get(index)
        return block is not None and bool(block[offset] >> bit & 1)
