"""The blocks of the state as a native actor reaches them: through its kernel, at its prices.

Reading opens a block and reads it, writing creates a block and links it, as the actors' own
block store does by system calls (FIP-0030, FIP-0071). So what an actor may not reach, it cannot
read; and limits and charges are those of any actor.
"""

from papyrus.ipld.cid import BLAKE2B_256, Cid
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel import ipld
from papyrus.vm.kernel.kernel import Kernel

_DIGEST_LENGTH = 32


class ActorStore:
    """A block store for the state of one actor during one invocation."""

    __slots__ = ("_call_charge", "_kernel")

    def __init__(self, kernel: Kernel) -> None:
        """Reach the blocks of an invocation."""
        self._kernel = kernel
        self._call_charge = charges.on_syscall(kernel.calls.prices)

    def get(self, cid: Cid) -> bytes | None:
        """Return a block; SyscallError where the actor has no way to reach it."""
        kernel = self._kernel
        kernel.charge(*self._call_charge)
        number, _, length = ipld.block_open(kernel, cid)
        kernel.charge(*self._call_charge)
        return ipld.block_read(kernel, number, 0, length)[0]

    def put(self, cid: Cid, data: bytes) -> None:
        """Add a block to the state; SyscallError where the machine refuses it."""
        kernel = self._kernel
        kernel.charge(*self._call_charge)
        number = ipld.block_create(kernel, cid.codec, data)
        kernel.charge(*self._call_charge)
        if ipld.block_link(kernel, number, BLAKE2B_256, _DIGEST_LENGTH) != cid:
            raise SyscallError(ErrorNumber.ILLEGAL_CID, f"{cid} is not the CID of its block")

    def has(self, cid: Cid) -> bool:
        """Return whether the actor can reach a block."""
        return self._kernel.blocks.is_reachable(cid)
