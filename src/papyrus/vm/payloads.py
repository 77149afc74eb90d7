"""What calls between actors carry: values as blocks, and blocks as values.

Actors encode what they send as plain CBOR, whose links reach nothing, and read CBOR, DAG-CBOR and
raw blocks (FIP-0071, fvm_ipld_encoding `IpldBlock`). They read with the actors' own decoder, which
is more lenient than DAG-CBOR is.
"""

from functools import cache
from typing import Any, TypeVar

from papyrus.ipld import dag_cbor, lenient
from papyrus.ipld.cid import CBOR, DAG_CBOR, RAW
from papyrus.ipld.schema import Codec, codec_for
from papyrus.ipld.tuples import Record
from papyrus.primitives.amounts import TooBig
from papyrus.primitives.errors import DecodeError
from papyrus.vm import aborts
from papyrus.vm.blocks import Block

T = TypeVar("T")


_built = cache(codec_for)


def codec_of(kind: Any) -> Codec:
    """Return the codec of an annotation, built once; TypeError for one that has none."""
    return _built(kind)


def cbor_block(value: Any) -> Block | None:
    """Return a record, address or amount as a block; None, and a block, as they are.

    Raises ActorError where an integer has grown too wide for its field.
    """
    if value is None or isinstance(value, Block):
        return value
    return Block(CBOR, encoded(type(value), value))


def encoded(kind: Any, value: Any) -> bytes:
    """Return the CBOR of a value of a kind; ActorError where an integer has grown too wide.

    A big integer is refused when it is encoded; one of the actors' own 64 bits overflows earlier.
    """
    try:
        if isinstance(value, Record):
            return value.to_cbor()
        return dag_cbor.encode(codec_of(kind).to_ipld(value))
    except TooBig as error:
        raise aborts.serialization(str(error)) from error
    except ValueError as error:
        # In the released actors the integer itself would have overflowed, on the way here.
        raise aborts.assertion_failed(str(error)) from error


def read_block(kind: type[T], block: Block) -> T:
    """Return the value of a kind that a block holds; DecodeError where it holds none."""
    codec = codec_of(kind)
    data = block.data
    if block.codec == RAW:
        # A raw block stands for a byte string, and for whatever else travels as one.
        data = dag_cbor.encode(data)
    elif block.codec not in (CBOR, DAG_CBOR):
        raise DecodeError(f"codec {block.codec:#x} cannot be read")
    found: T = lenient.read_all(codec.read, data)
    return found


def read_return(kind: type[T], answer: Block | None) -> T:
    """Return the value of a kind that a called actor answered with; ActorError where it did not."""
    if answer is None:
        raise aborts.assertion_failed("return expected")
    try:
        return read_block(kind, answer)
    except DecodeError as error:
        raise aborts.serialization(str(error)) from error
