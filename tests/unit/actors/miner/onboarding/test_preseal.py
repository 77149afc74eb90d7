from dataclasses import replace

import pytest
from sealing import (
    announcement,
    deal_pieces,
    pre_commit,
    publish_deals,
    set_up_preseals,
)
from upkeep import LIFETIME, WORKER, give_datacap, miner_state, new_miner, put_state, sector, wait

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.numbers import BALANCE_INVARIANTS_BROKEN
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.exit_codes import ExitCode


@pytest.fixture
def genesis(vm):
    """Return a machine at the first epoch, when there is nothing in circulation."""
    vm.each(lambda one: one.change(epoch=0, circulating_supply=ZERO))
    return vm


def test_sectors_begin_with_their_deals(genesis, miner):
    vm = genesis
    give_datacap(vm, 2048)
    plain, verified = publish_deals(vm, miner, 512), publish_deals(vm, miner, 1024, verified=True)
    expiration = LIFETIME
    infos = [
        announcement(vm, miner, number, deal_pieces(vm, deals), deal_ids=tuple(deals))
        for number, deals in enumerate((plain, verified, {}))
    ]
    assert pre_commit(vm, miner, *infos).code == 0
    outcome = set_up_preseals(vm, miner, 0, 1, 2, 77)
    assert outcome.code == 0, outcome.failure
    first, second, third = (sector(vm, miner, number) for number in range(3))
    assert first.deal_weight == 512 * expiration
    assert second.verified_deal_weight == 1024 * expiration
    assert third.deal_weight == third.verified_deal_weight == 0
    assert first.initial_pledge == second.initial_pledge == 1
    assert miner_state(vm, miner).initial_pledge == 3
    assert [len(stamped.event.entries) for stamped in outcome.events][-3:] == [5, 5, 3]


def test_only_the_system_may(vm, miner):
    pre_commit(vm, miner, announcement(vm, miner, 1))
    outcome = set_up_preseals(vm, miner, 1, sender=WORKER.id)
    assert outcome.code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("params", "code"),
    [(b"", ExitCode.USR_ILLEGAL_ARGUMENT), (b"\x80", ExitCode.USR_SERIALIZATION)],
)
def test_parameters_must_be_there_and_decode(vm, miner, params, code):
    outcome = vm.send(0, miner, numbers.INTERNAL_SECTOR_SETUP_FOR_PRESEAL, params)
    assert outcome.code == code


def test_there_must_be_a_sector(vm, miner):
    assert set_up_preseals(vm, miner).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert set_up_preseals(vm, miner, 5).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_sector_may_not_be_there_twice(vm, miner):
    pre_commit(vm, miner, announcement(vm, miner, 1))
    assert set_up_preseals(vm, miner, 1, 1).code == ExitCode.USR_ILLEGAL_STATE


def test_deals_that_are_active_already_do_not_begin_again(genesis, miner):
    vm = genesis
    deals = publish_deals(vm, miner, 512)
    pieces = deal_pieces(vm, deals)
    infos = [announcement(vm, miner, number, pieces, deal_ids=tuple(deals)) for number in (1, 2)]
    assert pre_commit(vm, miner, *infos).code == 0
    assert set_up_preseals(vm, miner, 1, 2).code == 0
    assert sector(vm, miner, 2) is None
    assert set_up_preseals(vm, miner, 2).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_an_allocation_that_cannot_be_claimed_stops_all(genesis, miner):
    """A sector may outlive its deal, but not by more than the allocation allows."""
    vm = genesis
    give_datacap(vm, 2048)
    deals = publish_deals(vm, miner, 512, verified=True)
    pieces = deal_pieces(vm, deals)
    info = announcement(vm, miner, 1, pieces, deal_ids=tuple(deals), expiration=2 * LIFETIME)
    assert pre_commit(vm, miner, info, announcement(vm, miner, 2)).code == 0
    assert set_up_preseals(vm, miner, 2, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_a_sector_must_live_long_enough(vm, miner):
    pre_commit(vm, miner, announcement(vm, miner, 1))
    wait(vm, LIFETIME)
    assert set_up_preseals(vm, miner, 1).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("locked", "code"),
    [
        (10**30, ExitCode.USR_ILLEGAL_STATE),
        (-1, BALANCE_INVARIANTS_BROKEN),
        (None, ExitCode.USR_INSUFFICIENT_FUNDS),
    ],
)
def test_funds_that_do_not_suffice_or_add_up_are_noticed(vm, locked, code):
    miner = new_miner(vm)
    assert pre_commit(vm, miner, announcement(vm, miner, 1)).code == 0
    held = vm.one.balance(miner) if locked is None else TokenAmount(locked)
    put_state(vm, miner, lambda _, state: replace(state, locked_funds=held))
    assert set_up_preseals(vm, miner, 1).code == code
