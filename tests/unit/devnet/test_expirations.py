"""The end of sectors is brought near where that changes nothing else, and refused elsewhere."""

import pytest
from devnet_desk import Refused, devnet_desk

MINER = "t01000"


@pytest.fixture(scope="module")
def desk():
    with devnet_desk() as desk:
        desk.mine()
        yield desk


@pytest.mark.parametrize(
    ("miner", "sectors", "later", "words"),
    [
        (MINER, [0], 0, "is past: the head is at"),
        (MINER, [0], 60, "sector 0 holds data, which is to last"),
        (
            MINER,
            [77],
            60,
            "sector 77 is not active, so that it cannot be let expire: .*not due at any",
        ),
        ("t0999", [0], 60, "there is no miner t0999"),
        ("t04", [0], 60, "t04 is no miner"),
    ],
)
def test_what_cannot_end_sooner_is_told(desk, miner, sectors, later, words):
    head = desk("ChainHead")
    with pytest.raises(Refused, match=words):
        desk("Papyrus.SetExpiration", miner, sectors, head["Height"] + later)
    assert desk("ChainHead") == head


def test_sector_that_is_not_proven_yet_cannot_be_ended(desk):
    [number] = desk("Papyrus.AddSector", MINER)
    with pytest.raises(Refused, match=f"sector {number} is not active"):
        desk("Papyrus.SetExpiration", MINER, [number], desk("ChainHead")["Height"] + 60)
    assert desk.findings() == ()
