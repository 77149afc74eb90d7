"""Random messages about deals, for engines to agree on.

Everything follows from a seed. The generator looks at the state to hit what is there: mostly miners
publish deals that clients have signed and funded, and each deal then lives through one of the ways
it can end, while cron ticks for every epoch and sectors come and go on the miners too.
"""

from collections import Counter
from dataclasses import replace
from random import Random

from markets import (
    BURNT,
    CLIENT,
    OTHER_CLIENT,
    OTHER_OWNER,
    OTHER_WORKER,
    OWNER,
    PEOPLE,
    SEAL_2KIB,
    WORKER,
    add_balance,
    findings_of,
    give_datacap,
    market,
    new_miner,
    piece,
    proposal,
    put_market,
    signed,
)
from mutations import mangled

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD, frc42
from papyrus.actors.market import bounds
from papyrus.actors.market import params as methods
from papyrus.actors.market.deals import DealID
from papyrus.actors.market.params import (
    BatchActivateDealsParams,
    OnMinerSectorsTerminateParams,
    PublishStorageDealsParams,
    SectorDeals,
    VerifyDealsForActivationParams,
    WithdrawBalanceParams,
)
from papyrus.actors.market.state import BALANCES, DEAL_OPS, PROPOSALS, STATES
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.params.notifications import (
    PieceChange,
    SectorChanges,
    SectorContentChangedParams,
)
from papyrus.actors.miner.params.numbers import (
    PRE_COMMIT_SECTOR_BATCH_2,
    PROVE_COMMIT_SECTORS_3,
    SECTOR_CONTENT_CHANGED,
    TERMINATE_SECTORS,
)
from papyrus.actors.miner.params.onboarding import (
    DataActivationNotification,
    PieceActivationManifest,
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    SectorActivationManifest,
)
from papyrus.actors.miner.params.upkeep import TerminateSectorsParams, TerminationDeclaration
from papyrus.actors.miner.sectors import SectorPreCommitInfo
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import CRON, STORAGE_MARKET
from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.commitments import PieceError, unsealed_sector_cid
from papyrus.proofs.statements import PieceInfo
from papyrus.rules.policy import EPOCHS_IN_DAY, policy_of
from papyrus.vm.payloads import cbor_block, encoded

CONTRACT, MULTISIG, EMPTY_ID = 300, 301, 999
SECTOR_SIZE = 2048
CLIENTS = CLIENT, OTHER_CLIENT
QUERIES = tuple(
    frc42(f"GetDeal{name}")
    for name in (
        "DataCommitment", "Client", "Provider", "Label", "Term", "TotalPrice",
        "ClientCollateral", "ProviderCollateral", "Verified", "Activation", "Sector",
    )
)  # fmt: skip
PAUSES = (1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3, 12)
LEAPS = (EPOCHS_IN_DAY, 31 * EPOCHS_IN_DAY, 100 * EPOCHS_IN_DAY, 190 * EPOCHS_IN_DAY)


class MarketTraffic:
    """A machine with a market, and one random message after another."""

    def __init__(self, vm, seed):
        """Fill a machine as the seed says."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.events = Counter()
        """How often each kind of event was emitted by the market."""
        self._read = {}
        self.leaps = seed % 4 > 1
        """Whether time leaps, so that deals come to their ends, or miners hear of every epoch."""
        self.ticks = 0
        self.number = 0
        """Of the last piece."""
        self.next_sector = 1
        self.waiting = []
        """Sectors that were pre-committed: when, by which miner, the sector, its deals."""
        supply = self.random.choice([0, 10**18, 4 * 10**26])
        vm.each(self._fill)
        vm.each(lambda one: one.change(circulating_supply=TokenAmount(supply)))
        self.miners = [new_miner(vm), new_miner(vm), new_miner(vm, OTHER_OWNER, OTHER_WORKER)]
        self.workers = dict(zip(self.miners, (WORKER, WORKER, OTHER_WORKER), strict=True))
        self.owners = dict(zip(self.miners, (OWNER, OWNER, OTHER_OWNER), strict=True))
        for miner in self.miners[1:]:
            add_balance(vm, miner, 10**22)
        for client in CLIENTS:
            add_balance(vm, client.id, 10**22)
            give_datacap(vm, client.id, self.random.choice([256, 2000, 10**6]))

    def _fill(self, one):
        put_market(one)
        one.put_actor(CONTRACT, "evm")
        one.put_actor(MULTISIG, "multisig")

    # One message.

    def step(self):
        """Send one message, after some epochs or in the same one."""
        random = self.random
        if random.random() < 0.12:
            self._pass_time()
        make = random.choices(
            [
                self._publication, self._activation, self._content, self._verification,
                self._settlement, self._termination, self._funding, self._withdrawal,
                self._question, self._pre_commitment, self._proof, self._real_termination,
                self._other,
            ],
            [24, 14, 10, 8, 14, 5, 5, 5, 8, 5, 5, 1, 4],
        )[0]  # fmt: skip
        message = make()
        if message is None:
            return
        sender, to, method, params, value = message
        if random.random() < 0.03:
            block = cbor_block(params) if not isinstance(params, bytes) else None
            params = mangled(random, block.data if block is not None else params or b"")
        outcome = self._send(sender, to, method, params, value)
        place = method if to == STORAGE_MARKET else ("miner", method)
        self.codes[place, int(outcome.code)] += 1

    def check(self):
        """Check the invariants of the market."""
        assert findings_of(self.vm.one) == []

    def _pass_time(self):
        """Let epochs pass, with cron at the end of each."""
        random = self.random
        chance = random.random()
        if chance < 0.002:
            self._tick()
            self._go_to(self.epoch + 2000)
        elif chance < 0.09 and self.leaps:
            self._leap(random.choice(LEAPS) + random.randrange(3))
        for _ in range(random.choice(PAUSES)):
            self._tick()
            self._go_to(self.epoch + 1)

    def _leap(self, epochs):
        """Let many epochs pass of which only the market hears, and where it looks at a deal."""
        self._tick()
        end = self.epoch + epochs
        one = self.vm.one
        looks = DEAL_OPS.open(one.machine.store, market(one).deal_ops_by_epoch).keys()
        due = sorted(epoch for epoch in looks if self.epoch < epoch < end)
        for epoch in (*due, end):
            self._go_to(epoch)
            self.vm.each(lambda one: skip_cron(one, one.epoch - 1))
            outcome = self._send(CRON, STORAGE_MARKET, methods.CRON_TICK)
            assert outcome.code == ExitCode.OK, outcome.failure
            self.ticks += 1
        self._go_to(end + 1)

    def _send(self, *message):
        outcome = self.vm.send(*message)
        for one in outcome.events:
            self.events[one.event.entries[0].value[1:].decode()] += 1
        return outcome

    def _tick(self):
        outcome = self._send(0, CRON, 2)
        assert outcome.code == ExitCode.OK, outcome.failure
        self.ticks += 1

    def _go_to(self, epoch):
        self.vm.each(lambda one: one.change(epoch=epoch))

    # The messages.

    def _publication(self):
        random = self.random
        miner = self._miner()
        deals = [self._deal(miner) for _ in range(random.choice([1, 1, 1, 2, 3, 6]))]
        if random.random() < 0.1:
            deals.append(random.choice(deals))
        if random.random() < 0.01:
            deals = []
        sender = self.workers[miner] if random.random() < 0.95 else random.choice(PEOPLE)
        params = PublishStorageDealsParams(tuple(deals))
        return sender.id, STORAGE_MARKET, self._number(4, "PublishStorageDeals"), params, 0

    def _activation(self):
        random = self.random
        miner = self._miner()
        sectors = tuple(self._sector_deals(miner) for _ in range(random.choice([0, 1, 1, 2, 3])))
        params = BatchActivateDealsParams(sectors, random.random() < 0.5)
        return self._as_miner(miner), STORAGE_MARKET, methods.BATCH_ACTIVATE_DEALS, params, 0

    def _verification(self):
        random = self.random
        miner = self._miner()
        sectors = tuple(self._sector_deals(miner) for _ in range(random.choice([1, 1, 2])))
        params = VerifyDealsForActivationParams(sectors)
        sender = self._as_miner(miner)
        return sender, STORAGE_MARKET, methods.VERIFY_DEALS_FOR_ACTIVATION, params, 0

    def _content(self):
        random = self.random
        miner = self._miner()
        sectors = []
        for _ in range(random.choice([0, 1, 1, 2])):
            pieces = tuple(self._piece_change(deal_id) for deal_id in self._deal_ids(miner, most=3))
            sectors.append(SectorChanges(self._sector(), self._expiry(), pieces))
        params = SectorContentChangedParams(tuple(sectors))
        return self._as_miner(miner), STORAGE_MARKET, SECTOR_CONTENT_CHANGED, params, 0

    def _settlement(self):
        random = self.random
        bits = BitField.from_bits(self._deal_ids(None, most=6, active=random.random() < 0.7))
        if random.random() < 0.02:
            bits = BitField.from_ranges([(0, self._next_id() + 3)])
        sender = random.choice(PEOPLE).id
        return sender, STORAGE_MARKET, methods.SETTLE_DEAL_PAYMENTS, encoded(BitField, bits), 0

    def _termination(self):
        random = self.random
        states = self._states()
        sectors = {state.sector_number for state in states.values()}
        chosen = random.sample(sorted(sectors), min(len(sectors), random.choice([0, 1, 1, 2])))
        chosen += [self._sector()] if random.random() < 0.2 else []
        # Not before a deal was settled: the market would give too much back.
        settled = [one.last_updated_epoch for one in states.values() if one.sector_number in chosen]
        epoch = max(self.epoch + random.choice([0, 0, 0, 0, -10, -1000]), -1, *settled)
        params = OnMinerSectorsTerminateParams(epoch, BitField.from_bits(chosen))
        sender = self._as_miner(self._miner())
        return sender, STORAGE_MARKET, methods.ON_MINER_SECTORS_TERMINATE, params, 0

    def _funding(self):
        random = self.random
        value = random.choice([0, 1, 10**6, 10**18, 10**21])
        method = self._number(2, "AddBalance")
        return random.choice(PEOPLE).id, STORAGE_MARKET, method, self._party(), value

    def _withdrawal(self):
        random = self.random
        method = self._number(3, "WithdrawBalance")
        if random.random() < 0.5:
            person = random.choice(CLIENTS)
            sender, owner = person.id, person.id
        else:
            owner = self._miner()
            sender = random.choice([self.owners[owner], self.workers[owner]]).id
        amount = random.choice([self._free(owner) + random.choice([-1, 0, 1]), 0, 1, 10**15])
        amount = random.choice([-1, 10**30]) if random.random() < 0.1 else amount
        address = Address.from_id(owner) if random.random() < 0.9 else self._party()
        if random.random() < 0.1:
            sender = random.choice(PEOPLE).id
        params = WithdrawBalanceParams(address, TokenAmount(amount))
        return sender, STORAGE_MARKET, method, params, 0

    def _question(self):
        random = self.random
        if random.random() < 0.1:
            return PEOPLE[0].id, STORAGE_MARKET, frc42("GetBalance"), self._party(), 0
        deal_id = random.choice([*self._proposals(), self._any_deal_id()])
        method = random.choice(QUERIES)
        return CLIENT.id, STORAGE_MARKET, method, encoded(DealID, deal_id), 0

    def _other(self):
        random = self.random
        sender = random.choice([0, 1, 4, CONTRACT, random.choice(PEOPLE).id])
        number = random.choice([1, 8, 9, 10, 4, FIRST_EXPORTED_METHOD + random.getrandbits(30)])
        params = random.choice([None, b"\x80", b"\x82\x00\x00"])
        return sender, STORAGE_MARKET, number, params, 0

    # Messages to miners, which call the market.

    def _pre_commitment(self):
        """Pre-commit a sector for some deals, named or notified of later."""
        random = self.random
        miner = self._miner()
        deal_ids = self._deal_ids(miner, most=3)
        by_id = random.random() < 0.3
        pieces = [self._proposals()[one] for one in deal_ids if one in self._proposals()]
        try:
            infos = [PieceInfo(one.piece_size, one.piece_cid) for one in pieces]
            commd = unsealed_sector_cid(SECTOR_SIZE, infos) if pieces else None
        except PieceError:
            commd = piece(0)
        self.next_sector += 1
        info = SectorPreCommitInfo(
            SEAL_2KIB,
            self.next_sector,
            sealed_cid(self.next_sector),
            max(0, self.epoch - 200),
            tuple(deal_ids) if by_id else (),
            self._expiry(),
            commd,
        )
        if not by_id:
            found = [one for one in deal_ids if one in self._proposals()]
            self.waiting.append((self.epoch, miner, info, found))
        params = PreCommitSectorBatch2Params((info,))
        return self.workers[miner].id, miner, PRE_COMMIT_SECTOR_BATCH_2, params, 0

    def _proof(self):
        """Prove a sector that was pre-committed long enough ago, and notify the market."""
        random = self.random
        ready = [one for one in self.waiting if one[0] + 12 < self.epoch]
        if not ready:
            return None
        chosen = random.choice(ready)
        self.waiting.remove(chosen)
        _, miner, info, deal_ids = chosen
        proposals = self._proposals()
        pieces = []
        for deal_id in deal_ids:
            terms = proposals.get(deal_id)
            if terms is None:
                return None
            payload = encoded(DealID, deal_id)
            notify = (DataActivationNotification(STORAGE_MARKET, payload),)
            pieces.append(PieceActivationManifest(terms.piece_cid, terms.piece_size, None, notify))
        activation = SectorActivationManifest(info.sector_number, tuple(pieces))
        params = ProveCommitSectors3Params(
            (activation,), (b"\x01" * 192,), b"", None, True, random.random() < 0.5
        )
        return self.workers[miner].id, miner, PROVE_COMMIT_SECTORS_3, params, 0

    def _real_termination(self):
        """Have a miner terminate whatever is in a partition."""
        random = self.random
        miner = self._miner()
        sectors = BitField.from_ranges([(0, self.next_sector + 1)])
        declaration = TerminationDeclaration(random.randrange(48), 0, sectors)
        params = TerminateSectorsParams((declaration,))
        return self.workers[miner].id, miner, TERMINATE_SECTORS, params, 0

    # What messages are made of.

    def _deal(self, miner):
        """Return a deal that is mostly valid."""
        random = self.random
        client = random.choice(CLIENTS)
        self.number += random.random() < 0.95
        start = self.epoch + random.choice([0, 1, 20, 20, 50, 200, 3000, 90_000])
        duration = random.choice(
            [bounds.MIN_DURATION, bounds.MIN_DURATION + random.randrange(10**5)]
        )
        size = random.choice([128, 256, 256, 512, 1024, 2048])
        least = self._least_collateral(size)
        fields = {
            "piece_size": size,
            "verified_deal": random.random() < 0.3,
            "client": random.choice([client.key, client.address]),
            "label": random.choice(["", "label", b"bytes", "é" * 128, b"\xff" * 256]),
            "start_epoch": start,
            "end_epoch": start + duration,
            "storage_price_per_epoch": TokenAmount(random.choice([0, 1, 10, 10**9])),
            "provider_collateral": TokenAmount(random.choice([least, least + 7, least + 10**12])),
            "client_collateral": TokenAmount(random.choice([0, 100, 10**12])),
        }
        if random.random() < 0.15:
            fields |= self._flaw(miner, start, least)
        terms = replace(proposal(miner, self.number, client), **fields)
        deal = signed(terms, client)
        if random.random() < 0.03:
            kind = random.choice([SignatureType.BLS, SignatureType.SECP256K1])
            forged = GivenSignature(kind, random.randbytes(random.choice([0, 65, 96, 300])))
            deal = replace(deal, client_signature=forged)
        return deal

    def _flaw(self, miner, start, least):
        """Return terms that are just beyond what is allowed, or just within."""
        random = self.random
        most = bounds.TOTAL_FILECOIN
        return random.choice(
            [
                {"piece_cid": Cid.of(b"no piece")},
                {"piece_size": random.choice([0, 64, 127, 384, 4096, 2**63, 2**64 - 1])},
                {"piece_size": 2**63, "verified_deal": True},
                {"client": Address.from_id(random.choice([CONTRACT, MULTISIG, EMPTY_ID, miner]))},
                {"client": Address.actor(b"nobody")},
                {"client": Address.bls(b"\x05" * 48)},
                {"provider": Address.from_id(random.choice([*self.miners, CLIENT.id, EMPTY_ID]))},
                {"provider": Address.actor(b"nobody")},
                {"label": random.choice(["x" * 257, b"\x00" * 257])},
                {"label": random.choice(["x" * 257, "é" * 129])},
                {"start_epoch": self.epoch - 1},
                {"start_epoch": random.choice([-1, -(2**63), 2**63 - 1])},
                {"end_epoch": random.choice([start, start - 1, -1, 2**63 - 1])},
                {"end_epoch": start + bounds.MIN_DURATION - random.choice([0, 1])},
                {"end_epoch": start + bounds.MAX_DURATION + random.choice([0, 1])},
                {"storage_price_per_epoch": TokenAmount(random.choice([-1, most, most + 1]))},
                {"storage_price_per_epoch": TokenAmount(10**21 // bounds.MIN_DURATION)},
                {
                    "provider_collateral": TokenAmount(
                        random.choice([-1, least - 1, most, most + 1])
                    )
                },
                {"client_collateral": TokenAmount(random.choice([-1, 10**22, most, most + 1]))},
            ]
        )

    def _least_collateral(self, size):
        one = self.vm.one
        baseline = one.state(2, RewardState).this_epoch_baseline_power
        supply = one.context.circulating_supply
        policy = policy_of(one.bundle)
        return bounds.minimum_provider_collateral(policy, size, 0, baseline, supply)

    def _sector_deals(self, miner):
        random = self.random
        seal_proof = SEAL_2KIB if random.random() < 0.95 else random.choice([0, 7, 12, 15, 20, -1])
        deal_ids = self._deal_ids(miner, most=3)
        if random.random() < 0.05:
            deal_ids += deal_ids[:1]
        return SectorDeals(self._sector(), seal_proof, self._expiry(), tuple(deal_ids))

    def _piece_change(self, deal_id):
        """Return a change that is about a deal, mostly with its own piece."""
        random = self.random
        terms = self._proposals().get(deal_id)
        cid, size = (piece(0), 256) if terms is None else (terms.piece_cid, terms.piece_size)
        chance = random.random()
        if chance < 0.04:
            cid = piece(random.randrange(5))
        elif chance < 0.08:
            size = random.choice([0, 128, 4096])
        payload = encoded(DealID, deal_id)
        if random.random() < 0.05:
            payload = mangled(random, payload)
        return PieceChange(cid, size, payload)

    def _deal_ids(self, miner, *, most, active=None):
        """Return some deals: of a miner's, those that may be activated, and now and then any."""
        random = self.random
        proposals, states = self._proposals(), self._states()
        wanted = [
            deal_id
            for deal_id, terms in proposals.items()
            if (miner is None or terms.provider.id == miner) and (deal_id in states) == bool(active)
        ]
        count = min(len(wanted), random.randint(0, most))
        # The latest first, so that deals do not all time out before their turn comes.
        recent = wanted[-8:] if miner is not None and random.random() < 0.7 else wanted
        found = random.sample(recent, min(count, len(recent)))
        if random.random() < 0.1:
            found.append(self._any_deal_id())
        return list(dict.fromkeys(found))

    def _any_deal_id(self):
        random = self.random
        next_id = self._next_id()
        return random.choice([random.randrange(next_id + 2), next_id, 2**63, 2**64 - 2])

    def _expiry(self):
        random = self.random
        if random.random() < 0.05:
            return random.choice([-1, self.epoch, self.epoch + 200 * EPOCHS_IN_DAY, 2**63 - 1])
        return self.epoch + random.choice([300, 500]) * EPOCHS_IN_DAY

    def _sector(self):
        random = self.random
        return random.choice([*range(8), random.randrange(200), 2**63 - 1])

    def _party(self):
        """Return whose funds a message may be about, by any kind of address."""
        random = self.random
        chance = random.random()
        if chance < 0.5:
            person = random.choice(PEOPLE)
            return random.choice([person.address, person.key])
        if chance < 0.8:
            return Address.from_id(self._miner())
        return random.choice(
            [
                Address.from_id(random.choice([CONTRACT, MULTISIG, EMPTY_ID, 5, BURNT])),
                Address.actor(b"nobody"),
                Address.bls(b"\x07" * 48),
                Address.delegated(10, b"\x01" * 20),
            ]
        )

    def _as_miner(self, miner):
        """Return a miner as the sender of a message, or now and then somebody else."""
        chance = self.random.random()
        if chance < 0.03:
            return self.random.choice(PEOPLE).id
        return self._miner() if chance < 0.06 else miner

    def _miner(self):
        return self.random.choice(self.miners)

    def _number(self, internal, name):
        return internal if self.random.random() < 0.7 else frc42(name)

    # What is there.

    @property
    def epoch(self):
        """The present epoch."""
        return self.vm.one.epoch

    def _next_id(self):
        return market(self.vm.one).next_id

    def _proposals(self):
        return self._array(PROPOSALS, market(self.vm.one).proposals)

    def _states(self):
        return self._array(STATES, market(self.vm.one).states)

    def _array(self, shape, root):
        """Return what an array holds; what was read last is not read again."""
        if self._read.get(shape, (None,))[0] != root:
            self._read[shape] = root, dict(shape.open(self.vm.one.machine.store, root).items())
        return self._read[shape][1]

    def _free(self, owner):
        one = self.vm.one
        state = market(one)
        tables = [
            BALANCES.open(one.machine.store, root)
            for root in (state.escrow_table, state.locked_table)
        ]
        held, locked = (int(table.get(Address.from_id(owner)) or 0) for table in tables)
        return held - locked


def skip_cron(one, epoch):
    """Let all that cron calls believe that it has called them in every epoch until one."""
    change_state(one, 2, RewardState, epoch=epoch)
    change_state(one, 4, PowerState, first_cron_epoch=epoch + 1)
    change_state(one, 5, MarketState, last_cron=epoch)


def change_state(one, actor_id, kind, **fields):
    """Change fields of an actor's state between messages."""
    tree = one.machine.tree
    state = replace(one.state(actor_id, kind), **fields)
    head = put_cbor(one.machine.store, state.to_ipld())
    tree.set(actor_id, replace(tree.get(actor_id), head=head))


def sealed_cid(number):
    """Return the CID of a sealed sector."""
    return Cid.of_digest(
        number.to_bytes(32, "little"), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1
    )
