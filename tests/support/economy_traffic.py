"""Random messages to the reward and power actors, for engines to agree on."""

from driver_traffic import MINER, PEOPLE, PLACEHOLDER, UNBUILT, Traffic
from network import (
    BURNT,
    CRON,
    POWER,
    REWARD,
    SYSTEM,
    TICK,
    WINDOW_POST_2KIB,
    claims_of,
    findings_of_drivers,
    put_claims,
)
from people import RICH

from papyrus.actors.miner.params.proving import CronEventPayload
from papyrus.actors.power import params as methods
from papyrus.actors.power.params import (
    CreateMinerParams,
    EnrollCronEventParams,
    UpdateClaimedPowerParams,
)
from papyrus.actors.reward.params import (
    AWARD_BLOCK_REWARD,
    THIS_EPOCH_REWARD,
    UPDATE_NETWORK_KPI,
    AwardBlockRewardParams,
)
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, encode_bigint
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND

EIB = 1 << 60
MINIMUM = 2048
"""Bytes of power from which on a miner counts, in the build that tests run."""
MINERS = range(301, 312)
"""Miners that have no state, only a claim, most of them."""
PLACEHOLDER_MINER = 312
"""A placeholder with a claim, which takes whatever it is told."""
GETTERS = (
    methods.CURRENT_TOTAL_POWER,
    methods.NETWORK_RAW_POWER,
    methods.MINER_COUNT,
    methods.MINER_CONSENSUS_COUNT,
)
GETTERS_OF_MINERS = (methods.MINER_RAW_POWER, methods.MINER_POWER)


def number_of(amount):
    """Return the CBOR of a big integer, or of none."""
    return b"\xf6" if amount is None else dag_cbor.encode(encode_bigint(amount))


class RewardTraffic(Traffic):
    """Blocks that are awarded and epochs that end."""

    unbuilt = "reward"

    def fill(self, one):
        """Fill a machine, in which some rewards have run out."""
        super().fill(one)
        if self.random.getstate()[1][0] % 3 == 0:
            actor = one.actors[REWARD]
            one.actors[REWARD] = actor.with_balance(TokenAmount(10**20))

    def message(self):
        """Return the next message."""
        random = self.random
        kinds = ["award", "update", "ask", "send", "build", "other"]
        match random.choices(kinds, [50, 25, 5, 3, 7, 5])[0]:
            case "award":
                return SYSTEM, self._reward_actor(), AWARD_BLOCK_REWARD, self._award(), 0
            case "update":
                power = number_of(self._power())
                return POWER, self._reward_actor(), UPDATE_NETWORK_KPI, power, 0
            case "ask":
                return self.anyone(), self._reward_actor(), THIS_EPOCH_REWARD, None, 0
            case "send":
                return self.person(), REWARD, METHOD_SEND, None, random.choice([1, 10**18, RICH])
            case "build":
                power = number_of(self._power())
                return SYSTEM, random.choice(UNBUILT), METHOD_CONSTRUCTOR, power, 0
        return self.anyone(), REWARD, self.number(), None, 0

    def _reward_actor(self):
        return self.random.choice([REWARD] * 9 + [self.random.choice(UNBUILT)])

    def _award(self):
        random = self.random
        few = [0, 0, 1, 10**15, 10**18, 10**20]
        miner = random.choice(
            [
                Address.from_id(PLACEHOLDER),
                Address.from_id(MINER),
                Address.from_id(random.choice([self.person(), BURNT, POWER, 9999])),
                PEOPLE[0].key,
                Address.actor(b"nobody") if random.random() < 0.2 else PEOPLE[1].key,
            ]
        )
        return AwardBlockRewardParams(
            miner,
            TokenAmount(random.choice([*few, -1, 2**1015] if random.random() < 0.2 else few)),
            TokenAmount(random.choice([*few, -1, 10**28] if random.random() < 0.2 else few)),
            random.choice([0, -1, 2**63 - 1] if random.random() < 0.1 else [1, 1, 1, 2, 3, 8]),
        )

    def _power(self):
        random = self.random
        odd = [None, -1, -(2**1015), 2**1015, 0, 1, 2**64]
        return random.choice(odd) if random.random() < 0.2 else random.randrange(20 * EIB)


class PowerTraffic(Traffic):
    """Miners that are made, whose power changes, and that are woken."""

    unbuilt = "storagepower"

    def fill(self, one):
        """Fill a machine, with miners that have claims."""
        super().fill(one)
        claims = {}
        for place, miner in enumerate(MINERS):
            one.put_actor(miner, "storageminer", balance=RICH)
            raw = (place % 3) * MINIMUM // 2
            claims[miner] = raw, 10 * raw
        del claims[MINERS[-1]]
        one.put_actor(PLACEHOLDER_MINER, "placeholder")
        put_claims(one, {**claims, PLACEHOLDER_MINER: (MINIMUM, MINIMUM)})

    def message(self):
        """Return the next message."""
        random = self.random
        kinds = ["power", "pledge", "enroll", "tick", "create", "ask", "build", "other"]
        match random.choices(kinds, [30, 12, 15, 12, 4, 12, 3, 4])[0]:
            case "power":
                miner = self._miner()
                return miner, POWER, methods.UPDATE_CLAIMED_POWER, self._change(miner), 0
            case "pledge":
                delta = TokenAmount(random.choice([-(10**6), -1, 0, 1, 500, 10**6, 10**6, 2**1015]))
                if delta > 10**6 and random.random() < 0.9:
                    delta = TokenAmount(10**5)
                return self._miner(), POWER, methods.UPDATE_PLEDGE_TOTAL, delta, 0
            case "enroll":
                return self._miner(), POWER, methods.ENROLL_CRON_EVENT, self._event(), 0
            case "tick":
                to, method = random.choice([(CRON, TICK), (POWER, methods.ON_EPOCH_TICK_END)])
                return (SYSTEM if to == CRON else CRON), to, method, None, 0
            case "create":
                return self._creation()
            case "ask":
                return self._question()
            case "build":
                return SYSTEM, random.choice([POWER, *UNBUILT]), METHOD_CONSTRUCTOR, None, 0
        return self.anyone(), POWER, self.number(), None, 0

    def check(self):
        """Check the invariants, but that quality does not lower power, which these miners let."""
        found = findings_of_drivers(self.vm.one, after_cron=False)
        assert [sentence for sentence in found if "greater than" not in sentence] == []

    def _miner(self):
        """Return the ID of a miner, one that has a claim more often than not."""
        known = [miner for miner in claims_of(self.vm.one) if miner != PLACEHOLDER_MINER]
        if known and self.random.random() < 0.85:
            return self.random.choice(known)
        return self.random.choice([*MINERS, self.person()])

    def _change(self, miner):
        random = self.random
        claim = claims_of(self.vm.one).get(miner)
        held = (claim.raw_byte_power, claim.quality_adjusted_power) if claim else (0, 0)
        match random.randrange(5):
            case 0:
                # To the minimum, or just beside it.
                raw = MINIMUM - held[0] + random.choice([-1, 0, 1])
                return UpdateClaimedPowerParams(raw, 10 * raw)
            case 1:
                return UpdateClaimedPowerParams(-held[0], -held[1])
            case 2:
                excess = random.choice([0, 0, 0, 1])
                part = random.randint(1, 4)
                return UpdateClaimedPowerParams(-(held[0] // part) - excess, -(held[1] // part))
            case 3:
                raw = random.choice([0, 1, 512, MINIMUM, 32 << 30, 2**300])
                return UpdateClaimedPowerParams(raw, raw * random.choice([1, 10]))
        raw = random.randint(-MINIMUM, 2 * MINIMUM)
        return UpdateClaimedPowerParams(raw, raw * random.choice([1, 10]))

    def _event(self):
        random = self.random
        epoch = self.epoch + random.choice([0, 0, 0, 1, 1, 2, 5, 30])
        if random.random() < 0.1:
            epoch = random.choice([-1, 0, self.epoch - 1, 2**63 - 1])
        payload = CronEventPayload(random.choice([1, 2, 3, 99])).to_cbor()
        return EnrollCronEventParams(epoch, random.choice([payload, payload, b"", b"\xff"]))

    def _creation(self):
        random = self.random
        owner = random.choice(PEOPLE)
        # A worker's key must be a BLS key, as every other person's is.
        worker = random.choice(PEOPLE[1::2] * 4 + PEOPLE[::2])
        params = CreateMinerParams(
            owner.key,
            worker.key,
            random.choice([WINDOW_POST_2KIB] * 6 + [0, 9, 11, 14]),
            b"peer" * random.choice([1, 1, 1, 40]),
            random.choice([(), (b"\x01" * 6,), (b"\x01", b"\x02" * 500), (b"",), (bytes(1025),)]),
        )
        method = random.choice([methods.CREATE_MINER, methods.CREATE_MINER_EXPORTED])
        value = random.choice([0, 1, 10**20, 10**21, 10**21, 10**21, 2 * RICH])
        sender = self.person() if random.random() < 0.8 else self.anyone()
        return sender, POWER, method, params, value

    def _question(self):
        random = self.random
        if random.random() < 0.5:
            return self.anyone(), POWER, random.choice(GETTERS), None, 0
        miner = random.choice([self._miner(), PLACEHOLDER_MINER, 1000, 1001, 2**64 - 1])
        return self.anyone(), POWER, random.choice(GETTERS_OF_MINERS), dag_cbor.encode(miner), 0
