from dataclasses import replace

import pytest
from network import claims_of
from sealing import (
    announcement,
    codes,
    deal_pieces,
    network_pledge,
    pre_commit,
    prove_commit,
    publish_deals,
    together,
)
from upkeep import (
    CONTRACT,
    LIFETIME,
    NOBODY,
    OWNER,
    PROOF,
    SEALING,
    WORKER,
    announce,
    give_datacap,
    go_to,
    miner_state,
    new_miner,
    partition,
    piece,
    place,
    put_state,
    sector,
    store_of,
    verified_pieces,
    wait,
)

from papyrus.actors.market.state import STATES
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.commd import full_unsealed_cid
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.numbers import BALANCE_INVARIANTS_BROKEN
from papyrus.actors.miner.params.onboarding import SectorActivationManifest, VerifiedAllocationKey
from papyrus.actors.miner.pre_commits import find_pre_commits
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY, MAX_SECTOR_NUMBER

OK, REFUSED = ExitCode.OK, ExitCode.USR_ILLEGAL_ARGUMENT


def announced(vm, miner, *numbers_or_pieces):
    """Announce sectors from 1 on, with these pieces, long enough ago to be proven."""
    sectors = dict(enumerate(numbers_or_pieces, 1))
    assert announce(vm, miner, sectors).code == 0
    wait(vm, SEALING)
    return sectors


def test_a_sector_takes_its_deposit_as_pledge(vm, miner):
    sectors, before = announced(vm, miner, []), network_pledge(vm)
    outcome = prove_commit(vm, miner, sectors)
    assert codes(outcome) == [OK]
    found, state = sector(vm, miner, 1), miner_state(vm, miner)
    assert found.activation == found.power_base_epoch == vm.one.epoch
    assert found.has_simple_quality_power
    assert found.daily_fee > 0
    assert state.initial_pledge == found.initial_pledge > 0
    assert state.pre_commit_deposits == 0
    assert find_pre_commits(store_of(vm), state, [1]) == []
    assert network_pledge(vm) == before + found.initial_pledge
    index, number = place(vm, miner, 1)
    assert list(partition(vm, miner, index, number).unproven) == [1]
    assert claims_of(vm.one)[miner].raw_byte_power == 0


def test_one_proof_can_be_for_all(vm, miner):
    sectors = announced(vm, miner, [], [], [], [])
    assert codes(prove_commit(vm, miner, sectors, **together())) == [OK] * 4


def test_verified_data_weighs_more(vm, miner):
    give_datacap(vm, 2048)
    sectors = announced(vm, miner, verified_pieces(vm, miner, 1024, 512), [piece(7)])
    assert codes(prove_commit(vm, miner, sectors)) == [OK, OK]
    duration = sector(vm, miner, 1).expiration - vm.one.epoch
    assert sector(vm, miner, 1).verified_deal_weight == 1536 * duration
    assert sector(vm, miner, 1).deal_weight == 0
    assert sector(vm, miner, 2).verified_deal_weight == 0
    assert sector(vm, miner, 2).deal_weight == 512 * duration
    assert sector(vm, miner, 1).initial_pledge > 7 * sector(vm, miner, 2).initial_pledge


def test_sectors_are_told_of_with_their_data(vm, miner):
    sectors = announced(vm, miner, [piece(1), piece(2, 1024)], [])
    events = [stamped.event for stamped in prove_commit(vm, miner, sectors).events]
    told = [[entry.key for entry in event.entries] for event in events]
    assert told == [
        ["$type", "sector", "unsealed-cid", "piece-cid", "piece-size", "piece-cid", "piece-size"],
        ["$type", "sector", "unsealed-cid"],
    ]


def test_the_market_activates_deals_it_is_told_of(vm, miner):
    give_datacap(vm, 2048)
    deals = publish_deals(vm, miner, 256, 1024, verified=True)
    sectors = {1: deal_pieces(vm, deals)}
    assert pre_commit(vm, miner, announcement(vm, miner, 1, sectors[1])).code == 0
    wait(vm, SEALING)
    outcome = prove_commit(vm, miner, sectors, require_notification_success=True)
    assert codes(outcome) == [OK]
    states = STATES.open(store_of(vm), vm.one.state(5, MarketState).states)
    assert [state.sector_number for _, state in states.items()] == [1, 1]


# What fails as a whole.


def test_others_may_not_prove(vm, miner):
    sectors = announced(vm, miner, [])
    assert prove_commit(vm, miner, sectors, NOBODY).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("params", "code"), [(b"", REFUSED), (b"\x86", ExitCode.USR_SERIALIZATION)]
)
def test_parameters_must_be_there_and_decode(vm, miner, params, code):
    outcome = vm.send(WORKER.id, miner, numbers.PROVE_COMMIT_SECTORS_3, params)
    assert outcome.code == code


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (2, ExitCode.USR_NOT_FOUND),
        (MAX_SECTOR_NUMBER, ExitCode.USR_NOT_FOUND),
        (MAX_SECTOR_NUMBER + 1, REFUSED),
    ],
)
def test_a_sector_must_be_announced(vm, miner, number, code):
    sectors = announced(vm, miner, [])
    assert prove_commit(vm, miner, {**sectors, number: []}).code == code


@pytest.mark.parametrize(
    "fields",
    [
        {"sector_activations": ()},
        {"sector_activations": (), "sector_proofs": ()},
        {"sector_proofs": ()},
        {"aggregate_proof": PROOF},
        {"aggregate_proof_type": 1},
        {"sector_proofs": (PROOF,) * 3},
        {"sector_proofs": (PROOF,) * 5},
        {"sector_proofs": (PROOF, PROOF, PROOF, bytes(193))},
        together(aggregate_proof_type=None),
        together(aggregate_proof_type=0),
        together(aggregate_proof_type=-3),
        together(aggregate_proof=bytes(81_961)),
    ],
)
def test_there_is_one_kind_of_proof(vm, miner, fields):
    sectors = announced(vm, miner, [], [], [], [])
    assert prove_commit(vm, miner, sectors, **fields).code == REFUSED


def test_an_aggregate_has_a_least_and_a_longest(vm, miner):
    sectors = announced(vm, miner, [], [], [], [])
    few = {number: [] for number in (1, 2, 3)}
    assert prove_commit(vm, miner, few, **together()).code == REFUSED
    longest = together(aggregate_proof=bytes(81_960))
    assert codes(prove_commit(vm, miner, sectors, **longest)) == [OK] * 4


def test_an_aggregate_has_a_most(vm, miner):
    one = announced(vm, miner, [])
    (activation,) = one.items()
    manifest = SectorActivationManifest(activation[0], ())
    for count, code in ((819, ExitCode.USR_ILLEGAL_STATE), (820, REFUSED)):
        fields = together(sector_activations=(manifest,) * count)
        assert prove_commit(vm, miner, one, **fields).code == code


def test_a_sector_may_not_be_there_twice(vm, miner):
    sectors = announced(vm, miner, [])
    twice = (SectorActivationManifest(1, ()),) * 2
    outcome = prove_commit(vm, miner, sectors, sector_activations=twice, sector_proofs=(PROOF,) * 2)
    assert outcome.code == ExitCode.USR_ILLEGAL_STATE


def test_proof_types_may_not_differ(vm, miner):
    infos = announcement(vm, miner, 1), announcement(vm, miner, 2, seal_proof=10)
    assert pre_commit(vm, miner, *infos).code == 0
    wait(vm, SEALING)
    assert prove_commit(vm, miner, {1: [], 2: []}).code == ExitCode.USR_ILLEGAL_STATE
    assert codes(prove_commit(vm, miner, {2: []})) == [OK]


def test_the_challenge_must_have_been_drawn(vm, miner):
    assert announce(vm, miner, {1: []}).code == 0
    wait(vm, SEALING - 1)
    assert prove_commit(vm, miner, {1: []}).code == ExitCode.USR_FORBIDDEN
    wait(vm, 1)
    assert codes(prove_commit(vm, miner, {1: []})) == [OK]


@pytest.mark.parametrize("declared", [[], [piece(2)], [piece(1), piece(1)]])
def test_pieces_must_make_up_the_commd(vm, miner, declared):
    announced(vm, miner, declared, [])
    assert prove_commit(vm, miner, {1: [piece(1)], 2: []}).code == REFUSED


def test_a_commd_of_zeros_may_be_spelled_out(vm, miner):
    zeros = replace(piece(1, 2048), cid=commd_of_zeros())
    info = announcement(vm, miner, 1, unsealed_cid=commd_of_zeros())
    other = announcement(vm, miner, 2)
    assert pre_commit(vm, miner, info, other).code == 0
    wait(vm, SEALING)
    assert codes(prove_commit(vm, miner, {1: [], 2: [zeros]})) == [OK, OK]


def commd_of_zeros():
    return full_unsealed_cid(None, 5)


@pytest.mark.parametrize(
    "pieces",
    [
        [piece(1, 2048), piece(2, 128)],
        [piece(1, 300)],
        [piece(1, 0)],
        [piece(1, 2**64 - 1)],
        [replace(piece(1), cid=Cid.of(b"no piece"))],
    ],
)
def test_pieces_must_fit_together(vm, miner, pieces):
    announced(vm, miner, [])
    assert prove_commit(vm, miner, {1: pieces}).code == REFUSED


def test_pledge_must_be_there(vm):
    miner = new_miner(vm)
    sectors = announced(vm, miner, [])
    balance = vm.one.balance(miner)

    def all_but_one_locked(_, state):
        return replace(state, initial_pledge=balance - state.locked_funds - TokenAmount(1))

    put_state(vm, miner, all_but_one_locked)
    assert prove_commit(vm, miner, sectors).code == ExitCode.USR_INSUFFICIENT_FUNDS
    vm.ok(OWNER.id, miner, 0, value=10**18)
    assert codes(prove_commit(vm, miner, sectors)) == [OK]


@pytest.mark.parametrize(
    ("locked", "code"),
    [(10**30, ExitCode.USR_ILLEGAL_STATE), (-1, BALANCE_INVARIANTS_BROKEN)],
)
def test_funds_that_do_not_add_up_are_noticed(vm, locked, code):
    miner = new_miner(vm)
    sectors = announced(vm, miner, [])
    put_state(vm, miner, lambda _, state: replace(state, locked_funds=TokenAmount(locked)))
    assert prove_commit(vm, miner, sectors).code == code


def test_deposits_that_were_never_made_are_noticed(vm):
    miner = new_miner(vm)
    sectors = announced(vm, miner, [])
    put_state(vm, miner, lambda _, state: replace(state, pre_commit_deposits=TokenAmount(0)))
    assert prove_commit(vm, miner, sectors).code == ExitCode.USR_ILLEGAL_STATE


# What fails alone.


def test_a_sector_with_deals_is_left_out(vm, miner):
    deals = publish_deals(vm, miner, 512)
    pieces = deal_pieces(vm, deals)
    with_deals = announcement(vm, miner, 1, pieces, deal_ids=tuple(deals))
    assert pre_commit(vm, miner, with_deals, announcement(vm, miner, 2)).code == 0
    wait(vm, SEALING)
    sectors = {1: pieces, 2: []}
    failed = prove_commit(vm, miner, sectors, require_activation_success=True)
    assert failed.code == REFUSED
    assert prove_commit(vm, miner, {1: pieces}).code == REFUSED
    assert codes(prove_commit(vm, miner, sectors)) == [REFUSED, OK]
    assert sector(vm, miner, 1) is None


def test_a_sector_that_comes_too_late_is_left_out(vm, miner):
    late = vm.one.epoch
    info = announcement(vm, miner, 1, expiration=late + 2 * LIFETIME)
    assert pre_commit(vm, miner, info).code == 0
    due = late + 30 * EPOCHS_IN_DAY + 10
    go_to(vm, due - 20)
    assert announce(vm, miner, {2: []}).code == 0
    assert announce(vm, miner, {3: []}).code == 0
    go_to(vm, due)
    assert codes(prove_commit(vm, miner, {3: []})) == [OK]
    go_to(vm, due + 1)
    sectors = {2: [], 1: []}
    failed = prove_commit(vm, miner, sectors, require_activation_success=True)
    assert failed.code == REFUSED
    assert codes(prove_commit(vm, miner, sectors)) == [OK, REFUSED]


def test_a_sector_can_be_proven_at_the_last_epoch(vm, miner):
    info = announcement(vm, miner, 1, expiration=vm.one.epoch + 2 * LIFETIME)
    assert pre_commit(vm, miner, info).code == 0
    wait(vm, 30 * EPOCHS_IN_DAY + 10)
    assert codes(prove_commit(vm, miner, {1: []})) == [OK]


def test_a_sector_without_its_allocation_is_left_out(vm, miner):
    give_datacap(vm, 2048)
    (good,) = verified_pieces(vm, miner, 1024)
    bad = replace(good, verified_allocation_key=VerifiedAllocationKey(OWNER.id, 1))
    sectors = announced(vm, miner, [bad], [good], [])
    failed = prove_commit(vm, miner, sectors, require_activation_success=True)
    assert failed.code == REFUSED
    assert prove_commit(vm, miner, {1: [bad]}).code == REFUSED
    outcome = prove_commit(vm, miner, sectors)
    assert codes(outcome) == [ExitCode.USR_NOT_FOUND, OK, OK]


def test_an_allocation_that_is_for_another_size_cannot_be_claimed(vm, miner):
    give_datacap(vm, 2048)
    (good,) = verified_pieces(vm, miner, 1024)
    sectors = announced(vm, miner, [replace(good, size=512)], [])
    failed = prove_commit(vm, miner, sectors, require_activation_success=True)
    assert failed.code == REFUSED
    assert codes(prove_commit(vm, miner, sectors)) == [ExitCode.USR_FORBIDDEN, OK]


def test_an_allocation_can_be_claimed_once(vm, miner):
    give_datacap(vm, 2048)
    (good,) = verified_pieces(vm, miner, 1024)
    sectors = announced(vm, miner, [good], [good])
    assert codes(prove_commit(vm, miner, sectors)) == [OK, ExitCode.USR_NOT_FOUND]


def test_a_contract_may_not_call_the_internal_method(vm, miner):
    outcome = vm.send(CONTRACT, miner, numbers.PROVE_COMMIT_SECTORS_3, b"\x80")
    assert outcome.code == ExitCode.USR_FORBIDDEN
