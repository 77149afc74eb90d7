import pytest

from papyrus.actors.miner.sector_map import DeadlineSectorMap
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import MAINNET_POLICY


@pytest.fixture
def sectors():
    found = DeadlineSectorMap()
    for deadline, partition, numbers in ((3, 9, [5]), (1, 2, [1, 2]), (3, 0, [7]), (1, 2, [2, 3])):
        found.add(MAINNET_POLICY, deadline, partition, BitField.from_bits(numbers))
    return found


def test_sectors_are_merged_and_walked_in_order(sectors):
    walked = [
        (deadline, partition, list(numbers))
        for deadline, partitions in sectors.items()
        for partition, numbers in partitions.items()
    ]
    assert walked == [(1, 2, [1, 2, 3]), (3, 0, [7]), (3, 9, [5])]
    assert sectors.count() == (3, 5)
    assert len(sectors) == 2


@pytest.mark.parametrize(
    ("partitions", "most", "fits"), [(3, 5, True), (2, 5, False), (3, 4, False)]
)
def test_there_may_not_be_too_many(sectors, partitions, most, fits):
    if fits:
        sectors.require_within(partitions, most)
        return
    with pytest.raises(ActorError) as aborted:
        sectors.require_within(partitions, most)
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_there_are_48_deadlines(sectors):
    sectors.add(MAINNET_POLICY, 47, 0, BitField())
    with pytest.raises(ActorError) as aborted:
        sectors.add(MAINNET_POLICY, 48, 0, BitField())
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT
