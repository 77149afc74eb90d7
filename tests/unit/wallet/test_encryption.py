import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from papyrus.primitives.errors import DecodeError
from papyrus.wallet import encryption
from papyrus.wallet.encryption import (
    LONGEST_PASSWORD,
    TAG_LENGTH,
    Locked,
    ScryptCost,
    check_new_password,
    lock,
    stretch,
    unlock,
)
from papyrus.wallet.errors import WalletError


def test_scrypt_is_that_of_the_standard() -> None:
    """RFC 7914, section 12; of the 64 bytes there, the first 32 are the same for any length."""
    key = stretch("pleaseletmein", b"SodiumChloride", ScryptCost(16384, 8, 1))
    assert key.hex() == "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"


def test_password_is_the_same_however_its_letters_are_typed() -> None:
    cost = ScryptCost(2, 1, 1)
    composed, decomposed = "Passw\N{LATIN SMALL LETTER O WITH DIAERESIS}rt", "Passwo\u0308rt"
    assert composed != decomposed
    assert stretch(composed, b"", cost) == stretch(decomposed, b"", cost)
    assert stretch("a", b"", cost) != stretch("b", b"", cost)


def test_any_text_can_be_tried_as_a_password() -> None:
    cost = ScryptCost(2, 1, 1)
    for text in ("", "\ud800", "x" * 10_000_000):
        assert len(stretch(text, b"", cost)) == 32


def test_trying_a_password_is_dear_unless_told_otherwise(monkeypatch) -> None:
    taken = []

    def record(**given: object) -> Scrypt:
        taken.append((given["n"], given["r"], given["p"]))
        return Scrypt(**{**given, "n": 2})

    monkeypatch.setattr(encryption, "Scrypt", record)
    stretch("password", b"", ScryptCost())
    assert taken == [(131_072, 8, 1)]


@pytest.mark.parametrize(
    ("n", "r", "p"), [(0, 8, 1), (1, 8, 1), (3, 8, 1), (-2, 8, 1), (2, 0, 1), (2, 8, 0), (2, 8, 17)]
)
def test_what_scrypt_does_not_know_is_refused(n: int, r: int, p: int) -> None:
    with pytest.raises(DecodeError, match="scrypt takes"):
        ScryptCost(n, r, p)


@pytest.mark.parametrize(("n", "r"), [(1 << 21, 8), (2, 1 << 40), (1 << 60, 8)])
def test_more_memory_than_a_gibibyte_is_refused(n: int, r: int) -> None:
    with pytest.raises(DecodeError, match="more than 1 GiB"):
        ScryptCost(n, r, 1)


def test_only_the_same_key_and_data_open_what_was_locked() -> None:
    key, other = bytes(32), bytes(31) + b"\1"
    locked = lock(key, b"secret", b"data")
    assert unlock(key, locked, b"data") == b"secret"
    assert unlock(bytearray(key), locked, b"data") == b"secret"
    assert unlock(other, locked, b"data") is None
    assert unlock(key, locked, b"date") is None
    assert unlock(key, Locked(bytes(12), locked.ciphertext), b"data") is None
    assert unlock(key, Locked(b"", locked.ciphertext), b"data") is None
    assert unlock(key, Locked(locked.nonce, b""), b"data") is None
    assert len(locked.ciphertext) == len(b"secret") + TAG_LENGTH
    assert lock(key, b"secret", b"data") != locked


def test_password_is_neither_too_short_nor_too_long() -> None:
    check_new_password("x" * 8)
    check_new_password("x" * LONGEST_PASSWORD)
    for wrong in ("", "1234567", "x" * (LONGEST_PASSWORD + 1)):
        with pytest.raises(WalletError, match="choose another") as caught:
            check_new_password(wrong)
        assert not wrong or wrong not in str(caught.value)
