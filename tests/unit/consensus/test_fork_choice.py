"""Which tipset to build on."""

from dataclasses import replace
from functools import cache

from block_making import SmallChain
from hypothesis import given
from hypothesis import strategies as st

from papyrus.consensus.fork_choice import (
    breaks_tie,
    formable_tipsets,
    heaviest,
    without_equivocations,
)
from papyrus.primitives.address import Address
from papyrus.types.ticket import Ticket
from papyrus.types.tipset import Tipset


@cache
def block():
    """Return a block."""
    return SmallChain().base.blocks[0]


def blocks(chain, *places, ticket=b"", **fields):
    """Return headers of epoch 1 by miners 1000 and up."""
    parents = chain.tipsets[0].key.cids
    header = chain.header(1, parents, **fields)
    return [
        replace(
            header,
            miner=Address.from_id(1000 + place),
            ticket=Ticket(b"%d%s" % (place, ticket)),
        )
        for place in places
    ]


def test_blocks_of_different_miners_all_count(chain):
    made = blocks(chain, 0, 1, 2)
    assert without_equivocations(made) == tuple(made)


def test_no_block_of_a_miner_that_made_two_counts(chain):
    made = blocks(chain, 0, 1, 2)
    second = blocks(chain, 1, timestamp=99)
    assert without_equivocations([*made, *second]) == (made[0], made[2])
    assert without_equivocations([*second, *made]) == (made[0], made[2])


def test_two_blocks_on_different_parents_are_an_equivocation_too(chain):
    [block] = blocks(chain, 0)
    other = replace(block, parents=(block.cid,))
    assert without_equivocations([block, other]) == ()


def test_a_block_heard_of_twice_is_no_equivocation(chain):
    made = blocks(chain, 0)
    assert without_equivocations([*made, *made]) == tuple(made)


def test_blocks_on_the_same_parents_make_one_tipset(chain):
    made = blocks(chain, 0, 1, 2)
    elsewhere = [replace(block, parents=(made[0].cid,)) for block in blocks(chain, 3, 4)]
    found = formable_tipsets([*made, *elsewhere])
    assert set(found) == {Tipset.of(made), Tipset.of(elsewhere)}


def test_the_heaviest_is_chosen_wherever_it_stands(chain):
    tipsets = [Tipset.of(blocks(chain, place)) for place in range(3)]
    weights = dict(zip(tipsets, (5, 9, 7), strict=True))
    assert heaviest(tipsets, weights.__getitem__) == tipsets[1]
    assert heaviest(reversed(tipsets), weights.__getitem__) == tipsets[1]
    assert heaviest([], weights.__getitem__) is None


def test_equal_weights_go_to_the_smaller_ticket(chain):
    tipsets = sorted(
        (Tipset.of(blocks(chain, place)) for place in range(6)),
        key=lambda tipset: tipset.ticket_digest,
    )
    assert heaviest(reversed(tipsets), lambda _: 1) == tipsets[0]
    assert heaviest(tipsets, lambda _: 1) == tipsets[0]


def test_the_first_pair_of_tickets_that_differs_decides(chain):
    made = sorted(blocks(chain, *range(6)), key=lambda block: block.ticket.digest)
    first, second = Tipset.of(made[:3]), Tipset.of([made[0], made[1], made[5]])
    assert breaks_tie(first, second)
    assert not breaks_tie(second, first)


def test_where_one_tipset_begins_the_other_the_given_one_stays(chain):
    made = sorted(blocks(chain, *range(4)), key=lambda block: block.ticket.digest)
    shorter, longer = Tipset.of(made[:2]), Tipset.of(made)
    assert not breaks_tie(shorter, longer)
    assert not breaks_tie(longer, shorter)
    assert heaviest([shorter, longer], lambda _: 1) == shorter
    assert heaviest([longer, shorter], lambda _: 1) == longer


def test_tickets_count_by_their_hash(chain):
    one, two = Tipset.of(blocks(chain, 0, ticket=b"a")), Tipset.of(blocks(chain, 0, ticket=b"d"))
    assert one.blocks[0].ticket.vrf_proof < two.blocks[0].ticket.vrf_proof
    assert one.ticket_digest > two.ticket_digest
    assert breaks_tie(two, one)


@given(
    tickets=st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=2, max_size=2),
)
def test_at_most_one_of_two_breaks_a_tie(tickets):
    left, right = (
        Tipset.of(
            replace(block(), miner=Address.from_id(number), ticket=Ticket(bytes([number])))
            for number in numbers
        )
        for numbers in tickets
    )
    assert not (breaks_tie(left, right) and breaks_tie(right, left))
    alike = all(
        ours.ticket == theirs.ticket
        for ours, theirs in zip(left.blocks, right.blocks, strict=False)
    )
    assert (breaks_tie(left, right) or breaks_tie(right, left)) == (not alike)
