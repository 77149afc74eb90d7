"""How heavy a chain is."""

from dataclasses import replace

import pytest
from block_making import Moment, SmallChain

from papyrus.consensus.weight import weight, wins_of
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.types.ticket import ElectionProof
from papyrus.types.tipset import Tipset


def with_power(power: int) -> SmallChain:
    return SmallChain(
        {Moment.BASE: lambda editor: editor.power(total_quality_adjusted_power=power)}
    )


def with_wins(tipset: Tipset, *counts: int) -> Tipset:
    """Return a tipset like another, whose blocks claim these wins."""
    return Tipset.of(
        replace(
            tipset.blocks[0],
            miner=Address.from_id(1000 + place),
            election_proof=ElectionProof(count, b""),
        )
        for place, count in enumerate(counts)
    )


@pytest.mark.parametrize(
    ("power", "magnitude"), [(1, 0), (2, 1), (3, 1), (4, 2), (2**70 - 1, 69), (2**70, 70)]
)
def test_a_tipset_adds_the_logarithm_of_the_power_before_it(power, magnitude):
    chain = with_power(power)
    base = with_wins(chain.base, 0)
    assert weight(base, chain.store) == base.blocks[0].parent_weight + 256 * magnitude


@pytest.mark.parametrize(
    ("counts", "added"), [((1,), 1792), ((5,), 8960), ((1, 1), 3584), ((3, 2, 5), 17920)]
)
def test_wins_of_all_its_blocks_add_a_tenth_of_that_each(counts, added):
    chain = with_power(2**70)
    base = with_wins(chain.base, *counts)
    assert wins_of(base) == sum(counts)
    assert weight(base, chain.store) == 905_000 + 256 * 70 + added


def test_what_wins_add_is_rounded_down_once():
    chain = with_power(2**7)
    base = with_wins(chain.base, 1, 1)
    assert weight(base, chain.store) == 905_000 + 1792 + 7 * 256 * 2 // 10


def test_power_after_a_tipset_does_not_count():
    chain = SmallChain(
        {Moment.AFTER: lambda editor: editor.power(total_quality_adjusted_power=2**90)}
    )
    assert weight(chain.base, chain.store) == weight(SmallChain().base, chain.store)


def test_a_dead_network_cannot_be_judged():
    chain = with_power(0)
    with pytest.raises(LocalFault, match="no power"):
        weight(chain.base, chain.store)
