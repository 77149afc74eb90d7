"""Laws of keys and signatures, and of their readers on any input at all."""

from collections.abc import Callable
from contextlib import suppress
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from papyrus.crypto import bls, hashing, secp256k1, signatures
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
DIGESTS = st.binary(min_size=32, max_size=32)
SECP_SECRETS = st.integers(1, ORDER - 1).map(lambda n: n.to_bytes(32, "big"))
BLS_SECRETS = st.integers(1, bls.GROUP_ORDER - 1).map(lambda n: n.to_bytes(32, "little"))
MIB = 1 << 20


@given(SECP_SECRETS, DIGESTS)
def test_every_secp256k1_signature_gives_up_its_key(secret: bytes, digest: bytes) -> None:
    key = secp256k1.public_key(secret)
    signature = secp256k1.sign(secret, digest)
    s = int.from_bytes(signature[32:64], "big")
    mirror = signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([signature[64] ^ 1])
    assert 0 < s <= ORDER // 2
    assert secp256k1.recover(signature, digest) == key
    assert secp256k1.recover(mirror, digest) == key


@given(st.binary(min_size=65, max_size=65), DIGESTS)
def test_any_65_bytes_give_up_a_key_or_are_refused(signature: bytes, digest: bytes) -> None:
    for number in range(6):
        candidate = signature[:64] + bytes([number])
        try:
            key = secp256k1.recover(candidate, digest)
        except DecodeError:
            continue
        assert number < 4
        assert len(key) == 65
        assert secp256k1.verify(candidate, digest, key)


@settings(max_examples=20)
@given(st.lists(st.tuples(BLS_SECRETS, st.binary()), min_size=1, max_size=5), st.data())
def test_aggregates_verify_exactly_when_messages_differ(
    signed: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    keys = [bls.public_key(secret) for secret, _ in signed]
    messages = [message for _, message in signed]
    aggregate = bls.aggregate([bls.sign(secret, message) for secret, message in signed])
    distinct = len(set(messages)) == len(messages)
    assert bls.verify_aggregate(aggregate, keys, messages) == distinct
    changed = data.draw(st.integers(0, len(messages) - 1))
    messages[changed] += b"\x00"
    assert not bls.verify_aggregate(aggregate, keys, messages)


@given(st.binary(max_size=100), st.binary(max_size=100), st.binary(max_size=50))
def test_any_bytes_verify_or_do_not(data: bytes, message: bytes, key: bytes) -> None:
    assert not bls.verify(key, message, data)
    assert not secp256k1.verify(data, message, key)
    for kind in SignatureType:
        assert not signatures.verify(Signature(kind, data), Address.from_id(1), message)
    with suppress(DecodeError):
        assert Signature.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize(
    "function",
    [
        hashing.blake2b_256,
        hashing.keccak_256,
        hashing.ripemd160,
        hashing.sha256,
        lambda data: bls.verify(bls.ZERO_PUBLIC_KEY, data, bls.ZERO_SIGNATURE),
        lambda data: bls.verify(data, data, data),
        lambda data: secp256k1.verify(data, bytes(32), b""),
        lambda data: bls.sign(b"\x01" + bytes(31), data),
    ],
)
def test_a_mebibyte_takes_no_time(function: Callable[[bytes], Any]) -> None:
    data = bytes(MIB)
    before = perf_counter()
    function(data)
    assert perf_counter() - before < 1
