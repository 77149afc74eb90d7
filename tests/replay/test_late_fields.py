"""One sector of a chain is extended after the upgrade that gave sectors a fee (FIP-0100).

Lotus' actors then wrote all sectors of its node in the new form, and so must we.
"""

import pytest

from papyrus.actors.miner.deadline import load_partition
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.partition import Scope, replace_sectors
from papyrus.actors.miner.placement import find_sector
from papyrus.actors.miner.sectors import Sectors
from papyrus.actors.miner.state import State, load_deadlines, load_info
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import BufferedBlockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Reading
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import TESTING_POLICY
from papyrus.storage.car_files import open_car

BEFORE = "bafy2bzaceakds4bg4jpvrqcskbsxcfogx3pvwo3qjo2s6px5rdxhxqnrvbcxw"
"""The state of miner 1002 before the tipset of height 3093, and after."""
AFTER = "bafy2bzaceab7rdpjpag34mr5otl74chnobbn3mylls2mcosgfxzsv3f2kbpai"
EXTENDED = 100_100


@pytest.fixture(scope="module")
def store(shared):
    return BufferedBlockstore(open_car(shared / "chains" / "migration-nv24-nv26" / "chain.car.zst"))


def state_at(store, head):
    return State.from_cbor(load(store, Cid.from_string(head)), reading=Reading.LENIENT)


def test_one_new_fee_gives_all_sectors_of_the_node_a_fee(store):
    before, after = state_at(store, BEFORE), state_at(store, AFTER)
    lengths = {len(fields) for _, fields in Amt(store, before.sectors, bit_width=5).items()}
    assert lengths == {15}
    sectors = Sectors(store, before.sectors)
    sectors.put([Sectors(store, after.sectors).must_get(EXTENDED)])
    assert sectors.flush() == after.sectors


def test_extended_sector_moves_in_the_queue_as_on_the_chain(store):
    before, after = state_at(store, BEFORE), state_at(store, AFTER)
    place = find_sector(store, before, EXTENDED)
    assert find_sector(store, after, EXTENDED) == place
    scope = Scope(
        store,
        Sectors(store, before.sectors),
        load_info(store, before).sector_size,
        before.quant_of_deadline(TESTING_POLICY, place[0]),
    )
    extended = BitField.from_bits([EXTENDED])
    found, change = replace_sectors(
        scope,
        partition_at(store, before, place),
        scope.sectors.load(extended),
        Sectors(store, after.sectors).load(extended),
    )
    assert found == partition_at(store, after, place)
    assert change.daily_fee > 0


def partition_at(store, state, place):
    deadline = load_deadline(store, load_deadlines(store, state), place[0])
    return load_partition(store, deadline, place[1])
