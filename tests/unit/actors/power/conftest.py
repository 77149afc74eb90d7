"""A network with miners of whom the power actor knows, and others."""

import pytest
from network import put_claims, put_drivers

MINIMUM = 2048
"""Bytes of raw power from which on a miner counts, in the build that tests run."""


@pytest.fixture
def minimum():
    """Return the least raw power that counts."""
    return MINIMUM


@pytest.fixture
def vm(make_vm):
    """Return a machine at epoch 0 with three miners, of which 201 is above the minimum.

    202 is below it, 203 has no power, and 204 is not known to the power actor. 100 is an account.
    A placeholder, 300, and an account, 301, have claims: one takes whatever it is told at cron,
    the other nothing.
    """
    machine = make_vm()

    def fill(one):
        put_drivers(one, market=False)
        one.put_actor(100, "account", balance=10**20)
        one.put_actor(110, "evm")
        for miner in range(201, 205):
            one.put_actor(miner, "storageminer")
        one.put_actor(300, "placeholder")
        one.put_actor(301, "account")
        claims = {201: (MINIMUM, 10 * MINIMUM), 202: (5, 50), 203: (0, 0)}
        put_claims(one, {**claims, 300: (7, 7), 301: (MINIMUM, MINIMUM)})

    machine.each(fill)
    return machine
