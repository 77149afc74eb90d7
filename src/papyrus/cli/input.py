"""Reading the bytes that a person gives a command: a file, stdin, or text on the line."""

import base64
import binascii
import sys
from pathlib import Path

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.compression import open_file

MAX_INPUT = 256 << 20
"""Bytes read whole into memory; chain files, which may be larger, are streamed instead."""


def read_bytes(source: str) -> bytes:
    """Return the bytes of a file, or of stdin for `-`; LocalFault where they cannot be read."""
    if source == "-":
        data = sys.stdin.buffer.read(MAX_INPUT + 1)
    else:
        with open_file(Path(source)) as file:
            data = file.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise LocalFault(f"{source} is larger than {MAX_INPUT >> 20} MiB: `papyrus car` streams")
    return data


def read_value(source: str) -> bytes:
    """Return the bytes meant by `-` (stdin), `hex:...`, `base64:...`, or a file's name.

    Text that is none of these and no file, but is hexadecimal or base64 in full, is taken as that.
    """
    if source.startswith("hex:"):
        return _from_hex(source[4:])
    if source.startswith("base64:"):
        return _from_base64(source[7:])
    if source == "-" or _is_file(source):
        return _unwrap(read_bytes(source))
    try:
        return _from_hex(source.removeprefix("0x"))
    except DecodeError:
        pass
    try:
        return _from_base64(source)
    except DecodeError:
        raise LocalFault(
            f"{_short(source)!r} is no file, and neither hexadecimal nor base64"
        ) from None


def _unwrap(data: bytes) -> bytes:
    """Return what hexadecimal or base64 text stands for, or the bytes themselves."""
    if not data.isascii() or len(data.split()) != 1:
        return data
    text = data.decode().strip()
    for read in (_from_hex, _from_base64):
        try:
            return read(text.removeprefix("0x"))
        except DecodeError:
            continue
    return data


def _is_file(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # longer than a name may be, or with a NUL in it
        return False


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise DecodeError(f"{_short(text)!r} is not hexadecimal") from None


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DecodeError(f"{_short(text)!r} is not base64") from None


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}..."
