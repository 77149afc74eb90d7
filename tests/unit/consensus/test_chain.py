"""Walking the chain backwards."""

import pytest

from papyrus.consensus.chain import StoredChain, load_header, tipset_at
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.types.tipset import TipsetKey


@pytest.fixture
def base(chain):
    """Return the last of the tipsets at 0, 1, 4 and 5."""
    chain.extend(1, 4, 5)
    return chain.tipsets[5]


@pytest.mark.parametrize(
    ("height", "before", "after"),
    [(0, 0, 0), (1, 1, 1), (2, 1, 4), (3, 1, 4), (4, 4, 4), (5, 5, 5)],
)
def test_an_epoch_without_blocks_gives_the_neighbour_asked_for(chain, base, height, before, after):
    assert tipset_at(chain.source, base, height, before_null=True) == chain.tipsets[before]
    assert tipset_at(chain.source, base, height, before_null=False) == chain.tipsets[after]


@pytest.mark.parametrize("height", [6, -1])
def test_heights_outside_the_chain_are_refused(chain, base, height):
    with pytest.raises(LookupError, match=str(height)):
        tipset_at(chain.source, base, height, before_null=True)


def test_a_missing_block_is_this_machines_fault():
    source = StoredChain(MemoryBlockstore())
    with pytest.raises(LocalFault, match="missing"):
        source.tipset(TipsetKey((Cid.of(b"\x80"),)))


def test_a_block_that_is_no_header_is_this_machines_fault():
    store = MemoryBlockstore()
    cid = put_cbor(store, [])
    with pytest.raises(LocalFault, match="cannot be read"):
        StoredChain(store).tipset(TipsetKey((cid,)))


def test_headers_are_read_from_the_store(chain, base):
    assert load_header(chain.store, base.key.cids[0]) == base.blocks[0]
