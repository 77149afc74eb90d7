"""Random vouchers on random payment channels, for engines to agree on.

Everything follows from a seed. Vouchers are mostly signed by whom they should be, on lanes that are
in use, with nonces and amounts around what a channel can take; epochs cross time locks, the delay
of settling and the collection.
"""

from collections import Counter
from dataclasses import replace
from random import Random

from channels import findings_of, lanes_of, new_channel, signed, voucher
from multisigs import new_multisig, proposal
from mutations import mangled
from people import RICH, people

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.multisig.params import PROPOSE
from papyrus.actors.paych import params as methods
from papyrus.actors.paych.params import ConstructorParams, Extra, Merge, UpdateChannelStateParams
from papyrus.actors.paych.state import Lane, State
from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.payloads import cbor_block

PEOPLE = {person.id: person for person in people(5)}
INIT = 1
CHANNELS = range(200, 208)
UNBUILT = range(210, 240)
"""Channels that have no state yet."""
MULTISIG = 300
"""A party of some channels, for which every person and every channel signs alone."""
LANES = (0, 1, 2, 7, 8, 64, 2**63 - 1)


class ChannelTraffic:
    """A machine with some payment channels, and one random message after another."""

    def __init__(self, vm, seed):
        """Fill a machine as the seed says."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (method, exit code) was seen."""
        self.epoch = self.random.randrange(0, 5000)
        plans = {actor_id: self._plan() for actor_id in CHANNELS}
        vm.each(lambda one: self._fill(one, plans))
        vm.each(lambda one: one.change(epoch=self.epoch))

    def _plan(self):
        """Return the parties, balance and state of a channel."""
        random = self.random
        parties = [*PEOPLE, *PEOPLE, MULTISIG, MULTISIG, CHANNELS[0]]
        fields = {"settling_at": 0, "to_send": TokenAmount(0)}
        if random.random() < 0.3:
            fields["settling_at"] = self.epoch + random.randint(-50, 200)
        lanes = {}
        for number in random.sample(LANES, random.randint(0, 5)):
            lanes[number] = Lane(TokenAmount(random.choice([0, 1, 50])), random.choice([0, 1, 5]))
        balance = random.choice([0, 100, 10**6])
        fields["to_send"] = TokenAmount(min(balance, random.choice([0, 1, 100])))
        return random.choice(parties), random.choice(parties), lanes, balance, fields

    def _fill(self, one, plans):
        for person in PEOPLE.values():
            one.put_account(person.id, person.key, RICH)
        names = {person.key: person.id for person in PEOPLE.values()}
        names |= {robust(actor_id): actor_id for actor_id in CHANNELS}
        one.put_addresses(names)
        one.put_actor(MULTISIG, "multisig", new_multisig(one, [*PEOPLE, *CHANNELS]), balance=RICH)
        for actor_id, (payer, payee, lanes, balance, fields) in plans.items():
            state = new_channel(one, payer, payee, lanes=lanes, **fields)
            one.put_actor(actor_id, "paymentchannel", state, balance=balance)
        for actor_id in UNBUILT:
            one.put_actor(actor_id, "paymentchannel")

    # One message.

    def step(self):
        """Send one message, in this epoch or a later one."""
        random = self.random
        if random.random() < 0.4:
            self.epoch += random.choice([1, 1, 1, 2, 5, 30, 700])
            self.vm.each(lambda one: one.change(epoch=self.epoch))
        sender, to, method, params, value = random.choices(
            [self._update, self._end, self._construction, self._other], [70, 12, 8, 10]
        )[0]()
        if random.random() < 0.03:
            block = cbor_block(params)
            params = mangled(random, b"" if block is None else block.data)
        outcome = self.vm.send(sender, to, method, params, value)
        self.codes[min(method, FIRST_EXPORTED_METHOD), outcome.code] += 1

    def check(self):
        """Check the invariants of all channels that have a state."""
        for actor_id in self._built():
            assert findings_of(self.vm.one, actor_id) == [], actor_id

    def _update(self):
        channel = self._channel()
        if self._is_settled(channel):
            channel = self._channel()
        sender = self._party(channel)
        params = self._update_params(channel, sender)
        return self._through(sender, channel, methods.UPDATE_CHANNEL_STATE, params)

    def _end(self):
        channel = self._channel()
        method = self.random.choice([methods.SETTLE, methods.COLLECT])
        return self._through(self._party(channel), channel, method, None)

    def _through(self, sender, channel, method, params):
        """Return a message of a party; the multisig's is sometimes one that a signer proposes."""
        value = self.random.choice([0, 0, 0, 1])
        if sender == MULTISIG and self.random.random() < 0.6:
            message = proposal(channel, method, params, value)
            return self._person(), MULTISIG, PROPOSE, message, 0
        # A channel sends no funds but what it owes.
        value = value if sender in PEOPLE else 0
        return sender, self._name(channel), method, params, value

    def _construction(self):
        random = self.random
        params = ConstructorParams(self._address(), self._address())
        sender = self._person() if random.random() < 0.1 else INIT
        return sender, random.choice(UNBUILT), METHOD_CONSTRUCTOR, params, 0

    def _other(self):
        random = self.random
        method = random.choice([0, 0, 0, 5, FIRST_EXPORTED_METHOD - 1, FIRST_EXPORTED_METHOD])
        value = random.choice([0, 1, 1000, 10**6])
        return self._person(), self._name(self._channel()), method, None, value

    # What messages are made of.

    def _update_params(self, channel, sender, depth=0):
        """Return a voucher for a party to hand in, signed by the other one if that can sign."""
        random = self.random
        secret = random.choice([b""] * 20 + [b"open"] * 10 + [b"x" * 256, b"x" * 257])
        secret_hash = b""
        if random.random() < 0.15:
            secret_hash = random.choice(
                [blake2b_256(secret)] * 4 + [blake2b_256(b"shut"), b"short"]
            )
        lane, nonce, merges, amount = self._claim(channel)
        promised = voucher(
            self._name(channel if random.random() < 0.97 else self._channel()),
            time_lock_min=random.choice([0, 0, 0, self.epoch, self.epoch + 1, -1]),
            time_lock_max=random.choice([0, 0, 0, self.epoch, self.epoch - 1, 2**63 - 1]),
            secret_hash=secret_hash,
            extra=self._extra(channel, depth) if random.random() < 0.25 else None,
            lane=lane,
            nonce=nonce,
            amount=TokenAmount(amount),
            min_settle_height=self._height(),
            merges=merges,
        )
        state = self._state(channel)
        other = state.payee.id if Address.from_id(sender) == state.payer else state.payer.id
        return UpdateChannelStateParams(self._signed(promised, other), secret)

    def _claim(self, channel):
        """Return a lane, a nonce, merges and an amount, mostly such that they can be redeemed."""
        random = self.random
        lanes = lanes_of(self.vm, channel)
        lane = random.choice([*lanes, *LANES, random.getrandbits(64)])
        known = lanes.get(lane, Lane(TokenAmount(0), 0))
        nonce = max(0, known.nonce + random.choice([1, 1, 1, 2, 0, -1]))
        merged = random.sample(sorted(lanes), random.randint(0, min(2, len(lanes))))
        if random.random() < 0.1:
            merged.append(random.choice([*LANES, 2**63, *merged]))
        merges = []
        redeemed = known.redeemed
        for number in merged:
            if number == lane and random.random() < 0.9:
                continue
            found = lanes.get(number, Lane(TokenAmount(0), 0))
            merges.append(Merge(number, max(0, found.nonce + random.choice([1, 1, 1, 1, 0]))))
            redeemed += found.redeemed
        free = self.vm.one.balance(channel) - self._state(channel).to_send
        owed = self._state(channel).to_send
        steps = [0, 1, 10, free // 2, free, free + 1, -1, -owed, -owed - 1]
        amount = redeemed + random.choice(steps)
        if random.random() < 0.05:
            amount = random.choice([0, -1, 2**128, 2**1000])
        return lane, nonce & (2**64 - 1), tuple(merges), amount

    def _extra(self, channel, depth):
        random = self.random
        match random.randrange(6):
            case 0:
                return Extra(Address.from_id(self._person()), 1 << 24, random.randbytes(3))
            case 1:
                return Extra(
                    self._address(), random.choice([0, 2, 3]), random.choice([b"", b"\x80"])
                )
            case 2:
                return Extra(Address.from_id(channel), methods.SETTLE, b"")
        # By the multisig, which the channel signs for, back into this channel or another.
        target = channel if random.random() < 0.7 else self._channel()
        method = random.choice([methods.SETTLE, methods.COLLECT, methods.UPDATE_CHANNEL_STATE, 0])
        params = None
        if method == methods.UPDATE_CHANNEL_STATE:
            if depth > 2:
                method = methods.SETTLE
            else:
                params = self._update_params(target, MULTISIG, depth + 1)
        message = proposal(target, method, params, random.choice([0, 0, 10]))
        return Extra(Address.from_id(MULTISIG), PROPOSE, message.to_cbor())

    def _signed(self, promised, other):
        random = self.random
        chance = random.random()
        if chance < 0.02:
            return promised
        signer = PEOPLE.get(other) or random.choice(list(PEOPLE.values()))
        if chance < 0.05:
            signer = random.choice(list(PEOPLE.values()))
        found = signed(promised, signer)
        if chance < 0.08:
            data = mangled(random, found.signature.data)
            return replace(found, signature=GivenSignature(found.signature.type, data))
        return found

    def _height(self):
        random = self.random
        if random.random() < 0.8:
            return 0
        return random.choice([self.epoch, self.epoch + 1500, self.epoch + 3000, -1, 2**63 - 1])

    def _address(self):
        random = self.random
        kind = random.randrange(16)
        if kind < 8:
            person = random.choice(list(PEOPLE.values()))
            return random.choice([person.address, person.key])
        if kind < 12:
            return random.choice([Address.from_id(MULTISIG), self._name(random.choice(CHANNELS))])
        match kind:
            case 12:
                return Address.from_id(random.choice([999, 2**63, 2**64 - 1]))
            case 13:
                return random.choice([Address.actor(b"nobody"), Address.delegated(555, b"x")])
            case 14:
                return Address.delegated(10, bytes([random.randrange(30)]) * 20)
        key = bytes([4, random.randrange(30)]) + bytes(63)
        return random.choice([Address.secp256k1(key), Address.bls(key[:48])])

    def _channel(self):
        return self.random.choice(self._built())

    def _built(self):
        """Return the channels that have a state; there is always one, built if need be."""
        empty = self.vm.one.actors[UNBUILT[-1]].head
        found = []
        for actor_id in (*CHANNELS, *UNBUILT):
            actor = self.vm.one.actor(actor_id)
            if actor is not None and actor.head != empty:
                found.append(actor_id)
        return found or self._build_one()

    def _build_one(self):
        unbuilt = [actor_id for actor_id in UNBUILT if self.vm.one.actor(actor_id) is not None]
        params = ConstructorParams(Address.from_id(100), Address.from_id(101))
        self.vm.ok(INIT, unbuilt[0], METHOD_CONSTRUCTOR, params)
        return unbuilt[:1]

    def _is_settled(self, channel):
        return 0 < self._state(channel).settling_at <= self.epoch

    def _party(self, channel):
        """Return a party of a channel; now and then anyone."""
        if self.random.random() < 0.05:
            return self._person()
        state = self._state(channel)
        return self.random.choice([state.payer, state.payee]).id

    def _name(self, channel):
        if channel in CHANNELS and self.random.random() < 0.2:
            return robust(channel)
        return Address.from_id(channel)

    def _person(self):
        return self.random.choice(list(PEOPLE))

    def _state(self, channel):
        return self.vm.one.state(channel, State)


def robust(channel):
    """Return the robust address of a channel."""
    return Address.actor(f"channel {channel}".encode())
