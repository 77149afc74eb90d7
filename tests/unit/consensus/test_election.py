"""How often an election proof wins, held against Lotus' own figures (chain/types/testdata)."""

from hashlib import sha256
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.consensus.election import (
    MAX_WIN_COUNT,
    chances_of_more,
    expected_wins,
    negative_exponential,
    win_count,
)
from papyrus.crypto.hashing import blake2b_256

ONE = 1 << 256


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def test_exponential_gives_all_256_figures_of_lotus():
    step = 5 * ONE // 255
    lines = [f"{x},{negative_exponential(x)}\n" for x in range(0, 256 * step, step)]
    assert len(lines) == 256
    assert lines[1] == (
        "2270433122300317557324921274680155055946470287561579687048187921723786855685,"
        "113543770489016942962237377411819033281128847358465443152965692667674515268459\n"
    )
    assert digest_of("x, y\n" + "".join(lines)) == (
        "42bf2194cefa5ff7ae92d460830f7479c16679f95a3bdf1d5416b86d09124ce9"
    )


@pytest.mark.parametrize(
    ("base", "shift", "digest"),
    [
        (10, 10, "aeb9ddc2a21d9328d87bf5eb636a99f0354a8002bd559da5c8267f7e252cc94d"),
        (209714, 20, "c1c597d4c6980f8f540ee5f736ee037d190f983ca1a64bcdd0d500966a3ecacf"),
        (1036915, 20, "7cd04eac51b946319ad232bd92db163a84dae2067362171b38302f4310a54b7e"),
        (1706, 10, "5d2e1fa16e1828282018f00afc26498fa24d0220c30b2ea3076780565a33de80"),
        (2, 0, "7f95cfa18c1af005c5b27ea134f3fc337123e29f1aa94618db69c8f52823a46a"),
        (5242879, 20, "959d2ae69ed362904d14ea61a6e48560e6a560971b840f58ba67ea2a2c6cb9d2"),
        (5, 0, "cfc384999e01165267363275edbaf751ff9d2d53df067a1016828693206c75f2"),
    ],
)
def test_chances_are_those_of_lotus(base, shift, digest):
    chances = islice(chances_of_more((base << 256) >> shift), 16)
    assert digest_of("icdf\n" + "".join(f"{chance}\n" for chance in chances)) == digest


@pytest.mark.parametrize(
    ("power", "total", "expected"),
    [
        (10, 100, 57896044618658097711785492504343953926634992332820282019728792003956564819968),
        (
            1024,
            2048,
            289480223093290488558927462521719769633174961664101410098643960019782824099840,
        ),
        (
            2 * 10**15,
            10**17,
            11579208923731619542357098500868790785326998466564056403945758400791312963993,
        ),
    ],
)
def test_expected_wins_are_those_of_lotus(power, total, expected):
    assert expected_wins(power, total) == expected


def test_a_fifth_of_the_power_wins_about_once_an_epoch():
    draws = range(1_000_000, 1_005_000)
    wins = sum(win_count(draw.to_bytes(5, "little"), 20, 100) for draw in draws)
    assert 0.97 < wins / len(draws) < 1.03


def test_nothing_wins_without_power():
    assert {win_count(bytes([draw]), 0, 100) for draw in range(100)} == {0}


@given(st.binary(max_size=96), st.integers(0, 2**70), st.integers(1, 2**70))
def test_wins_are_those_whose_chance_is_above_the_draw(proof, power, others):
    wins = win_count(proof, power, power + others)
    drawn = int.from_bytes(blake2b_256(proof), "big")
    chances = list(islice(chances_of_more(expected_wins(power, power + others)), MAX_WIN_COUNT))
    assert wins == next((n for n, chance in enumerate(chances) if drawn >= chance), MAX_WIN_COUNT)


@given(st.binary(max_size=96), st.integers(1, 2**60), st.integers(1, 2**60))
def test_more_power_never_wins_less(proof, power, more):
    total = power + more
    assert win_count(proof, power, total) <= win_count(proof, total, total) <= MAX_WIN_COUNT
