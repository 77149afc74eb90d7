"""Window proofs: sent in time they keep a miner's power, and they hold when they are disputed."""

import pytest
from mined_chain import MINER, MinedChain, genesis

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import DisputeWindowedPoStParams
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    DeclareFaultsRecoveredParams,
    FaultDeclaration,
    RecoveryDeclaration,
)
from papyrus.consensus.power_table import PowerTable
from papyrus.devnet.settings import DevnetSettings
from papyrus.mining.post_scheduler import due_proofs, open_window, proof_message
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode

SECOND = Address.from_id(1001)

FIRST_WINDOW = 154
"""Where the deadline opens that both sectors of f01001 are in, by its address."""

EARLY = 40
"""Well before faults of that window can no longer be declared."""

SIZE = 2048 * 10
"""The quality-adjusted power of a sector."""


def chain_at(epoch, sectors=2):
    """Return a chain of two miners whose next block may be at an epoch, and not before."""
    settings = DevnetSettings(timestamp=1_700_000_000, sectors=sectors)
    chain = MinedChain(genesis(settings, miners=2))
    skip_to(chain, epoch)
    return chain


def skip_to(chain, epoch):
    """Let the epochs before one be null rounds, but for the last, whose block holds nothing."""
    while chain.head.height < epoch - 1:
        chain.mine(null_rounds=epoch - chain.head.height - 2)


def power_of(chain, miner):
    return PowerTable.of(chain.tree).claim(miner).quality_adjusted_power


def codes(mined):
    return [receipt.exit_code for receipt in mined.receipts]


@pytest.fixture(scope="module")
def at_window():
    return chain_at(FIRST_WINDOW)


@pytest.fixture
def chain(at_window):
    return at_window.fork()


@pytest.fixture
def with_fault():
    """Return a chain at the window, before which one of the two sectors was declared faulty."""
    chain = chain_at(EARLY)
    declared = DeclareFaultsParams((FaultDeclaration(0, 0, BitField.from_bits([1])),))
    assert codes(chain.mine(worker_message(chain, numbers.DECLARE_FAULTS, declared))) == [
        ExitCode.OK
    ]
    assert power_of(chain, 1001) == SIZE
    return chain


def worker_message(chain, method, params):
    worker = chain.people.workers[1]
    return chain.message(worker, SECOND, method=method, params=params.to_cbor())


def test_window_is_where_the_miner_s_day_has_it(chain):
    window = open_window(chain.view, 1001)
    assert (window.index, window.open, window.close) == (0, FIRST_WINDOW, FIRST_WINDOW + 60)
    assert open_window(chain.view, 1000).index != 0


def test_proof_in_time_keeps_the_power(chain):
    proofs = chain.proofs(1)
    assert len(proofs) == 1
    assert codes(chain.mine(*proofs)) == [ExitCode.OK]
    assert chain.proofs(1) == []
    skip_to(chain, FIRST_WINDOW + 62)
    assert power_of(chain, 1001) == 2 * SIZE
    assert chain.findings() == ()


def test_no_proof_costs_the_power(chain):
    skip_to(chain, FIRST_WINDOW + 62)
    assert power_of(chain, 1001) == 0
    assert chain.findings() == ()


def test_proof_can_be_sent_up_to_the_last_epoch(chain):
    skip_to(chain, FIRST_WINDOW + 59)
    (due,) = due_proofs(chain.view, 1001, chain.prover)
    assert due.closes == chain.head.height + 2
    mined = chain.mine(*chain.proofs(1))
    assert mined.tipset.height == FIRST_WINDOW + 59
    assert codes(mined) == [ExitCode.OK]
    assert power_of(chain, 1001) == 2 * SIZE


def test_nothing_is_due_in_a_window_without_sectors(chain):
    assert due_proofs(chain.view, 1000, chain.prover) == ()


def test_due_proof_says_what_it_is(chain):
    (due,) = due_proofs(chain.view, 1001, chain.prover)
    params = due.params
    assert (params.deadline, due.sectors, due.closes) == (0, 2, FIRST_WINDOW + 60)
    assert [partition.index for partition in params.partitions] == [0]
    assert params.chain_commit_epoch == FIRST_WINDOW - 20
    assert params.proofs[0].proof_bytes.startswith(b"SIMULATED")
    worker = chain.people.workers[1].address
    message = proof_message(1001, worker, due)
    assert (message.to, message.sender, message.method) == (SECOND, worker, 5)
    assert (message.value, message.nonce, message.gas_limit) == (ZERO, 0, 0)
    assert message.params == params.to_cbor()


def test_no_such_miner(chain):
    with pytest.raises(LookupError, match="no miner"):
        due_proofs(chain.view, 100, chain.prover)


# Faults.


def test_lost_sector_is_left_out_and_loses_its_power(chain):
    proofs = chain.proofs(1, lost=BitField.from_bits([1]))
    assert codes(chain.mine(*proofs)) == [ExitCode.OK]
    skip_to(chain, FIRST_WINDOW + 62)
    assert power_of(chain, 1001) == SIZE
    assert chain.findings() == ()


def test_partition_of_lost_sectors_is_not_proven(chain):
    assert chain.proofs(1, lost=BitField.from_bits([0, 1])) == []


def test_faulty_sector_stays_out_of_the_proof(with_fault):
    chain = with_fault
    skip_to(chain, FIRST_WINDOW)
    (due,) = due_proofs(chain.view, 1001, chain.prover)
    assert due.sectors == 1
    assert codes(chain.mine(*chain.proofs(1))) == [ExitCode.OK]
    assert power_of(chain, 1001) == SIZE
    assert chain.findings() == ()


def recovering(chain):
    """Let the faulty sector be declared recovered, and go on to the window."""
    declared = DeclareFaultsRecoveredParams((RecoveryDeclaration(0, 0, BitField.from_bits([1])),))
    message = worker_message(chain, numbers.DECLARE_FAULTS_RECOVERED, declared)
    assert codes(chain.mine(message)) == [ExitCode.OK]
    skip_to(chain, FIRST_WINDOW)
    return chain


def test_recovered_sector_is_proven_and_gets_its_power_back(with_fault):
    """Here the actor asks the verifier at once, since power is given back (FIP-0010)."""
    chain = recovering(with_fault)
    (due,) = due_proofs(chain.view, 1001, chain.prover)
    assert due.sectors == 2
    assert codes(chain.mine(*chain.proofs(1))) == [ExitCode.OK]
    assert power_of(chain, 1001) == 2 * SIZE
    assert chain.findings() == ()


def test_recovered_sector_needs_a_proof_that_holds(with_fault):
    chain = recovering(with_fault)
    careless = Careless(chain.prover, miner=1000)
    assert codes(chain.mine(*chain.proofs(1, careless))) == [ExitCode.USR_ILLEGAL_ARGUMENT]
    assert power_of(chain, 1001) == SIZE


# Many sectors.


def test_windows_of_a_larger_miner_are_proven_one_after_another():
    """Six sectors take three deadlines, each proven while its window is open."""
    chain = chain_at(FIRST_WINDOW, sectors=6)
    for window in range(3):
        skip_to(chain, FIRST_WINDOW + 60 * window + 3)
        proofs = chain.proofs(1)
        assert len(proofs) == 1
        assert codes(chain.mine(*proofs)) == [ExitCode.OK]
    skip_to(chain, FIRST_WINDOW + 182)
    assert power_of(chain, 1001) == 6 * SIZE
    assert chain.findings() == ()


# Disputes: the actor takes proofs on trust, and asks the verifier when somebody disputes one.


def dispute(chain):
    """Return what comes of disputing the first proof of the window, once it is over."""
    skip_to(chain, FIRST_WINDOW + 62)
    params = DisputeWindowedPoStParams(0, 0).to_cbor()
    message = chain.message(
        chain.people.client, SECOND, method=numbers.DISPUTE_WINDOWED_POST, params=params
    )
    return codes(chain.mine(message))


def test_proof_of_the_scheduler_stands_a_dispute(chain):
    chain.mine(*chain.proofs(1))
    assert dispute(chain) == [ExitCode.USR_ILLEGAL_ARGUMENT]
    assert power_of(chain, 1001) == 2 * SIZE


def test_proof_that_leaves_out_a_sector_stands_a_dispute(chain):
    chain.mine(*chain.proofs(1, lost=BitField.from_bits([0])))
    assert dispute(chain) == [ExitCode.USR_ILLEGAL_ARGUMENT]
    assert power_of(chain, 1001) == SIZE


class Careless:
    """Proves as if it had been asked something else."""

    def __init__(self, prover, **wrong):
        self._prover, self._wrong = prover, wrong

    def prove_window_post(self, proof_type, randomness, sectors, miner):
        asked = {"randomness": randomness, "sectors": sectors, "miner": miner, **self._wrong}
        return self._prover.prove_window_post(
            proof_type, asked["randomness"], asked["sectors"], asked["miner"]
        )


@pytest.mark.parametrize("wrong", ["randomness", "miner", "sectors"])
def test_wrong_proof_is_taken_on_trust_and_falls_when_disputed(chain, wrong):
    other = {
        "randomness": {"randomness": bytes([5] * 32)},
        "miner": {"miner": MINER.id},
        "sectors": {"sectors": sectors_of(chain)[:1]},
    }[wrong]
    proofs = chain.proofs(1, Careless(chain.prover, **other))
    assert codes(chain.mine(*proofs)) == [ExitCode.OK]
    assert dispute(chain) == [ExitCode.OK]
    assert power_of(chain, 1001) == 0
    assert chain.findings() == ()


def sectors_of(chain):
    """Return what the prover is asked to prove."""
    asked = []

    class Listening:
        def prove_window_post(self, proof_type, randomness, sectors, miner):
            asked.extend(sectors)
            return chain.prover.prove_window_post(proof_type, randomness, sectors, miner)

    due_proofs(chain.view, 1001, Listening())
    return asked
