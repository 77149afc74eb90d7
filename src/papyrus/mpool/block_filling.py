"""A block being filled with message chains, up to the limits of a block (`selection.go`).

A block holds 10,000 messages and ten thousand million gas. Its two lists, of BLS messages and of
all others, hold 8,192 each, since no decoder reads a longer one.
"""

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.mpool.message_chains import BLOCK_MESSAGE_LIMIT, MINIMUM_GAS, MessageChain
from papyrus.mpool.pending import PendingMessage
from papyrus.types.limits import MAX_ARRAY_LENGTH


class BlockFilling:
    """What has been chosen, and the room that is left."""

    __slots__ = ("bls_limit", "gas_limit", "messages", "signed_limit")

    def __init__(self) -> None:
        """Begin with an empty block."""
        self.messages: list[PendingMessage] = []
        self.gas_limit = BLOCK_GAS_LIMIT
        self.bls_limit = MAX_ARRAY_LENGTH
        self.signed_limit = MAX_ARRAY_LENGTH

    @property
    def has_gas(self) -> bool:
        """Whether another message may still find gas enough."""
        return self.gas_limit >= MINIMUM_GAS

    @property
    def is_full(self) -> bool:
        """Whether nothing more is to be looked for."""
        return not self.has_gas or len(self.messages) >= BLOCK_MESSAGE_LIMIT

    def add(self, chain: MessageChain) -> bool:
        """Take a chain, whatever it depends on; return whether there was room."""
        if chain.gas_limit > self.gas_limit or len(chain.messages) > self._room(chain):
            return False
        self._take(chain)
        return True

    def add_with_dependencies(self, chain: MessageChain, base_fee: int) -> bool:
        """Take a chain and those of its sender before it; return whether there was room.

        Where there was not, the chain is trimmed to what fits beside them, or invalid.
        """
        needed: list[MessageChain] = []
        before = chain.previous
        while before is not None and not before.is_merged:
            needed.append(before)
            before = before.previous
        needed_gas = sum(one.gas_limit for one in needed)
        needed_messages = sum(len(one.messages) for one in needed)
        room = self._room(chain)
        if (
            needed_gas + chain.gas_limit > self.gas_limit
            or needed_messages + len(chain.messages) > room
        ):
            if needed_gas > self.gas_limit or needed_messages >= room:
                chain.invalidate()
            else:
                chain.trim(self.gas_limit - needed_gas, room - needed_messages, base_fee)
            return False
        for one in (*reversed(needed), chain):
            one.is_merged = True
            self._take(one)
        return True

    def trim(self, chain: MessageChain, base_fee: int) -> None:
        """Cut a chain to the room that is left, where it is longer."""
        room = self._room(chain)
        if chain.gas_limit > self.gas_limit or len(chain.messages) > room:
            chain.trim(self.gas_limit, room, base_fee)

    def _room(self, chain: MessageChain) -> int:
        of_kind = self.bls_limit if chain.is_bls else self.signed_limit
        return min(of_kind, BLOCK_MESSAGE_LIMIT - len(self.messages))

    def _take(self, chain: MessageChain) -> None:
        self.messages += chain.messages
        self.gas_limit -= chain.gas_limit
        if chain.is_bls:
            self.bls_limit -= len(chain.messages)
        else:
            self.signed_limit -= len(chain.messages)
