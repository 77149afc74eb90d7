"""A sector from its announcement to the end of the window in which it is proven, or is not."""

import pytest
from calls import last_call
from passage import Committed, committed, end_deadline, locked, pass_to, pass_until, put_miner
from upkeep import (
    BURNT,
    POLICY,
    SEAL_2KIB,
    SEALING,
    SECTOR_SIZE,
    Claimed,
    announce,
    go_to,
    go_to_window,
    honest,
    leap,
    place,
    prove,
    sector,
    skipping,
    submit,
    tick,
    window,
)

from papyrus.actors.market.params import CRON_TICK
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.proof_policy import max_prove_commit_duration
from papyrus.actors.power import params as power
from papyrus.actors.reward import params as reward
from papyrus.actors.singletons import BURNT_FUNDS, REWARD, STORAGE_MARKET, STORAGE_POWER
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.payloads import cbor_block

NUMBER = 100
SEND = 0


@pytest.fixture
def miner(network):
    """Return a miner without funds that vest."""
    return put_miner(network)


@pytest.fixture
def proven(network, miner):
    """Return the deadline of a miner's sector that was proven once, when its window has come."""
    assert announce(network, miner, {NUMBER: []}).code == ExitCode.OK
    deposit, _ = locked(network, miner)
    assert deposit > 0
    pass_until(network, miner, network.one.epoch + SEALING)
    assert prove(network, miner, {NUMBER: []}).code == ExitCode.OK
    tick(network)
    assert woken(network) == []

    deposit, pledge = locked(network, miner)
    assert deposit == 0
    assert pledge > 0
    found = committed(network)
    assert (found.raw, found.pledge) == (0, pledge)
    index, _ = place(network, miner, NUMBER)
    pass_to(network, miner, index)
    return index


def woken(network):
    """Return the calls of power to miners in the last tick, which must be as every tick is."""
    whole = last_call(network)
    assert whole.told == [
        (STORAGE_POWER, power.ON_EPOCH_TICK_END),
        (STORAGE_MARKET, CRON_TICK),
    ]
    of_power, of_market = whole.calls
    assert of_market.calls == ()
    first, *between, last = of_power.calls
    assert (first.to, first.method) == (REWARD, reward.THIS_EPOCH_REWARD)
    assert (last.to, last.method) == (REWARD, reward.UPDATE_NETWORK_KPI)
    assert {call.code for call in [of_power, of_market, first, *between, last]} == {ExitCode.OK}
    return between


def check_fee_was_paid(network, miner):
    """Check that the miner was woken, paid its sector's fee and asks to be woken again."""
    (wake,) = woken(network)
    assert (wake.to, wake.method) == (Address.from_id(miner), numbers.ON_DEFERRED_CRON_EVENT)
    burning, enrolling = wake.calls
    fee = sector(network, miner, NUMBER).daily_fee
    assert (burning.to, burning.method, burning.value) == (BURNT_FUNDS, SEND, fee)
    assert network.one.balance(BURNT) == fee
    assert (enrolling.to, enrolling.method) == (STORAGE_POWER, power.ENROLL_CRON_EVENT)


def test_a_sector_that_is_proven_counts(network, miner, proven):
    go_to_window(network, miner, proven)
    whole = Claimed(proven, (skipping(0),))
    assert submit(network, miner, honest(network, miner, whole)).code == ExitCode.OK
    (claiming,) = last_call(network).calls
    assert (claiming.to, claiming.method) == (STORAGE_POWER, power.UPDATE_CLAIMED_POWER)
    gain = power.UpdateClaimedPowerParams(SECTOR_SIZE, SECTOR_SIZE)
    assert claiming.params == cbor_block(gain)

    go_to(network, window(network, miner).last)
    tick(network)
    check_fee_was_paid(network, miner)
    _, pledge = locked(network, miner)
    found = committed(network)
    assert (found.raw, found.quality_adjusted) == (SECTOR_SIZE, SECTOR_SIZE)
    assert found.pledge == pledge > 0


def test_a_proof_must_be_of_some_sector(network, miner, proven):
    go_to_window(network, miner, proven)
    nothing = Claimed(proven, (skipping(0, NUMBER),))
    assert submit(network, miner, nothing).code == ExitCode.USR_ILLEGAL_ARGUMENT
    _, pledge = locked(network, miner)
    found = committed(network)
    assert (found.raw, found.pledge) == (0, pledge)


def test_a_sector_that_is_not_proven_pays_its_fee_and_does_not_count(network, miner, proven):
    found = window(network, miner)
    assert found.index == proven
    go_to(network, found.last)
    tick(network)
    check_fee_was_paid(network, miner)
    _, pledge = locked(network, miner)
    found = committed(network)
    assert (found.raw, found.pledge) == (0, pledge)


def test_an_announced_sector_that_is_never_proven_loses_its_deposit(network, miner):
    assert announce(network, miner, {NUMBER: []}).code == ExitCode.OK
    deposit, _ = locked(network, miner)
    late = network.one.epoch + max_prove_commit_duration(POLICY, SEAL_2KIB) + 1
    leap(network, 30)
    pass_until(network, miner, late)
    assert prove(network, miner, {NUMBER: []}).code == ExitCode.USR_ILLEGAL_ARGUMENT
    pass_until(network, miner, late + POLICY.expired_pre_commit_clean_up_delay)
    assert locked(network, miner) == (deposit, 0)

    end_deadline(network, miner)
    go_to(network, window(network, miner).last)
    tick(network)
    (wake,) = woken(network)
    # Nothing is left to see to, so that the miner does not ask to be woken again.
    (burning,) = wake.calls
    assert (burning.to, burning.method, burning.value) == (BURNT_FUNDS, SEND, deposit)
    assert locked(network, miner) == (0, 0)
    assert committed(network) == Committed()
