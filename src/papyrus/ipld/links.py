"""Links in a DAG-CBOR block, found without decoding it."""

from papyrus.ipld.cid import Cid, read
from papyrus.primitives.errors import DecodeError


def cids_in(data: bytes) -> list[Cid]:
    """Return every link in a DAG-CBOR block, in order, whatever it points at."""
    found: list[Cid] = []
    remaining = 1
    at = 0
    while remaining:
        remaining -= 1
        major, argument, at = _head(data, at)
        if major in (2, 3):
            at += argument
            if at > len(data):
                raise DecodeError("CBOR is cut short")
        elif major == 4:
            remaining += argument
        elif major == 5:
            remaining += 2 * argument
        elif major == 6 and argument == 42:
            major, argument, at = _head(data, at)
            end = at + argument
            if major != 2 or end > len(data) or data[at : at + 1] != b"\x00":
                raise DecodeError("link is not over bytes with a 0x00 prefix")
            found.append(read(data[:end], at + 1)[0])
            at = end
        elif major == 6:
            remaining += 1
    return found


def _head(data: bytes, at: int) -> tuple[int, int, int]:
    if at >= len(data):
        raise DecodeError("CBOR is cut short")
    first = data[at]
    at += 1
    low = first & 0x1F
    if low < 24:
        return first >> 5, low, at
    if low > 27:
        raise DecodeError("CBOR head has a reserved length")
    end = at + (1 << (low - 24))
    if end > len(data):
        raise DecodeError("CBOR is cut short")
    return first >> 5, int.from_bytes(data[at:end], "big"), end
