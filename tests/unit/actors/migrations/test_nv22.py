"""The market learns where deals lie."""

import pytest
from old_states import HEIGHT, MINERS, build

from papyrus.actors.migrations import migrate
from papyrus.actors.migrations.nv22 import SectorOfDeal, proposal_end
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import get_cbor
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.errors import DecodeError, Fatal
from papyrus.primitives.varint import decode_unsigned
from papyrus.rules.network import MigrationFacts
from papyrus.rules.schedule import upgrade
from papyrus.vm.state_tree import StateTree

MARKET = 5


def run(state, facts=None):
    """Return the market's old and new state."""
    row = upgrade(HEIGHT, 22)
    root = migrate(state.store, state.root, row, state.new_manifest, facts or MigrationFacts())
    market = StateTree(state.store, root).get(MARKET)
    return tuple(get_cbor(state.store, head) for head in (state.actors[MARKET].head, market.head))


def index_of(state, root):
    """Return the index: the deals of each sector of each provider."""
    return {
        decode_unsigned(provider)[0]: {
            decode_unsigned(number)[0]: deals for number, deals in Hamt(state.store, cid).items()
        }
        for provider, cid in Hamt(state.store, root).items()
    }


def sectors_of(state, miner_id):
    table = get_cbor(state.store, state.actors[miner_id].head)[9]
    return dict(Amt(state.store, table).items())


@pytest.mark.parametrize("expire_from", [None, 2_000, 10_000])
def test_the_index_holds_the_deals_of_sectors_that_do_not_end_before(expire_from):
    state = build(22)
    _, market = run(state, MigrationFacts(deals_expire_from=expire_from))
    least = HEIGHT if expire_from is None else expire_from
    expected = {}
    for miner_id in MINERS:
        held = {
            number: sector[3]
            for number, sector in sectors_of(state, miner_id).items()
            if sector[3] and sector[5] >= least
        }
        if held:
            expected[miner_id] = held
    assert index_of(state, market[12]) == expected
    assert bool(expected) == (least < 10_000)


def test_each_deal_in_force_names_its_sector_and_others_name_none():
    state = build(22)
    old, new = run(state)
    index = index_of(state, new[12])
    proposals = dict(Amt(state.store, old[0]).items())
    seen = set()
    states = zip(Amt(state.store, old[1]).items(), Amt(state.store, new[1]).items(), strict=True)
    for (deal, before), (same, after) in states:
        assert deal == same
        assert after[1:] == before[:3]
        miner_id, number = state.deals.get(deal, (0, 0))
        is_listed = deal in index.get(miner_id, {}).get(number, [])
        in_force = before[2] == -1 and proposals[deal][7] >= HEIGHT
        assert after[0] == (number if is_listed and in_force else 0)
        seen.add((is_listed, in_force))
    assert len(seen) == 4


def test_the_rest_of_the_market_stays():
    state = build(22, sectors=3)
    old, new = run(state)
    assert (old[0], old[2:]) == (new[0], new[2:12])
    assert (len(old), len(new)) == (12, 13)


def test_a_deal_without_a_proposal_is_refused():
    state = build(22, sectors=3)
    market = get_cbor(state.store, state.actors[MARKET].head)
    market[1] = state.amt({77: [1, 2, -1, 0]}, 6)
    state.add(MARKET, "storagemarket", state.put(market))
    with pytest.raises(Fatal, match="deal 77 has a state and no proposal"):
        run(state)


@pytest.mark.parametrize("proposal", [None, [0] * 10, [0] * 7 + ["end"] + [0] * 3])
def test_a_proposal_of_another_shape_is_refused(proposal):
    with pytest.raises(DecodeError, match="a deal proposal is an array of 11 fields"):
        proposal_end(proposal)


def test_sectors_of_deals_are_kept_apart_and_zero_where_unknown():
    sectors = SectorOfDeal()
    sectors[4095], sectors[4096], sectors[2**63] = 1, 2, 2**64 - 1
    assert [sectors[deal] for deal in (4094, 4095, 4096, 4097, 2**63, 5)] == [
        0,
        1,
        2,
        0,
        2**64 - 1,
        0,
    ]
