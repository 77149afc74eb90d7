"""A world with a miner that has four sectors in one deadline, two to a partition."""

from random import Random

import pytest
from upkeep import commit, end_window, findings_of, new_miner, once, prove_window, world

MINER = 1000
SECTORS = range(4)
INDEX = 40
"""The deadline of the sectors, whose window opens in some hours."""


def _with_sectors(vm):
    assert new_miner(world(vm)) == MINER
    outcome = commit(vm, MINER, SECTORS, INDEX)
    assert outcome.code == 0, outcome.failure


def _with_proof(vm):
    prove_window(vm, MINER, INDEX, 0, 1)
    end_window(vm, MINER, INDEX)


@pytest.fixture
def vm(make_vm):
    """Return a machine with a network and a miner whose sectors are not proven yet."""
    return once(make_vm(), "sectors", _with_sectors)


@pytest.fixture
def miner(vm):
    """Return the miner, whose state must hold together at the end."""
    yield MINER
    assert findings_of(vm, MINER) == []


@pytest.fixture
def index():
    """Return the deadline of the sectors."""
    return INDEX


@pytest.fixture
def proven(vm):
    """Return the deadline, whose window has ended with a proof of all sectors that is no proof."""
    once(vm, "proof", _with_proof)
    return INDEX


@pytest.fixture
def world_apart(make_vm):
    """Return a machine with a miner without sectors, whose state may be broken."""
    return once(make_vm(), "miner", lambda vm: new_miner(world(vm))), MINER


@pytest.fixture
def random():
    """Return a source of the same numbers every time."""
    return Random(5)  # noqa: S311 - the same messages every time
