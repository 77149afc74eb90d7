"""Records: their wire form, their two readings, and what is refused when one is declared."""

from dataclasses import FrozenInstanceError, replace

import pytest

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64, U64, BigInt
from papyrus.ipld.tuples import Reading, Record, absent_before, cbor_transparent, cbor_tuple
from papyrus.primitives.amounts import TokenAmount, TooBig
from papyrus.primitives.errors import DecodeError

STATE = Cid.of(b"\x80")


@cbor_tuple
class Inner(Record):
    """A record within another."""

    number: U64
    proof: bytes


@cbor_tuple
class Outer(Record):
    """A record with a field of most kinds."""

    head: Cid
    inner: Inner | None
    inners: tuple[Inner, ...]
    epoch: I64

    @property
    def count(self):
        return len(self.inners)


@cbor_tuple
class Late(Record):
    """A record that grew twice."""

    first: U64
    fee: TokenAmount = absent_before("FIP-0100", TokenAmount(7))
    power: U64 = absent_before("FIP-0101", default=9)


@cbor_transparent
class Wrapped(Record):
    """A record that travels as its one field."""

    inners: tuple[Inner, ...]


@cbor_tuple
class Single(Record):
    """A record of one field, which is still an array."""

    number: U64


@cbor_tuple
class Empty(Record):
    """A record of no fields."""


OUTER = Outer(STATE, Inner(1, b"a"), (Inner(2, b""),), -5)
OUTER_CBOR = bytes.fromhex("84d82a582700" + STATE.hex() + "8201416181820240" + "24")


def test_record_travels_as_the_array_of_its_fields():
    assert OUTER.to_cbor() == OUTER_CBOR
    assert OUTER.to_ipld() == [STATE, [1, b"a"], [[2, b""]], -5]
    assert Outer.from_cbor(OUTER_CBOR) == OUTER
    assert Outer.from_cbor(OUTER_CBOR, reading=Reading.LENIENT) == OUTER
    assert Outer.from_ipld(OUTER.to_ipld()) == OUTER
    assert OUTER.count == 1


def test_absent_option_is_null():
    assert replace(OUTER, inner=None).to_ipld()[1] is None
    assert Outer.from_ipld([STATE, None, [], 0]).inner is None


def test_transparent_record_travels_as_its_field():
    wrapped = Wrapped((Inner(1, b"a"),))
    assert wrapped.to_cbor() == bytes.fromhex("8182014161")
    assert Wrapped.from_cbor(wrapped.to_cbor()) == wrapped
    assert Wrapped.from_cbor(wrapped.to_cbor(), reading=Reading.LENIENT) == wrapped
    assert Wrapped.from_ipld([]) == Wrapped(())


def test_records_of_one_and_no_fields_are_arrays():
    assert (Single(5).to_cbor(), Empty().to_cbor()) == (b"\x81\x05", b"\x80")
    assert (Single.from_cbor(b"\x81\x05"), Empty.from_cbor(b"\x80")) == (Single(5), Empty())


def test_record_is_frozen_hashable_and_slotted():
    with pytest.raises(FrozenInstanceError):
        OUTER.epoch = 1
    assert len({OUTER, replace(OUTER)}) == 1
    assert not hasattr(OUTER, "__dict__")


@pytest.mark.parametrize("reading", list(Reading))
def test_late_fields_may_be_absent_and_are_always_written(reading):
    assert Late.from_cbor(b"\x81\x01", reading=reading) == Late(1, TokenAmount(7), 9)
    assert Late.from_cbor(b"\x82\x01\x40", reading=reading) == Late(1, TokenAmount(0), 9)
    assert Late.from_cbor(b"\x83\x01\x40\x02", reading=reading) == Late(1, TokenAmount(0), 2)
    assert Late(1).to_cbor() == b"\x83\x01\x42\x00\x07\x09"
    for encoding in (b"\x80", b"\x84\x01\x40\x02\x03"):
        with pytest.raises(DecodeError):
            Late.from_cbor(encoding, reading=reading)


@pytest.mark.parametrize(
    ("record", "encoding", "message"),
    [
        (Inner, "8101", "Inner: expected an array of 2 items"),
        (Inner, "83014100 00", "Inner: expected an array of 2 items"),
        (Inner, "a0", "Inner: expected an array of 2 items"),
        (Inner, "82204100", "Inner.number: -1 is not U64"),
        (Inner, "82016161", "Inner.proof: found str, expected bytes"),
        (Inner, "8218014100", "not minimal"),
        (Outer, "84d82a450001550000f6818220410000", "Outer.inners: Inner.number: -1 is not U64"),
        (Wrapped, "8101", "Wrapped: Inner: expected an array"),
        (Single, "05", "Single: expected an array"),
    ],
)
def test_strict_reading_names_the_field_at_fault(record, encoding, message):
    with pytest.raises(DecodeError, match=message):
        record.from_cbor(bytes.fromhex(encoding))


def test_record_may_refuse_fields_that_do_not_go_together():
    @cbor_tuple
    class Range(Record):
        first: U64
        last: U64

        def __post_init__(self):
            if self.last < self.first:
                raise DecodeError("last lies before first")

    assert Range.from_ipld([1, 2]) == Range(1, 2)
    for reading in Reading:
        with pytest.raises(DecodeError, match=r"^last lies before first$"):
            Range.from_cbor(b"\x82\x02\x01", reading=reading)


def test_lenient_reading_takes_what_actors_take():
    assert Inner.from_cbor(bytes.fromhex("9802 1801 0161"), reading=Reading.LENIENT) == Inner(
        1, b"a"
    )
    for refused in ("8101", "83014100", "a1014100", "9f014100ff", "82014100 00", "8201"):
        with pytest.raises(DecodeError):
            Inner.from_cbor(bytes.fromhex(refused), reading=Reading.LENIENT)


@pytest.mark.parametrize(
    ("record", "error", "message"),
    [
        (Inner(-1, b""), ValueError, "Inner.number: -1 does not fit U64"),
        (Inner(1, "a"), TypeError, "Inner.proof: 'a' is not of type bytes"),
        (replace(OUTER, inner=(1, b"")), TypeError, r"Outer.inner: .* is not of type Inner"),
        (replace(OUTER, inners=(Single(1),)), TypeError, "Outer.inners: .* not of type Inner"),
        (Wrapped((Single(1),)), TypeError, "not of type Inner"),
    ],
)
def test_writing_names_the_field_at_fault(record, error, message):
    with pytest.raises(error, match=message):
        record.to_cbor()


def test_writing_keeps_apart_what_outgrew_its_field_and_what_outgrew_the_wire():
    @cbor_tuple
    class Sum(Record):
        total: BigInt

    with pytest.raises(TooBig, match=r"Sum\.total: a big integer of 129 bytes"):
        Sum(1 << 1016).to_cbor()


def test_record_of_another_class_is_not_written():
    with pytest.raises(TypeError, match="not of type Wrapped"):
        Wrapped.__cbor_codec__.to_ipld(Single(1))


def test_class_must_derive_from_record():
    with pytest.raises(TypeError, match=r"write class Stray\(Record\)"):

        @cbor_tuple
        class Stray:
            number: U64


def test_field_without_wire_form_is_named():
    with pytest.raises(TypeError, match=r"Wrong\.size: int has no width"):

        @cbor_tuple
        class Wrong(Record):
            size: int


def test_late_fields_come_last():
    with pytest.raises(TypeError, match="always present follows one that may be absent"):

        @cbor_tuple
        class Wrong(Record):
            first: U64 = absent_before("FIP-0001", 0)
            second: U64 = 0


def test_transparent_record_has_one_field():
    with pytest.raises(TypeError, match="Pair has 2 fields"):

        @cbor_transparent
        class Pair(Record):
            left: U64
            right: U64
