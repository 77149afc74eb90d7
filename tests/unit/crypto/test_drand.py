"""Rounds that drand published, and rounds of a beacon of one's own."""

import pytest

from papyrus.crypto import bls
from papyrus.crypto.drand import (
    sign_round,
    unchained_public_key,
    verify_chained,
    verify_unchained,
)
from papyrus.primitives.errors import DecodeError
from papyrus.rules.beacons import DRAND_MAINNET, INCENTINET, QUICKNET

SECRET = (2026).to_bytes(32, "little")

CHAINED = [  # round, previous signature, signature; before round 1 stands the group's hash
    (
        1,
        "176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a",
        (
            "8d61d9100567de44682506aea1a7a6fa6e5491cd27a0a0ed349ef6910ac5ac20ff7bc3e09d7c046566c9f7f3"
            "c6f3b10104990e7cb424998203d8f7de586fb7fa5f60045417a432684f85093b06ca91c769f0e7ca19268375"
            "e659c2a2352b4655"
        ),
    ),
    (
        1_000_000,
        (
            "86bbc40c9d9347568967add4ddf6e351aff604352a7e1eec9b20dea4ca531ed6c7d38de9956ffc3bb5a7fabe"
            "28b3a36b069c8113bd9824135c3bff9b03359476f6b03beec179d4aeff456f4d34bbf702b9af78c3bb44e189"
            "2ace8e581bf4afa9"
        ),
        (
            "87e355169c4410a8ad6d3e7f5094b2122932c1062f603e6628aba2e4cb54f46c3bf1083c3537cd3b99e82967"
            "84f46fb40e090961cf9634f02c7dc2a96b69fc3c03735bc419962780a71245b72f81882cf6bb9c961bcf32da"
            "5624993bb747c9e5"
        ),
    ),
    (
        3_311_596,
        (
            "8ed588f2a7716fb1349e2d9803da5db0005e98a83783c353d4a08f183236a9ad91d70ddb01266f4b7c576983"
            "db464b430e65680b9e0098552758afd6c1e6afcb77e3f62fe1b93d42d1cb63abbb2205512fe12fbf74ea9c5a"
            "c3b8f5c1e283a1d8"
        ),
        (
            "a696b9409ababce45749c3a4ec369074453dd4a79967734e1390d969c8ad8d98897d217b9121e92c8ddebbdd"
            "da8d92f900e3bd6bf9deb166863b1a19390d743f82774001487594c5c09e581db7365f02b70a2c8cc41ce324"
            "46ef08e4890c4754"
        ),
    ),
]
UNCHAINED = [
    (
        657_413,
        (
            "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
            "41076862b98fad56e91a6b85b89cd97b"
        ),
    ),
    (
        5_928_395,
        (
            "a5d07c0071b4e386b3ae09206522253c68fefe8490ad59ecc44a7dd0d0745be9"
            "1da5779e2247a82403fbc0cb9a34cb61"
        ),
    ),
]


@pytest.mark.parametrize(("number", "previous", "signature"), CHAINED)
def test_rounds_of_the_chained_beacon(number: int, previous: str, signature: str) -> None:
    before, given = bytes.fromhex(previous), bytes.fromhex(signature)
    key = DRAND_MAINNET.public_key
    assert verify_chained(key, number, before, given)
    assert not verify_chained(key, number + 1, before, given)
    assert not verify_chained(key, number, before[:-1], given)
    assert not verify_chained(INCENTINET.public_key, number, before, given)
    assert not verify_chained(key, number, before, given[:-1])
    assert not verify_chained(key, number, before, bls.ZERO_SIGNATURE)


@pytest.mark.parametrize(("number", "signature"), UNCHAINED)
def test_rounds_of_quicknet(number: int, signature: str) -> None:
    given = bytes.fromhex(signature)
    key = QUICKNET.public_key
    assert verify_unchained(key, number, given)
    assert not verify_unchained(key, number + 1, given)
    assert not verify_unchained(unchained_public_key(SECRET), number, given)
    assert not verify_unchained(key, number, given[:-1])
    assert not verify_unchained(key, number, given + b"\x00")
    assert not verify_unchained(key, number, b"\xc0" + bytes(47))


def test_a_beacon_of_ones_own_signs_any_round() -> None:
    key = unchained_public_key(SECRET)
    rounds = {number: sign_round(SECRET, number) for number in (0, 1, 7, 2**64 - 1)}
    assert len(set(rounds.values())) == len(rounds)
    assert all(verify_unchained(key, number, given) for number, given in rounds.items())
    assert not verify_unchained(key, 1, rounds[7])
    assert sign_round(SECRET, 7) == rounds[7]


def test_the_key_at_infinity_signs_nothing() -> None:
    infinity = b"\xc0" + bytes(95)
    assert not verify_unchained(infinity, 1, b"\xc0" + bytes(47))


@pytest.mark.parametrize(
    "secret", [bytes(32), bytes(31), bls.GROUP_ORDER.to_bytes(32, "little")], ids=len
)
def test_other_bytes_are_no_secret(secret: bytes) -> None:
    with pytest.raises(DecodeError, match="a beacon's secret"):
        sign_round(secret, 1)
    with pytest.raises(DecodeError, match="a beacon's secret"):
        unchained_public_key(secret)


def test_other_bytes_are_no_key() -> None:
    with pytest.raises(DecodeError, match="no point of G2"):
        verify_unchained(bytes(96), 1, bytes(48))
