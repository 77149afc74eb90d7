"""By which past a block is judged."""

import pytest

from papyrus.consensus.lookback import Lookback, lookback
from papyrus.ipld.blockstore import put_cbor


@pytest.fixture
def base(chain):
    """Return a tipset at 950, with null rounds below it and another state after 5."""
    chain.extend(1, 4, 5)
    other = put_cbor(chain.store, ["another state"])
    chain.add(chain.header(10, chain.tipsets[5].key.cids, parent_state_root=other))
    chain.extend(905, 950)
    return chain.tipsets[950]


def after(chain, height):
    """Return the lookback to a tipset, whose state the next one has."""
    following = min(above for above in chain.tipsets if above > height)
    return Lookback(chain.tipsets[height], chain.tipsets[following].parent_state_root)


@pytest.mark.parametrize(
    ("epoch", "height"),
    [
        (900, 0),
        (901, 1),
        (903, 1),
        (904, 4),
        (905, 5),
        (909, 5),
        (910, 10),
        (951, 10),
        (1804, 10),
        (1805, 905),
    ],
)
def test_it_is_the_last_tipset_at_or_below_the_height_with_the_state_after_it(
    chain, base, epoch, height
):
    found = lookback(chain.source, base, epoch)
    assert found == after(chain, height)
    assert (found.state_root != chain.state) == (height == 5)


def test_early_epochs_look_back_to_genesis(chain, base):
    assert lookback(chain.source, base, 951 - 950) == after(chain, 0)


def test_it_may_come_close_to_the_base_but_not_reach_it(chain, base):
    assert lookback(chain.source, base, 1849).tipset.height == 905
    with pytest.raises(LookupError, match="950 is at or after the tipset at 950"):
        lookback(chain.source, base, 1850)


@pytest.mark.parametrize("epoch", [1, 900, 901, 5000])
def test_on_genesis_it_is_genesis_however_long_nobody_made_a_block(chain, epoch):
    genesis = chain.tipsets[0]
    assert lookback(chain.source, genesis, epoch) == Lookback(genesis, chain.state)
