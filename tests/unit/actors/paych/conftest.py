"""A state with two parties, two bystanders and a few channels."""

import pytest
from channels import put_channel
from multisigs import put_multisig
from people import people, put_people

from papyrus.actors.paych.state import Lane

PEOPLE = people(4)
PAYER, PAYEE = 100, 101


@pytest.fixture
def everyone():
    """Return the people, whose IDs are 100 to 103."""
    return PEOPLE


@pytest.fixture
def payer():
    """Return who funds the channels."""
    return PEOPLE[0]


@pytest.fixture
def payee():
    """Return who is paid by them."""
    return PEOPLE[1]


@pytest.fixture
def vm(make_vm):
    """Return a machine with channels from the first to the second of the people.

    200 is new and has a thousand attoFIL; 201 has used lanes 1, 2 and 7; 202 settles at epoch 2000;
    203 is between a multisig of the payer's and the payee; 210 is not set up yet.
    """
    machine = make_vm(epoch=1000)

    def fill(one):
        put_people(one, PEOPLE)
        put_channel(one, 200, PAYER, PAYEE, balance=1000)
        lanes = {1: Lane(100, 5), 2: Lane(200, 9), 7: Lane(0, 1)}
        put_channel(one, 201, PAYER, PAYEE, balance=1000, lanes=lanes, to_send=300)
        put_channel(one, 202, PAYER, PAYEE, balance=1000, settling_at=2000, to_send=10)
        put_channel(one, 203, 300, PAYEE, balance=1000)
        put_multisig(one, 300, [PAYER, 203], 1)
        one.put_actor(210, "paymentchannel", balance=0)

    machine.each(fill)
    return machine
