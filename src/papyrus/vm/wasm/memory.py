"""Reading what an actor points at in its memory, and writing what it asked for.

Whatever lies outside the memory, or is not what it should be, is an illegal argument.
"""

from typing import TypeVar

from papyrus.ipld.cid import Cid
from papyrus.ipld.cid import read as read_cid_prefix
from papyrus.ipld.tuples import Reading, Record
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm.wasm.engine import Instance
from papyrus.vm.wasm.host import MemoryRange

_MAX_CID_LENGTH = 110
"""Four varints of ten bytes and a digest of 64, rounded up."""

R = TypeVar("R", bound=Record)


def read(instance: Instance, offset: int, length: int) -> bytes:
    """Return a slice of the memory."""
    try:
        return instance.read(offset, length)
    except MemoryRange as error:
        raise _out_of_bounds(offset, length) from error


def check_bounds(instance: Instance, offset: int, length: int) -> None:
    """Refuse a slice that does not lie in the memory."""
    if not instance.holds(offset, length):
        raise _out_of_bounds(offset, length)


def read_cid(instance: Instance, offset: int) -> Cid:
    """Return the CID that begins at `offset`; its length is its own."""
    length = _MAX_CID_LENGTH
    if not instance.holds(offset, length):
        length = instance.memory_size() - offset
        if length < 0:
            raise _out_of_bounds(offset, 0)
    try:
        return read_cid_prefix(instance.read(offset, length))[0]
    except DecodeError as error:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"not a CID: {error}") from error


def write_cid(instance: Instance, cid: Cid, offset: int, length: int) -> int:
    """Write a CID into a buffer and return its length; a buffer too small has its own error."""
    check_bounds(instance, offset, length)
    if len(cid) > length:
        raise SyscallError(ErrorNumber.BUFFER_TOO_SMALL, "cid output buffer is too small")
    instance.write(offset, cid)
    return len(cid)


def read_address(instance: Instance, offset: int, length: int) -> Address:
    """Return the address in a slice of the memory."""
    try:
        return Address.from_bytes(read(instance, offset, length))
    except DecodeError as error:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"not an address: {error}") from error


def read_record(instance: Instance, kind: type[R], offset: int, length: int) -> R:
    """Return the record encoded in a slice of the memory, read as the actors' decoder reads."""
    data = read(instance, offset, length)
    try:
        return kind.from_cbor(data, reading=Reading.LENIENT)
    except DecodeError as error:
        raise SyscallError(
            ErrorNumber.ILLEGAL_ARGUMENT, f"not a {kind.__name__}: {error}"
        ) from error


def _out_of_bounds(offset: int, length: int) -> SyscallError:
    return SyscallError(
        ErrorNumber.ILLEGAL_ARGUMENT, f"buffer {offset} (length {length}) out of bounds"
    )
