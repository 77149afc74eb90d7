"""The first place where two IPLD values differ, found by walking both at once.

Neither schema nor type is known: the walk goes by position in arrays and by key in maps, and
follows a pair of links into their blocks where a store holds both. That is enough to say where in
an actor's state something went another way.
"""

from collections.abc import Iterator
from typing import Any

from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import DAG_CBOR, Cid
from papyrus.primitives.errors import DecodeError

_ABSENT = object()
_SHOWN_BYTES = 40
_SHOWN_ITEMS = 6
_MAX_STEPS = 20_000
"""Pairs compared before the walk gives up and names the place it had reached."""

ValueDifference = tuple[str, str, str]
"""Where, and what was expected and got there, each in words."""


def describe(value: Any) -> str:
    """Return a value in one short line for people."""
    if value is _ABSENT:
        return "nothing"
    if isinstance(value, Cid):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        shown = bytes(value[:_SHOWN_BYTES]).hex()
        rest = "" if len(value) <= _SHOWN_BYTES else f"... ({len(value)} bytes)"
        return f"0x{shown}{rest}" if value else "no bytes"
    if isinstance(value, (list, tuple)):
        shown = ", ".join(describe(item) for item in value[:_SHOWN_ITEMS])
        rest = "" if len(value) <= _SHOWN_ITEMS else f", ... ({len(value)} items)"
        return f"[{shown}{rest}]"
    return repr(value)


def first_difference(expected: Any, got: Any, store: Blockstore) -> ValueDifference | None:
    """Return the first place where two values differ, or None where they are the same."""
    stack: list[tuple[str, Any, Any]] = [("", expected, got)]
    steps = 0
    while stack:
        path, left, right = stack.pop()
        if _same(left, right):
            continue
        steps += 1
        inner = _inside(left, right, store) if steps < _MAX_STEPS else None
        if inner is None:
            return path, describe(left), describe(right)
        stack.extend(reversed([(path + step, mine, other) for step, mine, other in inner]))
    return None


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _inside(left: Any, right: Any, store: Blockstore) -> list[tuple[str, Any, Any]] | None:
    """Return the pairs one step inside two values that differ; None where there is no inside."""
    if isinstance(left, Cid) and isinstance(right, Cid):
        return _behind_links(left, right, store)
    if isinstance(left, list) and isinstance(right, list):
        return list(_paired(left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return [
            (f".{key}", left.get(key, _ABSENT), right.get(key, _ABSENT))
            for key in sorted(left.keys() | right.keys())
        ]
    return None


def _paired(left: list[Any], right: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    for index in range(max(len(left), len(right))):
        mine = left[index] if index < len(left) else _ABSENT
        other = right[index] if index < len(right) else _ABSENT
        yield f"[{index}]", mine, other


def _behind_links(left: Cid, right: Cid, store: Blockstore) -> list[tuple[str, Any, Any]] | None:
    if left.codec != DAG_CBOR or right.codec != DAG_CBOR:
        return None
    data = store.get(left), store.get(right)
    if data[0] is None or data[1] is None:
        return None
    try:
        return [("/", dag_cbor.decode(data[0]), dag_cbor.decode(data[1]))]
    except DecodeError:
        return None
