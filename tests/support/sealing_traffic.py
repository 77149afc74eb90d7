"""Random messages that announce, prove and fill sectors, for engines to agree on.

Everything follows from a seed. Sectors are announced with data of all kinds, of which actors of all
kinds are to be told, and mostly proven when their time has come; now and then something is wrong
with one of a batch, or with the batch. Time passes by epochs and days, and sometimes by months.
"""

from collections import Counter
from dataclasses import replace
from random import Random

from mutations import mangled
from network import events_of
from sealing import (
    ACCEPTING,
    MULTISIG,
    NOBODY_AT_ALL,
    PLACEHOLDER,
    REVERTING,
    announcement,
    at_once,
    commit_at_once,
    deal_pieces,
    pre_commit,
    prove_commit,
    prove_updates,
    publish_deals,
    sealing_world,
    set_up_preseals,
    together,
    told,
    update,
)
from sealing_oddities import ODD_NUMBERS, odd_proofs, odd_update, oddity, oddity_at_once, spoilt
from upkeep import (
    CLIENT,
    CONTRACT,
    CRON,
    LIFETIME,
    NOBODY,
    OWNER,
    POLICY,
    SEALING,
    WORKER,
    Claimed,
    findings_of,
    give_datacap,
    go_to,
    new_miner,
    next_window,
    piece,
    skipping,
    store_of,
    submit,
    verified_pieces,
)

from papyrus.actors.cron.actor import EPOCH_TICK
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.deadline import open_partitions
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import SectorActivationManifest
from papyrus.actors.miner.params.payments import ApplyRewardParams, WithdrawBalanceParams
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    FaultDeclaration,
    TerminateSectorsParams,
    TerminationDeclaration,
)
from papyrus.actors.miner.proving_period import deadline_is_mutable
from papyrus.actors.miner.state import (
    PRE_COMMITTED_SECTORS,
    State,
    load_deadlines,
    open_sectors,
)
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import BURNT_FUNDS, STORAGE_MARKET, SYSTEM
from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.vm.payloads import cbor_block

REWARD, POWER, MARKET = 2, 4, 5
MOST_MINERS = 3
KINDS = {
    "announce": 22, "prove": 30, "commit_at_once": 12, "update": 22, "prove_window": 14,
    "pass_time": 10, "preseal": 3, "funds": 4, "spoil": 4,
}  # fmt: skip
SIZES = [(), (), (), (512,), (2048,), (1024, 256), (256, 1024), (128,), (1024, 1024)]
UNKNOWN = b"payload"
"""What actors are told of a piece that is no deal."""


class SealingTraffic:
    """Miners, and one random message after another."""

    def __init__(self, vm, seed):
        """Make the miners as the seed says."""
        self.machine = sealing_world(vm)
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.sent = 0
        self.jumps = bool(seed % 2)
        """Whether time jumps, so that cron comes late and sums are not what they should be."""
        supply = TokenAmount(self.random.choice([0, 10**20, 3 * 10**26]))
        vm.each(lambda one: one.change(circulating_supply=supply))
        give_datacap(vm, 1 << 40)
        self.miners = {}
        """The next sector number of each, and the epoch and data of sectors it has announced."""
        self.next_piece = 0
        for _ in range(self.random.randint(1, MOST_MINERS)):
            self.miners[new_miner(vm, funds=self.random.choice([10**19, 10**21]))] = [0, []]
        self.miner = min(self.miners)

    def step(self):
        """Do one thing, which takes one message or a few."""
        self.miner = self.random.choice(list(self.miners))
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        getattr(self, kind)()

    def check(self):
        """Check the invariants of the miners that have sectors."""
        for miner in self.miners:
            found = findings_of(self.machine, miner)
            cron = self.machine.one.state(miner, State).deadline_cron_active
            assert found == [] or self.jumps or not cron, found

    # What messages go through, in the place of the machine.

    @property
    def one(self):
        """The machine to look at."""
        return self.machine.one

    def each(self, action):
        """Do something to each machine."""
        self.machine.each(action)

    def send(self, sender, to, method, params=None, value=0):
        """Send a message, sometimes from another sender or with other bytes."""
        random = self.random
        if random.random() < 0.03:
            sender = random.choice([NOBODY.id, CLIENT.id, CONTRACT, SYSTEM.id, self.miner])
        if random.random() < 0.04:
            block = cbor_block(params)
            params = mangled(random, b"" if block is None else block.data)
        outcome = self.machine.send(sender, to, method, params, value)
        self.sent += 1
        self.codes[method, outcome.code] += 1
        return outcome

    def ok(self, *message, **fields):
        """Send a message that must succeed, as it is."""
        self.sent += 1
        return self.machine.ok(*message, **fields)

    # Data.

    def pieces(self):
        """Return pieces that fit into a sector, in some of the ways there are to bring data."""
        random, vm = self.random, self.machine
        sizes = random.choice(SIZES)
        self.next_piece += 10
        match random.randrange(4):
            case 0 if sizes and min(sizes) >= 256:
                pieces = verified_pieces(vm, self.miner, *sizes, number=self.next_piece)
            case 1 if sizes and min(sizes) >= 128:
                verified = min(sizes) >= 256 and random.random() < 0.5
                deals = publish_deals(
                    vm, self.miner, *sizes, number=self.next_piece, verified=verified
                )
                pieces = deal_pieces(vm, deals)
            case _:
                pieces = [piece(self.next_piece + at, size) for at, size in enumerate(sizes)]
        return [self.heard_of(each) for each in pieces]

    def heard_of(self, one):
        """Return a piece, of which perhaps more actors are to be told."""
        random = self.random
        if random.random() < 0.6:
            return one
        stranger = Address.secp256k1(b"\x04" + bytes([random.randrange(9)]) * 64)
        named = Address.delegated(10, bytes([random.randrange(9)]) * 20)
        receivers = [
            NOBODY.id, NOBODY.key, BURNT_FUNDS, MULTISIG, PLACEHOLDER, NOBODY_AT_ALL, stranger,
            named, Address.actor(b"nobody"), STORAGE_MARKET, self.miner, CONTRACT, SYSTEM,
            *2 * tuple(range(ACCEPTING, REVERTING + 1)), *8 * (ACCEPTING,),
        ]  # fmt: skip
        more = told(
            one,
            *random.choices(
                receivers,
                k=random.choice([1, 1, 1, 2, 3]),
            ),
        )
        return replace(one, notify=one.notify + more.notify)

    # Messages.

    def announce(self):
        """Announce a batch of sectors."""
        random, miner = self.random, self.miner
        kept = self.miners[miner]
        epoch = self.one.epoch
        sectors, infos = {}, []
        for number in range(kept[0], kept[0] + random.choice([1, 1, 2, 3, 5, 9])):
            pieces = self.pieces()
            fields = {}
            if random.random() < 0.2:
                fields["expiration"] = epoch + random.choice([LIFETIME, 300, 700]) * random.choice(
                    [1, EPOCHS_IN_DAY]
                )
            if random.random() < 0.05:
                fields["seal_proof"] = 10
            if random.random() < 0.1 and any(each.notify for each in pieces):
                fields["deal_ids"] = self.deal_ids(pieces)
            sectors[number] = pieces
            infos.append(announcement(self, miner, number, pieces, **fields))
        if random.random() < 0.2:
            at = random.randrange(len(infos))
            infos[at] = replace(infos[at], **oddity(random, epoch))
        if random.random() < 0.03:
            infos.append(infos[0])
        outcome = pre_commit(self, miner, *infos)
        if outcome.code == 0:
            kept[0] += len(sectors)
            kept[1].append((epoch, sectors))

    def deal_ids(self, pieces):
        """Return the deals that the market is to be told of, and perhaps another."""
        found = [
            dag_cbor.decode(notice.payload)
            for each in pieces
            for notice in each.notify
            if notice.address == STORAGE_MARKET and notice.payload != UNKNOWN
        ]
        if self.random.random() < 0.1:
            found.append(self.random.randrange(30))
        return tuple(found)

    def prove(self):
        """Prove sectors that are announced, in whole batches or in parts."""
        random, miner = self.random, self.miner
        announced = self.miners[miner][1]
        if not announced:
            return
        at = random.randrange(len(announced))
        epoch, sectors = announced[at]
        if random.random() < 0.9:
            sectors = self.still_announced(sectors)
        if not sectors:
            del announced[at]
            return
        if self.one.epoch < epoch + SEALING and random.random() < 0.95:
            self.until(epoch + SEALING)
        chosen = self.chosen(sectors)
        outcome = prove_commit(self, miner, chosen, **self.how_proven(chosen))
        if outcome.code == 0 or random.random() < 0.3:
            left = self.still_announced(announced[at][1])
            announced[at : at + 1] = [(epoch, left)] if left else []

    def chosen(self, sectors):
        """Return the sectors of a batch that are to be proven, or some of them, or more."""
        random = self.random
        if random.random() < 0.2:
            some = random.sample(list(sectors), random.randint(1, len(sectors)))
            sectors = {number: sectors[number] for number in some}
        if random.random() < 0.15:
            sectors = {**sectors, **random.choice(self.miners[self.miner][1])[1]}
        chosen = {
            number: spoilt(random, pieces) if random.random() < 0.06 else pieces
            for number, pieces in sectors.items()
        }
        if random.random() < 0.04:
            chosen[random.choice([*ODD_NUMBERS, random.randrange(100)])] = []
        return chosen

    def how_proven(self, chosen):
        """Return the proofs of sectors and what must succeed."""
        random = self.random
        fields = self.flags()
        if random.random() < 0.3:
            fields.update(together())
        if random.random() < 0.06:
            fields.update(odd_proofs(random, len(chosen)))
        if random.random() < 0.03:
            manifests = tuple(
                SectorActivationManifest(number, tuple(chosen[number]))
                for number in random.choices(list(chosen), k=len(chosen))
            )
            fields["sector_activations"] = manifests
        return fields

    def still_announced(self, sectors):
        """Return those of the sectors that are announced and not proven."""
        state = self.one.state(self.miner, State)
        kept = PRE_COMMITTED_SECTORS.open(store_of(self), state.pre_committed_sectors)
        return {number: pieces for number, pieces in sectors.items() if kept.get(number)}

    def flags(self):
        """Return what must succeed."""
        return {
            "require_activation_success": self.random.random() < 0.25,
            "require_notification_success": self.random.random() < 0.3,
        }

    def commit_at_once(self):
        """Commit sectors that were not announced."""
        random, miner = self.random, self.miner
        kept, epoch = self.miners[miner], self.one.epoch
        count = random.choice([1, 1, 2, 3, 6, random.randint(1, 67)])
        infos = []
        for number in range(kept[0], kept[0] + count):
            info = at_once(self, miner, number)
            if random.random() < 0.3 / count:
                info = replace(info, **oddity_at_once(random, epoch))
            infos.append(info)
        if random.random() < 0.02:
            infos.append(infos[0])
        fields = {}
        if random.random() < 0.5:
            fields["proving_deadline"] = random.randrange(48)
        if random.random() < 0.2:
            fields["require_activation_success"] = True
        if random.random() < 0.08:
            fields.update(
                random.choice(
                    [
                        {"proving_deadline": random.choice([48, 2**64 - 1])},
                        {"seal_proof_type": random.choice([5, 10, 16, 18, 19, 20, -1])},
                        {"aggregate_proof_type": random.choice([0, 2, -1])},
                        {"aggregate_proof": random.choice([b"", bytes(81_960), bytes(81_961)])},
                    ]
                )
            )
        if commit_at_once(self, miner, *infos, **fields).code == 0:
            kept[0] += count

    def update(self):
        """Fill some sectors with data."""
        random, miner = self.random, self.miner
        places = self.places(lambda partition: partition.active_sectors)
        if random.random() < 0.1:
            places = self.places(lambda partition: partition.sectors)
        elif random.random() < 0.9:
            places = self.updatable(places)
        if not places:
            return
        updates = []
        for number in random.sample(list(places), min(len(places), random.choice([1, 1, 2, 3, 6]))):
            one = update(self, miner, number, self.pieces(), at=places[number])
            if random.random() < 0.08:
                one = replace(one, **odd_update(random, one))
            updates.append(one)
        if random.random() < 0.03:
            updates.append(updates[0])
        fields = self.flags()
        if random.random() < 0.06:
            fields.update(odd_proofs(random, len(updates)))
        if random.random() < 0.03:
            fields["update_proofs_type"] = random.choice([1, 5, -1])
        prove_updates(self, miner, *updates, **fields)

    def updatable(self, places):
        """Return those of the sectors that have no data, nor are proven soon."""
        state, epoch = self.one.state(self.miner, State), self.one.epoch
        sectors = open_sectors(store_of(self), state)
        start = state.current_proving_period_start(POLICY, epoch)
        return {
            number: place
            for number, place in places.items()
            if deadline_is_mutable(POLICY, start, place[0], epoch)
            if not sectors.must_get(number).deal_weight
            if not sectors.must_get(number).verified_deal_weight
        }

    def places(self, of):
        """Return the deadline and the partition of the sectors of a kind that the miner has."""
        store, state = store_of(self), self.one.state(self.miner, State)
        deadlines = load_deadlines(store, state)
        found = {}
        for index, cid in enumerate(deadlines.due):
            if deadlines.due.count(cid) > 1:
                continue
            kept = open_partitions(store, load_deadline(store, deadlines, index))
            for number, partition in kept.items():
                found.update(dict.fromkeys(of(partition), (index, number)))
        return found

    # What happens around them.

    def prove_window(self):
        """Have sectors that were never proven become active in their next window."""
        places = set(self.places(lambda partition: partition.unproven).values())
        if not places:
            return
        epoch = self.one.epoch
        soonest = min(places, key=lambda at: next_window(self, self.miner, at[0], epoch).open)
        index, number = self.random.choice([soonest, soonest, self.random.choice(sorted(places))])
        self.until(next_window(self, self.miner, index).open + 2)
        submit(self, self.miner, Claimed(index, (skipping(number),)))

    def pass_time(self):
        """Let time pass, with cron as it should be, or with jumps."""
        random = self.random
        epoch = self.one.epoch + random.randint(1, 30)
        if self.jumps:
            epoch += int(random.choice([0, 0, 0, 0, 0.5, 0.5, 1, 3]) * EPOCHS_IN_DAY)
            if random.random() < 0.04:
                epoch += random.choice([28, 31, 60, 181]) * EPOCHS_IN_DAY
        self.until(epoch)
        if random.random() < 0.3:
            self.tick()
            go_to(self, epoch + 1)

    def until(self, epoch):
        """Let it be a later epoch, with cron in between unless time jumps."""
        while not self.jumps:
            due = min((at for at, _, _ in events_of(self.one)), default=epoch)
            if due >= epoch:
                break
            go_to(self, max(due, self.one.epoch))
            self.tick()
        go_to(self, max(epoch, self.one.epoch))

    def tick(self):
        """Tick cron."""
        self.each(skip_idle_epochs)
        self.ok(SYSTEM, CRON, EPOCH_TICK)

    def preseal(self):
        """Set sectors up as those of a genesis."""
        random = self.random
        announced = self.miners[self.miner][1]
        chosen = list(random.choice(announced)[1]) if announced else [1]
        if random.random() < 0.1:
            chosen.append(random.choice([*ODD_NUMBERS, chosen[0]]))
        set_up_preseals(self, self.miner, *chosen)

    def funds(self):
        """Take what there is, bring something, or owe something."""
        random, miner = self.random, self.miner
        match random.randrange(5):
            case 0:
                amount = TokenAmount(random.choice([10**24, 10**19]))
                params = WithdrawBalanceParams(amount)
                self.send(OWNER.id, miner, numbers.WITHDRAW_BALANCE, params)
            case 1:
                params = ApplyRewardParams(
                    TokenAmount(random.choice([0, 10**18])), TokenAmount(10**20)
                )
                self.machine.send(REWARD, miner, numbers.APPLY_REWARDS, params)
            case 2:
                self.ok(OWNER.id, miner, 0, value=random.choice([10**10, 10**12]))
            case _:
                self.ok(OWNER.id, miner, 0, value=random.choice([10**20, 10**22]))

    def spoil(self):
        """Declare sectors faulty, or end them."""
        places = self.places(lambda partition: partition.live_sectors)
        if not places:
            return
        number = self.random.choice(list(places))
        chosen = (*places[number], BitField.from_bits([number]))
        if self.random.random() < 0.5:
            params = DeclareFaultsParams((FaultDeclaration(*chosen),))
            self.send(WORKER.id, self.miner, numbers.DECLARE_FAULTS, params)
        else:
            params = TerminateSectorsParams((TerminationDeclaration(*chosen),))
            self.send(WORKER.id, self.miner, numbers.TERMINATE_SECTORS, params)


def skip_idle_epochs(one):
    """Let cron not look at each of the epochs in which nothing was due, which takes long."""
    last = one.epoch - 1
    first_event = min((at for at, _, _ in events_of(one)), default=one.epoch)
    fields = {
        MARKET: (MarketState, {"last_cron": last}),
        POWER: (PowerState, {"first_cron_epoch": min(first_event, one.epoch)}),
        REWARD: (RewardState, {"epoch": last}),
    }
    for actor_id, (kind, changes) in fields.items():
        state = replace(one.state(actor_id, kind), **changes)
        root = put_cbor(one.machine.store, state.to_ipld())
        one.machine.tree.set(actor_id, one.machine.tree.get(actor_id).with_head(root))
