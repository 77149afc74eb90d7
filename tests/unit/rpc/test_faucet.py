import pytest

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.faucet import MOST, USUAL, read_wish

ETHEREUM = "0xd388ab098ed3e84c0d808776440b48f685198498"
DELEGATED = Address.from_string("f410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy")


@pytest.mark.parametrize(
    ("body", "address", "amount"),
    [
        (b"t01000", Address.from_id(1000), USUAL),
        (b' {"address": "f01000"}\n', Address.from_id(1000), USUAL),
        (ETHEREUM.encode(), DELEGATED, USUAL),
        (
            b'{"address": "t01000", "amount": "1.5"}',
            Address.from_id(1000),
            TokenAmount(15 * 10**17),
        ),
        (b'{"address": "t01000", "amount": "1000 FIL"}', Address.from_id(1000), MOST),
    ],
)
def test_wish_is_read(body: bytes, address: Address, amount: TokenAmount) -> None:
    assert read_wish(body, {"token": "x"}) == (address, amount)


def test_wish_without_a_body_is_in_the_query() -> None:
    assert read_wish(b"", {"address": "t01000"}) == (Address.from_id(1000), USUAL)
    asked = read_wish(b" ", {"address": ETHEREUM, "amount": "2"})
    assert asked == (DELEGATED, TokenAmount.from_fil(2))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", r"the body is an address.* the query is \?address="),
        (b"\xff\xfe", "the body is an address"),
        (b"{", "the body is an address"),
        (b'{"address": 1000}', "the body is an address"),
        (b'{"address": "t01000", "amount": 5}', "the body is an address"),
        (b'{"amount": "5"}', "the body is an address"),
        (b"t1abc", "base32"),
        (b"0x12", "40 digits"),
        (b"0xzz88ab098ed3e84c0d808776440b48f685198498", "hexadecimal"),
        (b'{"address": "t01000", "amount": "1001"}', "up to 1000 FIL"),
        (b'{"address": "t01000", "amount": "0"}', "up to 1000 FIL"),
        (b'{"address": "t01000", "amount": "-5"}', "up to 1000 FIL"),
        (b'{"address": "t01000", "amount": "much"}', "suffix"),
    ],
)
def test_what_is_no_wish_is_told(body: bytes, why: str) -> None:
    with pytest.raises(DecodeError, match=why):
        read_wish(body, {})
