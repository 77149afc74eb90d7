"""Long JSON, in and out: read and written beside the event loop, and others let in meanwhile.

A thread alone is not enough. The reader and the writer of the standard library are each one call of
C, and while that runs no other thread does: for a body of ten megabytes the event loop would stand
still for a tenth of a second. So long text is read by the library's reader in Python, and written
part by part; both take longer, and nobody else waits.

A result may come as text from where it was made. A trace of an execution may be many megabytes: the
worker that executed writes its text, and the server puts that into the answer as it is.
"""

import json
import json.scanner
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

T = TypeVar("T")

LONG = 1 << 16
"""Bytes from which on a body is long: as many as are read, parameters too, in some milliseconds."""

_DEPTH = 3
"""Levels of lists and objects that are written part by part."""


@dataclass(frozen=True, slots=True)
class JsonText:
    """A result as text."""

    text: str


def written(kind: type[T], text: str) -> T:
    """Return what a method gives back for a result of a kind whose JSON is there already.

    Only the server sees it: to the caller the method is one that returns the kind.
    """
    del kind
    return cast(T, JsonText(text))


def read(text: str) -> Any:
    """Return the value of a JSON text; ValueError for what is not JSON, and for inf and nan."""
    return _DECODER.decode(text)


def read_long(text: str) -> Any:
    """Return what `read` does, in steps between which other threads go on."""
    return _STEPWISE.decode(text)


def write(value: Any) -> str:
    """Return the text of a JSON value; ValueError for inf and nan."""
    return _ENCODER.encode(value)


def write_long(value: Any) -> str:
    """Return what `write` does, in steps between which other threads go on."""
    return "".join(_parts(value, _DEPTH))


def _parts(value: Any, depth: int) -> Iterator[str]:
    if depth and value and isinstance(value, list):
        mark = "["
        for item in value:
            yield mark
            yield from _parts(item, depth - 1)
            mark = ","
        yield "]"
    elif depth and value and isinstance(value, dict):
        mark = "{"
        for key, item in value.items():
            yield f"{mark}{write(key)}:"
            yield from _parts(item, depth - 1)
            mark = ","
        yield "}"
    else:
        yield write(value)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ValueError("a number is too large")
    return number


class _Stepwise(json.JSONDecoder):
    """The library's reader in Python, which it falls back to where there is none in C."""

    def __init__(self) -> None:
        super().__init__(parse_constant=_refuse, parse_float=_finite)
        make_scanner: Callable[[json.JSONDecoder], Any] = vars(json.scanner)["py_make_scanner"]
        self.scan_once = make_scanner(self)


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)
_STEPWISE = _Stepwise()
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
