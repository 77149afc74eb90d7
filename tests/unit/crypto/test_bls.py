import base64

import pytest

from papyrus.crypto import bls
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

SECRETS = [n.to_bytes(32, "little") for n in range(1, 6)]
KEYS = [bls.public_key(secret) for secret in SECRETS]
MESSAGES = [b"message %d" % n for n in range(5)]
SIGNATURES = [bls.sign(secret, text) for secret, text in zip(SECRETS, MESSAGES, strict=True)]
AGGREGATE = bls.aggregate(SIGNATURES)

NOT_IN_G1 = b"\x80" + bytes(47)
NOT_IN_G2 = b"\x80" + bytes(94) + b"\x02"


# Two of the vectors of the reference's crate, bls-signatures tests/data.json.
@pytest.mark.parametrize(
    ("scalar", "message", "key", "signature"),
    [
        (
            27539689655622540958679105641905086851274830069992722298279813327323206776590,
            b"",
            "sr4R3I5U7nTbwHVp/XT+A7X1Ktcc1JqFebbGOHiR9aIK2YDsJ0dhjBua01hGpoo+",
            (
                "tTz9+LSIoobfHtIEMuK7xOY2EAN1ff2jpP1s2Y3pXlUT98RI1wsmgeFFR6bO1H58"
                "EOKEMuiryzTeHcKPOTKP0qE9sSpMajC9F7DkKIGkKQA+TCRYO6DymkD9g2zwXhpA"
            ),
        ),
        (
            49702461028268182420606074237888227477973439590128745083263225875180465421919,
            b"1234",
            "mB3i2IqAotd1Ls2mZEM0Cniepi3WjcpqOoyvO2welCSKiBmk9rpVT1D1zLi8QOZ8",
            (
                "hKpZytB4o0w8H4dukk7hmc2M90hXzrytMDdWGWTP2lDc5fTQcJqmkNrnETsBqcjD"
                "FVf1WJw463IOhoZP8MREb7ohiZ1M0LKGLsOV3h39tza/OMpW0XAZslfF1N1WO/W3"
            ),
        ),
    ],
)
def test_signature_has_the_reference_value(
    scalar: int, message: bytes, key: str, signature: str
) -> None:
    secret = scalar.to_bytes(32, "little")
    assert bls.public_key(secret) == base64.b64decode(key)
    assert bls.sign(secret, message) == base64.b64decode(signature)


# The official serialization-vectors, message_signing.json.
@pytest.mark.parametrize(
    ("secret", "sender", "cid", "signature"),
    [
        (
            "pyBOAP9camcZANKedHE+oaqPgtsOd/qBvOAO1YfvLVY=",
            "t3sogjuub37grt2tuvvlxbiamthwxenf2dwgq6sn7gpj72c5omg7gojjplsdsovgq6g3aagwerkght3e7boqfq",
            "0171a0e40220cebe89d62b1ff3c34a26d112fd0d1c71debefce08214cce0cdaaf67d532fbfeb",
            (
                "sYHUj6N7Cb86A8pTPyaB82zdeemyHd+tZU4Vdsm6bz2GlaeLC5tsc3SX1Q7Fr5pR"
                "A5gXhcx4ID+vDqDVO7ZAnToKaWeZ2Wr28S+b4tGWOwqYHx8jkkvklyyNJ5wK4bq+"
            ),
        ),
        (
            "up1tp2I6oAPrSyiAW1chA9Uo32DiPy+nDb5Sl7BXmT0=",
            "t3unbjghaftrz676njfgakmfwvirbu5kxpafb57ex2s4sd7p2e5un2mru5fn3l2hnahcqsxtvwxy5j2cdtlaaa",
            "0171a0e4022085f14c26af4fee87f75ce11fb3f98f5bab2010992eaa52211c04ce677302cf40",
            (
                "kfeQ7eyQ+Rs3jgv2igh2w5H4z8+laQXttg68Q5hPsf1vluiOjXFWELS1HrMqR7xa"
                "DR6Q2yjXLDdmxm+JsFr6MNSUbdDBBXsiH9aTUyxc3cA9Li5QZ0ed2k/oKHPhpeDh"
            ),
        ),
    ],
)
def test_message_is_signed_as_lotus_signs_it(
    secret: str, sender: str, cid: str, signature: str
) -> None:
    key = bls.public_key(base64.b64decode(secret))
    signed = bls.sign(base64.b64decode(secret), bytes.fromhex(cid))
    assert Address.bls(key).to_string("t") == sender
    assert signed == base64.b64decode(signature)
    assert bls.verify(key, bytes.fromhex(cid), signed)


def test_only_compressed_signatures_verify() -> None:
    # Lotus lib/sigs/bls TestUncompressedFails.
    key = Address.from_string(
        "f3tcgq5scpfhdwh4dbalwktzf6mbv3ng2nw7tyzni5cyrsgvineid6jybnweecpa6misa6lk4tvwtxj2gkwpzq"
    ).payload
    signature = bytes.fromhex(
        "9927444bfcffdca34af57b78757b9b90f1cd28d2a3aeed2aa6bde299f8bbb918"
        "4756f2287b0588e6d3f2860d2bb2066e0c59778c1e644fb2cfb35fba8f09fa82"
        "4a9ed825108c82ff4bf634c1037eeaf185f45673d4a1c1c6eeb712b7d72a5498"
    )
    assert bls.verify(key, b"potato", signature)
    assert not bls.verify(key, b"potato", signature.replace(b"\x88\xe6", b"\x88\xf6"))
    assert not bls.verify(key, b"potato", signature + b"\x55")
    assert not bls.verify(key, b"potato", b"\x19" + signature[1:])
    assert not bls.verify(key, b"potato", b"\x19" + signature[1:] + bytes(96))


def test_key_of_one_is_the_generator() -> None:
    assert KEYS[0].hex().startswith("97f1d3a73197d7942695638c4fa9ac0f")


def test_aggregate_verifies_in_any_order() -> None:
    assert bls.verify_aggregate(AGGREGATE, KEYS, MESSAGES)
    assert bls.verify_aggregate(AGGREGATE, KEYS[::-1], MESSAGES[::-1])
    assert bls.aggregate(SIGNATURES[::-1]) == AGGREGATE


def test_aggregate_of_one_is_the_signature() -> None:
    assert bls.aggregate(SIGNATURES[:1]) == SIGNATURES[0]
    assert bls.verify_aggregate(SIGNATURES[0], KEYS[:1], MESSAGES[:1])


def test_aggregate_fails_when_anything_differs() -> None:
    assert not bls.verify_aggregate(AGGREGATE, KEYS, [*MESSAGES[:4], b"another"])
    assert not bls.verify_aggregate(AGGREGATE, [*KEYS[1:], KEYS[0]], MESSAGES)
    assert not bls.verify_aggregate(AGGREGATE, KEYS[:4], MESSAGES[:4])
    assert not bls.verify_aggregate(SIGNATURES[0], KEYS, MESSAGES)
    assert not bls.verify_aggregate(bls.ZERO_SIGNATURE, KEYS, MESSAGES)


def test_aggregate_of_one_signer_counts_every_message() -> None:
    signatures = [bls.sign(SECRETS[n % 2], text) for n, text in enumerate(MESSAGES)]
    keys = [KEYS[n % 2] for n in range(5)]
    assert bls.verify_aggregate(bls.aggregate(signatures), keys, MESSAGES)
    assert not bls.verify_aggregate(bls.aggregate(signatures[:4]), keys, MESSAGES)


def test_aggregate_of_equal_messages_fails() -> None:
    signatures = [bls.sign(secret, b"same") for secret in SECRETS]
    assert not bls.verify_aggregate(bls.aggregate(signatures), KEYS, [b"same"] * 5)
    twice = bls.aggregate([SIGNATURES[0], SIGNATURES[0]])
    assert not bls.verify_aggregate(twice, KEYS[:1] * 2, MESSAGES[:1] * 2)


def test_aggregate_of_nothing_is_anything() -> None:
    assert bls.aggregate([]) == bls.ZERO_SIGNATURE
    assert bls.verify_aggregate(bls.ZERO_SIGNATURE, [], [])
    assert bls.verify_aggregate(bytes(96), [], [])


def test_zero_key_never_verifies() -> None:
    secret = bytes(32)
    assert bls.public_key(secret) == bls.ZERO_PUBLIC_KEY
    assert bls.sign(secret, b"text") == bls.ZERO_SIGNATURE
    assert not bls.verify(bls.ZERO_PUBLIC_KEY, b"text", bls.ZERO_SIGNATURE)
    keys, messages = [*KEYS, bls.ZERO_PUBLIC_KEY], [*MESSAGES, b"text"]
    assert not bls.verify_aggregate(AGGREGATE, keys, messages)


@pytest.mark.parametrize(
    "key", [NOT_IN_G1, KEYS[0][:-1], KEYS[0] + b"\x00", b"", b"\xff" * 48, bytes(48)]
)
def test_key_that_is_no_point_of_the_group_is_refused(key: bytes) -> None:
    assert not bls.verify(key, MESSAGES[0], SIGNATURES[0])
    with pytest.raises(DecodeError, match="invalid G1 curve point"):
        bls.verify_aggregate(SIGNATURES[0], [key], MESSAGES[:1])


@pytest.mark.parametrize(
    "signature",
    [NOT_IN_G2, AGGREGATE[:-1], AGGREGATE + b"\x00", b"", b"\xff" * 96, bytes(96)],
)
def test_signature_that_is_no_point_of_the_group_is_refused(signature: bytes) -> None:
    assert not bls.verify(KEYS[0], MESSAGES[0], signature)
    with pytest.raises(DecodeError, match="invalid G2 curve point"):
        bls.verify_aggregate(signature, KEYS, MESSAGES)
    with pytest.raises(DecodeError, match="invalid G2 curve point"):
        bls.aggregate([SIGNATURES[0], signature])


def test_counts_of_keys_and_messages_must_agree() -> None:
    with pytest.raises(ValueError, match="5 public keys for 4 messages"):
        bls.verify_aggregate(AGGREGATE, KEYS, MESSAGES[:4])


@pytest.mark.parametrize(
    "secret", [b"", bytes(31), bytes(33), bls.GROUP_ORDER.to_bytes(32, "little"), b"\xff" * 32]
)
def test_number_that_is_no_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(DecodeError, match="a BLS secret"):
        bls.sign(secret, b"")
