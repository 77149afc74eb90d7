"""A small network over many epochs, for engines to agree on: miners, sectors, blocks and cron.

Miners are made, commit sectors of zeros, prove them in their windows or forget to, win blocks, and
withdraw what they can; some epochs have no block. Everything follows from a seed.
"""

from collections import Counter
from random import Random

from network import (
    BURNT,
    CRON,
    MARKET,
    POWER,
    REWARD,
    SYSTEM,
    TICK,
    WINDOW_POST_2KIB,
    claims_of,
    findings_of_drivers,
    put_drivers,
)
from people import RICH, people, put_people

from papyrus.actors.market import state as market_state
from papyrus.actors.miner.params import numbers as miner_methods
from papyrus.actors.miner.params.onboarding import (
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    SectorActivationManifest,
)
from papyrus.actors.miner.params.payments import WithdrawBalanceParams
from papyrus.actors.miner.params.proving import PoStPartition, SubmitWindowedPoStParams
from papyrus.actors.miner.sectors import SectorPreCommitInfo
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams
from papyrus.actors.reward.params import AWARD_BLOCK_REWARD, AwardBlockRewardParams
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.statements import PoStProof
from papyrus.rules.policy import EPOCHS_IN_DAY, policy_of
from papyrus.vm.runtime import RandomnessPurpose

PEOPLE = people(6)
MOST_MINERS = 7
FIRST_EPOCH = 10
SEAL_2KIB = 5
PROOF = bytes(192)
LIFETIME = 212 * EPOCHS_IN_DAY


class NetworkTraffic:
    """A network, and one epoch of it after another."""

    def __init__(self, vm, seed, stride=1):
        """Begin without miners; as many epochs pass at a time as the stride says."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.stride = stride
        self.epoch = FIRST_EPOCH
        self.ticks = 0
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.miners = {}
        """The numbers of each miner's next sector and of those it has announced, by epoch."""
        vm.each(self._fill)

    def _fill(self, one):
        put_drivers(one)
        put_people(one, PEOPLE, 1000 * RICH)
        one.put_actor(BURNT, "account")
        system = one.actors[SYSTEM]
        one.put_actor(SYSTEM, "system", head=system.head, balance=RICH)
        one.put_actor(MARKET, "storagemarket", market_state.empty(one.base))

    def step(self):
        """Let an epoch with blocks pass, and perhaps some without before it."""
        random = self.random
        empty = random.randrange(5) if random.random() < 0.05 else 0
        self.epoch += random.randint(1, self.stride) + empty
        supply = TokenAmount(3 * 10**26 + self.epoch * 10**18)
        self.vm.each(lambda one: one.change(epoch=self.epoch, circulating_supply=supply))
        if len(self.miners) < MOST_MINERS and random.random() < 0.1:
            self._create_miner()
        for miner in list(self.miners):
            self._mine(miner)
        for _ in range(random.choice([0, 0, 1, 1, 2])):
            self._award()
        self.vm.ok(SYSTEM, CRON, TICK)
        self.ticks += 1

    def check(self):
        """Check the invariants of what drives the network."""
        found = findings_of_drivers(self.vm.one)
        assert found == [], found

    @property
    def power(self):
        """The raw power in bytes that all miners claim."""
        return sum(claim.raw_byte_power for claim in claims_of(self.vm.one).values())

    def _send(self, sender, to, method, params, value=0):
        outcome = self.vm.send(sender, to, method, params, value)
        self.codes[to if to < 100 else "miner", method, outcome.code] += 1
        return outcome

    def _create_miner(self):
        owner, worker = self.random.choice(PEOPLE), self.random.choice(PEOPLE[1::2])
        params = CreateMinerParams(owner.key, worker.key, WINDOW_POST_2KIB, b"peer", ())
        outcome = self._send(owner.id, POWER, CREATE_MINER, params, 10**21)
        if outcome.code == 0:
            self.miners[max(claims_of(self.vm.one))] = (owner, worker, [0], {})

    def _mine(self, miner):
        """Let a miner do what it has to do in this epoch, or forget it."""
        random = self.random
        owner, worker, next_sector, announced = self.miners[miner]
        if random.random() < 0.02:
            count = random.randint(1, 3)
            numbers = range(next_sector[0], next_sector[0] + count)
            params = PreCommitSectorBatch2Params(tuple(map(self._announcement, numbers)))
            method = miner_methods.PRE_COMMIT_SECTOR_BATCH_2
            if self._send(worker.id, miner, method, params, 10**18).code == 0:
                announced[self.epoch] = numbers
                next_sector[0] += count
        for announcement in [epoch for epoch in announced if epoch + 12 < self.epoch]:
            numbers = announced.pop(announcement)
            if random.random() < 0.9:
                params = ProveCommitSectors3Params(
                    tuple(SectorActivationManifest(number, ()) for number in numbers),
                    (PROOF,) * len(numbers),
                    b"",
                    None,
                    require_activation_success=False,
                    require_notification_success=False,
                )
                method = miner_methods.PROVE_COMMIT_SECTORS_3
                self._send(worker.id, miner, method, params, 10**19)
        self._prove_window(miner, worker)
        if random.random() < 0.005:
            params = WithdrawBalanceParams(TokenAmount(random.choice([10**15, 10**18, 10**24])))
            self._send(owner.id, miner, miner_methods.WITHDRAW_BALANCE, params)

    def _announcement(self, number):
        digest = blake2b_256(b"sealed %d" % number)
        sealed = Cid.of_digest(digest, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)
        expiration = self.epoch + LIFETIME + 2 * self.random.randrange(EPOCHS_IN_DAY)
        return SectorPreCommitInfo(SEAL_2KIB, number, sealed, self.epoch - 1, (), expiration, None)

    def _prove_window(self, miner, worker):
        """Prove the one partition of a window that may be open, in most of its days."""
        if self.random.random() > 1.5 / max(2, 60 // self.stride):
            return
        one = self.vm.one
        window = one.state(miner, MinerState).deadline_info(policy_of(one.bundle), self.epoch)
        if not window.is_open:
            return
        commit = self.epoch - 1
        purpose = RandomnessPurpose.POST_CHAIN_COMMIT.to_bytes(8, "big")
        drawn = one.externs.chain_randomness(commit) + commit.to_bytes(8, "big")
        params = SubmitWindowedPoStParams(
            window.index,
            (PoStPartition(0, BitField.from_bits([])),),
            (PoStProof(WINDOW_POST_2KIB, PROOF),),
            commit,
            blake2b_256(purpose + drawn),
        )
        self._send(worker.id, miner, miner_methods.SUBMIT_WINDOWED_POST, params)

    def _award(self):
        random = self.random
        winner = random.choice([*self.miners, PEOPLE[0].id])
        tips = TokenAmount(random.choice([0, 10**15]))
        params = AwardBlockRewardParams(
            Address.from_id(winner),
            TokenAmount(random.choice([0] * 6 + [10**15, 10**19])),
            tips,
            random.choice([1, 1, 1, 2, 3]),
        )
        self._send(SYSTEM, REWARD, AWARD_BLOCK_REWARD, params, tips)
