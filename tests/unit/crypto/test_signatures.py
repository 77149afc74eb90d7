import pytest

from papyrus.crypto import bls, secp256k1, vrf
from papyrus.crypto.hashing import blake2b_256, keccak_256
from papyrus.crypto.signatures import Signature, SignatureType, address_of, sign, verify
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import DecodeError

SECRET = b"\x05" + bytes(30) + b"\x05"
MESSAGE = b"the CID of a message"
PROTOCOLS = {
    SignatureType.SECP256K1: Protocol.SECP256K1,
    SignatureType.BLS: Protocol.BLS,
    SignatureType.DELEGATED: Protocol.DELEGATED,
}


@pytest.mark.parametrize("kind", SignatureType)
def test_signature_verifies_for_its_signer_and_message_alone(kind: SignatureType) -> None:
    signer = address_of(kind, SECRET)
    signature = sign(kind, SECRET, MESSAGE)
    assert signer.protocol is PROTOCOLS[kind]
    assert verify(signature, signer, MESSAGE)
    assert not verify(signature, signer, MESSAGE + b"!")
    assert not verify(signature, address_of(kind, b"\x06" + SECRET[1:]), MESSAGE)
    assert not verify(signature, Address.from_id(1000), MESSAGE)
    for other in SignatureType:
        if other != kind:
            assert not verify(signature, address_of(other, SECRET), MESSAGE)
            assert not verify(Signature(other, signature.data), signer, MESSAGE)


@pytest.mark.parametrize("kind", SignatureType)
@pytest.mark.parametrize("data", [b"", bytes(64), bytes(65), bytes(96), b"\xff" * 65])
def test_malformed_data_does_not_verify(kind: SignatureType, data: bytes) -> None:
    assert not verify(Signature(kind, data), address_of(kind, SECRET), MESSAGE)


def test_each_type_signs_its_own_digest() -> None:
    assert sign(SignatureType.SECP256K1, SECRET, MESSAGE).data == secp256k1.sign(
        SECRET, blake2b_256(MESSAGE)
    )
    assert sign(SignatureType.DELEGATED, SECRET, MESSAGE).data == secp256k1.sign(
        SECRET, keccak_256(MESSAGE)
    )
    assert sign(SignatureType.BLS, SECRET, MESSAGE).data == bls.sign(SECRET, MESSAGE)


def test_ethereum_account_is_the_hash_of_its_key() -> None:
    # The first account of the mnemonic every Ethereum test network uses.
    secret = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    account = address_of(SignatureType.DELEGATED, secret).to_ethereum()
    assert account is not None
    assert account.hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def test_wire_form_is_the_type_and_the_data() -> None:
    signature = Signature(SignatureType.BLS, b"data")
    assert signature.to_bytes() == b"\x02data"
    assert Signature.from_bytes(b"\x02data") == signature
    assert Signature.from_bytes(b"\x01") == Signature(SignatureType.SECP256K1, b"")


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"", "0 bytes"),
        (bytes(201), "201 bytes"),
        (b"\x00data", "unknown signature type 0"),
        (b"\x04data", "unknown signature type 4"),
        (b"\xff", "unknown signature type 255"),
    ],
)
def test_malformed_wire_form_is_refused(wire: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        Signature.from_bytes(wire)


def test_vrf_proof_is_unique_and_checkable() -> None:
    proof = vrf.compute(SECRET, b"round 1")
    key = bls.public_key(SECRET)
    assert proof == vrf.compute(SECRET, b"round 1") == bls.sign(SECRET, b"round 1")
    assert vrf.verify(key, b"round 1", proof)
    assert not vrf.verify(key, b"round 2", proof)
    assert not vrf.verify(key, b"round 1", proof[:-1])
    assert vrf.output(proof) == blake2b_256(proof)
