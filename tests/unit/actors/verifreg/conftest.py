"""A registry under a root, with six people and two miners."""

import pytest
from multisigs import put_multisig
from verified import CLIENT, put_verified


@pytest.fixture
def vm(make_vm):
    """Return a machine with an empty registry; 60 has no state yet and 201 is a multisig."""
    machine = make_vm()

    def fill(one):
        put_verified(one)
        put_multisig(one, 201, [CLIENT])
        one.put_actor(60, "verifiedregistry")

    machine.each(fill)
    return machine
