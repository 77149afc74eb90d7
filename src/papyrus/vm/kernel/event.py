"""The system call that emits an event (FIP-0049, and FIP-0072 for nv21 and later)."""

from collections.abc import Sequence
from typing import NamedTuple

from papyrus.ipld.cid import CBOR, RAW
from papyrus.ipld.tuples import Reading
from papyrus.primitives.errors import DecodeError, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.rules.versions import EventLimits
from papyrus.types.event import (
    INDEXED_KEY,
    INDEXED_VALUE,
    ActorEvent,
    EventEntry,
    StampedEvent,
)
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel.kernel import Kernel

_KNOWN_FLAGS = INDEXED_KEY | INDEXED_VALUE

_MAX_ENCODED_LENGTH = 1 << 20
"""An event handed in as CBOR longer than this is not even decoded."""


class EntryHeader(NamedTuple):
    """One entry of an event as the actor hands it in, its key and value lying elsewhere."""

    flags: int
    codec: int
    key_length: int
    value_length: int


def emit_event(kernel: Kernel, headers: Sequence[EntryHeader], keys: bytes, values: bytes) -> None:
    """Record an event whose keys and values lie one after the other in two buffers."""
    _check_may_emit(kernel)
    calls = kernel.calls
    kernel.charge(*charges.on_actor_event(calls.prices, len(headers), len(keys), len(values)))
    limits = calls.rules.event_limits
    if len(headers) > limits.entries:
        raise _limit(f"an event of {len(headers)} entries, more than {limits.entries}")
    if len(values) > limits.values_length:
        raise _limit(f"event values of {len(values)} bytes, more than {limits.values_length}")
    try:
        keys.decode()
    except UnicodeDecodeError as error:
        raise _illegal("an event key is not UTF-8") from error
    entries = []
    key_offset = value_offset = 0
    for header in headers:
        key_end = key_offset + header.key_length
        value_end = value_offset + header.value_length
        key = keys[key_offset:key_end]
        entries.append(_entry(header, key, values[value_offset:value_end], limits))
        key_offset, value_offset = key_end, value_end
    if key_offset != len(keys) or value_offset != len(values):
        raise _illegal("event buffers are longer than their entries")
    _record(kernel, tuple(entries))


def emit_encoded_event(kernel: Kernel, encoded: bytes) -> None:
    """Record an event handed in as CBOR (before FIP-0072)."""
    _check_may_emit(kernel)
    prices = kernel.calls.prices
    kernel.charge(*charges.on_actor_event_validate(prices, len(encoded)))
    if len(encoded) > _MAX_ENCODED_LENGTH:
        raise _illegal(f"an event of {len(encoded)} bytes is far too large")
    try:
        event = ActorEvent.from_cbor(encoded, reading=Reading.LENIENT)
    except DecodeError as error:
        raise _illegal(f"not an event: {error}") from error
    indexed_elements, indexed_length = _validate(event.entries, kernel.calls.rules.event_limits)
    kernel.charge(
        *charges.on_actor_event_accept(prices, len(encoded), indexed_elements, indexed_length)
    )
    _record(kernel, event.entries)


def _entry(header: EntryHeader, key: bytes, value: bytes, limits: EventLimits) -> EventEntry:
    if header.flags & ~_KNOWN_FLAGS:
        raise _illegal(f"event flags {header.flags:#x} are unknown")
    if header.key_length > limits.key_length:
        raise _limit(f"an event key of {header.key_length} bytes, more than {limits.key_length}")
    # Quirk: a single value over the limit for all is an illegal argument, not a limit exceeded.
    if header.value_length > limits.values_length or len(value) != header.value_length:
        raise _illegal("an event value lies outside its buffer")
    if len(key) != header.key_length:
        raise _illegal("an event key lies outside its buffer")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise _illegal("an event key splits a character") from error
    if header.codec not in (RAW, CBOR):
        raise SyscallError(
            ErrorNumber.ILLEGAL_CODEC, f"event codec {header.codec:#x} is neither raw nor CBOR"
        )
    return EventEntry(header.flags, text, header.codec, value)


def _validate(entries: Sequence[EventEntry], limits: EventLimits) -> tuple[int, int]:
    """Check a decoded event; return how many keys and values are indexed, and their bytes."""
    if len(entries) > limits.entries:
        raise _illegal(f"an event of {len(entries)} entries, more than {limits.entries}")
    values_length = indexed_elements = indexed_length = 0
    for entry in entries:
        key_length = len(entry.key.encode())
        if key_length > limits.key_length:
            raise _illegal(f"an event key of {key_length} bytes, more than {limits.key_length}")
        if entry.codec != RAW:
            raise SyscallError(
                ErrorNumber.ILLEGAL_CODEC, f"event codec {entry.codec:#x} is not raw"
            )
        values_length += len(entry.value)
        for flag, length in ((INDEXED_KEY, key_length), (INDEXED_VALUE, len(entry.value))):
            if entry.flags & flag:
                indexed_elements += 1
                indexed_length += length
    if values_length > limits.values_length:
        raise _illegal(f"event values of more than {limits.values_length} bytes")
    return indexed_elements, indexed_length


def _record(kernel: Kernel, entries: tuple[EventEntry, ...]) -> None:
    kernel.calls.events.append(StampedEvent(kernel.actor_id, ActorEvent(entries)))


def _check_may_emit(kernel: Kernel) -> None:
    if kernel.read_only:
        raise SyscallError(ErrorNumber.READ_ONLY, "cannot emit events while read-only")


def _illegal(message: str) -> SyscallError:
    return SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, message)


def _limit(message: str) -> SyscallError:
    return SyscallError(ErrorNumber.LIMIT_EXCEEDED, message)
