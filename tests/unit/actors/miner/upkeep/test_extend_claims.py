"""What becomes of data when sectors last longer: claims, and weights (FIP-0045)."""

import pytest
from network import claims_of
from upkeep import (
    NOWHERE,
    SEALING,
    SECTOR_SIZE,
    SUPPLY,
    announce,
    deadline,
    end_window,
    ends,
    extend,
    extension,
    give_datacap,
    go_to,
    leap,
    new_miner,
    once,
    piece,
    place,
    prove,
    prove_window,
    put_sector,
    sector,
    verified_pieces,
    wait,
    world,
)

from papyrus.actors.miner.params.upkeep import (
    SectorClaim,
)
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY

MORE = 100 * EPOCHS_IN_DAY
VERIFIED, DATA = 10, 11
"""Sectors with two claims of half its size each, and with data that nobody verified."""


def _with_data(vm):
    miner = new_miner(world(vm))
    give_datacap(vm, 1 << 20)
    sectors = {
        VERIFIED: verified_pieces(vm, miner, 1024, 1024, term_max=500 * EPOCHS_IN_DAY),
        DATA: [piece(7, 1024)],
    }
    assert announce(vm, miner, sectors).code == ExitCode.OK
    wait(vm, SEALING)
    assert prove(vm, miner, sectors).code == ExitCode.OK
    index, number = place(vm, miner, VERIFIED)
    assert (index, number) == place(vm, miner, DATA)
    prove_window(vm, miner, index, number)
    end_window(vm, miner, index)


@pytest.fixture
def data(make_vm):
    """Return a machine, its miner, and the place of the sectors with data."""
    vm = once(make_vm(), "data", _with_data)
    return vm, 1000, place(vm, 1000, VERIFIED)


def claims(*, keep=(), drop=(), number=VERIFIED):
    """Return the claims of a sector that are named."""
    return [SectorClaim(number, keep, drop)]


def power(vm, miner):
    """Return the quality-adjusted power of a miner, in sectors."""
    return claims_of(vm.one)[miner].quality_adjusted_power / SECTOR_SIZE


def test_sector_keeps_its_claims(data):
    vm, miner, where = data
    assert power(vm, miner) == 11
    later = ends(vm, miner, VERIFIED) + MORE
    outcome = extend(vm, miner, extension(*where, later, claims=claims(keep=(1, 2))))
    assert outcome.code == ExitCode.OK
    assert power(vm, miner) == 11
    after = sector(vm, miner, VERIFIED)
    assert after.verified_deal_weight == 2048 * (later - vm.one.epoch)


def test_sector_drops_a_claim_towards_its_end(data):
    vm, miner, where = data
    leap(vm, 190)
    later = ends(vm, miner, VERIFIED) + MORE
    before = sector(vm, miner, VERIFIED).daily_fee
    outcome = extend(vm, miner, extension(*where, later, claims=claims(keep=(1,), drop=(2,))))
    assert outcome.code == ExitCode.OK
    assert power(vm, miner) == 6.5
    assert sector(vm, miner, VERIFIED).daily_fee == before * 55 // 100


def test_no_claim_is_dropped_before_the_last_month(data):
    vm, miner, where = data
    last = ends(vm, miner, VERIFIED)
    wanted = extension(*where, last + MORE, claims=claims(drop=(2, 1)))
    go_to(vm, last - POLICY.end_of_life_claim_drop_period - 1)
    assert extend(vm, miner, wanted).code == ExitCode.USR_FORBIDDEN
    wait(vm, 1)
    assert extend(vm, miner, wanted).code == ExitCode.OK
    assert power(vm, miner) == 2


def test_dropped_claim_needs_no_term(data):
    """The claims end after 500 days, the sector may go on without them."""
    vm, miner, where = data
    go_to(vm, ends(vm, miner, VERIFIED) - EPOCHS_IN_DAY)
    later = ends(vm, miner, VERIFIED) + 400 * EPOCHS_IN_DAY
    named = claims(keep=(1,), drop=(2,))
    code = extend(vm, miner, extension(*where, later, claims=named)).code
    assert code == ExitCode.USR_FORBIDDEN
    named = claims(drop=(1, 2))
    assert extend(vm, miner, extension(*where, later, claims=named)).code == ExitCode.OK


def test_claim_lasts_to_the_epoch_of_its_term(data):
    vm, miner, where = data
    activation = sector(vm, miner, VERIFIED).activation
    last = activation + 500 * EPOCHS_IN_DAY
    named = claims(keep=(1, 2))
    code = extend(vm, miner, extension(*where, last + 1, claims=named)).code
    assert code == ExitCode.USR_FORBIDDEN
    assert extend(vm, miner, extension(*where, last, claims=named)).code == ExitCode.OK


@pytest.mark.parametrize(
    ("keep", "drop"), [((), ()), ((1,), ()), ((1, 1, 2), ()), ((1, 3), ()), ((0,), (1, 2))]
)
def test_each_claim_is_named_once(data, keep, drop):
    vm, miner, where = data
    later = ends(vm, miner, VERIFIED) + MORE
    outcome = extend(vm, miner, extension(*where, later, claims=claims(keep=keep, drop=drop)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_claims_of_a_sector_count_wherever_they_are_named(data):
    vm, miner, where = data
    later = ends(vm, miner, VERIFIED) + MORE
    apart = (
        extension(*where, later, claims=claims(keep=(1,))),
        extension(*where, later, claims=claims(keep=(2,))),
    )
    assert extend(vm, miner, *apart).code == ExitCode.OK


def test_sector_with_claims_must_name_them(data):
    vm, miner, where = data
    outcome = extend(vm, miner, extension(*where, ends(vm, miner, VERIFIED) + MORE, VERIFIED))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "claim missing from declaration" in outcome.failure


def test_claims_must_be_on_the_sector(data):
    vm, miner, where = data
    later = ends(vm, miner, VERIFIED) + MORE
    outcome = extend(vm, miner, extension(*where, later, claims=claims(keep=(1,), number=DATA)))
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "expected claim sector number" in outcome.failure


def test_claims_must_be_those_of_the_miner(data):
    """The registry finds no claim of another provider."""
    vm, _, where = data
    other = new_miner(vm)
    wanted = extension(*where, vm.one.epoch + MORE, claims=claims(keep=(1, 2)))
    outcome = extend(vm, other, wanted)
    assert outcome.code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert "invalid claims" in outcome.failure


def test_unverified_data_keeps_the_weight_that_is_left(data):
    vm, miner, where = data
    before = sector(vm, miner, DATA)
    assert before.deal_weight == 1024 * (before.expiration - before.activation)
    later = before.expiration + MORE
    assert extend(vm, miner, extension(*where, later, DATA)).code == ExitCode.OK
    left = 1024 * (before.expiration - vm.one.epoch)
    assert sector(vm, miner, DATA).deal_weight == left


def test_sector_from_before_simple_power_spends_its_weights(data):
    """Its verified space is spread over its new life, so that its power falls (FIP-0045)."""
    vm, miner, where = data
    put_sector(vm, miner, VERIFIED, flags=0, expected_day_reward=type(SUPPLY)(5))
    before = sector(vm, miner, VERIFIED)
    later = before.expiration + MORE
    assert extend(vm, miner, extension(*where, later, VERIFIED)).code == ExitCode.OK
    after = sector(vm, miner, VERIFIED)
    assert after.verified_deal_weight == 2048 * (before.expiration - vm.one.epoch)
    assert after.expected_day_reward is None
    assert 2 < power(vm, miner) < 11
    assert after.daily_fee < before.daily_fee


def test_sector_that_never_lasted_cannot_be_extended(data):
    """Its weights are divided by the time since its power was set."""
    vm, miner, where = data
    for number, flags in ((VERIFIED, 0), (VERIFIED, 1), (DATA, 1)):
        last = ends(vm, miner, number)
        put_sector(vm, miner, number, flags=flags, power_base_epoch=last)
        named = claims(keep=(1, 2), number=number) if number == VERIFIED else ()
        code = extend(vm, miner, extension(*where, last + MORE, number, claims=named)).code
        assert code == ExitCode.USR_ASSERTION_FAILED
    assert deadline(vm, miner, where[0]).early_terminations == NOWHERE
