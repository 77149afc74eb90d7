"""Random messages that keep, prove and end the sectors of miners, for engines to agree on.

Everything follows from a seed. Sectors are looked up in the state, so that most messages do
something to sectors in some condition. Time passes by cron, window after window, and now and then
by days in which nothing is due, so that faults age and sectors expire. With odd seeds it also jumps
over what is due, though no network would leave cron out.
"""

from collections import Counter
from random import Random

from mutations import mangled
from network import events_of, findings_of_drivers
from upkeep import (
    CLIENT,
    CONTRACT,
    CONTROLLER,
    CRON,
    LIFETIME,
    NOBODY,
    NOWHERE,
    OTHER_WORKER,
    OWNER,
    POLICY,
    POWER,
    PROOF,
    SEALING,
    WORKER,
    Claimed,
    announce,
    commit,
    deadline,
    findings_of,
    give_datacap,
    go_to,
    honest,
    leap,
    new_miner,
    piece,
    post,
    prove,
    store_of,
    submissions_to_dispute,
    verified_pieces,
    wait,
    world,
)

from papyrus.actors.cron.actor import EPOCH_TICK
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.miner.deadline import open_partitions
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeWorkerAddressParams
from papyrus.actors.miner.params.payments import ApplyRewardParams, WithdrawBalanceParams
from papyrus.actors.miner.params.proving import (
    CheckSectorProvenParams,
    CronEventPayload,
    DeferredCronEventParams,
    DisputeWindowedPoStParams,
    PoStPartition,
)
from papyrus.actors.miner.params.status import (
    GenerateSectorLocationParams,
    SectorLocation,
    SectorStatusCode,
    ValidateSectorStatusParams,
)
from papyrus.actors.miner.params.upkeep import (
    CompactPartitionsParams,
    CompactSectorNumbersParams,
    DeclareFaultsParams,
    DeclareFaultsRecoveredParams,
    ExpirationExtension2,
    ExtendSectorExpiration2Params,
    FaultDeclaration,
    RecoveryDeclaration,
    SectorClaim,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.actors.miner.proving_period import (
    deadline_available_for_compaction,
    declaration_window,
)
from papyrus.actors.miner.state import State, load_deadlines, open_sectors
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import SYSTEM
from papyrus.actors.verifreg.state import CLAIMS
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.ipld import dag_cbor
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.vm.payloads import cbor_block

MOST_MINERS = 3
MOST_SECTORS = 150
KINDS = {
    "pass_time": 24, "submit": 16, "onboard": 7, "faults": 9, "recoveries": 9, "dispute": 7,
    "terminate": 3, "extend": 9, "compact": 6, "mask": 2, "status": 6, "payments": 4, "event": 1,
}  # fmt: skip


class UpkeepTraffic:
    """Miners, and one random message after another."""

    def __init__(self, vm, seed):
        """Make the miners as the seed says."""
        self.vm = world(vm)
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.jumps = bool(seed % 2)
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.ticks = 0
        give_datacap(vm, 1 << 40)
        self.announced = {}
        """Sectors that are announced, with their pieces and the epoch, by miner."""
        self.next_number = {}
        for _ in range(self.random.randint(1, MOST_MINERS)):
            funds = self.random.choice([10**20, 10**21, 10**22])
            miner = new_miner(vm, worker=self.random.choice([WORKER, OTHER_WORKER]), funds=funds)
            self.announced[miner] = []
            self.next_number[miner] = 0
            controllers = ChangeWorkerAddressParams(WORKER.address, (CONTROLLER.address,))
            vm.ok(OWNER.id, miner, numbers.CHANGE_WORKER_ADDRESS, controllers)
        self.miners = list(self.announced)
        for miner in 4 * self.miners:
            self.miner = miner
            self.onboard()

    def step(self):
        """Do one thing, which takes one message or a few."""
        self.miner = self.random.choice(self.miners)
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        getattr(self, kind)()

    def check(self):
        """Check the invariants of the miners and of what drives the network."""
        for miner in self.miners:
            found = findings_of(self.vm, miner)
            # Before the first sector a deposit is locked, though there is nothing for cron to do.
            assert found == [] or self.jumps or not self.next_number[miner], found
        found = findings_of_drivers(self.vm.one, after_cron=False)
        assert found == [], found

    def send(self, method, params, *, sender=None, value=0):
        """Send a message to the miner: mostly by one of its own, sometimes with other bytes."""
        random = self.random
        if sender is None:
            own = [OWNER, WORKER, CONTROLLER]
            sender = random.choices([*own, NOBODY], [4, 1, 6, 0.4])[0].id
        if random.random() < 0.03:
            block = cbor_block(params)
            params = mangled(random, b"" if block is None else block.data)
        outcome = self.vm.send(sender, self.miner, method, params, value)
        self.codes[method, outcome.code] += 1
        return outcome

    # Time.

    def pass_time(self):
        """Let cron end the next window that ends, or let time jump."""
        random, one = self.random, self.vm.one
        epoch = one.epoch
        match random.choices(["event", "somewhere", "days", "months"], [90, 12, 2, 1.5])[0]:
            case "event":
                due = [each for each in events_of(one) if each[0] >= epoch]
                epoch = min((at for at, _, _ in due), default=epoch + 30)
                for _, miner, _ in [each for each in due if each[0] == epoch]:
                    self.keep_up(miner, epoch)
            case "somewhere":
                return self.until(epoch + random.choice([1, 1, 5, 20, 60, 300]))
            case "days":
                return leap(self.vm, random.randint(1, 10))
            case _:
                return leap(self.vm, random.randint(20, 60))
        go_to(self.vm, epoch)
        self.tick()
        return wait(self.vm, 1)

    def until(self, epoch):
        """Let it be a later epoch, with cron in between unless time jumps."""
        while not self.jumps:
            due = min((at for at, _, _ in events_of(self.vm.one)), default=epoch)
            if due >= epoch:
                break
            go_to(self.vm, max(due, self.vm.one.epoch))
            self.tick()
        go_to(self.vm, max(epoch, self.vm.one.epoch))

    def tick(self):
        """Tick cron."""
        outcome = self.vm.send(SYSTEM, CRON, EPOCH_TICK)
        assert outcome.code == 0, outcome.failure
        self.ticks += 1

    def keep_up(self, miner, epoch):
        """Prove what a miner has in the window that ends, mostly."""
        self.miner = miner
        go_to(self.vm, epoch)
        index = self.state.deadline_info(POLICY, epoch).index
        posted = deadline(self.vm, miner, index).partitions_posted
        to_prove = [
            number
            for at, number, each in self.partitions()
            if at == index and number not in posted
            if each.live_sectors - (each.faults - each.recoveries)
        ]
        if to_prove and self.random.random() < 0.85:
            posts = tuple(PoStPartition(number, NOWHERE) for number in to_prove[:3])
            claimed = Claimed(index, posts)
            if self.random.random() < 0.8:
                claimed = honest(self.vm, miner, claimed)
            self.send(numbers.SUBMIT_WINDOWED_POST, post(self.vm, claimed))

    # What there is.

    @property
    def state(self):
        """The miner's state."""
        return self.vm.one.state(self.miner, State)

    def partitions(self):
        """Return all partitions of the miner, each with the indices of its deadline and its own."""
        store = store_of(self.vm)
        deadlines = load_deadlines(store, self.state)
        found = []
        for index, cid in enumerate(deadlines.due):
            if deadlines.due.count(cid) > 1:
                continue
            kept = open_partitions(store, load_deadline(store, deadlines, index))
            for number, partition in kept.items():
                found.append((index, number, partition))
        return found

    def some_partition(self, of=None):
        """Return the indices of a partition with sectors of a kind, and some of those sectors."""
        random = self.random
        every = self.partitions()
        if not every or random.random() < 0.04:
            return random.randrange(50), random.randrange(3), self.odd_sectors()
        chosen = [each for each in every if of is None or of(each[2])] or every
        index, number, partition = random.choice(chosen)
        sectors = list(of(partition) if of is not None else partition.sectors)
        sectors = sectors or list(partition.sectors)
        picked = random.sample(sectors, random.randint(min(1, len(sectors)), len(sectors)))
        if random.random() < 0.04:
            return index, number, self.odd_sectors()
        if random.random() < 0.02:
            number = random.choice([number + 1, 2**64 - 1, 2**64 - 2])
        if random.random() < 0.02:
            index = random.choice([47, 48, 2**64 - 1])
        return index, number, BitField.from_bits(picked)

    def odd_sectors(self):
        """Return sectors that are likely to be wrong."""
        random = self.random
        return random.choice(
            [
                NOWHERE,
                BitField.from_bits([random.randrange(MOST_SECTORS)]),
                BitField.from_ranges([(0, 30_000)]),
                BitField.from_ranges([(0, 2**63)]),
                BitField.from_bits([2**64 - 2]),
            ]
        )

    def sector_number(self):
        """Return the number of a sector, or one near it."""
        random = self.random
        taken = self.next_number[self.miner]
        return random.choice([random.randrange(taken + 2), random.randrange(taken + 1), 2**63])

    # Messages.

    def onboard(self):
        """Announce sectors, with data or without, or prove what is announced."""
        random, miner = self.random, self.miner
        epoch = self.vm.one.epoch
        ready = [each for each in self.announced[miner] if each[0] + SEALING <= epoch]
        if ready:
            announced = random.choice(ready)
            self.announced[miner].remove(announced)
            if random.random() < 0.9:
                outcome = prove(self.vm, miner, announced[1], CONTROLLER)
                self.codes[numbers.PROVE_COMMIT_SECTORS_3, outcome.code] += 1
            return
        first = self.next_number[miner]
        if first >= MOST_SECTORS:
            return
        if random.random() < 0.4:
            count = random.randint(1, 12)
            index = random.choice([7, 8, 30, random.randrange(49)])
            outcome = commit(self.vm, miner, range(first, first + count), index, worker=CONTROLLER)
            self.codes[numbers.PROVE_COMMIT_SECTORS_NI, outcome.code] += 1
            self.next_number[miner] += 0 if outcome.code else count
            return
        sectors = {}
        for number in range(first, first + random.randint(1, 6)):
            sectors[number] = self.pieces(number)
        expiration = epoch + random.choice([LIFETIME, random.randint(212, 700) * EPOCHS_IN_DAY])
        outcome = announce(self.vm, miner, sectors, expiration, CONTROLLER)
        self.codes[numbers.PRE_COMMIT_SECTOR_BATCH_2, outcome.code] += 1
        if outcome.code == 0:
            self.next_number[miner] = max(sectors) + 1
            self.announced[miner].append((epoch, sectors))
            self.until(epoch + random.choice([0, SEALING, SEALING]))

    def pieces(self, number):
        """Return the pieces of a new sector."""
        random = self.random
        number += 1000 * self.miner
        match random.randrange(5):
            case 0:
                return [piece(number, random.choice([256, 2048]))]
            case 1 | 2:
                sizes = random.choice([(2048,), (1024,), (1024, 512), (256, 256)])
                term = random.randint(800, 1800) * EPOCHS_IN_DAY
                return verified_pieces(
                    self.vm, self.miner, *sizes, number=100 * number, term_max=term
                )
        return []

    def submit(self):
        """Submit a proof for the window that is open, one that holds or not."""
        random = self.random
        window = self.state.deadline_info(POLICY, self.vm.one.epoch)
        index = window.index
        here = [each for each in self.partitions() if each[0] == index]
        if not here and random.random() < 0.95:
            self.pass_time()
            return
        chosen = random.sample(here, min(len(here), random.choice([1, 1, 2, 3, 4])))
        posts = tuple(self.post_of(number, partition) for _, number, partition in chosen)
        if random.random() < 0.04:
            posts += (PoStPartition(random.choice([0, 1, 9, 2**64 - 1]), NOWHERE),)
        claimed = Claimed(index, posts)
        if random.random() < 0.75:
            claimed = self.honest(claimed)
        fields = {}
        if random.random() < 0.08:
            epoch = self.vm.one.epoch
            odd = [
                {"chain_commit_epoch": random.choice([window.challenge - 1, epoch, epoch + 9])},
                {"chain_commit_epoch": window.challenge},
                {"chain_commit_randomness": random.choice([bytes(32), bytes(33), b""])},
                {"deadline": random.choice([0, 47, 48, 2**64 - 1])},
                {"proofs": ()},
            ]
            fields = random.choice(odd)
        if random.random() < 0.02:
            claimed = Claimed(index, posts, PROOF * random.randint(1, 5))
        self.send(numbers.SUBMIT_WINDOWED_POST, post(self.vm, claimed, **fields))

    def post_of(self, number, partition):
        """Return a partition to prove, perhaps without some sectors."""
        random = self.random
        if random.random() < 0.75 or not partition.sectors:
            return PoStPartition(number, NOWHERE)
        sectors = list(partition.sectors)
        skipped = random.sample(sectors, random.randint(1, len(sectors)))
        if random.random() < 0.05:
            skipped.append(random.randrange(MOST_SECTORS))
        return PoStPartition(number, BitField.from_bits(skipped))

    def honest(self, claimed):
        """Return what is claimed with a proof that holds, where that can be made."""
        if claimed.deadline >= POLICY.deadlines_in_period:
            return claimed
        if any(each.index >= 2**63 for each in claimed.partitions):
            return claimed
        return honest(self.vm, self.miner, claimed)

    def faults(self):
        """Declare sectors faulty."""
        count = self.random.choice([1, 1, 1, 2, 3])
        kind = self.random.choice([None, lambda each: each.active_sectors])
        declared = tuple(FaultDeclaration(*self.some_partition(kind)) for _ in range(count))
        self.send(numbers.DECLARE_FAULTS, DeclareFaultsParams(declared))

    def recoveries(self):
        """Declare faulty sectors recovered."""
        count = self.random.choice([1, 1, 1, 2, 3])
        kind = self.random.choice([None] + 4 * [lambda each: each.faults])
        declared = tuple(RecoveryDeclaration(*self.some_partition(kind)) for _ in range(count))
        if self.random.random() < 0.4:
            declared = tuple(self.recoverable())
        value = self.random.choice([0, 0, 10**19])
        params = DeclareFaultsRecoveredParams(declared)
        self.send(numbers.DECLARE_FAULTS_RECOVERED, params, value=value)

    def recoverable(self):
        """Yield all faulty sectors that can be declared recovered."""
        epoch = self.vm.one.epoch
        start = self.state.current_proving_period_start(POLICY, epoch)
        for index, number, found in self.partitions():
            window = declaration_window(POLICY, start, index, epoch)
            if found.faults and not window.fault_cutoff_passed:
                yield RecoveryDeclaration(index, number, found.faults)

    def dispute(self):
        """Dispute a proof."""
        random = self.random
        store, deadlines = store_of(self.vm), load_deadlines(store_of(self.vm), self.state)
        kept = [
            (index, number)
            for index in range(len(deadlines.due))
            if deadlines.due.count(deadlines.due[index]) == 1
            if load_deadline(store, deadlines, index).sectors_snapshot
            for number in submissions_to_dispute(self.vm, self.miner, index)
        ]
        chosen = random.choice(kept) if kept else (random.randrange(49), 0)
        if random.random() < 0.1:
            chosen = random.choice([(chosen[0], 2), (chosen[0], 2**64 - 1), (48, 0), (7, 0)])
        sender = random.choice([NOBODY.id, CLIENT.id, self.miner, CONTRACT, POWER])
        self.send(numbers.DISPUTE_WINDOWED_POST, DisputeWindowedPoStParams(*chosen), sender=sender)

    def terminate(self):
        """Give sectors up."""
        count = self.random.choice([0, 1, 1, 1, 2])
        kind = self.random.choice([None] + 3 * [lambda each: each.live_sectors])
        declared = tuple(TerminationDeclaration(*self.some_partition(kind)) for _ in range(count))
        self.send(numbers.TERMINATE_SECTORS, TerminateSectorsParams(declared))

    def extend(self):
        """Let sectors last longer."""
        count = self.random.choice([1, 1, 1, 2, 3])
        extensions = tuple(self.extension() for _ in range(count))
        self.send(numbers.EXTEND_SECTOR_EXPIRATION_2, ExtendSectorExpiration2Params(extensions))

    def extension(self):
        """Return sectors of a partition that are to last longer."""
        random = self.random
        index, number, sectors = self.some_partition(lambda each: each.active_sectors)
        listed = [] if sectors.count() > 100 else list(sectors)
        known = open_sectors(store_of(self.vm), self.state)
        claims = self.claims()
        plain, claimed, last = [], [], 0
        for sector_number in listed:
            found = known.array.get(sector_number) if sector_number < 2**63 else None
            last = max(last, found.expiration if found else 0)
            ids = [i for i, each in claims.items() if each.sector == sector_number]
            if ids or random.random() < 0.1:
                if random.random() < 0.1:
                    ids.append(random.choice([*claims, 0]))
                if ids and random.random() < 0.05:
                    ids.pop()
                drops = random.choice([0, 0, 0, 0, 1, len(ids)])
                claimed.append(SectorClaim(sector_number, tuple(ids[drops:]), tuple(ids[:drops])))
            else:
                plain.append(sector_number)
        epoch = self.vm.one.epoch
        near = [last, last - 1, last + 1, last + random.randint(1, 200) * EPOCHS_IN_DAY]
        far = [epoch + 1278 * EPOCHS_IN_DAY, epoch + 1278 * EPOCHS_IN_DAY + 1, 2**62, -1]
        new = random.choices([*near, *far], [2, 1, 2, 12, 2, 1, 0.3, 0.3])[0]
        plain_sectors = BitField.from_bits(plain) if listed else sectors
        return ExpirationExtension2(index, number, plain_sectors, tuple(claimed), new)

    def claims(self):
        """Return the claims of the miner by ID."""
        state = self.vm.one.state(6, RegistryState)
        claims = CLAIMS.open(store_of(self.vm), state.claims)
        return dict(claims.inner(self.miner).items())

    def compact(self):
        """Drop dead sectors of a deadline."""
        random = self.random
        index, number, _ = self.some_partition(lambda each: each.terminated)
        epoch = self.vm.one.epoch
        start = self.state.current_proving_period_start(POLICY, epoch)
        fitting = [
            (at, place)
            for at, place, each in self.partitions()
            if deadline_available_for_compaction(POLICY, start, at, epoch)
            if not each.faults and not each.unproven
        ]
        if fitting and random.random() < 0.7:
            index, number = random.choice(fitting)
        here = [each[1] for each in self.partitions() if each[0] == index]
        chosen = random.sample(here, random.randint(min(1, len(here)), len(here)))
        odd = [[number % 2**63], [], [number % 2**63, 3], range(5000), [2**64 - 2]]
        partitions = random.choice(odd) if random.random() < 0.15 else chosen
        params = CompactPartitionsParams(index, BitField.from_bits(partitions))
        self.send(numbers.COMPACT_PARTITIONS, params)

    def mask(self):
        """Throw sector numbers away."""
        random = self.random
        first = random.choice([MOST_SECTORS, 2**40, 2**63 - 3, 0])
        ranges = [(first, first + random.choice([1, 2, 3, 100]))]
        mask = random.choice([BitField.from_ranges(ranges), BitField.from_ranges(ranges), NOWHERE])
        if first == 0:
            mask = BitField.from_bits([random.randrange(self.next_number[self.miner] + 1)])
        self.send(numbers.COMPACT_SECTOR_NUMBERS, CompactSectorNumbersParams(mask))

    def status(self):
        """Ask how a sector is."""
        random = self.random
        number = random.choice([self.sector_number(), self.sector_number(), 2**64 - 1])
        sender = random.choice([NOBODY.id, CONTRACT])
        match random.randrange(4):
            case 0:
                params = CheckSectorProvenParams(number)
                self.send(numbers.CHECK_SECTOR_PROVEN, params, sender=sender)
            case 1:
                params = GenerateSectorLocationParams(number)
                self.send(numbers.GENERATE_SECTOR_LOCATION, params, sender=sender)
            case 2:
                params = dag_cbor.encode(number)
                self.send(numbers.GET_NOMINAL_SECTOR_EXPIRATION, params, sender=sender)
            case _:
                index, partition, sectors = self.some_partition()
                first = sectors.first()
                number = number if first is None or random.random() < 0.1 else first
                places = [(index, partition)] * 5 + [(-1, -1), (-1, 0), (0, -1), (-2, 0), (0, -2)]
                place = random.choice(places)
                place = tuple(each if each < 2**63 else 7 for each in place)
                claimed = random.choice(list(SectorStatusCode))
                data = SectorLocation(*place).to_cbor()
                if random.random() < 0.05:
                    data = mangled(random, data)
                params = ValidateSectorStatusParams(number, claimed, data)
                self.send(numbers.VALIDATE_SECTOR_STATUS, params, sender=sender)

    def payments(self):
        """Let funds flow, so that there is debt at times and at times not."""
        random = self.random
        match random.randrange(5):
            case 0:
                params = WithdrawBalanceParams(TokenAmount(random.choice([0, 10**15, 10**24])))
                self.send(numbers.WITHDRAW_BALANCE, params, sender=OWNER.id)
            case 1:
                self.send(numbers.REPAY_DEBT, None, value=random.choice([0, 10**19, 10**22]))
            case 2 | 3:
                reward = TokenAmount(random.choice([0, 10**15, 10**19]))
                penalty = TokenAmount(random.choice([0] * 9 + [10**18, 10**20]))
                params = ApplyRewardParams(reward, penalty)
                self.send(numbers.APPLY_REWARDS, params, sender=2, value=reward)
            case _:
                worker = random.choice([WORKER, OTHER_WORKER])
                params = ChangeWorkerAddressParams(worker.address, (CONTROLLER.address,))
                self.send(numbers.CHANGE_WORKER_ADDRESS, params, sender=OWNER.id)

    def event(self):
        """Send a cron event, as the power actor would or would not."""
        random = self.random
        one = self.vm.one
        kind = random.choice([0, 2, 2, 3, -1])
        payload = CronEventPayload(kind).to_cbor()
        if random.random() < 0.2:
            payload = mangled(random, payload)
        reward = one.state(2, RewardState).this_epoch_reward_smoothed
        power = one.state(POWER, PowerState).this_epoch_quality_adjusted_power_smoothed
        params = DeferredCronEventParams(payload, reward, power)
        sender = random.choice([POWER, POWER, POWER, OWNER.id])
        self.send(numbers.ON_DEFERRED_CRON_EVENT, params, sender=sender)


def shown(codes):
    """Return how often each method ended in each exit code, for a person to read."""
    names = {
        number: name.lower()
        for name, number in vars(numbers).items()
        if name.isupper() and isinstance(number, int)
    }
    lines = {}
    for (method, code), count in sorted(codes.items()):
        known = method < FIRST_EXPORTED_METHOD or method in names
        lines.setdefault(names.get(method, "?") if known else "?", {})[code] = count
    return lines
