"""Machines on which scenarios of several actors play, and what must hold at their end."""

import pytest
from actor_fixtures import make_vm
from calls import watch
from invariants import broken_invariants, total_balance
from people import RICH, people
from upkeep import BURNT, CONTRACT, put_world, tick, wait

from papyrus.actors.init.params import EXEC, ExecParams, ExecReturn
from papyrus.actors.multisig.params import ConstructorParams
from papyrus.actors.singletons import INIT
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

__all__ = ["make_vm"]

FAUCET = 100
FUNDS = TokenAmount.parse("10000 FIL")
"""What each account begins with."""


@pytest.fixture
def vm(make_vm):
    """Return a machine with the singletons and a faucet, whose end must keep the invariants."""
    machine = make_vm(epoch=1)
    faucet = people(9)[8]
    machine.each(lambda one: one.put_account(FAUCET, faucet.key, RICH))
    machine.each(lambda one: one.put_addresses({faucet.key: FAUCET}))
    before = total_balance(machine.one)
    yield machine
    machine.each(check_end)
    assert total_balance(machine.one) == before


@pytest.fixture
def network(make_vm):
    """Return a network without miners, and watch its calls; the next epoch must end well."""
    machine = make_vm()
    machine.each(put_network)
    watch(machine)
    before = total_balance(machine.one)
    yield machine
    wait(machine, 1)
    tick(machine)
    machine.each(check_end)
    assert total_balance(machine.one) == before


def put_network(one):
    """Put a network into a state, without what stands in for actors in it."""
    put_world(one)
    del one.actors[CONTRACT]
    one.put_account(BURNT, Address.from_id(BURNT))


def check_end(one):
    """Check the invariants of a machine."""
    assert broken_invariants(one) == []


@pytest.fixture
def make_accounts(vm):
    """Return what makes funded accounts, of both kinds of keys in turn, by paying their keys."""

    def make(count):
        found = []
        for person in people(count):
            vm.ok(FAUCET, person.key, 0, value=FUNDS)
            found.append(vm.one.resolve(person.key))
        return found

    return make


@pytest.fixture
def make_multisig(vm):
    """Return what lets the init actor make a multisig of some signers, the first of whom asks."""

    def make(signers, threshold):
        addresses = tuple(map(Address.from_id, signers))
        params = ConstructorParams(addresses, threshold, unlock_duration=0, start_epoch=0)
        code = vm.one.codes["multisig"]
        answer = vm.ok(signers[0], INIT, EXEC, ExecParams(code, params.to_cbor()))
        return ExecReturn.from_cbor(answer).id_address.id

    return make
