"""Values of any annotation that a record may have, for hypothesis."""

import typing
from dataclasses import fields
from enum import IntEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NewType, Union, get_args, get_origin

from hypothesis import strategies as st

from papyrus.actors.common.signatures import GivenSignature
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import BigIntegerForm, Length, MaxLength, Width
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField

_CIDS = st.binary(min_size=1, max_size=4).map(Cid.of)
_SIMPLE = {
    bool: st.booleans(),
    str: st.text(max_size=5),
    bytes: st.binary(max_size=5),
    Cid: _CIDS,
    Address: st.one_of(
        st.integers(0, 2**63 - 1).map(Address.from_id),
        st.binary(min_size=1, max_size=9).map(Address.actor),
    ),
    TokenAmount: st.integers(-(10**30), 10**30).map(TokenAmount),
    BitField: st.sets(st.integers(0, 2000), max_size=5).map(BitField.from_bits),
    GivenSignature: st.builds(
        GivenSignature.from_bytes, st.binary(max_size=5).map(lambda data: b"\x01" + data)
    ),
    int: st.integers(0, 2**31),
}


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return the values of an annotation."""
    if isinstance(kind, NewType):
        return values_of(kind.__supertype__)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _marked(arguments[0], arguments[1:])
    if set(arguments) == {str, bytes}:
        return _SIMPLE[str]  # JSON does not tell other labels from none
    if origin in (Union, UnionType):
        return st.one_of(*(st.none() if one is NoneType else values_of(one) for one in arguments))
    if origin is tuple and arguments[1:] == (...,):
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values_of, arguments))
    if isinstance(kind, type) and issubclass(kind, Record):
        hints = typing.get_type_hints(kind, include_extras=True)
        return st.builds(
            kind, **{field.name: values_of(hints[field.name]) for field in fields(kind)}
        )
    return _SIMPLE[kind]


def _marked(base: Any, marks: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    for mark in marks:
        if isinstance(mark, Width):
            if isinstance(base, type) and issubclass(base, IntEnum):
                return st.sampled_from(base)
            low = -(1 << (mark.bits - 1)) if mark.signed else 0
            return st.integers(low, low + (1 << mark.bits) - 1)
        if isinstance(mark, BigIntegerForm):
            return st.integers(-(10**30), 10**30)
        if isinstance(mark, Length):
            return st.binary(min_size=mark.length, max_size=mark.length)
        if isinstance(mark, MaxLength):
            most = mark.length
            return values_of(base).filter(lambda value: len(value) <= most)  # noqa: B023 - returned
    return values_of(base)
