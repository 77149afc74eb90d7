"""Each invariant is broken on its own, in a miner that keeps all of them."""

from dataclasses import replace

import pytest
from miner_sectors import SECTOR_SIZE, a_sector

from papyrus.actors.common.findings import Findings
from papyrus.actors.miner.deadline import (
    DEADLINE_EXPIRATIONS,
    POST_SUBMISSIONS,
    WindowedPoSt,
    open_partitions,
)
from papyrus.actors.miner.deadline_faults import record_faults
from papyrus.actors.miner.deadline_proofs import record_proven_sectors
from papyrus.actors.miner.deadline_termination import terminate_sectors
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.expirations import EXPIRATIONS
from papyrus.actors.miner.funds import add_initial_pledge
from papyrus.actors.miner.info import MINER_INFO, WorkerKeyChange, new_info
from papyrus.actors.miner.invariants import check_state_invariants
from papyrus.actors.miner.params.proving import PoStPartition
from papyrus.actors.miner.partition import EARLY_TERMINATED
from papyrus.actors.miner.placement import assign_sectors_to_deadline, deadline_scope
from papyrus.actors.miner.power import PowerPair
from papyrus.actors.miner.pre_commits import put_pre_commits, schedule_cleanups
from papyrus.actors.miner.sector_map import PartitionSectorMap
from papyrus.actors.miner.sector_numbers import allocate_sector_numbers
from papyrus.actors.miner.sectors import SectorPreCommitInfo, SectorPreCommitOnChainInfo
from papyrus.actors.miner.state import (
    PRE_COMMIT_CLEANUP,
    load_deadlines,
    load_info,
    new_state,
    open_sectors,
    with_deadlines,
    with_info,
)
from papyrus.actors.miner.vesting import VESTING_TAIL, VestingFund, VestingFunds, VestingTail
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import MAINNET_POLICY

START = 777
DEADLINE = 5
"""Where all the sectors are."""
NUMBERS = range(1, 8)
"""In partitions of 4: 1 to 4, of which 2 is faulty and 3 terminated, and 5 to 7, unproven."""
LIFE = START + 90_000


def bits(*numbers):
    return BitField.from_bits(numbers)


@pytest.fixture
def store():
    return MemoryBlockstore()


@pytest.fixture
def state(store):
    """Return a miner with sectors in every state but recovering."""
    info = new_info(100, 101, (102,), b"peer", (b"address",), 13)
    state = new_state(MAINNET_POLICY, store, MINER_INFO.save(store, info), START, 0)
    state = allocate_sector_numbers(store, state, BitField.from_ranges([(0, 30)]))
    sectors = [a_sector(number, LIFE, activation=START) for number in NUMBERS]
    array = open_sectors(store, state)
    array.put(sectors)
    pledge = TokenAmount(sum(sector.initial_pledge for sector in sectors))
    state = add_initial_pledge(replace(state, sectors=array.flush()), pledge)
    state = assign_sectors_to_deadline(
        store, state, MAINNET_POLICY, START, sectors, 4, SECTOR_SIZE, DEADLINE
    )
    deadline = the_deadline(store, state)
    scope = deadline_scope(store, state, MAINNET_POLICY, DEADLINE, SECTOR_SIZE)
    deadline, _ = record_proven_sectors(scope, deadline, 30_000, [PoStPartition(0, bits())])
    deadline, _ = record_faults(scope, deadline, 30_000, placed(2))
    deadline, _ = terminate_sectors(scope, MAINNET_POLICY, deadline, 900, placed(3))
    state = with_the_deadline(store, state, deadline)
    return replace(state, deadline_cron_active=True, early_terminations=bits(DEADLINE))


def placed(number):
    found = PartitionSectorMap()
    found.add(0, bits(number))
    return found


def the_deadline(store, state):
    return load_deadline(store, load_deadlines(store, state), DEADLINE)


def with_the_deadline(store, state, deadline):
    deadlines = load_deadlines(store, state)
    deadlines = with_deadline(store, MAINNET_POLICY, deadlines, DEADLINE, deadline)
    return with_deadlines(store, state, deadlines)


def change_deadline(**changes):
    def change(store, state):
        return with_the_deadline(store, state, replace(the_deadline(store, state), **changes))

    return change


def change_partition(index=0, **changes):
    """Return what changes a partition, by values or by functions of the store and the old value."""

    def change(store, state):
        deadline = the_deadline(store, state)
        partitions = open_partitions(store, deadline)
        partition = partitions.get(index)
        values = {
            name: value(store, getattr(partition, name)) if callable(value) else value
            for name, value in changes.items()
        }
        partitions.set(index, replace(partition, **values))
        return with_the_deadline(store, state, replace(deadline, partitions=partitions.flush()))

    return change


def change_entry(epoch, **changes):
    """Return what changes an entry of the first partition's expirations."""

    def change(store, root):
        array = EXPIRATIONS.open(store, root)
        entry = array.get(epoch)
        values = {
            name: value(getattr(entry, name)) if callable(value) else value
            for name, value in changes.items()
        }
        array.set(epoch, replace(entry, **values))
        return array.flush()

    return change_partition(expirations=change)


def move_entry(old, new):
    def change(store, root):
        array = EXPIRATIONS.open(store, root)
        array.set(new, array.get(old))
        array.delete(old)
        return array.flush()

    return change_partition(expirations=change)


def early_terminations(entries):
    def change(store, _):
        array = EARLY_TERMINATED.open(store, None)
        for epoch, numbers in entries.items():
            array.set(epoch, BitField.from_bits(numbers))
        return array.flush()

    return change_partition(early_terminated=change)


def change_sector(number, **changes):
    def change(store, state):
        sectors = open_sectors(store, state)
        sectors.put([replace(sectors.must_get(number), **changes)])
        return replace(state, sectors=sectors.flush())

    return change


def change_info(**changes):
    def change(store, state):
        return with_info(store, state, replace(load_info(store, state), **changes))

    return change


def change_state(**changes):
    return lambda _, state: replace(state, **changes)


def vesting(*entries):
    def change(store, state):
        tail = VestingTail(
            tuple(VestingFund(epoch, TokenAmount(amount)) for epoch, amount in entries[1:])
        )
        head = VestingFund(entries[0][0], TokenAmount(entries[0][1]))
        funds = VestingFunds(head, VESTING_TAIL.save(store, tail))
        locked = TokenAmount(sum(amount for _, amount in entries))
        return replace(state, vesting_funds=funds, locked_funds=locked)

    return change


def pre_commit(number, *, cleanup=True):
    def change(store, state):
        info = SectorPreCommitInfo(8, number, Cid.of(b""), 5, (), 10**6, None)
        one = SectorPreCommitOnChainInfo(info, TokenAmount(9), 6)
        state = put_pre_commits(store, state, [one])
        state = replace(state, pre_commit_deposits=TokenAmount(9))
        if cleanup:
            state = schedule_cleanups(store, state, MAINNET_POLICY, [(2_000, number)])
        return state

    return change


def cleanup_off_the_grid(store, state):
    array = PRE_COMMIT_CLEANUP.open(store, None)
    array.set(START + 1, bits(1))
    return replace(state, pre_committed_sectors_cleanup=array.flush())


def without_expiring_partitions(store, state):
    root = DEADLINE_EXPIRATIONS.empty_root(store)
    return change_deadline(expirations=root)(store, state)


def with_a_gap(store, state):
    deadline = the_deadline(store, state)
    partitions = open_partitions(store, deadline)
    partitions.set(3, partitions.get(1))
    partitions.delete(1)
    return with_the_deadline(store, state, replace(deadline, partitions=partitions.flush()))


def with_snapshot(store, state):
    deadline = the_deadline(store, state)
    return change_deadline(partitions_snapshot=deadline.partitions)(store, state)


def with_foreign_proof(store, state):
    array = POST_SUBMISSIONS.open(store, None)
    array.set(0, WindowedPoSt(bits(9), ()))
    return change_deadline(optimistic_post_submissions_snapshot=array.flush())(store, state)


def without_sectors(store, state):
    return replace(state, sectors=new_state(MAINNET_POLICY, store, state.info, 0, 0).sectors)


def sentences_of(store, state, balance=10**9):
    findings = Findings()
    check_state_invariants(store, state, MAINNET_POLICY, TokenAmount(balance), findings)
    return findings.sentences


ENDS = START + 32 * 2_880 + 359
"""When sectors 1 and 4 expire: the last epoch of the deadline's first window after their life."""
GIVES_OUT = START + 11 * 2_880 + 359
"""When sector 2 expires early."""


def test_unbroken_miner_keeps_all_invariants(store, state):
    assert sentences_of(store, state) == []
    found = Findings()
    summary = check_state_invariants(store, state, MAINNET_POLICY, TokenAmount(10**9), found)
    assert summary.live_power.raw == 6 * SECTOR_SIZE
    assert summary.active_power.raw == 2 * SECTOR_SIZE
    assert summary.faulty_power.raw == SECTOR_SIZE
    assert summary.daily_fee == sum(a_sector(n, LIFE).daily_fee for n in NUMBERS if n != 3)
    assert sorted(summary.sectors_with_data) == list(NUMBERS)
    assert summary.deadline_cron_active


KEY = Address.secp256k1(b"\x04" + bytes(64))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (change_info(owner=KEY), "owner address"),
        (change_info(worker=KEY), "worker address"),
        (change_info(control_addresses=(Address.from_id(5), KEY)), "control 1 address"),
        (
            change_info(pending_worker_key=WorkerKeyChange(Address.from_id(101), 5)),
            "same as existing worker",
        ),
        (change_info(pending_worker_key=WorkerKeyChange(KEY, 5)), "pending worker address"),
        (change_info(pending_owner_address=Address.from_id(100)), "same as existing owner"),
        (change_info(pending_owner_address=KEY), "pending owner address"),
        (change_info(window_post_proof_type=8), "invalid Window PoSt proof type 8"),
        (change_info(window_post_proof_type=14), "sector size 34359738368 is wrong"),
        (change_info(window_post_partition_sectors=2), "miner partition sectors 2"),
        (change_state(fee_debt=TokenAmount(-1)), "fee debt is less than zero"),
        (change_state(initial_pledge=TokenAmount(10**10)), "is less than sum of locked funds"),
        (change_state(deadline_cron_active=False), "DeadlineCronActive == false"),
        (change_state(locked_funds=TokenAmount(5)), "is not sum of vesting table entries"),
        (vesting((START + 61, 5)), "non-quantized epoch 838 (should be 897)"),
        (vesting((START + 60, 5), (START + 120, 0)), "non-positive amount"),
        (pre_commit(30), "pre-commited sector number has not been allocated 30"),
        (pre_commit(8, cleanup=False), "no clean-up epoch for pre-commit at 6"),
        (change_state(pre_commit_deposits=TokenAmount(3)), "sum of pre-commit deposits 0"),
        (cleanup_off_the_grid, "pre-commit expiration 778 is not quantized"),
        (change_sector(1, sector_number=40), "has not been allocated 40"),
        (change_sector(3, activation=START + 1), "invalid power base for 3"),
        (change_sector(3, expiration=START), "power base epoch is not before"),
        (change_state(current_deadline=48), "current deadline index"),
        (without_sectors, "live sectors missing: [1, 2, 4]"),
        (change_partition(unproven=bits(2)), "unproven includes faults"),
        (change_partition(faults=bits(3)), "live does not contain faults"),
        (change_partition(1, unproven=bits(5, 6)), "unproven power was"),
        (change_partition(recoveries=bits(1)), "faults do not contain recoveries"),
        (change_partition(recoveries=bits(2)), "recovering power was"),
        (change_partition(terminated=bits(3, 9)), "sectors do not contain terminations"),
        (change_partition(live_power=PowerPair(1, 1)), "live power was"),
        (change_partition(faulty_power=PowerPair(1, 1)), "active power was"),
        (change_entry(ENDS, on_time_sectors=bits(1)), "live does not equal all expirations"),
        (change_entry(GIVES_OUT, early_sectors=bits(1, 2)), "expiring early but not faulty"),
        (change_entry(ENDS, early_sectors=bits(1)), "in expiration queue twice"),
        (change_entry(GIVES_OUT, early_sectors=bits(2, 4)), "in expiration queue twice"),
        (move_entry(GIVES_OUT, ENDS + 2_880), "invalid early expiration"),
        (change_entry(ENDS, on_time_sectors=bits(1, 3, 4)), "on time expiration sectors missing"),
        (change_entry(ENDS, on_time_pledge=TokenAmount(1)), "on time pledge recorded 1"),
        (change_entry(ENDS, active_power=PowerPair(1, 1)), "active power recorded"),
        (change_entry(ENDS, faulty_power=PowerPair(1, 1)), "faulty power recorded"),
        (change_entry(ENDS, fee_deduction=TokenAmount(1)), "fee deduction recorded 1"),
        (change_entry(ENDS, fee_deduction=TokenAmount(1)), "total fee deductions"),
        (move_entry(ENDS, ENDS + 1), "is not quantized"),
        (move_entry(ENDS, ENDS + 2_880), "invalid expiration"),
        (early_terminations({}), "early terminations doesn't match"),
        (early_terminations({900: [3], 901: [3]}), "in early termination queue twice"),
        (early_terminations({900: [3, 4]}), "missing early termination entry"),
        (change_deadline(live_sectors=5), "deadline live sectors 5"),
        (change_deadline(total_sectors=8), "deadline total sectors 8"),
        (change_deadline(faulty_power=PowerPair(1, 1)), "deadline faulty power"),
        (change_deadline(live_power=PowerPair(1, 1)), "deadline live power"),
        (change_deadline(daily_fee=TokenAmount(1)), "deadline daily fee 1"),
        (change_deadline(partitions_posted=bits(4)), "expected at least 5 partitions"),
        (change_deadline(live_sectors=0), "expected at least one live sector"),
        (with_a_gap, "Non-sequential partitions, expected index 1, found 3"),
        (change_partition(1, sectors=bits(1, 5, 6, 7)), "in another partition too"),
        (without_expiring_partitions, "present in deadline expiration queue"),
        (with_snapshot, "snapshot partition has unproven power"),
        (with_foreign_proof, "failed to find partition 9"),
    ],
)
def test_each_broken_invariant_is_found(store, state, broken, sentence):
    found = sentences_of(store, broken(store, state))
    assert any(sentence in one for one in found), found


def test_negative_balance_is_found(store, state):
    assert any("actor balance is less than zero" in one for one in sentences_of(store, state, -1))


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("info", "error loading miner info"),
        ("allocated_sectors", "error loading funds, pre-commitments or sector numbers"),
        ("deadlines", "error loading sectors or deadlines"),
    ],
)
def test_malformed_parts_are_found(store, state, field, sentence):
    root = Cid.of(b"\xf6")
    store.put(root, b"\xf6")
    found = sentences_of(store, replace(state, **{field: root}))
    assert any(sentence in one for one in found), found


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda root: change_deadline(partitions=root), "error loading partitions"),
        (lambda root: change_partition(expirations=root), "error loading expiration_queue"),
        (lambda root: change_partition(early_terminated=root), "error loading early termination"),
    ],
)
def test_malformed_queues_are_found(store, state, change, sentence):
    root = Cid.of(b"\xf6")
    store.put(root, b"\xf6")
    found = sentences_of(store, change(root)(store, state))
    assert any(sentence in one for one in found), found
