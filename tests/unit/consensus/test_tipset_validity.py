"""Which blocks make a tipset together."""

from dataclasses import replace

import pytest

from papyrus.consensus.beacon import mock_entry
from papyrus.consensus.tipset_validity import check_tipset
from papyrus.consensus.verdicts import Fault
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid
from papyrus.types.ticket import Ticket
from papyrus.types.tipset import Tipset


@pytest.fixture
def pair(chain):
    """Return two blocks that make a tipset."""
    header = chain.header(1, chain.tipsets[0].key.cids)
    return header, replace(header, miner=Address.from_id(1001), ticket=Ticket(b"other"))


def test_blocks_that_agree_make_a_tipset_in_any_order(pair):
    assert check_tipset(pair) == check_tipset(pair[::-1]) == Tipset.of(pair)
    assert check_tipset(pair[:1]) == Tipset.of(pair[:1])


def test_there_is_no_tipset_without_blocks():
    with pytest.raises(Invalid) as caught:
        check_tipset([])
    assert caught.value.fault == Fault.TIPSET_EMPTY


@pytest.mark.parametrize(
    ("fault", "field", "value"),
    [
        (Fault.NO_TICKET, "ticket", None),
        (Fault.TIPSET_HEIGHTS, "height", 2),
        (Fault.TIPSET_PARENTS, "parents", ()),
        (Fault.TIPSET_BEACON_ENTRIES, "beacon_entries", ()),
        (Fault.DUPLICATE_MINER, "miner", Address.from_id(1000)),
    ],
)
def test_a_second_block_that_differs_or_does_not_is_refused(pair, fault, field, value):
    first, second = pair
    with pytest.raises(Invalid) as caught:
        check_tipset([first, replace(second, **{field: value})])
    assert caught.value.fault == fault


def test_the_same_block_twice_is_no_tipset(pair):
    with pytest.raises(Invalid) as caught:
        check_tipset([pair[0], pair[0]])
    assert caught.value.fault == Fault.DUPLICATE_MINER


def test_rounds_of_the_beacon_stand_in_order(pair):
    rising = (mock_entry(7), mock_entry(8))
    assert check_tipset([replace(block, beacon_entries=rising) for block in pair])
    falling = [replace(block, beacon_entries=rising[::-1]) for block in pair]
    with pytest.raises(Invalid) as caught:
        check_tipset(falling)
    assert caught.value.fault == Fault.TIPSET_BEACON_ORDER
