"""The storage power actor: creates miners, sums their power, and wakes them (spec 2.6).

What it reports of the network is frozen at the end of each epoch, so that all messages of an epoch
see the same. At that time it also calls the miners that asked for it, and tells the reward actor
how much power there is.
"""

from collections.abc import Iterable
from dataclasses import replace

from papyrus.actors.common.attempts import attempt
from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.init.calls import create_actor
from papyrus.actors.miner.params.control import MinerConstructorParams
from papyrus.actors.miner.params.numbers import ON_DEFERRED_CRON_EVENT
from papyrus.actors.miner.params.proving import DeferredCronEventParams
from papyrus.actors.power.claims import Ledger
from papyrus.actors.power.params import (
    CREATE_MINER,
    CREATE_MINER_EXPORTED,
    CURRENT_TOTAL_POWER,
    ENROLL_CRON_EVENT,
    MINER_CONSENSUS_COUNT,
    MINER_COUNT,
    MINER_POWER,
    MINER_RAW_POWER,
    NETWORK_RAW_POWER,
    ON_EPOCH_TICK_END,
    UPDATE_CLAIMED_POWER,
    UPDATE_PLEDGE_TOTAL,
    CreateMinerParams,
    CreateMinerReturn,
    CurrentTotalPowerReturn,
    EnrollCronEventParams,
    MinerPowerReturn,
    MinerRawPowerReturn,
    UpdateClaimedPowerParams,
)
from papyrus.actors.power.state import (
    CLAIMS,
    CRON_QUEUE,
    CronEvent,
    State,
    empty,
    meets_consensus_minimum,
)
from papyrus.actors.reward.calls import this_epoch_reward, update_network_kpi
from papyrus.actors.singletons import CRON, SYSTEM
from papyrus.ipld.schema import I64, ActorID, BigInt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError, DecodeError
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state, not_found
from papyrus.vm.runtime import Runtime

_MINER = "storageminer"


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, _: None) -> None:
    """Begin without miners."""
    rt.require_caller(SYSTEM)
    rt.create(empty(rt.store))


@method(CREATE_MINER, CREATE_MINER_EXPORTED)
def create_miner(rt: Runtime, params: CreateMinerParams) -> CreateMinerReturn:
    """Create a miner without power; the value that comes along is its deposit (FIP-0077)."""
    rt.accept_any_caller()
    constructor_params = MinerConstructorParams(
        owner=params.owner,
        worker=params.worker,
        control_addresses=(),
        window_post_proof_type=params.window_post_proof_type,
        peer_id=params.peer,
        multiaddrs=params.multiaddrs,
    )
    created = create_actor(rt, rt.code_for(_MINER), constructor_params.to_cbor(), rt.value)

    ledger = Ledger(rt.store, rt.load(State), rt.policy)
    ledger.add_miner(created.id_address, params.window_post_proof_type)
    rt.save(ledger.finish())
    return CreateMinerReturn(created.id_address, created.robust_address)


@method(UPDATE_CLAIMED_POWER)
def update_claimed_power(rt: Runtime, params: UpdateClaimedPowerParams) -> None:
    """Add to the calling miner's power, or take from it."""
    rt.require_caller_type(_MINER)
    ledger = Ledger(rt.store, rt.load(State), rt.policy)
    ledger.add_power(rt.caller, params.raw_byte_delta, params.quality_adjusted_delta)
    rt.save(ledger.finish())


@method(ENROLL_CRON_EVENT)
def enroll_cron_event(rt: Runtime, params: EnrollCronEventParams) -> None:
    """Wake the calling miner at the end of an epoch, or of this one if it is past."""
    rt.require_caller_type(_MINER)
    epoch = params.event_epoch
    if epoch < 0:
        raise illegal_argument(f"cron event epoch {epoch} cannot be less than zero")
    state = rt.load(State)
    queue = CRON_QUEUE.open(rt.store, state.cron_event_queue)
    queue.append(epoch, CronEvent(rt.caller, params.payload))
    first = min(epoch, state.first_cron_epoch)
    rt.save(replace(state, first_cron_epoch=first, cron_event_queue=queue.flush()))


@method(ON_EPOCH_TICK_END)
def on_epoch_tick_end(rt: Runtime, _: None) -> None:
    """Wake the miners whose time has come, and freeze what the next epoch is told."""
    rt.require_caller(CRON)
    reward = this_epoch_reward(rt).reward_smoothed
    power = rt.load(State).this_epoch_quality_adjusted_power_smoothed
    _forget_miners(rt, _wake_miners(rt, _due_events(rt), reward, power))

    state = rt.load(State)
    raw, quality_adjusted = state.current_total_power
    smoothed = state.this_epoch_quality_adjusted_power_smoothed
    rt.save(
        replace(
            state,
            this_epoch_pledge_collateral=state.total_pledge_collateral,
            this_epoch_quality_adjusted_power=quality_adjusted,
            this_epoch_raw_byte_power=raw,
            # Quirk: null rounds before this epoch are not counted.
            this_epoch_quality_adjusted_power_smoothed=smoothed.next_estimate(quality_adjusted, 1),
        )
    )
    update_network_kpi(rt, raw)


@method(UPDATE_PLEDGE_TOTAL)
def update_pledge_total(rt: Runtime, delta: TokenAmount) -> None:
    """Add what the calling miner has pledged to the network's total, or take it away."""
    rt.require_caller_type(_MINER)
    state = rt.load(State)
    if rt.caller not in CLAIMS.open(rt.store, state.claims):
        raise forbidden(f"unknown miner {rt.caller} forbidden to interact with power actor")
    total = state.total_pledge_collateral + delta
    if total < 0:
        raise illegal_state(f"negative total pledge collateral {total}")
    rt.save(replace(state, total_pledge_collateral=total))


@method(CURRENT_TOTAL_POWER)
def current_total_power(rt: Runtime, _: None) -> CurrentTotalPowerReturn:
    """Return the network's power and pledge, the same for all messages of an epoch."""
    rt.accept_any_caller()
    state = rt.load(State)
    return CurrentTotalPowerReturn(
        raw_byte_power=state.this_epoch_raw_byte_power,
        quality_adjusted_power=state.this_epoch_quality_adjusted_power,
        pledge_collateral=state.this_epoch_pledge_collateral,
        quality_adjusted_power_smoothed=state.this_epoch_quality_adjusted_power_smoothed,
        ramp_start_epoch=state.ramp_start_epoch,
        ramp_duration_epochs=state.ramp_duration_epochs,
    )


@method(NETWORK_RAW_POWER)
def network_raw_power(rt: Runtime, _: None) -> BigInt:
    """Return the network's raw power in bytes, the same for all messages of an epoch."""
    rt.accept_any_caller()
    return rt.load(State).this_epoch_raw_byte_power


@method(MINER_RAW_POWER)
def miner_raw_power(rt: Runtime, miner: ActorID) -> MinerRawPowerReturn:
    """Return a miner's raw power in bytes, and whether it counts."""
    rt.accept_any_caller()
    state = rt.load(State)
    claim = CLAIMS.open(rt.store, state.claims).get(Address.from_id(miner))
    if claim is None:
        raise illegal_argument(f"no claim for actor: {miner}")
    counts = meets_consensus_minimum(rt.policy, state, claim)
    return MinerRawPowerReturn(claim.raw_byte_power, counts)


@method(MINER_COUNT)
def miner_count(rt: Runtime, _: None) -> I64:
    """Return how many miners there are, with power or without."""
    rt.accept_any_caller()
    return rt.load(State).miner_count


@method(MINER_CONSENSUS_COUNT)
def miner_consensus_count(rt: Runtime, _: None) -> I64:
    """Return how many miners reach the consensus minimum."""
    rt.accept_any_caller()
    return rt.load(State).miner_above_minimum_power_count


@method(MINER_POWER)
def miner_power(rt: Runtime, miner: ActorID) -> MinerPowerReturn:
    """Return a miner's raw and quality-adjusted power in bytes."""
    rt.accept_any_caller()
    claims = CLAIMS.open(rt.store, rt.load(State).claims)
    claim = claims.get(Address.from_id(miner))
    if claim is None:
        raise not_found("miner not found")
    return MinerPowerReturn(claim.raw_byte_power, claim.quality_adjusted_power)


def _due_events(rt: Runtime) -> list[CronEvent]:
    """Take the events up to this epoch from the queue; return those of miners with a claim."""
    state = rt.load(State)
    queue = CRON_QUEUE.open(rt.store, state.cron_event_queue)
    claims = CLAIMS.open(rt.store, state.claims)
    due = []
    for epoch in range(state.first_cron_epoch, rt.epoch + 1):
        events = queue.get(epoch)
        if events is not None:
            due += [event for _, event in events.items() if event.miner in claims]
            queue.remove_all(epoch)
    rt.save(replace(state, first_cron_epoch=rt.epoch + 1, cron_event_queue=queue.flush()))
    return due


def _wake_miners(
    rt: Runtime, events: Iterable[CronEvent], reward: FilterEstimate, power: FilterEstimate
) -> list[Address]:
    """Hand each event to its miner; return the miners of those that failed."""
    return [
        event.miner
        for event in events
        if not attempt(
            rt,
            event.miner,
            ON_DEFERRED_CRON_EVENT,
            DeferredCronEventParams(event.payload, reward, power),
        )
    ]


def _forget_miners(rt: Runtime, miners: list[Address]) -> None:
    """Take the power of miners that could not be woken; without a claim they stay frozen."""
    if not miners:
        return
    ledger = Ledger(rt.store, rt.load(State), rt.policy)
    for miner in miners:
        try:
            ledger.delete(miner)
        except (ActorError, DecodeError):
            continue
        # Quirk: a miner that failed twice in one epoch is subtracted twice.
        ledger.forget_miner()
    rt.save(ledger.finish())


POWER_ACTOR = ActorCode(
    name="storagepower",
    state=State,
    methods=(
        constructor,
        create_miner,
        update_claimed_power,
        enroll_cron_event,
        on_epoch_tick_end,
        update_pledge_total,
        current_total_power,
        network_raw_power,
        miner_raw_power,
        miner_count,
        miner_consensus_count,
        miner_power,
    ),
)
