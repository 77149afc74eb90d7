"""Minting against the tables that the released actors are tested with, told by their hashes."""

from papyrus.actors.reward.minting import (
    BASELINE_INITIAL_VALUE,
    BASELINE_TOTAL,
    SIMPLE_TOTAL,
    epoch_reward,
    next_baseline_power,
)
from papyrus.crypto.hashing import sha256

ROWS = 512
STEP = 5000
"""Epochs between the rows of a table."""
SIMPLE_TABLE = "568fdda6f6ef2f565acde750ba6e746e2b0389bb956e19fa64c8adeead692af3"
BASELINE_TABLE = "a434654af3f6287f68e231e8a7b40dd6aa1c69a99cdce9214f1705fb21e23979"
YEAR = 365 * 2880


def reward(epoch, previous_theta, theta):
    return epoch_reward(epoch, previous_theta, theta, SIMPLE_TOTAL, BASELINE_TOTAL)


def digest(heading, rows):
    lines = [heading, *(",".join(str(int(cell)) for cell in row) for row in rows), ""]
    return sha256("\n".join(lines).encode()).hex()


def test_simple_minting_is_that_of_the_released_actors():
    epochs = [STEP * row for row in range(ROWS)]
    assert digest("x, y", [(epoch, reward(epoch, 0, 0)) for epoch in epochs]) == SIMPLE_TABLE


def test_baseline_minting_is_that_of_the_released_actors():
    simple = reward(0, 0, 0)
    rows = []
    for row in range(ROWS):
        offset = row * ((STEP << 128) - 77_777_777_777)
        theta = offset + (1 << 128) - 33_333_333_333
        rows.append((offset, theta, reward(0, offset, theta) - simple))
    assert digest("t0, t1, y", rows) == BASELINE_TABLE


def test_minting_halves_in_six_years():
    first, later = (reward(epoch, epoch << 128, (epoch + 1) << 128) for epoch in (0, 6 * YEAR))
    assert abs(2 * later - first) < first // 10**9


def test_the_baseline_doubles_in_a_year():
    power = BASELINE_INITIAL_VALUE
    for _ in range(YEAR // 5):
        power = next_baseline_power(power)
    assert abs(power**5 - 2 * BASELINE_INITIAL_VALUE**5) < power**5 // 10**9
