import copy
import pickle

import pytest

from papyrus.crypto.bls import GROUP_ORDER
from papyrus.crypto.signatures import SignatureType, verify
from papyrus.primitives.address import Protocol
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.keys import SECP256K1_ORDER, kind_named, make_key, new_key

PROTOCOLS = {
    SignatureType.SECP256K1: Protocol.SECP256K1,
    SignatureType.BLS: Protocol.BLS,
    SignatureType.DELEGATED: Protocol.DELEGATED,
}


@pytest.mark.parametrize("kind", SignatureType)
def test_new_keys_differ_and_sign_for_their_address(kind: SignatureType) -> None:
    key, other = new_key(kind), new_key(kind)
    assert key.address != other.address
    assert key.address.protocol == PROTOCOLS[kind]
    assert make_key(kind, key.secret) == key
    signature = key.sign(b"data")
    assert verify(signature, key.address, b"data")
    assert not verify(signature, other.address, b"data")


@pytest.mark.parametrize("kind", SignatureType)
def test_key_shows_its_address_and_not_its_secret(kind: SignatureType) -> None:
    key = new_key(kind)
    for text in (repr(key), str(key), f"{key}", repr([key]), repr(copy.copy)):
        assert key.secret.hex() not in text
        assert repr(key.secret) not in text
    assert str(key.address) in repr(key)


def test_key_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="a key is not pickled"):
        pickle.dumps(new_key(SignatureType.SECP256K1))


@pytest.mark.parametrize(
    ("kind", "number", "order"),
    [
        (SignatureType.SECP256K1, 0, "big"),
        (SignatureType.SECP256K1, SECP256K1_ORDER, "big"),
        (SignatureType.DELEGATED, 0, "big"),
        (SignatureType.DELEGATED, 2**256 - 1, "big"),
        (SignatureType.BLS, 0, "little"),
        (SignatureType.BLS, GROUP_ORDER, "little"),
    ],
)
def test_secret_outside_of_its_group_is_refused(kind, number, order) -> None:
    with pytest.raises(DecodeError, match="above 0 and below the group's order"):
        make_key(kind, number.to_bytes(32, order))


@pytest.mark.parametrize("kind", SignatureType)
def test_largest_secret_is_a_key(kind: SignatureType) -> None:
    if kind == SignatureType.BLS:
        secret = (GROUP_ORDER - 1).to_bytes(32, "little")
    else:
        secret = (SECP256K1_ORDER - 1).to_bytes(32, "big")
    assert make_key(kind, secret).address.protocol == PROTOCOLS[kind]


@pytest.mark.parametrize("length", [0, 31, 33])
def test_secret_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match=f"a bls secret of {length} bytes, not 32"):
        make_key(SignatureType.BLS, bytes(length))


def test_kinds_have_the_names_lotus_gives_them() -> None:
    assert [kind_named(name) for name in ("secp256k1", "bls", "delegated")] == list(SignatureType)
    with pytest.raises(DecodeError, match="secp256k1, bls or delegated"):
        kind_named("secp256k1-ledger")
