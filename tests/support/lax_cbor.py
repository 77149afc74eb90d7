"""Encodings that are not canonical, of a value of any kind that has a wire form.

`sample` makes a value of an annotation, `variants` all ways of writing it that differ from the
canonical one in a single place, each with the name of what is odd about it.
"""

from dataclasses import fields
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import BigIntegerForm, Length, Width
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.vm.payloads import codec_of

UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
FALSE, TRUE, NULL = 20, 21, 22
BREAK = b"\xff"
LINK = 42

SAMPLES = {
    bool: True,
    str: "label",
    bytes: b"\x01\x02\x03",
    Cid: Cid.of(b"sample"),
    Address: Address.from_id(1234),
    TokenAmount: TokenAmount(10**20),
    BitField: BitField.from_bits([1, 2, 7]),
}


def sample(kind: Any) -> Any:
    """Return a value of a kind, with one item in each array and something in each option."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _marked(arguments[0], arguments[1:])
    if origin in (Union, UnionType):
        return sample(next(argument for argument in arguments if argument is not NoneType))
    if origin is tuple:
        inner = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return tuple(sample(argument) for argument in inner)
    if isinstance(kind, type) and issubclass(kind, Record):
        hints = get_type_hints(kind, include_extras=True)
        return kind(*(sample(hints[field.name]) for field in fields(kind)))
    if kind in SAMPLES:
        return SAMPLES[kind]
    if hasattr(kind, "from_bytes"):
        return kind.from_bytes(b"\x01" + bytes(65))
    return kind("sample")


def _marked(base: Any, marks: tuple[Any, ...]) -> Any:
    for mark in marks:
        if isinstance(mark, Width):
            return next(iter(base)) if issubclass(base, Enum) else 5
        if isinstance(mark, BigIntegerForm):
            return 10**20
        if isinstance(mark, Length):
            return bytes(mark.length)
    return sample(base)


def variants(kind: Any) -> list[tuple[str, bytes]]:
    """Return encodings of a sample of a kind, canonical first, by the name of their oddity."""
    tree = codec_of(kind).to_ipld(sample(kind))
    found = [("canonical", write(tree))]
    found += [("trailing byte", write(tree) + b"\x00"), ("truncated", write(tree)[:-1])]
    for path in paths(tree):
        node = at(tree, path)
        found += [(name, write(tree, {path: encoding})) for name, encoding in oddities(node)]
    return found


def paths(tree: Any, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """Return the places of a tree, from the root down."""
    found = [path]
    if isinstance(tree, (list, tuple)):
        for index, item in enumerate(tree):
            found += paths(item, (*path, index))
    return found


def at(tree: Any, path: tuple[int, ...]) -> Any:
    """Return what stands at a place."""
    for index in path:
        tree = tree[index]
    return tree


def write(tree: Any, instead: dict | None = None, path: tuple[int, ...] = ()) -> bytes:
    """Return the canonical encoding, but for what stands instead at some places."""
    if instead and path in instead:
        return instead[path]
    if isinstance(tree, (list, tuple)):
        items = (write(item, instead, (*path, index)) for index, item in enumerate(tree))
        return head(ARRAY, len(tree)) + b"".join(items)
    return scalar(tree)


def scalar(value: Any) -> bytes:
    """Return the canonical encoding of a value without parts."""
    if value is None:
        return head(SIMPLE, NULL)
    if isinstance(value, bool):
        return head(SIMPLE, TRUE if value else FALSE)
    if isinstance(value, int):
        return head(NEGATIVE, -1 - value) if value < 0 else head(UNSIGNED, value)
    if isinstance(value, str):
        return head(TEXT, len(value.encode())) + value.encode()
    if isinstance(value, Cid):
        return head(TAG, LINK) + head(BYTES, len(value) + 1) + b"\x00" + value
    return head(BYTES, len(value)) + bytes(value)


def head(major: int, argument: int, width: int = 0) -> bytes:
    """Return a header, its argument written in 2**(width - 1) bytes, or as shortly as it goes."""
    if not width:
        width = next(at for at in range(5) if argument < (24 if at == 0 else 1 << 4 * (1 << at)))
    if width == 0:
        return bytes((major << 5 | argument,))
    return bytes((major << 5 | 23 + width,)) + argument.to_bytes(1 << width - 1, "big")


def oddities(node: Any) -> list[tuple[str, bytes]]:
    """Return what may be written in the place of a node."""
    anywhere = [
        ("null", head(SIMPLE, NULL)),
        ("undefined", head(SIMPLE, 23)),
        ("float", b"\xfb" + bytes(8)),
        (
            "tag",
            head(TAG, 1) + scalar(node) if not isinstance(node, (list, tuple)) else b"\xc1\x80",
        ),
        ("map", head(MAP, 0)),
    ]
    if isinstance(node, bool):
        return [*anywhere, ("number for bool", head(UNSIGNED, 1))]
    if isinstance(node, int):
        return [
            *anywhere,
            ("bool for number", head(SIMPLE, TRUE)),
            ("negative", head(NEGATIVE, 0)),
            ("bytes for number", head(BYTES, 1) + b"\x01"),
            *(
                (f"number in {1 << width - 1} bytes", head(UNSIGNED, node, width))
                for width in range(1, 5)
            ),
            ("greatest number", head(UNSIGNED, 2**64 - 1)),
        ]
    if isinstance(node, str):
        text = node.encode()
        return [
            *anywhere,
            ("bytes for text", head(BYTES, len(text)) + text),
            ("long length of text", head(TEXT, len(text), 2) + text),
            ("text in pieces", b"\x7f" + head(TEXT, len(text)) + text + BREAK),
            ("text that is none", head(TEXT, 1) + b"\xff"),
        ]
    if isinstance(node, Cid):
        data = b"\x00" + node
        return [
            *anywhere,
            ("long tag", head(TAG, LINK, 2) + head(BYTES, len(data)) + data),
            ("link without a tag", head(BYTES, len(data)) + data),
            ("link without its zero", head(TAG, LINK) + head(BYTES, len(node)) + node),
            ("link as text", head(TAG, LINK) + head(TEXT, len(data)) + data),
            ("long length of link", head(TAG, LINK) + head(BYTES, len(data), 2) + data),
            ("link cut short", head(TAG, LINK) + head(BYTES, 4) + data[:4]),
        ]
    if isinstance(node, bytes):
        return [
            *anywhere,
            ("text for bytes", head(TEXT, len(node)) + node),
            ("number header for bytes", head(UNSIGNED, len(node)) + node),
            *(
                (f"length of bytes in {1 << width - 1} bytes", head(BYTES, len(node), width) + node)
                for width in range(1, 5)
            ),
            ("bytes in a piece", b"\x5f" + head(BYTES, len(node)) + node + BREAK),
            (
                "bytes in two pieces",
                b"\x5f" + head(BYTES, 0) + head(BYTES, len(node)) + node + BREAK,
            ),
            ("array for bytes", head(ARRAY, len(node)) + bytes(byte % 24 for byte in node)),
            ("no bytes", head(BYTES, 0)),
        ]
    items = b"".join(write(item) for item in node)
    return [
        *anywhere,
        *(
            (f"length of array in {1 << width - 1} bytes", head(ARRAY, len(node), width) + items)
            for width in range(1, 5)
        ),
        ("array without an end", b"\x9f" + items + BREAK),
        ("array with one more", head(ARRAY, len(node) + 1) + items + head(UNSIGNED, 0)),
        (
            "array with one less",
            head(ARRAY, max(len(node) - 1, 0)) + b"".join(write(item) for item in node[:-1]),
        ),
        ("no array", head(ARRAY, 0)),
    ]
