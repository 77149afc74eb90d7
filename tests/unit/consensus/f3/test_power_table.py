import random

import pytest

from papyrus.consensus.f3.power_table import apply_power_deltas, power_table_cid, power_table_of
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError
from papyrus.types.finality_certificate import PowerDelta, PowerEntry


def test_power_table_is_in_the_order_of_power_and_participants():
    entries = [PowerEntry(n, power, b"k") for n, power in ((5, 1), (9, 7), (2, 7), (1, 1))]
    expected = [entries[2], entries[1], entries[3], entries[0]]
    shuffled = random.Random(1).sample(entries, len(entries))  # noqa: S311 - any order
    listed = Cid.of(b"\x84" + b"".join(entry.to_cbor() for entry in expected))
    assert power_table_cid(power_table_of(shuffled)) == listed
    assert power_table_cid(power_table_of(expected)) == listed


TABLE = power_table_of([PowerEntry(1, 10, b"one"), PowerEntry(2, 20, b"two")])


def test_power_changes_as_certificates_say():
    deltas = [PowerDelta(1, -10, b""), PowerDelta(2, 5, b"key"), PowerDelta(3, 1, b"three")]
    changed = apply_power_deltas(TABLE, deltas)
    assert changed == power_table_of([PowerEntry(2, 25, b"key"), PowerEntry(3, 1, b"three")])
    assert apply_power_deltas(TABLE, []) == TABLE
    assert apply_power_deltas(TABLE, [PowerDelta(2, 0, b"key")])[2] == PowerEntry(2, 20, b"key")


@pytest.mark.parametrize(
    ("deltas", "words"),
    [
        ([PowerDelta(2, 1, b""), PowerDelta(1, 1, b"")], "not in the order of participants"),
        ([PowerDelta(2, 1, b""), PowerDelta(2, 1, b"")], "not in the order of participants"),
        ([PowerDelta(1, 0, b"")], "of 1 is none"),
        ([PowerDelta(1, -11, b"")], "the power of 1 comes to less than nothing"),
        ([PowerDelta(1, -10, b"new")], "1 loses all power and gets a new key"),
        ([PowerDelta(1, 1, b"one")], "the new key of 1 is the old one"),
        ([PowerDelta(3, 1, b"")], "3 has no power before"),
        ([PowerDelta(3, 0, b"k")], "3 has no power before"),
        ([PowerDelta(3, -1, b"k")], "3 has no power before"),
    ],
)
def test_senseless_changes_of_power_are_refused(deltas, words):
    with pytest.raises(DecodeError, match=words):
        apply_power_deltas(TABLE, deltas)
