"""Paths through the data of a chain, as `papyrus chain get` and `bisect` take them.

A step is a place in a list or a name in an object; links are followed. As with Lotus,
`@Ha:ADDRESS`, `@Hi:NUMBER`, `@Hu:NUMBER` and `@H:TEXT` look a key up in a map (HAMT), and
`@A:INDEX` a place in an array (AMT): `/pstate/1/@Ha:f03` is an actor of the state, whose root holds
the map at place 1.
"""

from typing import Any

from papyrus.cli.address import read_address
from papyrus.cli.connection import NodeClient
from papyrus.cli.node_output import cid_text
from papyrus.cli.remote_blocks import RemoteBlocks
from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import Amt
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.varint import encode_unsigned, encode_zigzag

STATE = "pstate"
"""How Lotus writes the state before the head at the beginning of a path."""

_NAMESPACES = ("ipfs", "ipld")
_FIELDS_OF_OLD_ARRAY = 3


def value_at(node: NodeClient, path: str) -> Any:
    """Return the value at a path that begins with a CID or with /pstate.

    Links are followed on the way and at its end. DecodeError or LocalFault where it leads nowhere.
    """
    steps = [step for step in path.split("/") if step]
    if steps and steps[0] in _NAMESPACES:
        steps = steps[1:]
    if not steps:
        raise DecodeError("an empty path: begin it with a CID, or with /pstate")
    if steps[0] == STATE:
        root = cid_text(node.ask("ChainHead")["Blocks"][0]["ParentStateRoot"])
    else:
        root = steps[0]
    blocks = RemoteBlocks(node)
    value: Any = Cid.from_string(root)
    for place, step in enumerate(steps[1:], 1):
        walked = "/".join(steps[:place])
        if step.startswith("@"):
            value = _looked_up(blocks, value, step, walked)
        else:
            value = _step(_followed(blocks, value), step, walked)
    return _followed(blocks, value)


def _followed(blocks: RemoteBlocks, value: Any) -> Any:
    if not isinstance(value, Cid):
        return value
    data = blocks.get(value)
    return data if value.codec == RAW else dag_cbor.decode(data, lenient_text=True)


def _step(value: Any, step: str, walked: str) -> Any:
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    if isinstance(value, dict) and step in value:
        return value[step]
    if isinstance(value, list):
        raise LocalFault(f"{walked} has no {step!r}: it is a list of {len(value)}")
    if isinstance(value, dict):
        raise LocalFault(f"{walked} has no {step!r}: it has {', '.join(map(str, value))}")
    raise LocalFault(f"{walked} has nothing within, so no {step!r}")


def _looked_up(blocks: RemoteBlocks, root: Any, step: str, walked: str) -> Any:
    """Return what a map or an array has at a key; LocalFault where it is neither, or has none."""
    if not isinstance(root, Cid):
        raise LocalFault(f"{walked} is no link to a map or an array, so it has no {step!r}")
    kind, _, text = step.partition(":")
    try:
        if kind == "@A":
            is_old = len(_followed(blocks, root)) == _FIELDS_OF_OLD_ARRAY
            array = Amt(blocks, root, version=0 if is_old else 3)
            is_there, value = int(text) in array, array.get(int(text))
        else:
            found, key = Hamt(blocks, root), _key(kind, text)
            is_there, value = key in found, found.get(key)
    except (DecodeError, TypeError, ValueError) as error:
        raise LocalFault(f"{walked} has no {step!r}: {error}") from error
    if not is_there:
        raise LocalFault(f"{walked} has no {step!r}")
    return value


def _key(kind: str, text: str) -> bytes:
    match kind:
        case "@Ha":
            return bytes(read_address(text))
        case "@Hi":
            return encode_zigzag(int(text))
        case "@Hu":
            return encode_unsigned(int(text))
        case "@H":
            return text.encode()
    raise DecodeError(f"a key is written @Ha:, @Hi:, @Hu:, @H: or @A:, not {kind}:")
