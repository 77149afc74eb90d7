import pytest

from papyrus.crypto import secp256k1
from papyrus.crypto.hashing import keccak_256, sha256
from papyrus.primitives.errors import DecodeError

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECRET = bytes(31) + b"\x01"
DIGEST = sha256(b"Satoshi Nakamoto")
# The customary check of RFC 6979 on this curve.
SIGNATURE = bytes.fromhex(
    "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
    "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
    "01"
)
GENERATOR = bytes.fromhex(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
    "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
)


def mirrored(signature: bytes) -> bytes:
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([signature[64] ^ 1])


def test_key_of_one_is_the_generator() -> None:
    assert secp256k1.public_key(SECRET) == GENERATOR


def test_signature_is_deterministic_and_gives_up_its_key() -> None:
    assert secp256k1.sign(SECRET, DIGEST) == SIGNATURE
    assert secp256k1.recover(SIGNATURE, DIGEST) == GENERATOR
    assert secp256k1.verify(SIGNATURE, DIGEST, GENERATOR)


def test_signature_with_a_high_s_is_as_good() -> None:
    assert secp256k1.recover(mirrored(SIGNATURE), DIGEST) == GENERATOR


def test_high_s_recovers_as_ethereum_does() -> None:
    # fvm_shared secp_ecrecover_testvector.
    digest = bytes.fromhex("18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c")
    signature = bytes.fromhex(
        "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
        "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549"
        "01"
    )
    account = keccak_256(secp256k1.recover(signature, digest)[1:])[12:]
    assert account.hex() == "a94f5374fce5edbc8e2a8697c15331677e6ebf0b"


def test_other_digest_or_key_does_not_verify() -> None:
    other = secp256k1.public_key(bytes(31) + b"\x02")
    assert not secp256k1.verify(SIGNATURE, sha256(b""), GENERATOR)
    assert not secp256k1.verify(SIGNATURE, DIGEST, other)
    assert not secp256k1.verify(SIGNATURE[:-1] + b"\x00", DIGEST, GENERATOR)


@pytest.mark.parametrize(
    "signature",
    [
        SIGNATURE[:-1] + b"\x02",
        SIGNATURE[:-1] + b"\x04",
        SIGNATURE[:-1] + b"\x1c",
        SIGNATURE[:-1] + b"\xff",
        bytes(32) + SIGNATURE[32:],
        SIGNATURE[:32] + bytes(32) + SIGNATURE[64:],
        ORDER.to_bytes(32, "big") + SIGNATURE[32:],
        SIGNATURE[:32] + ORDER.to_bytes(32, "big") + SIGNATURE[64:],
        bytes(65),
        SIGNATURE[:-1],
        SIGNATURE + b"\x00",
        b"",
    ],
)
def test_signature_no_key_could_have_made_is_refused(signature: bytes) -> None:
    with pytest.raises(DecodeError):
        secp256k1.recover(signature, DIGEST)
    assert not secp256k1.verify(signature, DIGEST, GENERATOR)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_digest_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match=f"a digest of {length} bytes"):
        secp256k1.recover(SIGNATURE, bytes(length))
    with pytest.raises(DecodeError, match=f"a digest of {length} bytes"):
        secp256k1.sign(SECRET, bytes(length))


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(32), b"\xff" * 32, b"\x01" * 33])
def test_number_that_is_no_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(DecodeError, match="a secp256k1 secret"):
        secp256k1.public_key(secret)
