"""States that Lotus' own actors made are sound, and the check says so of each of them."""

import pytest

from papyrus.actors.checks.state import check_state
from papyrus.cli.chain_contents import tipsets
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.primitives.errors import LocalFault
from papyrus.storage.car_files import open_car

SHORT = (
    "consensus-fault", "eth-contract-invocation", "fevm-basic", "fevm-bls", "fevm-recursive",
    "fevm-recursive-actor", "fevm-selfdestruct", "multisig", "onboard-piece", "paych-vouchers",
    "pledge", "pledge-100", "remove-datacap",
)  # fmt: skip
LONG = ("fevm", "ledger", "market", "miner", "niporep-65", "paych-long", "real-proofs-pledge")
OLD = ("migration-nv21-nv22", "migration-nv22-nv23")


def states(shared, name):
    """Return the states of a chain, each with the epoch after which it is, newest first."""
    car = open_car(shared / "chains" / name / "chain.car.zst")
    found = list(tipsets(car, car.roots))
    heights = [tipset.height for tipset in found[1:]] + [0]
    # Nobody executes genesis, so that its state is that of the first tipset as well.
    return car, [
        (tipset.blocks[0][1].parent_state_root, height or -1)
        for tipset, height in zip(found, heights, strict=True)
    ]


def check(car, chosen):
    """Return what is wrong with some states of a chain."""
    return [
        (epoch, str(finding))
        for root, epoch in chosen
        for finding in check_state(car, root, epoch=epoch, total=TOTAL_SUPPLY).findings
    ]


@pytest.mark.parametrize("name", SHORT + LONG)
def test_states_of_a_chain_are_sound(shared, name):
    car, found = states(shared, name)
    assert check(car, (found[0], found[len(found) // 2], found[-1])) == []


@pytest.mark.full
@pytest.mark.parametrize("name", SHORT + LONG)
def test_all_states_of_a_chain_are_sound(shared, name):
    car, found = states(shared, name)
    assert check(car, found if name in SHORT else found[::50]) == []


@pytest.mark.parametrize("name", OLD)
def test_states_of_older_actors_are_not_checked(shared, name):
    car, found = states(shared, name)
    with pytest.raises(LocalFault, match="no release that is known here"):
        check(car, found[:1])
