"""Methods on states that no message leads to: what they refuse to build upon."""

from dataclasses import replace

import pytest
from upkeep import (
    CLIENT,
    NOWHERE,
    POWER,
    WORKER,
    Claimed,
    commit,
    end_window,
    go_to_window,
    miner_state,
    prove_window,
    put_state,
    skipping,
    submit,
)

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.proving import (
    CronEventPayload,
    DeferredCronEventParams,
    DisputeWindowedPoStParams,
)
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    DeclareFaultsRecoveredParams,
    FaultDeclaration,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.actors.power.state import CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode

INDEX = 40
NOTHING = FilterEstimate.of(0, 0)


@pytest.fixture
def proven(world_apart):
    """Return a machine and a miner, whose last proof can be disputed."""
    vm, miner = world_apart
    assert commit(vm, miner, range(2), INDEX).code == ExitCode.OK
    prove_window(vm, miner, INDEX)
    end_window(vm, miner, INDEX)
    return vm, miner


def recoveries(vm, miner):
    """Declare no recoveries."""
    params = DeclareFaultsRecoveredParams(())
    return vm.send(WORKER.id, miner, numbers.DECLARE_FAULTS_RECOVERED, params)


def terminate(vm, miner):
    """Terminate a sector."""
    declared = TerminationDeclaration(INDEX, 0, BitField.from_bits([0]))
    params = TerminateSectorsParams((declared,))
    return vm.send(WORKER.id, miner, numbers.TERMINATE_SECTORS, params)


def dispute(vm, miner):
    """Dispute the last proof."""
    params = DisputeWindowedPoStParams(INDEX, 0)
    return vm.send(CLIENT.id, miner, numbers.DISPUTE_WINDOWED_POST, params)


def cron(vm, miner):
    """End a window."""
    payload = CronEventPayload(numbers.CRON_EVENT_PROVING_DEADLINE).to_cbor()
    params = DeferredCronEventParams(payload, NOTHING, NOTHING)
    return vm.send(POWER, miner, numbers.ON_DEFERRED_CRON_EVENT, params)


def post(vm, miner):
    """Prove the sectors again."""
    go_to_window(vm, miner, INDEX)
    return submit(vm, miner, Claimed(INDEX, (skipping(0),)))


def faults(vm, miner):
    """Declare a sector faulty."""
    declared = FaultDeclaration(INDEX, 0, BitField.from_bits([0]))
    return vm.send(WORKER.id, miner, numbers.DECLARE_FAULTS, DeclareFaultsParams((declared,)))


@pytest.mark.parametrize("act", [post, recoveries, terminate, dispute, cron])
def test_no_amount_may_be_negative_at_the_end(proven, act):
    vm, miner = proven
    put_state(vm, miner, lambda _, state: replace(state, pre_commit_deposits=TokenAmount(-1)))
    # Cron looks at the deposits before.
    code = ExitCode.USR_ILLEGAL_STATE if act is cron else numbers.BALANCE_INVARIANTS_BROKEN
    assert act(vm, miner).code == code


@pytest.mark.parametrize("act", [recoveries, terminate, dispute, cron])
def test_more_may_not_be_locked_than_there_is(proven, act):
    vm, miner = proven
    locked = TokenAmount(10**30)
    put_state(vm, miner, lambda _, state: replace(state, pre_commit_deposits=locked))
    assert act(vm, miner).code == ExitCode.USR_ILLEGAL_STATE


def test_more_is_locked_than_there_is_after_a_proof(proven):
    vm, miner = proven
    locked = TokenAmount(10**30)
    put_state(vm, miner, lambda _, state: replace(state, pre_commit_deposits=locked))
    assert post(vm, miner).code == numbers.BALANCE_INVARIANTS_BROKEN
    assert faults(vm, miner).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("act", [terminate, dispute, faults])
def test_power_of_a_miner_without_a_claim_does_not_change(proven, act):
    vm, miner = proven

    def forget(store, state):
        return replace(state, claims=CLAIMS.open(store, None).flush())

    put_state(vm, POWER, forget, PowerState)
    # Pledge comes before power, and only of miners that the power actor knows.
    code = ExitCode.USR_FORBIDDEN if act is terminate else ExitCode.USR_NOT_FOUND
    assert act(vm, miner).code == code


@pytest.mark.parametrize("act", [terminate, cron])
def test_pledge_of_the_network_is_never_negative(proven, act):
    vm, miner = proven
    put_state(
        vm,
        POWER,
        lambda _, state: replace(state, total_pledge_collateral=TokenAmount(0)),
        PowerState,
    )
    owed = TokenAmount(10**9)
    put_state(vm, miner, lambda _, state: replace(state, fee_debt=owed))
    assert act(vm, miner).code == ExitCode.USR_ILLEGAL_STATE


def test_terminations_of_partitions_that_are_gone_are_forgotten(proven):
    vm, miner = proven
    due = BitField.from_bits([INDEX])
    put_state(vm, miner, lambda _, state: replace(state, early_terminations=due))
    params = TerminateSectorsParams(())
    assert vm.send(WORKER.id, miner, numbers.TERMINATE_SECTORS, params).code == ExitCode.OK
    assert miner_state(vm, miner).early_terminations == NOWHERE
