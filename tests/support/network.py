"""The singletons that drive a network, put into a test's state as genesis would put them."""

from dataclasses import replace

from papyrus.actors.common.findings import Findings
from papyrus.actors.cron.actor import EPOCH_TICK
from papyrus.actors.cron.state import Entry
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.init import state as init_state
from papyrus.actors.init.invariants import check_state_invariants as check_init
from papyrus.actors.power import state as power_state
from papyrus.actors.power.claims import Ledger
from papyrus.actors.power.invariants import check_state_invariants as check_power
from papyrus.actors.power.params import ON_EPOCH_TICK_END
from papyrus.actors.reward import state as reward_state
from papyrus.actors.reward.invariants import STORAGE_MINING_ALLOCATION
from papyrus.actors.reward.invariants import check_state_invariants as check_reward
from papyrus.actors.singletons import STORAGE_MARKET, STORAGE_POWER
from papyrus.primitives.address import Address
from papyrus.rules.policy import policy_of

SYSTEM, INIT, REWARD, CRON, POWER, MARKET, EAM, BURNT = 0, 1, 2, 3, 4, 5, 10, 99
WINDOW_POST_2KIB = 10
MARKET_CRON_TICK = 9
TICK = EPOCH_TICK


def put_drivers(one, *, market=True, power=0):
    """Put cron, reward and power actors into a state at epoch 0."""
    entries = [Entry(STORAGE_POWER, ON_EPOCH_TICK_END)]
    if market:
        entries.append(Entry(STORAGE_MARKET, MARKET_CRON_TICK))
    one.put_actor(CRON, "cron", CronState(tuple(entries)))
    one.put_actor(REWARD, "reward", reward_state.initial(power), balance=STORAGE_MINING_ALLOCATION)
    one.put_actor(POWER, "storagepower", power_state.empty(one.base))


def put_power(one, **fields):
    """Change fields of the power actor's state before the first message."""
    state = power_state.State.from_cbor(one.base.get(one.actors[POWER].head))
    one.put_actor(POWER, "storagepower", replace(state, **fields))


def put_claims(one, claims, proof=WINDOW_POST_2KIB):
    """Give miners, by actor ID, claims of raw and quality-adjusted bytes."""
    state = power_state.State.from_cbor(one.base.get(one.actors[POWER].head))
    ledger = Ledger(one.base, state, policy_of(one.bundle))
    for actor_id, (raw, quality_adjusted) in claims.items():
        miner = Address.from_id(actor_id)
        ledger.add_miner(miner, proof)
        ledger.add_power(miner, raw, quality_adjusted)
    one.put_actor(POWER, "storagepower", ledger.finish())


def set_claim(one, actor_id, claim):
    """Put any claim in place of a miner's, whatever the totals say."""
    state = power_state.State.from_cbor(one.base.get(one.actors[POWER].head))
    claims = power_state.CLAIMS.open(one.base, state.claims)
    claims.set(Address.from_id(actor_id), claim)
    put_power(one, claims=claims.flush())


def put_events(one, events):
    """Enroll cron events, each an epoch, the ID of a miner and a payload."""
    state = power_state.State.from_cbor(one.base.get(one.actors[POWER].head))
    queue = power_state.CRON_QUEUE.open(one.base, state.cron_event_queue)
    for epoch, actor_id, payload in events:
        queue.append(epoch, power_state.CronEvent(Address.from_id(actor_id), payload))
    put_power(one, cron_event_queue=queue.flush())


def claims_of(one):
    """Return the claims that the power actor knows, by actor ID."""
    state = one.state(POWER, power_state.State)
    claims = power_state.CLAIMS.open(one.machine.store, state.claims)
    return {miner.id: claim for miner, claim in claims.items()}


def events_of(one):
    """Return the events that the power actor will hand out, as `put_events` takes them."""
    state = one.state(POWER, power_state.State)
    queue = power_state.CRON_QUEUE.open(one.machine.store, state.cron_event_queue)
    return sorted(
        (epoch, event.miner.id, event.payload)
        for epoch, events in queue.items()
        for _, event in events.items()
    )


def findings_of_drivers(one, *, after_cron=True):
    """Return what the invariants find wrong with init, power and, after a tick, reward."""
    store = one.machine.store
    findings = Findings()
    check_init(store, one.state(INIT, init_state.State), findings.within("init"))
    check_power(
        store,
        one.state(POWER, power_state.State),
        policy_of(one.bundle),
        findings.within("power"),
    )
    if after_cron:
        state = one.state(REWARD, reward_state.State)
        check_reward(state, one.balance(REWARD), one.epoch, findings.within("reward"))
    return findings.sentences
