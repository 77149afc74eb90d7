"""A state with three tokens: the network's, one under an account, and one not set up yet."""

import pytest
from multisigs import put_multisig
from people import people, put_people

from papyrus.actors.datacap.state import empty
from papyrus.actors.verifreg import state as verifreg_state
from papyrus.primitives.address import Address

PEOPLE = people(4)


@pytest.fixture
def everyone():
    """Return the people, whose IDs are 100 to 103."""
    return PEOPLE


@pytest.fixture
def vm(make_vm):
    """Return a machine with the token 7 under the registry, and 70 under the account 100.

    The token 71 has no state. 110 is a miner and 200 a multisig.
    """
    machine = make_vm()

    def fill(one):
        put_people(one, PEOPLE)
        put_multisig(one, 200, [100])
        one.put_actor(110, "storageminer")
        one.put_actor(6, "verifiedregistry", verifreg_state.empty(one.base, Address.from_id(100)))
        one.put_actor(7, "datacap", empty(one.base, Address.from_id(6)))
        one.put_actor(70, "datacap", empty(one.base, Address.from_id(100)))
        one.put_actor(71, "datacap")

    machine.each(fill)
    return machine
