import pytest

from papyrus.crypto import hashing
from papyrus.primitives.errors import DecodeError


# The published values for "abc" (FIPS 180-4, RFC 7693, the authors of RIPEMD-160 and Keccak).
@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("keccak_256", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
        ("ripemd160", "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"),
        ("blake2b_256", "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
        ("blake2b_160", "384264f676f39536840523f284921cdc68b6846b"),
        ("blake2b_32", "63906248"),
        (
            "blake2b_512",
            (
                "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
            ),
        ),
    ],
)
def test_hash_has_its_published_value(name: str, digest: str) -> None:
    assert getattr(hashing, name)(b"abc").hex() == digest


@pytest.mark.parametrize(
    ("code", "function"),
    [
        (0x12, hashing.sha256),
        (0x1B, hashing.keccak_256),
        (0x1053, hashing.ripemd160),
        (0xB220, hashing.blake2b_256),
        (0xB240, hashing.blake2b_512),
    ],
)
def test_hash_is_found_by_its_multihash_code(code: int, function) -> None:
    assert hashing.hash_by_code(code, b"papyrus") == function(b"papyrus")


@pytest.mark.parametrize("code", [0, 0x11, 0x13, 0x16, 0xB214, 2**64])
def test_hash_the_vm_does_not_know_is_refused(code: int) -> None:
    with pytest.raises(DecodeError, match=f"unsupported hash code {code}"):
        hashing.hash_by_code(code, b"")
