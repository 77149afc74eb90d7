import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import IntEnum, StrEnum
from typing import Annotated, Any, NewType

import pytest
from chain_forge import Forge, message, signed
from hypothesis import given
from hypothesis import strategies as st

from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.json_codecs import Named, codec_of
from papyrus.rpc.json_values import MAX_RUNS, MaybeAddress
from papyrus.types.block import BlockHeader
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset, TipsetKey

CID = Cid.of(b"a")
SectorNumber = NewType("SectorNumber", int)


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    BIG = 8


@dataclass(frozen=True)
class Inner:
    """A record within another."""

    value: TokenAmount


@dataclass(frozen=True)
class Outer:
    """A record with every way to name a member."""

    block_delay: int
    api_version: Annotated[int, Named("APIVersion")]
    inner: Inner
    list_of_inner: list[Inner]
    note: str | None = None
    max_fee: Annotated[TokenAmount, Named("MaxFEE")] = ZERO
    tags: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tree:
    """A record of itself."""

    children: list["Tree"]


FORGE = Forge()
KEYED = FORGE.genesis.key


@pytest.mark.parametrize(
    ("annotation", "value", "written"),
    [
        (bool, True, True),
        (int, -(2**63), -(2**63)),
        (SectorNumber, SectorNumber(3), 3),
        (float, 0.5, 0.5),
        (str, "ü", "ü"),
        (None, None, None),
        (bytes, b"\x00\xff", "AP8="),
        (bytes, b"", ""),
        (Cid, CID, {"/": str(CID)}),
        (Address, Address.from_id(5), "t05"),
        (MaybeAddress, None, "<empty>"),
        (MaybeAddress, Address.from_id(5), "t05"),
        (TokenAmount, TokenAmount(-(10**30)), "-" + "1" + "0" * 30),
        (TipsetKey, TipsetKey((CID,)), [{"/": str(CID)}]),
        (BitField, BitField.from_bits([0, 1, 2, 8, 9]), [0, 3, 5, 2]),
        (BitField, BitField.from_bits([5]), [5, 1]),
        (BitField, BitField(), [0]),
        (Signature, Signature(SignatureType.BLS, b"\x01"), {"Type": 2, "Data": "AQ=="}),
        (datetime, datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (uuid.UUID, uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (Colour, Colour.RED, "red"),
        (Size, Size.BIG, 8),
        (int | None, None, None),
        (int | None, 4, 4),
        (list[Cid], [CID], [{"/": str(CID)}]),
        (tuple[int, ...], (1, 2), [1, 2]),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (Tree, Tree([Tree([])]), {"Children": [{"Children": []}]}),
        (
            Outer,
            Outer(30, 1, Inner(TokenAmount(1)), [Inner(TokenAmount(2))], "n", TokenAmount(3)),
            {
                "BlockDelay": 30,
                "APIVersion": 1,
                "Inner": {"Value": "1"},
                "ListOfInner": [{"Value": "2"}],
                "Note": "n",
                "MaxFEE": "3",
                "Tags": {},
            },
        ),
    ],
)
def test_value_has_lotus_form_and_is_read_back(annotation, value, written):
    codec = codec_of(annotation)
    assert codec.write(value, "t") == written
    assert codec.read(written) == value


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Message, message(1, value=5)),
        (SignedMessage, signed(2)),
        (BlockHeader, FORGE.genesis.blocks[0]),
        (Tipset, FORGE.genesis),
        (Receipt, Receipt(exit_code=0, return_data=b"r", gas_used=12, events_root=CID)),
        (StampedEvent, StampedEvent(7, ActorEvent((EventEntry(3, "t1", 0x55, b"v"),)))),
    ],
)
def test_record_of_the_chain_is_read_back(annotation, value):
    codec = codec_of(annotation)
    assert codec.read(codec.write(value, "f")) == value


@pytest.mark.parametrize(
    ("annotation", "value", "found"),
    [
        (list[int], None, []),
        (TipsetKey, None, TipsetKey(())),
        (bytes, None, b""),
        (MaybeAddress, None, None),
        (MaybeAddress, "", None),
        (Address, "f05", Address.from_id(5)),
        (BitField, [5], BitField()),
        (BitField, [], BitField()),
        (Any, {"a": [1]}, {"a": [1]}),
        (float, 3, 3.0),
        (datetime, "2026-01-02T01:00:00+01:00", datetime(2026, 1, 2, tzinfo=UTC)),
        (Outer, {"BlockDelay": 1, "APIVersion": 2, "Inner": {"Value": "3"}, "ListOfInner": None},
         Outer(1, 2, Inner(TokenAmount(3)), [])),
    ],
)  # fmt: skip
def test_what_clients_leave_out_or_write_otherwise_is_read(annotation, value, found):
    assert codec_of(annotation).read(value) == found


@pytest.mark.parametrize(
    ("annotation", "value", "told"),
    [
        (bool, 1, "expected true or false"),
        (int, True, "expected an integer"),
        (int, "1", "expected an integer"),
        (int, 2**64, "does not fit 64 bits"),
        (int, -(2**63) - 1, "does not fit 64 bits"),
        (float, "1", "expected a number"),
        (float, 1e300, "expected a number"),
        (str, 1, "expected text"),
        (None, 1, "expected null"),
        (bytes, "%%", "base64"),
        (bytes, [1], "base64"),
        (Cid, "bafy", "expected an object"),
        (Cid, {"/": 1}, "a CID in JSON is text"),
        (Cid, {"/": "x"}, ""),
        (Address, 5, "expected text"),
        (Address, "x05", "unknown address network"),
        (Address, "<empty>", "unknown address network"),
        (TokenAmount, 5, "decimal text"),
        (TokenAmount, "1.5", "decimal text"),
        (TokenAmount, "0x10", "decimal text"),
        (TokenAmount, "9" * 500, "decimal text"),
        (TokenAmount, str(2**1016), "a big integer of 129 bytes, 128 at most"),
        (U64, -1, "expected an unsigned number of 64 bits"),
        (U64, 2**64, "expected an unsigned number of 64 bits"),
        (U64, True, "expected an integer"),
        (I64, 2**63, "expected a signed number of 64 bits"),
        (list[U64], [1, -1], "item 1: expected an unsigned number"),
        (TipsetKey, "bafy", "expected a list or null"),
        (BitField, [1, 0], "a run of a bitfield has a length"),
        (BitField, [-1], "a run of a bitfield has a length"),
        (BitField, [1, 2**64 - 1], "64 bits"),
        (BitField, "x", "at most"),
        (BitField, [1] * (MAX_RUNS + 1), "at most"),
        (Signature, {"Type": 9, "Data": "AQ=="}, "unknown signature type 9"),
        (Signature, {"Type": 1}, "'Data'"),
        (datetime, "yesterday", "RFC 3339"),
        (uuid.UUID, "7", "expected a UUID"),
        (Colour, "blue", "expected one of red"),
        (Colour, [], "expected one of red"),
        (Size, True, "expected one of 8"),
        (list[int], {"a": 1}, "expected a list or null"),
        (list[int], [1, "x"], "item 1: expected an integer"),
        (dict[str, int], [], "expected an object"),
        (Outer, [], "expected an object"),
        (Outer, {"APIVersion": 1}, "expected an object with a field 'BlockDelay'"),
        (
            Outer,
            {"BlockDelay": 1, "APIVersion": 2, "Inner": {"Value": 3}, "ListOfInner": []},
            "Inner: Value: an amount in JSON is decimal text",
        ),
    ],
)
def test_wrong_value_is_refused_with_its_place(annotation, value, told):
    with pytest.raises(DecodeError, match=told or None):
        codec_of(annotation).read(value)


@pytest.mark.parametrize("annotation", [object, set[int], dict[int, int], int | str, list])
def test_annotation_without_a_form_is_refused_when_it_is_declared(annotation):
    with pytest.raises(TypeError):
        codec_of(annotation)


def test_time_is_written_in_utc():
    there = timezone(timedelta(hours=2))
    written = codec_of(datetime).write(datetime(2026, 1, 2, 2, tzinfo=there), "f")
    assert written == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize("annotation", [Outer, Tree, Message, SignedMessage, Tipset, StampedEvent])
def test_record_is_described_by_its_members(annotation):
    definitions = {}
    schema = codec_of(annotation).schema(definitions)
    assert schema == {"$ref": f"#/components/schemas/{annotation.__name__}"}
    assert definitions[annotation.__name__]["type"] == "object"


def test_description_of_a_message_has_the_names_of_lotus():
    definitions = {}
    codec_of(Message).schema(definitions)
    assert list(definitions["Message"]["properties"]) == [
        "Version", "To", "From", "Nonce", "Value", "GasLimit", "GasFeeCap", "GasPremium", "Method",
        "Params", "CID",
    ]  # fmt: skip


bits = st.sets(st.integers(0, 500), max_size=40).map(BitField.from_bits)


@given(bits)
def test_any_bitfield_is_read_back(bitfield):
    codec = codec_of(BitField)
    assert codec.read(codec.write(bitfield, "f")) == bitfield


@given(st.lists(st.integers(0, 2**66), max_size=6))
def test_any_run_lengths_are_a_bitfield_or_refused(lengths):
    try:
        found = codec_of(BitField).read(lengths)
    except DecodeError:
        return
    bounds = [sum(lengths[: end + 1]) for end in range(len(lengths))]
    assert all((bound in found) is (end % 2 == 0) for end, bound in enumerate(bounds[:-1]))
