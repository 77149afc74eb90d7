"""A module after compilation: what is known of it without running it."""

from collections.abc import Callable

from papyrus.vm.wasm import native
from papyrus.vm.wasm.growth import PAGE_SIZE, TABLE_ELEMENT_SIZE

MEMORY_NAME, ENTRY_NAME, TABLE_NAME = "memory", "invoke", "table"
"""The exports that matter to the machine."""


class Module:
    """Compiled code."""

    __slots__ = ("_owner", "_pointer", "exports", "initial_bytes")

    def __init__(self, owner: object, pointer: int) -> None:
        """Own a module; the engine that owns its code lives as long."""
        self._owner = owner
        self._pointer = pointer
        self.exports = native.module_exports(pointer)
        # There is one table at most, but it may be exported under several names.
        elements = max(self.exports.tables.values(), default=0)
        pages = self.initial_memory_pages or 0
        self.initial_bytes = pages * PAGE_SIZE + elements * TABLE_ELEMENT_SIZE
        """What memory and table count for at first where memory is limited."""

    # Bound here: when the interpreter ends, modules are emptied before what they made is.
    def __del__(self, delete: Callable[[int], None] = native.module_delete) -> None:
        delete(self._pointer)

    @property
    def pointer(self) -> int:
        """The engine's own handle."""
        return self._pointer

    @property
    def initial_memory_pages(self) -> int | None:
        """How many pages of 64 KiB the memory begins with; None where none is exported."""
        return self.exports.memories.get(MEMORY_NAME)

    @property
    def initial_table_elements(self) -> int | None:
        """How many elements the export `table` begins with; None where no table has that name."""
        return self.exports.tables.get(TABLE_NAME)
