"""A world with a miner, to announce and prove sectors of."""

import pytest
from actor_vm import TwinVm
from sealing import sealing_world
from upkeep import findings_of, new_miner

WITHOUT_CRON = "DeadlineCronActive == false when IP+PCD+LF > 0"
"""So it is before the first sector, since a new miner's deposit is locked (FIP-0077)."""


@pytest.fixture
def vm(make_vm):
    """Return a machine with a world, whose miners must keep the invariants to the end."""
    return sealing_world(make_vm())


@pytest.fixture
def miner(vm):
    """Return a miner, whose state must hold together at the end."""
    made = new_miner(vm)
    yield made
    found = findings_of(vm, made)
    assert found in ([], [WITHOUT_CRON])


@pytest.fixture
def twins():
    """Return two machines that both run contracts as Wasm."""
    return sealing_world(TwinVm("hybrid:evm=wasm"))
