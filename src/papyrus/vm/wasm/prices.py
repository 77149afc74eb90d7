"""What instrumentation charges: the Wasm part of the gas price lists (FIP-0032, FIP-0057).

Each instruction costs 4 gas, whatever it does; those that do nothing at run time are free. From
network version 18 on, instructions that fill or copy memory or tables cost more with the amount.
The lists HYGGE, WATERMELON and TEEP agree in all of this.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InstrumentationRules:
    """The numbers the rewriter writes into a module; all prices are in milligas."""

    name: str
    """Names these rules in keys of compiled code: other numbers need another name."""
    instruction: int
    memory_byte: int
    """For each byte that memory.copy, memory.fill and memory.init write."""
    memory_page: int
    """For each page of 64 KiB that memory.grow asks for."""
    table_element: int
    """For each element that table.copy, table.fill, table.init and table.grow write."""
    stack_limit: int
    """How many elements the operand stacks of nested calls may hold together."""


SINCE_HYGGE = InstrumentationRules(
    name="hygge",
    instruction=4_000,
    memory_byte=400,
    memory_page=400 * 65_536,
    table_element=400 * 8,
    stack_limit=2_048,
)
"""Network versions 18 to 28."""
