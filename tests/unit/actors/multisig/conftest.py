"""A state with four accounts and some multisigs."""

import pytest
from multisigs import put_multisig
from people import people, put_people

from papyrus.types.actor import EMPTY_STATE

PEOPLE = people(4)


@pytest.fixture
def everyone():
    """Return the people, whose IDs are 100 to 103."""
    return PEOPLE


@pytest.fixture
def vm(make_vm):
    """Return a machine with multisigs of the first one, two and three people.

    201 needs its one signer, 202 both of its two, 203 two of its three, and 200 is not set up yet.
    256 has as many signers as there may be. Each has a thousand attoFIL.
    """
    machine = make_vm(epoch=1000)

    def fill(one):
        put_people(one, PEOPLE)
        one.put_actor(200, "multisig", head=EMPTY_STATE, balance=1000)
        put_multisig(one, 201, [100], balance=1000)
        put_multisig(one, 202, [100, 101], 2, balance=1000)
        put_multisig(one, 203, [100, 101, 102], 2, balance=1000)
        put_multisig(one, 256, range(100, 356), 1, balance=1000)

    machine.each(fill)
    return machine
