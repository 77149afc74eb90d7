"""Random messages to the actors that drive a network, for engines to agree on.

Everything follows from a seed. Each traffic knows one actor's methods and makes most of its
messages likely to do something; some are mangled, or come from whoever may not send them.
"""

from collections import Counter
from random import Random

from mutations import mangled
from network import (
    BURNT,
    CRON,
    EAM,
    INIT,
    POWER,
    REWARD,
    SYSTEM,
    TICK,
    findings_of_drivers,
    put_drivers,
)
from people import RICH, people

from papyrus.actors.cron.state import Entry
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.init.params import EXEC, EXEC4, ConstructorParams, Exec4Params, ExecParams
from papyrus.actors.multisig.params import ConstructorParams as MultisigParams
from papyrus.actors.paych.params import ConstructorParams as ChannelParams
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Reading
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND
from papyrus.vm.payloads import cbor_block

PEOPLE = people(4)
CONTRACT, PLACEHOLDER, ETH_ACCOUNT, MINER = 200, 201, 202, 203
DELETED = 666
UNBUILT = range(400, 440)
"""Actors that have no state yet."""
EXPORTED = "any exported"


class Traffic:
    """A machine, and one random message after another."""

    unbuilt = ""
    """The name of the actors that have no state yet."""

    def __init__(self, vm, seed):
        """Fill a machine as the seed says."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (receiver, method, exit code) was seen."""
        self.epoch = 0
        vm.each(self.fill)

    def fill(self, one):
        """Put the actors of every traffic into a machine."""
        put_drivers(one, market=False)
        names = {Address.delegated(EAM, b"deleted"): DELETED}
        for person in PEOPLE:
            one.put_account(person.id, person.key, RICH)
            names[person.key] = person.id
        one.put_addresses(names)
        one.put_actor(BURNT, "account")
        one.put_actor(CONTRACT, "evm", balance=RICH)
        one.put_actor(PLACEHOLDER, "placeholder")
        eth = Address.delegated(EAM, bytes(range(20)))
        one.put_actor(ETH_ACCOUNT, "ethaccount", balance=RICH, delegated=eth)
        one.put_actor(MINER, "storageminer", balance=RICH)
        for actor_id in (EAM, POWER, SYSTEM):
            actor = one.actors[actor_id]
            one.actors[actor_id] = actor.with_balance(type(actor.balance)(RICH))
        for actor_id in UNBUILT:
            one.put_actor(actor_id, self.unbuilt or "account")

    def message(self):
        """Return the next message: sender, receiver, method, parameters and value."""
        raise TypeError(f"{type(self).__name__} sends no messages: it says which")

    def step(self):
        """Send one message, in this epoch or a later one."""
        random = self.random
        if random.random() < 0.2:
            self.epoch += random.choice([1, 1, 1, 2, 9])
            self.vm.each(lambda one: one.change(epoch=self.epoch))
        sender, to, method, params, value = self.message()
        if random.random() < 0.05:
            params = self.mangled(params)
        if random.random() < 0.03:
            sender = self.anyone()
        outcome = self.vm.send(sender, to, method, params, value)
        shown = method if method < FIRST_EXPORTED_METHOD else EXPORTED
        self.codes[to if to in range(100) else "other", shown, outcome.code] += 1

    def mangled(self, params):
        """Return parameters as bytes that may or may not be an encoding of them."""
        block = cbor_block(params)
        return mangled(self.random, b"" if block is None else block.data)

    def check(self):
        """Check the invariants."""
        assert findings_of_drivers(self.vm.one, after_cron=False) == []

    def anyone(self):
        """Return the ID of some actor that messages may come from."""
        others = (SYSTEM, INIT, REWARD, CRON, POWER, EAM, CONTRACT, ETH_ACCOUNT, MINER)
        return self.random.choice([*others, *(person.id for person in PEOPLE)])

    def person(self):
        """Return the ID of an account."""
        return self.random.choice(PEOPLE).id

    def number(self):
        """Return a method number that most actors do not have."""
        choices = [5, 6, 11, FIRST_EXPORTED_METHOD - 1, FIRST_EXPORTED_METHOD, 2**64 - 1]
        return self.random.choice([*choices, self.random.getrandbits(40)])


class InitTraffic(Traffic):
    """Actors that are made, at addresses of all kinds."""

    unbuilt = "init"

    def message(self):
        """Return the next message."""
        random = self.random
        kind = random.choices(["exec", "exec4", "place", "build", "other"], [40, 30, 10, 5, 5])[0]
        match kind:
            case "exec":
                sender = random.choice([self.person(), self.person(), POWER, CONTRACT])
                code, params = self._actor()
                code = Cid.of(b"unknown") if random.random() < 0.05 else code
                return sender, INIT, EXEC, ExecParams(code, params), self._value()
            case "exec4":
                params = Exec4Params(*self._actor(), self._subaddress())
                return EAM, INIT, EXEC4, params, self._value()
            case "place":
                to = Address.delegated(EAM, self._subaddress()[:54])
                return self.person(), to, METHOD_SEND, None, random.choice([0, 7])
            case "build":
                to = random.choice([INIT, *UNBUILT])
                params = ConstructorParams(random.choice(["", "here", "x" * 300]))
                return SYSTEM, to, METHOD_CONSTRUCTOR, params, 0
        return self.anyone(), INIT, self.number(), None, 0

    def mangled(self, params):
        """Return such bytes, but name no code that nobody has, which only Exec would refuse."""
        found = super().mangled(params)
        if not isinstance(params, Exec4Params):
            return found
        try:
            code = Exec4Params.from_cbor(found, reading=Reading.LENIENT).code
        except DecodeError:
            return found
        return found if code in self.vm.one.codes.values() else params

    def _actor(self):
        """Return a code and parameters for its constructor."""
        random = self.random
        addresses = [PEOPLE[0].key, Address.from_id(self.person()), Address.from_id(CONTRACT)]
        made = {
            "multisig": MultisigParams(tuple(random.sample(addresses, 2)), 1, 0, 0).to_cbor(),
            "paymentchannel": ChannelParams(*random.sample(addresses, 2)).to_cbor(),
        }
        name = random.choices(["multisig", "paymentchannel", ""], [4, 3, 2])[0]
        params = made.get(name, b"")
        if not name:
            name = random.choice(list(self.vm.one.codes))
        if random.random() < 0.2:
            params = mangled(random, params)
        return self.vm.one.codes[name], params

    def _subaddress(self):
        random = self.random
        few = [bytes([n]) * 20 for n in range(1, 60)]
        odd = [b"", b"deleted", bytes(54), bytes(55), bytes(20)]
        return random.choice(odd if random.random() < 0.15 else few)

    def _value(self):
        return self.random.choice([0, 0, 1, 10**9, 2 * RICH])


class CronTraffic(Traffic):
    """Lists of calls, and ticks that make them."""

    unbuilt = "cron"

    def message(self):
        """Return the next message."""
        random = self.random
        to = random.choice(UNBUILT)
        match random.randrange(8):
            case 0 | 1:
                return SYSTEM, to, METHOD_CONSTRUCTOR, CronState(self._entries()), 0
            case 2 | 3 | 4:
                return SYSTEM, to, TICK, None, random.choice([0, 0, 5])
            case 5 | 6:
                return SYSTEM, CRON, TICK, None, 0
        return (
            self.anyone(),
            random.choice([to, CRON]),
            random.choice([TICK, self.number()]),
            None,
            0,
        )

    def _entries(self):
        random = self.random
        addresses = [
            Address.from_id(self.anyone()),
            Address.from_id(random.choice([PLACEHOLDER, 999, *UNBUILT])),
            Address.delegated(EAM, random.randbytes(20)),
            Address.secp256k1(b"\x04" + random.randbytes(64)),
            Address.actor(b"nobody"),
        ]
        return tuple(
            Entry(random.choice(addresses), random.choice([0, 0, 1, 2, 3, self.number()]))
            for _ in range(random.randrange(5))
        )


class SystemTraffic(Traffic):
    """Constructors of system actors and Ethereum accounts, and whatever else they are sent."""

    unbuilt = "system"

    def fill(self, one):
        """Put more Ethereum accounts into a machine, some with addresses that are none."""
        super().fill(one)
        for place, actor_id in enumerate(UNBUILT[20:]):
            address = Address.delegated(10 + place % 3 % 2, bytes([place]) * 20)
            one.put_actor(actor_id, "ethaccount", delegated=address if place % 4 else None)

    def message(self):
        """Return the next message."""
        random = self.random
        to = random.choice([SYSTEM, ETH_ACCOUNT, *UNBUILT])
        match random.randrange(6):
            case 0 | 1 | 2:
                return SYSTEM, to, METHOD_CONSTRUCTOR, None, 0
            case 3:
                return self.person(), to, METHOD_SEND, None, random.choice([0, 9, 2 * RICH])
            case 4:
                # Balances of most of these are nothing.
                return to, self.person(), METHOD_SEND, None, random.choice([0, 1])
        return self.anyone(), to, self.number(), random.choice([None, b"\x80"]), 0
