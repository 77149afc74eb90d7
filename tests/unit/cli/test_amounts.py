import time

import pytest

from papyrus.cli.amounts import ago, fil, human_power, read_amount, read_atto, read_size, when
from papyrus.primitives.errors import DecodeError


@pytest.mark.parametrize(
    ("text", "atto"),
    [("1.5", 15 * 10**17), ("2 FIL", 2 * 10**18), ("10attofil", 10), ("0", 0)],
)
def test_amount_is_fil_unless_it_says_otherwise(text: str, atto: int) -> None:
    assert read_amount(text) == atto


@pytest.mark.parametrize("text", ["", "x", "1.5.5", "-1", "1e3", "0.0000000000000000001"])
def test_what_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(DecodeError, match=r"^--value"):
        read_amount(text, "--value")


def test_attofil_are_whole() -> None:
    assert read_atto("7", "--gas-premium") == 7
    for text in ("", "-7", "7.0", "7 FIL", "\u0667"):
        with pytest.raises(DecodeError, match=r"^--gas-premium"):
            read_atto(text, "--gas-premium")


def test_amounts_are_shown_in_fil() -> None:
    assert (fil("1500000000000000000"), fil(1)) == ("1.5 FIL", "0.000000000000000001 FIL")


@pytest.mark.parametrize(
    ("text", "size"),
    [("2048", 2048), ("2KiB", 2048), ("32 GiB", 32 << 30), ("1tib", 1 << 40), ("5B", 5)],
)
def test_size_is_read(text: str, size: int) -> None:
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "1.5GiB", "1 GB", "-1", "1 KiBiB"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(DecodeError, match="is no size"):
        read_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (2048, "2 KiB"),
        (32 << 30, "32 GiB"),
        ((1 << 40) + 1, "1.00 TiB"),
        (1025, "1.00 KiB"),
    ],
)
def test_power_is_shown(size: int, text: str) -> None:
    assert human_power(size) == text


def test_moments_are_shown() -> None:
    assert when(1_598_306_400) == "2020-08-24 22:00:00"
    now = int(time.time())
    assert ago(now - 7200) == "2 h ago"
    assert ago(now + 600).startswith("in ")
