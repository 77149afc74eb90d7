import pytest

from papyrus.primitives.amounts import (
    MAX_BIGINT_LENGTH,
    ZERO,
    TokenAmount,
    TooBig,
    decode_bigint,
    encode_bigint,
)
from papyrus.primitives.errors import DecodeError


@pytest.mark.parametrize(
    ("number", "wire"),
    [
        (0, ""),
        (1, "0001"),
        (-1, "0101"),
        (255, "00ff"),
        (256, "000100"),
        (-65536, "01010000"),
        (10**18, "000de0b6b3a7640000"),
    ],
)
def test_bigint_encodes_and_decodes(number: int, wire: str) -> None:
    assert encode_bigint(number).hex() == wire
    assert decode_bigint(bytes.fromhex(wire)) == number


@pytest.mark.parametrize(
    ("wire", "number"),
    [("00", 0), ("01", 0), ("0000", 0), ("0100", 0), ("000001", 1), ("01000001", -1)],
)
def test_bigint_accepts_forms_it_does_not_write(wire: str, number: int) -> None:
    assert decode_bigint(bytes.fromhex(wire)) == number


@pytest.mark.parametrize("sign", [1, -1])
def test_bigint_takes_128_bytes_and_no_more(sign: int) -> None:
    largest = sign * (2 ** (8 * (MAX_BIGINT_LENGTH - 1)) - 1)
    wire = encode_bigint(largest)
    assert len(wire) == MAX_BIGINT_LENGTH
    assert decode_bigint(wire) == largest
    with pytest.raises(TooBig, match="129 bytes, 128 at most"):
        encode_bigint(largest + sign)
    with pytest.raises(DecodeError, match="129 bytes, 128 at most"):
        decode_bigint(bytes(MAX_BIGINT_LENGTH + 1))


def test_bigint_refuses_another_sign() -> None:
    with pytest.raises(DecodeError, match="0 or 1, not 2"):
        decode_bigint(b"\x02\x01")


@pytest.mark.parametrize(
    ("text", "atto"),
    [
        ("1", 10**18),
        ("1 FIL", 10**18),
        ("1fil", 10**18),
        ("1.5 FIL", 15 * 10**17),
        ("0001.50", 15 * 10**17),
        (".5", 5 * 10**17),
        ("5.", 5 * 10**18),
        ("-.000000000000000001", -1),
        ("0.0000000000000000010000", 1),
        ("10 attoFIL", 10),
        ("10  aFil ", 10),
        ("10.00 attofil", 10),
        ("-7attoFIL", -7),
        ("-0", 0),
    ],
)
def test_amount_is_read_as_people_write_it(text: str, atto: int) -> None:
    assert TokenAmount.parse(text) == atto


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "failed to parse"),
        ("FIL", "failed to parse"),
        ("-", "failed to parse"),
        (".", "failed to parse"),
        ("1.2.3", "failed to parse"),
        ("--1", "failed to parse"),
        ("1-1", "failed to parse"),
        ("+1", "unrecognized suffix"),
        ("1e3", "unrecognized suffix"),
        ("1_000", "unrecognized suffix"),
        (" 1", "unrecognized suffix"),
        ("\u0661", "unrecognized suffix"),
        ("1 nanoFIL", "unrecognized suffix"),
        ("1" * 51, "too large: 51"),
        ("0.0000000000000000001", "invalid FIL value"),
        ("0.5 attoFIL", "invalid attoFIL value"),
    ],
)
def test_amount_refuses_other_text(text: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        TokenAmount.parse(text)


@pytest.mark.parametrize(
    ("atto", "fil", "nano", "short"),
    [
        (0, "0 FIL", "0", "0"),
        (1, "0.000000000000000001 FIL", "0.000000001 nFIL", "1 aFIL"),
        (10**18, "1 FIL", "1000000000 nFIL", "1 FIL"),
        (-15 * 10**17, "-1.5 FIL", "-1500000000 nFIL", "-1.5 FIL"),
        (1200 * 10**18, "1200 FIL", "1200000000000 nFIL", "1200 FIL"),
        (1_234_567, "0.000000000001234567 FIL", "0.001234567 nFIL", "1.235 pFIL"),
        (999_999_999, "0.000000000999999999 FIL", "0.999999999 nFIL", "1000 pFIL"),
        (2_000_500, "0.0000000000020005 FIL", "0.0020005 nFIL", "2.001 pFIL"),
        (-2_000_500, "-0.0000000000020005 FIL", "-0.0020005 nFIL", "-2.001 pFIL"),
    ],
)
def test_amount_is_written_as_lotus_writes_it(atto: int, fil: str, nano: str, short: str) -> None:
    amount = TokenAmount(atto)
    assert (amount.to_fil(), amount.to_nano(), amount.to_short()) == (fil, nano, short)
    assert TokenAmount.parse(fil) == amount


@pytest.mark.parametrize(
    ("fil", "short"),
    [
        ("123456.234123445", "123456.234 FIL"),
        ("0.1", "100 mFIL"),
        ("0.00001", "10 \u03bcFIL"),
        ("0.0000001", "100 nFIL"),
        ("0.00000000001", "10 pFIL"),
        ("0.000000000000001", "1 fFIL"),
        ("0.0000000000000001", "100 aFIL"),
        ("0.00022123444", "221.234 \u03bcFIL"),
        ("-0.0002212", "-221.2 \u03bcFIL"),
    ],
)
def test_amount_is_shortened_as_lotus_shortens_it(fil: str, short: str) -> None:
    assert TokenAmount.parse(fil).to_short() == short


def test_amounts_add_up_to_amounts() -> None:
    five, two = TokenAmount(5), TokenAmount(2)
    results = (five + two, five - two, 1 + five, 9 - five, -five, five * 3, 3 * five)
    assert results == (7, 3, 6, 4, -5, 15, 15)
    assert {type(result) for result in results} == {TokenAmount}
    assert type(sum([five, two], ZERO)) is TokenAmount


def test_amount_from_larger_units() -> None:
    assert TokenAmount.from_fil(2) == 2 * 10**18
    assert TokenAmount.from_nano(-3) == -3 * 10**9


def test_amount_shows_its_attofil() -> None:
    assert (str(TokenAmount(5)), repr(TokenAmount(5)), f"{TokenAmount(5)}") == (
        "5",
        "TokenAmount(5)",
        "5",
    )
