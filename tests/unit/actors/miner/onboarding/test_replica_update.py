from dataclasses import replace

import pytest
from network import claims_of
from sealing import (
    NOBODY_AT_ALL,
    announcement,
    codes,
    deal_pieces,
    network_pledge,
    pre_commit,
    prove_commit,
    prove_updates,
    publish_deals,
    told,
    update,
)
from upkeep import (
    CONTRACT,
    NOBODY,
    OWNER,
    POLICY,
    PROOF,
    SEALING,
    WORKER,
    deadline,
    give_datacap,
    go_to,
    miner_state,
    new_miner,
    next_window,
    onboard,
    partition,
    piece,
    place,
    prove_window,
    put_sector,
    put_state,
    sealed_cid,
    sector,
    store_of,
    verified_pieces,
    wait,
)

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.market.state import STATES
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.numbers import (
    BALANCE_INVARIANTS_BROKEN,
    NOTIFICATION_RECEIVER_ABORTED,
    NOTIFICATION_REJECTED,
    NOTIFICATION_RESPONSE_INVALID,
    NOTIFICATION_SEND_FAILED,
)
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    FaultDeclaration,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import DATACAP, REWARD, STORAGE_MARKET
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import MAX_SECTOR_NUMBER

OK, REFUSED = ExitCode.OK, ExitCode.USR_ILLEGAL_ARGUMENT
HALF_A_DAY = 24 * POLICY.challenge_window


def active(vm, miner, *sectors, expiration=None):
    """Have sectors proven and active, and let their deadlines be half a day away."""
    onboard(vm, miner, sectors, expiration)
    for index in sorted({place(vm, miner, number)[0] for number in sectors}):
        prove_window(vm, miner, index, 0)
    wait(vm, HALF_A_DAY)


def test_a_sector_comes_to_hold_data(vm, miner):
    active(vm, miner, 1)
    before, power = sector(vm, miner, 1), claims_of(vm.one)[miner]
    index, number = place(vm, miner, 1)
    assert codes(prove_updates(vm, miner, update(vm, miner, 1, [piece(1)]))) == [OK]
    after = sector(vm, miner, 1)
    assert after.sealed_cid == sealed_cid(miner, 10**6 + 1)
    assert after.sector_key_cid == before.sealed_cid
    assert after.activation == before.activation
    assert after.power_base_epoch == vm.one.epoch
    assert after.deal_weight == 512 * (after.expiration - vm.one.epoch)
    assert after.daily_fee == before.daily_fee
    assert claims_of(vm.one)[miner] == power
    assert list(partition(vm, miner, index, number).active_sectors) == [1]


def test_verified_data_brings_power_pledge_and_fee(vm, miner):
    active(vm, miner, 1, 2)
    before, power = sector(vm, miner, 1), claims_of(vm.one)[miner]
    pledged, of_all = miner_state(vm, miner).initial_pledge, network_pledge(vm)
    index, number = place(vm, miner, 1)
    fees = deadline(vm, miner, index).daily_fee
    give_datacap(vm, 2048)
    pieces = verified_pieces(vm, miner, 1024, 1024)
    assert codes(prove_updates(vm, miner, update(vm, miner, 1, pieces))) == [OK]
    after, state = sector(vm, miner, 1), miner_state(vm, miner)
    assert after.verified_deal_weight == 2048 * (after.expiration - vm.one.epoch)
    assert after.initial_pledge > before.initial_pledge
    assert after.daily_fee == 10 * before.daily_fee
    pledge = after.initial_pledge - before.initial_pledge
    assert state.initial_pledge == pledged + pledge
    assert network_pledge(vm) == of_all + pledge
    claim = claims_of(vm.one)[miner]
    assert claim.quality_adjusted_power == power.quality_adjusted_power + 9 * 2048
    assert claim.raw_byte_power == power.raw_byte_power
    assert deadline(vm, miner, index).daily_fee == fees + 9 * before.daily_fee
    assert partition(vm, miner, index, number).live_power.quality_adjusted > 20_000


def without_rewards(one):
    """Let nothing be in circulation, nor be earned."""
    one.change(circulating_supply=ZERO)
    state = one.state(REWARD.id, RewardState)
    poor = replace(state, this_epoch_reward_smoothed=FilterEstimate.of(1, 0))
    root = put_cbor(one.machine.store, poor.to_ipld())
    one.machine.tree.set(REWARD.id, one.machine.tree.get(REWARD.id).with_head(root))


def test_pledge_never_falls(vm, miner):
    active(vm, miner, 1)
    before = sector(vm, miner, 1).initial_pledge
    vm.each(without_rewards)
    assert codes(prove_updates(vm, miner, update(vm, miner, 1, [piece(1)]))) == [OK]
    assert sector(vm, miner, 1).initial_pledge == before
    onboard(vm, miner, [2])
    assert sector(vm, miner, 2).initial_pledge == 1


def test_sectors_are_told_of_with_their_data(vm, miner):
    active(vm, miner, 1, 2)
    updates = update(vm, miner, 1, [piece(1), piece(2, 1024)]), update(vm, miner, 2)
    outcome = prove_updates(vm, miner, *updates)
    told_of = [[entry.key for entry in each.event.entries] for each in outcome.events]
    assert told_of == [
        ["$type", "sector", "unsealed-cid", "piece-cid", "piece-size", "piece-cid", "piece-size"],
        ["$type", "sector", "unsealed-cid"],
    ]


def test_the_market_activates_deals_it_is_told_of(vm, miner):
    active(vm, miner, 1)
    pieces = deal_pieces(vm, publish_deals(vm, miner, 256, 1024))
    outcome = prove_updates(
        vm, miner, update(vm, miner, 1, pieces), require_notification_success=True
    )
    assert codes(outcome) == [OK]
    states = STATES.open(store_of(vm), vm.one.state(5, MarketState).states)
    assert [state.sector_number for _, state in states.items()] == [1, 1]


@pytest.mark.parametrize(
    ("receiver", "code"),
    [
        (NOBODY_AT_ALL, NOTIFICATION_SEND_FAILED),
        (DATACAP, NOTIFICATION_RECEIVER_ABORTED),
        (NOBODY.id, NOTIFICATION_RESPONSE_INVALID),
        (STORAGE_MARKET, NOTIFICATION_REJECTED),
    ],
)
def test_a_refusal_undoes_all_where_acceptance_is_required(vm, miner, receiver, code):
    active(vm, miner, 1)
    updated = update(vm, miner, 1, [told(piece(1), receiver)])
    outcome = prove_updates(vm, miner, updated, require_notification_success=True)
    assert outcome.code == code
    assert codes(prove_updates(vm, miner, updated)) == [OK]


def test_a_sector_without_new_data_can_be_updated_again(vm, miner):
    active(vm, miner, 1)
    original = sector(vm, miner, 1).sealed_cid
    assert codes(prove_updates(vm, miner, update(vm, miner, 1))) == [OK]
    again = update(vm, miner, 1, [piece(1)], new_sealed_cid=sealed_cid(1, 1))
    assert codes(prove_updates(vm, miner, again)) == [OK]
    assert sector(vm, miner, 1).sector_key_cid == original


def test_a_sector_from_before_the_fee_comes_to_pay_it(vm):
    """The deadline's sum is off, since only the sector is made to look old."""
    miner = new_miner(vm)
    active(vm, miner, 1)
    fee = sector(vm, miner, 1).daily_fee
    put_sector(vm, miner, 1, daily_fee=ZERO)
    assert codes(prove_updates(vm, miner, update(vm, miner, 1, [piece(1)]))) == [OK]
    assert sector(vm, miner, 1).daily_fee == fee


# What fails as a whole.


def test_others_may_not_prove(vm, miner):
    active(vm, miner, 1)
    outcome = prove_updates(vm, miner, update(vm, miner, 1), sender=NOBODY)
    assert outcome.code == ExitCode.USR_FORBIDDEN


def test_a_contract_may_not_call_the_internal_method(vm, miner):
    outcome = vm.send(CONTRACT, miner, numbers.PROVE_REPLICA_UPDATES_3, b"\x80")
    assert outcome.code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    ("params", "code"), [(b"", REFUSED), (b"\x87", ExitCode.USR_SERIALIZATION)]
)
def test_parameters_must_be_there_and_decode(vm, miner, params, code):
    outcome = vm.send(WORKER.id, miner, numbers.PROVE_REPLICA_UPDATES_3, params)
    assert outcome.code == code


@pytest.mark.parametrize(
    "fields",
    [
        {"sector_proofs": ()},
        {"aggregate_proof": PROOF},
        {"aggregate_proof_type": 1},
        {"sector_proofs": (), "aggregate_proof": PROOF},
        {"sector_proofs": (), "aggregate_proof": PROOF, "aggregate_proof_type": 1},
        {"sector_proofs": (PROOF,) * 1},
        {"sector_proofs": (PROOF,) * 3},
        {"sector_updates": ()},
        {"update_proofs_type": 1},
        {"update_proofs_type": -1},
    ],
)
def test_there_is_a_proof_for_each(vm, miner, fields):
    active(vm, miner, 1, 2)
    updates = update(vm, miner, 1), update(vm, miner, 2)
    assert prove_updates(vm, miner, *updates, **fields).code == REFUSED


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (3, ExitCode.USR_NOT_FOUND),
        (MAX_SECTOR_NUMBER, ExitCode.USR_NOT_FOUND),
        (2**64 - 2, ExitCode.USR_NOT_FOUND),
        (2**64 - 1, ExitCode.USR_ILLEGAL_STATE),
    ],
)
def test_a_sector_must_exist(vm, miner, number, code):
    active(vm, miner, 1)
    updates = update(vm, miner, 1), update(vm, miner, number, at=(0, 0))
    assert prove_updates(vm, miner, *updates).code == code


def test_pieces_must_fit_together(vm, miner):
    active(vm, miner, 1, 2)
    updates = update(vm, miner, 1), update(vm, miner, 2, [piece(1, 2048), piece(2)])
    assert prove_updates(vm, miner, *updates).code == REFUSED


def test_pledge_must_be_there(vm):
    miner = new_miner(vm)
    active(vm, miner, 1)
    give_datacap(vm, 2048)
    updated = update(vm, miner, 1, verified_pieces(vm, miner, 2048))
    balance = vm.one.balance(miner)

    def all_locked(_, state):
        return replace(state, initial_pledge=balance - state.locked_funds)

    put_state(vm, miner, all_locked)
    assert prove_updates(vm, miner, updated).code == ExitCode.USR_INSUFFICIENT_FUNDS
    vm.ok(OWNER.id, miner, 0, value=10**18)
    assert codes(prove_updates(vm, miner, updated)) == [OK]


@pytest.mark.parametrize(
    ("locked", "code"),
    [(10**30, ExitCode.USR_ILLEGAL_STATE), (-1, BALANCE_INVARIANTS_BROKEN)],
)
def test_funds_that_do_not_add_up_are_noticed(vm, locked, code):
    miner = new_miner(vm)
    active(vm, miner, 1)
    give_datacap(vm, 2048)
    updated = update(vm, miner, 1, verified_pieces(vm, miner, 2048))
    put_state(vm, miner, lambda _, state: replace(state, locked_funds=TokenAmount(locked)))
    assert prove_updates(vm, miner, updated).code == code


@pytest.mark.parametrize(("after", "code"), [(0, ExitCode.USR_ASSERTION_FAILED), (7, 0)])
def test_a_sector_at_its_end_cannot_be_weighed(vm, after, code):
    """Time has jumped, so that the end of its deadline has not taken the sector away."""
    miner = new_miner(vm)
    active(vm, miner, 1)
    go_to(vm, sector(vm, miner, 1).expiration + after)
    assert prove_updates(vm, miner, update(vm, miner, 1, [piece(1)])).code == code


# What fails alone.


def alone(vm, miner, bad, code=REFUSED):
    """See that an update of sector 1 fails alone, or all with a code where all must succeed."""
    good = update(vm, miner, 2)
    failed = prove_updates(vm, miner, bad, good, require_activation_success=True)
    assert failed.code == code, failed.failure
    assert prove_updates(vm, miner, bad).code == REFUSED
    assert codes(prove_updates(vm, miner, bad, good)) == [REFUSED, OK]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"at": (48, 0)}, REFUSED),
        ({"at": (2**64 - 1, 0)}, REFUSED),
        ({"partition": 1}, ExitCode.USR_NOT_FOUND),
        ({"partition": 2**63}, ExitCode.USR_NOT_FOUND),
        ({"partition": 2**64 - 1}, ExitCode.USR_ILLEGAL_STATE),
        ({"new_sealed_cid": Cid.of(b"something")}, REFUSED),
        ({"sector": 3}, ExitCode.USR_NOT_FOUND),
    ],
)
def test_an_update_that_makes_no_sense_is_left_out(vm, miner, fields, code):
    active(vm, miner, 1, 2, 3)
    alone(vm, miner, update(vm, miner, 1, **fields), code)


def test_a_sector_may_not_be_there_twice(vm, miner):
    active(vm, miner, 1)
    twice = (update(vm, miner, 1),) * 2
    failed = prove_updates(vm, miner, *twice, require_activation_success=True)
    assert failed.code == REFUSED
    assert codes(prove_updates(vm, miner, *twice)) == [OK, REFUSED]


def test_a_proof_has_a_longest(vm, miner):
    active(vm, miner, 1, 2)
    updates = update(vm, miner, 1), update(vm, miner, 2)
    proofs = bytes(4097), bytes(4096)
    failed = prove_updates(
        vm, miner, *updates, sector_proofs=proofs, require_activation_success=True
    )
    assert failed.code == REFUSED
    assert codes(prove_updates(vm, miner, *updates, sector_proofs=proofs)) == [REFUSED, OK]


def test_a_sector_with_data_is_left_out(vm, miner):
    give_datacap(vm, 2048)
    sectors = {1: [piece(1)], 2: [], 3: verified_pieces(vm, miner, 512)}
    onboard(vm, miner, sectors)
    for index in sorted({place(vm, miner, number)[0] for number in sectors}):
        prove_window(vm, miner, index, 0)
    wait(vm, HALF_A_DAY)
    alone(vm, miner, update(vm, miner, 1))
    assert prove_updates(vm, miner, update(vm, miner, 3)).code == REFUSED


def test_a_sector_that_is_not_proven_is_left_out(vm, miner):
    onboard(vm, miner, [2])
    prove_window(vm, miner, place(vm, miner, 2)[0], 0)
    wait(vm, HALF_A_DAY)
    onboard(vm, miner, [1])
    alone(vm, miner, update(vm, miner, 1))


def test_a_faulty_sector_is_left_out(vm, miner):
    active(vm, miner, 1, 2)
    index, number = place(vm, miner, 1)
    fault = FaultDeclaration(index, number, BitField.from_bits([1]))
    vm.ok(WORKER.id, miner, numbers.DECLARE_FAULTS, DeclareFaultsParams((fault,)))
    alone(vm, miner, update(vm, miner, 1))


def test_a_terminated_sector_is_left_out(vm, miner):
    active(vm, miner, 1, 2)
    index, number = place(vm, miner, 1)
    ended = TerminationDeclaration(index, number, BitField.from_bits([1]))
    vm.ok(WORKER.id, miner, numbers.TERMINATE_SECTORS, TerminateSectorsParams((ended,)))
    alone(vm, miner, update(vm, miner, 1))


def test_a_sector_whose_deadline_is_next_is_left_out(vm, miner):
    active(vm, miner, 1)
    index, _ = place(vm, miner, 1)
    go_to(vm, next_window(vm, miner, index).open - POLICY.challenge_window)
    updated = update(vm, miner, 1)
    assert prove_updates(vm, miner, updated).code == REFUSED
    go_to(vm, next_window(vm, miner, index).open - POLICY.challenge_window - 1)
    assert codes(prove_updates(vm, miner, updated)) == [OK]


def test_a_sector_without_its_allocation_is_left_out(vm, miner):
    give_datacap(vm, 2048)
    active(vm, miner, 1, 2)
    (wrong,) = verified_pieces(vm, miner, 1024)
    wrong = replace(wrong, size=512)
    updates = update(vm, miner, 1, [wrong]), update(vm, miner, 2)
    failed = prove_updates(vm, miner, *updates, require_activation_success=True)
    assert failed.code == REFUSED
    assert prove_updates(vm, miner, updates[0]).code == REFUSED
    assert codes(prove_updates(vm, miner, *updates)) == [ExitCode.USR_FORBIDDEN, OK]


def test_sectors_of_several_partitions_change_together(vm, miner):
    active(vm, miner, *range(1, 7))
    pieces = {number: [piece(number)] for number in range(1, 7)}
    updates = [update(vm, miner, number, pieces[number]) for number in (4, 2, 6, 1, 3, 5)]
    assert codes(prove_updates(vm, miner, *updates)) == [OK] * 6


def test_one_of_synthetic_proof_is_updated_alike(vm, miner):
    assert pre_commit(vm, miner, announcement(vm, miner, 1, seal_proof=10)).code == 0
    wait(vm, SEALING)
    assert codes(prove_commit(vm, miner, {1: []})) == [OK]
    prove_window(vm, miner, place(vm, miner, 1)[0], 0)
    wait(vm, HALF_A_DAY)
    assert codes(prove_updates(vm, miner, update(vm, miner, 1))) == [OK]
