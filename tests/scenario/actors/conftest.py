"""Machines on which scenarios of several actors play, and what must hold at their end."""

from dataclasses import replace
from functools import partial

import pytest
from actor_fixtures import EVERY_OTHER, machines
from calls import watch
from invariants import broken_invariants, total_balance
from network import MARKET, REWARD, put_power
from people import RICH, people
from upkeep import BURNT, CONTRACT, put_world, tick, wait

from papyrus.actors.init.params import EXEC, ExecParams, ExecReturn
from papyrus.actors.market import state as market_state
from papyrus.actors.multisig.params import ConstructorParams
from papyrus.actors.reward import state as reward_state
from papyrus.actors.reward.invariants import STORAGE_MINING_ALLOCATION
from papyrus.actors.singletons import INIT
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount

make_vm = machines(hybrid=EVERY_OTHER)

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
    before = begin(machine)
    yield machine
    wait(machine, 1)
    tick(machine)
    machine.each(partial(check_end, after_cron=True))
    assert total_balance(machine.one) == before


@pytest.fixture
def timeless_network(make_vm):
    """Return the same network for what takes years, in which cron has no epoch to catch up with."""
    machine = make_vm()
    before = begin(machine)
    yield machine
    machine.each(check_end)
    assert total_balance(machine.one) == before


def begin(machine):
    """Put a network into a machine, watch its calls, and return all attoFIL there are."""
    machine.each(put_network)
    watch(machine)
    return total_balance(machine.one)


def put_network(one):
    """Put a network into a state, whose cron has run until now, without stand-ins for actors."""
    put_world(one)
    del one.actors[CONTRACT]
    one.put_account(BURNT, Address.from_id(BURNT))
    put_power(one, first_cron_epoch=one.epoch, total_pledge_collateral=ZERO)
    rewards = replace(reward_state.initial(0), epoch=one.epoch)
    one.put_actor(REWARD, "reward", rewards, balance=STORAGE_MINING_ALLOCATION)
    market = replace(market_state.empty(one.base), last_cron=one.epoch - 1)
    one.put_actor(MARKET, "storagemarket", market)


def check_end(one, *, after_cron=False):
    """Check the invariants of a machine."""
    assert broken_invariants(one, after_cron=after_cron) == []


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
