"""Machines with a market, with miners that are real, and miners that only send messages."""

import pytest
from markets import CLIENT, OTHER_CLIENT, add_balance, new_miner, put_market

FUNDS = 10**12


@pytest.fixture
def vm(make_vm):
    """Return a machine with an empty market, people, and two miners that only send, 110 and 111."""
    machine = make_vm()

    def fill(one):
        put_market(one)
        for actor_id in (110, 111):
            one.put_actor(actor_id, "storageminer", balance=1)

    machine.each(fill)
    return machine


@pytest.fixture
def miner(vm):
    """Return the ID of a miner that has funds in escrow, as have both clients."""
    made = new_miner(vm)
    for owner in (made, CLIENT.id, OTHER_CLIENT.id):
        add_balance(vm, owner, FUNDS)
    return made
