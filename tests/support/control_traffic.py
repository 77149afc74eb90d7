"""Random messages about who controls a miner, who is paid by it, and what it did wrong.

Everything follows from a seed. Months pass now and then, so that announced workers take over and
the terms of beneficiaries end; and the chain around the miners proves faults of consensus.
"""

from collections import Counter
from random import Random

from mutations import mangled
from network import CRON, POWER, REWARD, SYSTEM, TICK, events_of
from upkeep import (
    CONTRACT,
    CONTROLLER,
    NOBODY,
    OTHER_WORKER,
    OWNER,
    PEOPLE,
    WINDOW_POST_2KIB,
    WORKER,
    commit,
    findings_of,
    go_to,
    new_miner,
    wait,
    world,
)

from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import (
    ChangeBeneficiaryParams,
    ChangeMultiaddrsParams,
    ChangePeerIDParams,
    ChangeWorkerAddressParams,
    MinerConstructorParams,
)
from papyrus.actors.miner.params.payments import (
    ApplyRewardParams,
    MaxTerminationFeeParams,
    WithdrawBalanceParams,
)
from papyrus.actors.miner.params.proving import ReportConsensusFaultParams
from papyrus.actors.miner.state import State, load_info
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.externs import ConsensusFault, ConsensusFaultType
from papyrus.vm.payloads import cbor_block

INIT = 1
FINALITY = 900
UNBUILT = range(400, 420)
"""Miners that have no state yet."""
GETTERS = (
    numbers.CONTROL_ADDRESSES,
    numbers.GET_OWNER,
    numbers.GET_SECTOR_SIZE,
    numbers.GET_PEER_ID,
    numbers.GET_MULTIADDRS,
    numbers.GET_BENEFICIARY,
    numbers.GET_AVAILABLE_BALANCE,
    numbers.GET_VESTING_FUNDS,
    numbers.INITIAL_PLEDGE,
)
KINDS = {
    "worker": 12, "confirm": 7, "owner": 12, "beneficiary": 20, "reach": 8, "getter": 8,
    "withdraw": 14, "repay": 6, "reward": 10, "fault": 8, "fee": 4, "build": 5, "other": 4,
}  # fmt: skip
BOTH = {
    numbers.CHANGE_WORKER_ADDRESS: numbers.CHANGE_WORKER_ADDRESS_EXPORTED,
    numbers.CHANGE_PEER_ID: numbers.CHANGE_PEER_ID_EXPORTED,
    numbers.CHANGE_MULTIADDRS: numbers.CHANGE_MULTIADDRS_EXPORTED,
    numbers.CONFIRM_CHANGE_WORKER_ADDRESS: numbers.CONFIRM_CHANGE_WORKER_ADDRESS_EXPORTED,
    numbers.CHANGE_OWNER_ADDRESS: numbers.CHANGE_OWNER_ADDRESS_EXPORTED,
    numbers.CHANGE_BENEFICIARY: numbers.CHANGE_BENEFICIARY_EXPORTED,
    numbers.GET_BENEFICIARY: numbers.GET_BENEFICIARY_EXPORTED,
    numbers.WITHDRAW_BALANCE: numbers.WITHDRAW_BALANCE_EXPORTED,
    numbers.REPAY_DEBT: numbers.REPAY_DEBT_EXPORTED,
}
"""The methods that have two numbers."""


class ControlTraffic:
    """Miners, and one random message after another."""

    def __init__(self, vm, seed):
        """Make two miners, one with sectors."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        vm.each(self._fill)
        world(vm)
        self.miners = [new_miner(vm, funds=funds) for funds in (10**22, 10**19)]
        outcome = commit(vm, self.miners[0], range(4), 30)
        self.codes[numbers.PROVE_COMMIT_SECTORS_NI, outcome.code] += 1
        self.miner = self.miners[0]

    def _fill(self, one):
        for actor_id in UNBUILT:
            one.put_actor(actor_id, "storageminer", balance=10**21)

    def step(self):
        """Send one message, in this epoch or a later one."""
        random = self.random
        self.miner = random.choice(self.miners)
        if random.random() < 0.12:
            self._pass_time()
        kind = random.choices(list(KINDS), list(KINDS.values()))[0]
        sender, method, params, value, to = (*getattr(self, f"_{kind}")(), self.miner)[:5]
        if random.random() < 0.03:
            block = cbor_block(params) if not isinstance(params, bytes) else None
            params = mangled(random, block.data if block is not None else params or b"")
        if method in BOTH and random.random() < 0.4:
            method = BOTH[method]
        if random.random() < 0.03:
            sender = random.choice([NOBODY.id, CONTRACT, POWER])
        outcome = self.vm.send(sender, to, method, params, value)
        self.codes[method, outcome.code] += 1

    def check(self):
        """Check the invariants of the miner that has sectors, on which cron waits."""
        assert findings_of(self.vm, self.miners[0]) == []

    def _pass_time(self):
        """Let time pass, with cron wherever a miner waits for it."""
        random, one = self.random, self.vm.one
        end = one.epoch + random.choice([1, 1, 20, 60, FINALITY, 10 * EPOCHS_IN_DAY])
        while True:
            due = min((at for at, _, _ in events_of(one)), default=end)
            if due >= end or random.random() < 0.02:
                break
            go_to(self.vm, max(due, one.epoch))
            self.vm.ok(SYSTEM, CRON, TICK)
            wait(self.vm, 1)
        go_to(self.vm, max(end, one.epoch))

    @property
    def _info(self):
        one = self.vm.one
        return load_info(one.machine.store, one.state(self.miner, State))

    def _address(self):
        """Return the address of a person, or one that is odd."""
        random = self.random
        person = random.choice(PEOPLE)
        odd = [Address.from_id(9999), Address.from_id(CONTRACT), Address.from_id(self.miner)]
        odd += [Address.actor(b"nobody"), Address.from_id(POWER)]
        return random.choice([person.key, person.address] * 8 + odd)

    def _owner_mostly(self):
        if self.random.random() < 0.9:
            return self._info.owner.id
        return self.random.choice(PEOPLE).id

    # The messages: sender, method, parameters and value.

    def _worker(self):
        random = self.random
        controllers = tuple(self._address() for _ in range(random.choice([0, 1, 1, 2, 10])))
        if random.random() < 0.04:
            controllers = (CONTROLLER.address,) * 11
        new_worker = random.choice([WORKER.key, OTHER_WORKER.address, self._address()])
        params = ChangeWorkerAddressParams(new_worker, controllers)
        return self._owner_mostly(), numbers.CHANGE_WORKER_ADDRESS, params, 0

    def _confirm(self):
        return self._owner_mostly(), numbers.CONFIRM_CHANGE_WORKER_ADDRESS, None, 0

    def _owner(self):
        random, info = self.random, self._info
        pending = info.pending_owner_address
        proposed = random.choice([OWNER, NOBODY, WORKER]).address
        if random.random() < 0.1:
            proposed = self._address()
        if pending is not None and random.random() < 0.6:
            new = pending if random.random() < 0.85 else proposed
            return pending.id, numbers.CHANGE_OWNER_ADDRESS, new, 0
        return self._owner_mostly(), numbers.CHANGE_OWNER_ADDRESS, proposed, 0

    def _beneficiary(self):
        random, info = self.random, self._info
        pending = info.pending_beneficiary_term
        if pending is not None and random.random() < 0.7:
            given = [pending.new_beneficiary, pending.new_quota, pending.new_expiration]
            if random.random() < 0.12:
                place = random.randrange(3)
                given[place] = OWNER.address if place == 0 else type(given[place])(7)
            senders = [pending.new_beneficiary, info.beneficiary, info.owner]
            sender = random.choices(senders, [5, 5, 1])[0].id
            return sender, numbers.CHANGE_BENEFICIARY, ChangeBeneficiaryParams(*given), 0
        quota = random.choice([1, 10**15, 10**18, 10**18, 10**22])
        expiration = self.vm.one.epoch + random.choice([10, FINALITY, 10**6, 10**6])
        new = random.choice([NOBODY.key, WORKER.address, self._address()])
        if random.random() < 0.15:
            new, quota, expiration = info.owner, 0, 0
        if random.random() < 0.1:
            quota, expiration = random.choice([(0, 5), (-1, 5), (5, 0), (0, 0)])
        params = ChangeBeneficiaryParams(new, TokenAmount(quota), expiration)
        return self._owner_mostly(), numbers.CHANGE_BENEFICIARY, params, 0

    def _reach(self):
        random = self.random
        sender = random.choice([self._info.owner.id, self._info.worker.id])
        if random.random() < 0.5:
            params = ChangePeerIDParams(b"p" * random.choice([0, 1, 40, 128, 129]))
            return sender, numbers.CHANGE_PEER_ID, params, 0
        some = [(), (b"here",), (b"x" * 512, b"y" * 512), (b"z" * 1025,), (b"a", b"")]
        params = ChangeMultiaddrsParams(random.choice(some))
        return sender, numbers.CHANGE_MULTIADDRS, params, 0

    def _getter(self):
        random = self.random
        sender = random.choice([NOBODY.id, CONTRACT])
        if random.random() < 0.2:
            return sender, numbers.IS_CONTROLLING_ADDRESS, self._address(), 0
        return sender, random.choice(GETTERS), None, 0

    def _withdraw(self):
        random, info = self.random, self._info
        amount = random.choice([0, 1, 10**15, 10**18, 10**18, 10**24])
        amount = -1 if random.random() < 0.03 else amount
        sender = random.choice([info.owner, info.beneficiary, info.beneficiary])
        params = WithdrawBalanceParams(TokenAmount(amount))
        return sender.id, numbers.WITHDRAW_BALANCE, params, 0

    def _repay(self):
        value = self.random.choice([0, 0, 10**18, 10**21])
        return self._info.worker.id, numbers.REPAY_DEBT, None, value

    def _reward(self):
        random = self.random
        reward = random.choice([0, 10**15, 10**19, 10**20])
        penalty = random.choice([0, 0, 0, 10**15, 10**20])
        value = reward
        if random.random() < 0.1:
            reward, penalty = random.choice([(-1, 0), (0, -1), (10**25, 0)])
            value = 0
        params = ApplyRewardParams(TokenAmount(reward), TokenAmount(penalty))
        return REWARD, numbers.APPLY_REWARDS, params, value

    def _fault(self):
        random = self.random
        epoch = self.vm.one.epoch
        found = None
        if random.random() < 0.85:
            at = epoch - random.choice([1, 1, 1, 10, FINALITY, 0, -5])
            target = self.miner if random.random() < 0.85 else random.choice([1, *self.miners])
            found = ConsensusFault(target, at, random.choice(list(ConsensusFaultType)))

        def plant(one):
            one.externs.fault = found

        self.vm.each(plant)
        headers = ReportConsensusFaultParams(b"one", b"other", b"")
        sender = random.choice([NOBODY.id, OWNER.id, CONTRACT])
        return sender, numbers.REPORT_CONSENSUS_FAULT, headers, 0

    def _fee(self):
        random = self.random
        pledge = TokenAmount(random.choice([0, 1, 10**18, 10**24]))
        params = MaxTerminationFeeParams(random.choice([0, 2048, 2**36, 2**60]), pledge)
        return NOBODY.id, numbers.MAX_TERMINATION_FEE, params, 0

    def _build(self):
        random = self.random
        params = MinerConstructorParams(
            self._address(),
            random.choice([WORKER.key, OTHER_WORKER.address, self._address()]),
            tuple(self._address() for _ in range(random.choice([0, 0, 1, 11]))),
            random.choice([WINDOW_POST_2KIB] * 4 + [5, 0, 99]),
            b"p" * random.choice([1, 1, 128, 129]),
            random.choice([(), (), (b"here",), (b"",)]),
        )
        to = random.choice([*UNBUILT, self.miner])
        return INIT, METHOD_CONSTRUCTOR, params, 0, to

    def _other(self):
        random = self.random
        number = random.choice([6, 25, 37, FIRST_EXPORTED_METHOD - 1, FIRST_EXPORTED_METHOD])
        return self._owner_mostly(), number, random.choice([None, b"\x80"]), 0
