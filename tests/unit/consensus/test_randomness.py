"""The randomness an execution sees."""

import pytest

from papyrus.consensus.randomness import beacon_digest, beacon_entry, chain_digest
from papyrus.crypto.hashing import blake2b_256
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.types.ticket import BeaconEntry


@pytest.fixture
def base(chain):
    """Return the last of the tipsets at 0, 1, 4 and 5."""
    chain.extend(1, 4, 5)
    return chain.tipsets[5]


@pytest.mark.parametrize(("epoch", "ticket"), [(-3, 0), (0, 0), (1, 1), (2, 4), (4, 4), (5, 5)])
def test_an_epoch_without_blocks_takes_the_next_ticket(chain, base, epoch, ticket):
    expected = blake2b_256(b"ticket %d" % ticket)
    assert chain_digest(chain.source, base, epoch) == expected


def test_tickets_of_the_future_are_refused(chain, base):
    with pytest.raises(LookupError, match="6 lies after"):
        chain_digest(chain.source, base, 6)


def test_beacon_entry_is_the_round_of_the_epoch(chain, base):
    assert beacon_digest(chain.source, base, 4, LOTUS_ITEST) == blake2b_256(b"beacon 4")


def test_beacon_entry_of_an_epoch_without_blocks_is_in_the_next_ones(chain, base):
    entries = (BeaconEntry(106, b"six"), BeaconEntry(107, b"seven"))
    tipset = chain.add(chain.header(7, base.key.cids, beacon_entries=entries))
    assert beacon_entry(chain.source, tipset, 6, LOTUS_ITEST) == entries[0]


def test_beacon_entry_may_lie_a_few_tipsets_before(chain, base):
    entries = (BeaconEntry(106, b"six"), BeaconEntry(107, b"seven"))
    chain.add(chain.header(6, base.key.cids, beacon_entries=entries))
    chain.add(chain.header(7, chain.tipsets[6].key.cids, beacon_entries=()))
    assert beacon_entry(chain.source, chain.tipsets[7], 7, LOTUS_ITEST) == entries[1]


def test_beacon_entry_before_genesis_is_the_first(chain, base):
    assert beacon_entry(chain.source, base, -1, LOTUS_ITEST) == BeaconEntry(100, b"beacon 0")


def test_a_round_no_block_carries_is_refused(chain, base):
    with pytest.raises(LookupError, match="beacon round 102"):
        beacon_entry(chain.source, base, 2, LOTUS_ITEST)


def test_a_chain_without_entries_has_none_before_genesis(chain):
    tipset = chain.add(chain.header(0, (), beacon_entries=()))
    with pytest.raises(LookupError, match="no beacon entry"):
        beacon_entry(chain.source, tipset, -1, LOTUS_ITEST)
