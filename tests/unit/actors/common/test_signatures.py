import pytest

from papyrus.actors.common.signatures import GivenSignature
from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.errors import DecodeError


@pytest.mark.parametrize("kind", [SignatureType.SECP256K1, SignatureType.BLS])
@pytest.mark.parametrize("length", [0, 65, 5000])
def test_signatures_of_any_length_survive(kind, length):
    signature = GivenSignature(kind, bytes(length))
    assert signature.to_bytes() == bytes((kind,)) + bytes(length)
    assert GivenSignature.from_bytes(signature.to_bytes()) == signature


@pytest.mark.parametrize("wire", [b"", b"\x00", b"\x03" + bytes(65), b"\x04"])
def test_unknown_types_are_refused(wire):
    with pytest.raises(DecodeError):
        GivenSignature.from_bytes(wire)
