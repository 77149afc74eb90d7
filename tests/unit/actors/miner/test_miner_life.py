"""A miner's state through days of windows: funds, pre-commitments, sectors and their ends."""

from dataclasses import replace

import pytest
from miner_sectors import SEAL_PROOF, SECTOR_SIZE, a_sector, sealed_cid

from papyrus.actors.common.findings import Findings
from papyrus.actors.miner.deadline_cron import advance_deadline, pop_early_terminations
from papyrus.actors.miner.deadline_proofs import record_proven_sectors
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.funds import (
    add_initial_pledge,
    add_locked_funds,
    add_pre_commit_deposit,
    apply_penalty,
    available_balance,
    repay_debts,
    repay_partial_debt,
    require_balance_invariants,
    unlock_vested_funds,
)
from papyrus.actors.miner.info import MINER_INFO, new_info
from papyrus.actors.miner.invariants import check_state_invariants
from papyrus.actors.miner.params.numbers import BALANCE_INVARIANTS_BROKEN
from papyrus.actors.miner.params.proving import PoStPartition
from papyrus.actors.miner.placement import (
    assign_sectors_to_deadline,
    assign_sectors_to_deadlines,
    deadline_scope,
    find_sector,
    sector_is_active,
)
from papyrus.actors.miner.power import NO_POWER, power_of_sectors
from papyrus.actors.miner.pre_commits import (
    clean_up_expired,
    delete_pre_commits,
    find_pre_commits,
    must_get_pre_commits,
    put_pre_commits,
    schedule_cleanups,
)
from papyrus.actors.miner.sector_numbers import allocate_sector_numbers
from papyrus.actors.miner.sectors import SectorPreCommitInfo, SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import load_deadlines, new_state, open_sectors, with_deadlines
from papyrus.actors.miner.vesting import VestSpec
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import MAINNET_POLICY

DAY = MAINNET_POLICY.proving_period
PARTITION_SIZE = 2
START = 777
"""When the first proving period starts."""


@pytest.fixture
def store():
    return MemoryBlockstore()


@pytest.fixture
def state(store):
    info = new_info(100, 101, (102,), b"peer", (b"address",), 13)
    return new_state(MAINNET_POLICY, store, MINER_INFO.save(store, info), START, 0)


def findings_of(store, state, balance):
    findings = Findings()
    active = replace(state, deadline_cron_active=True)
    summary = check_state_invariants(store, active, MAINNET_POLICY, TokenAmount(balance), findings)
    return findings.sentences, summary


def a_pre_commit(number, deposit=10):
    info = SectorPreCommitInfo(SEAL_PROOF, number, sealed_cid(number), 5, (), 10**6, None)
    return SectorPreCommitOnChainInfo(info, TokenAmount(deposit), 6)


def with_sectors(store, state, numbers, epoch=START, expiration=10**6):
    """Return the state with new sectors, pledged and assigned to deadlines."""
    sectors = [
        a_sector(number, expiration, activation=epoch, verified_deal_weight=0) for number in numbers
    ]
    state = allocate_sector_numbers(store, state, BitField.from_bits(numbers))
    array = open_sectors(store, state)
    array.put(sectors)
    pledge = TokenAmount(sum(sector.initial_pledge for sector in sectors))
    state = add_initial_pledge(replace(state, sectors=array.flush()), pledge)
    return assign_sectors_to_deadlines(
        store, state, MAINNET_POLICY, epoch, sectors, PARTITION_SIZE, SECTOR_SIZE
    )


def test_new_miner_is_in_order(store, state):
    sentences, summary = findings_of(store, state, 0)
    assert sentences == []
    assert (summary.live_power, summary.window_post_proof_type) == (NO_POWER, 13)


def test_new_info_follows_from_the_proof_type():
    info = new_info(100, 101, (102,), b"", (), 14)
    assert (info.sector_size, info.window_post_partition_sectors) == (64 << 30, 2_300)
    assert info.beneficiary == info.owner
    assert not info.consensus_fault_active(0)
    with pytest.raises(ActorError) as aborted:
        new_info(100, 101, (), b"", (), 5)
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_sectors_miss_their_proofs_and_end_early(store, state):
    state = with_sectors(store, state, range(10))
    sentences, summary = findings_of(store, state, 10**6)
    assert sentences == []
    everything = power_of_sectors(SECTOR_SIZE, [a_sector(1, 9, verified_deal_weight=0)] * 10)
    assert summary.live_power == everything

    epoch, penalized, lost = START, NO_POWER, NO_POWER
    for _ in range(2 * 48):
        window = state.deadline_info(MAINNET_POLICY, epoch)
        state, result = advance_deadline(store, state, MAINNET_POLICY, window.last)
        epoch = window.close
        penalized += result.detected_faulty_power
        lost += result.power_delta
        assert state.current_deadline == (window.index + 1) % 48
        ended = window.index == 47
        assert state.proving_period_start == window.period_start + DAY * ended
    assert state.proving_period_start == START + 2 * DAY
    # Unproven power is penalized once and was never counted.
    assert (penalized, lost) == (everything, NO_POWER)
    sentences, summary = findings_of(store, state, 10**6)
    assert sentences == []
    assert summary.faulty_power == everything

    far = epoch + MAINNET_POLICY.fault_max_age
    for place in range(48):
        state, _ = advance_deadline(store, state, MAINNET_POLICY, far + 59 + 60 * place)
    sentences, summary = findings_of(store, state, 10**6)
    assert sentences == []
    assert summary.live_power == NO_POWER
    assert state.early_terminations.count() == 5
    paid = []
    more = True
    while more:
        state, result, more = pop_early_terminations(store, state, MAINNET_POLICY, 2, 3)
        assert result.sectors_processed <= 3
        paid += [number for numbers in result.sectors.values() for number in numbers]
        assert findings_of(store, state, 10**6)[0] == []
    assert sorted(paid) == list(range(10))
    assert pop_early_terminations(store, state, MAINNET_POLICY, 2, 3)[1].is_empty


def test_sectors_expire_on_time_and_release_their_pledge(store, state):
    expiration = START + 3 * DAY
    state = with_sectors(store, state, [4], expiration=expiration)
    deadline, partition = find_sector(store, state, 4)
    assert sector_is_active(store, state, deadline, partition, 4, require_proven=False)
    assert not sector_is_active(store, state, deadline, partition, 4, require_proven=True)
    pledge, epoch, released = state.initial_pledge, START, 0
    while epoch < expiration + DAY:
        window = state.deadline_info(MAINNET_POLICY, epoch)
        state, result = advance_deadline(store, state, MAINNET_POLICY, window.last)
        released += result.pledge_delta
        epoch = window.close
    assert released == -pledge
    assert state.initial_pledge == 0
    assert not state.early_terminations
    assert not sector_is_active(store, state, deadline, partition, 4, require_proven=False)


def test_proven_sectors_take_their_power_with_them_when_they_expire(store, state):
    state = with_sectors(store, state, [4], expiration=START + DAY)
    index, _ = find_sector(store, state, 4)
    deadlines = load_deadlines(store, state)
    deadline = load_deadline(store, deadlines, index)
    scope = deadline_scope(store, state, MAINNET_POLICY, index, SECTOR_SIZE)
    proven, _ = record_proven_sectors(scope, deadline, 10**6, [PoStPartition(0, BitField())])
    deadlines = with_deadline(store, MAINNET_POLICY, deadlines, index, proven)
    state = with_deadlines(store, state, deadlines)
    last = state.deadline_info(MAINNET_POLICY, START + 60 * index).last
    state, result = advance_deadline(store, state, MAINNET_POLICY, last)
    assert result.power_delta == NO_POWER
    assert result.live_power == proven.live_power
    assert result.daily_fee == proven.daily_fee
    # It was not proven again, so its power is lost before it expires, and only once.
    state, result = advance_deadline(store, state, MAINNET_POLICY, last + DAY)
    assert result.power_delta == -proven.live_power
    assert result.live_power == NO_POWER


def test_proven_sectors_expire_in_the_window_in_which_they_are_proven(store, state):
    state = with_sectors(store, state, [4], expiration=START + 100)
    index, _ = find_sector(store, state, 4)
    deadlines = load_deadlines(store, state)
    deadline = load_deadline(store, deadlines, index)
    scope = deadline_scope(store, state, MAINNET_POLICY, index, SECTOR_SIZE)
    proven, _ = record_proven_sectors(scope, deadline, 10**6, [PoStPartition(0, BitField())])
    deadlines = with_deadline(store, MAINNET_POLICY, deadlines, index, proven)
    state = with_deadlines(store, state, deadlines)
    last = state.deadline_info(MAINNET_POLICY, START + 60 * index).last
    _, result = advance_deadline(store, state, MAINNET_POLICY, last)
    assert result.power_delta == -proven.live_power
    assert result.detected_faulty_power == NO_POWER
    assert result.pledge_delta == -state.initial_pledge


def test_window_before_the_first_period_does_nothing(store, state):
    later = replace(state, proving_period_start=10 * DAY)
    # The period is reckoned from its start in either direction.
    after, _ = advance_deadline(store, later, MAINNET_POLICY, 9 * DAY)
    assert (after.current_deadline, after.proving_period_start) == (1, 10 * DAY)


def test_deadline_can_be_chosen_unless_it_is_open_or_next(store, state):
    sectors = [a_sector(3, 10**6)]
    arguments = (MAINNET_POLICY, START, sectors, PARTITION_SIZE, SECTOR_SIZE)
    for index in (0, 1):
        with pytest.raises(ActorError) as aborted:
            assign_sectors_to_deadline(store, state, *arguments, index)
        assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT
    after = assign_sectors_to_deadline(store, state, *arguments, 7)
    assert find_sector(store, after, 3) == (7, 0)
    with pytest.raises(ActorError, match="invalid deadline index 48"):
        assign_sectors_to_deadline(store, state, *arguments, 48)


def test_sector_that_is_nowhere_is_not_found(store, state):
    with pytest.raises(ActorError, match="not due at any deadline"):
        find_sector(store, state, 3)
    with pytest.raises(ActorError) as aborted:
        sector_is_active(store, state, 0, 0, 3, require_proven=False)
    assert aborted.value.exit_code == ExitCode.USR_NOT_FOUND
    assert load_deadline(store, load_deadlines(store, state), 47).live_sectors == 0


def test_numbers_are_taken_once(store, state):
    state = allocate_sector_numbers(store, state, BitField.from_bits([1, 2]))
    with pytest.raises(ActorError) as aborted:
        allocate_sector_numbers(store, state, BitField.from_bits([2, 3]))
    assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT
    allocate_sector_numbers(store, state, BitField.from_bits([2, 3]), allow_collisions=True)


def test_numbers_must_not_become_too_ragged(store, state):
    ragged = BitField.from_bits(range(0, 60_000 * 20, 20))
    other = BitField.from_bits(range(7 + 60_000 * 20, 2 * 60_000 * 20, 20))
    state = allocate_sector_numbers(store, state, BitField.from_ranges([(0, 9)]))
    with pytest.raises(ActorError) as aborted:
        allocate_sector_numbers(store, state, ragged | other, allow_collisions=True)
    assert aborted.value.exit_code == ExitCode.USR_SERIALIZATION


def test_pre_commits_are_kept_found_and_deleted(store, state):
    one, two = a_pre_commit(1), a_pre_commit(2)
    state = put_pre_commits(store, state, [one, two])
    assert find_pre_commits(store, state, [3, 2, 1]) == [two, one]
    assert must_get_pre_commits(store, state, [2, 1]) == [two, one]
    codes = []
    for attempt in (
        lambda: put_pre_commits(store, state, [one]),
        lambda: delete_pre_commits(store, state, [3]),
        lambda: must_get_pre_commits(store, state, [3]),
        lambda: must_get_pre_commits(store, state, [2**63]),
    ):
        with pytest.raises(ActorError) as aborted:
            attempt()
        codes.append(aborted.value.exit_code)
    assert codes == [
        ExitCode.USR_ILLEGAL_STATE,
        ExitCode.USR_ILLEGAL_STATE,
        ExitCode.USR_NOT_FOUND,
        ExitCode.USR_ILLEGAL_ARGUMENT,
    ]
    assert find_pre_commits(store, delete_pre_commits(store, state, [1]), [1, 2]) == [two]


def test_lapsed_pre_commits_lose_their_deposits(store, state):
    state = allocate_sector_numbers(store, state, BitField.from_bits([1, 2, 3]))
    state = put_pre_commits(store, state, [a_pre_commit(1), a_pre_commit(2), a_pre_commit(3)])
    state = add_pre_commit_deposit(state, TokenAmount(30))
    state = schedule_cleanups(
        store, state, MAINNET_POLICY, [(1_000, 1), (1_001, 2), (2_000, 3), (1_000, 9)]
    )
    assert findings_of(store, state, 30)[0] == []
    same, burnt = clean_up_expired(store, state, MAINNET_POLICY, 1_000)
    assert (same, burnt) == (state, 0)
    after, burnt = clean_up_expired(store, state, MAINNET_POLICY, 1_017)
    assert (burnt, after.pre_commit_deposits) == (20, 10)
    assert find_pre_commits(store, after, [1, 2, 3]) == [a_pre_commit(3)]
    assert findings_of(store, after, 30)[0] == []


SPEC = VestSpec(0, 10, 1, 1)


def test_debt_is_paid_from_what_vests_and_then_from_the_rest(store, state):
    state, _ = add_locked_funds(store, state, 100, TokenAmount(100), SPEC)
    state = apply_penalty(state, TokenAmount(130))
    assert available_balance(state, TokenAmount(120)) == -110
    state, burnt, unlocked = repay_partial_debt(store, state, 103, TokenAmount(120))
    assert (burnt, unlocked, state.fee_debt, state.locked_funds) == (120, 100, 10, 0)
    with pytest.raises(ActorError) as aborted:
        repay_debts(state, TokenAmount(9))
    assert aborted.value.exit_code == ExitCode.USR_INSUFFICIENT_FUNDS
    state, burnt = repay_debts(state, TokenAmount(10))
    assert (burnt, state.fee_debt) == (10, 0)


def test_vested_funds_are_unlocked(store, state):
    assert unlock_vested_funds(store, state, 500) == (state, 0)
    state, _ = add_locked_funds(store, state, 100, TokenAmount(100), SPEC)
    state, unlocked = unlock_vested_funds(store, state, 104)
    assert (unlocked, state.locked_funds) == (30, 70)


def test_amounts_never_fall_below_zero(store, state):
    for attempt in (
        lambda: add_pre_commit_deposit(state, TokenAmount(-1)),
        lambda: add_initial_pledge(state, TokenAmount(-1)),
        lambda: apply_penalty(state, TokenAmount(-1)),
        lambda: add_locked_funds(store, state, 0, TokenAmount(-1), SPEC),
        lambda: available_balance(add_initial_pledge(state, TokenAmount(5)), TokenAmount(4)),
    ):
        with pytest.raises(ActorError) as aborted:
            attempt()
        assert aborted.value.exit_code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize(
    ("changes", "balance"),
    [({}, -1), ({"fee_debt": -1}, 5), ({"initial_pledge": 6}, 5), ({"locked_funds": -1}, 5)],
)
def test_broken_balance_has_a_code_of_its_own(state, changes, balance):
    require_balance_invariants(state, TokenAmount(0))
    broken = replace(state, **{name: TokenAmount(amount) for name, amount in changes.items()})
    with pytest.raises(ActorError) as aborted:
        require_balance_invariants(broken, TokenAmount(balance))
    assert aborted.value.exit_code == BALANCE_INVARIANTS_BROKEN


def test_findings_tell_what_is_wrong(store, state):
    state = with_sectors(store, state, range(3))
    wrong = replace(
        state,
        initial_pledge=TokenAmount(-1),
        locked_funds=TokenAmount(7),
        pre_commit_deposits=TokenAmount(5),
        current_deadline=48,
        sectors=new_state(MAINNET_POLICY, store, state.info, START, 0).sectors,
    )
    sentences = "\n".join(findings_of(store, wrong, 0)[0])
    for part in (
        "initial pledge is less than zero",
        "locked funds 7 is not sum",
        "pre-commit deposits 0 does not equal",
        "current deadline index",
        "deadline 2: partition 0: live sectors missing: [0, 1]",
    ):
        assert part in sentences
