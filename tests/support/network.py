"""The singletons that drive a network, put into a test's state as genesis would put them."""

from papyrus.actors.cron.actor import EPOCH_TICK
from papyrus.actors.cron.state import Entry
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.findings import Findings
from papyrus.actors.init import state as init_state
from papyrus.actors.init.invariants import check_state_invariants as check_init
from papyrus.actors.power import state as power_state
from papyrus.actors.power.invariants import check_state_invariants as check_power
from papyrus.actors.power.params import ON_EPOCH_TICK_END
from papyrus.actors.reward import state as reward_state
from papyrus.actors.reward.invariants import STORAGE_MINING_ALLOCATION
from papyrus.actors.reward.invariants import check_state_invariants as check_reward
from papyrus.actors.singletons import STORAGE_MARKET, STORAGE_POWER
from papyrus.rules.policy import policy_of

SYSTEM, INIT, REWARD, CRON, POWER, MARKET, EAM, BURNT = 0, 1, 2, 3, 4, 5, 10, 99
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
