"""Random messages to every method of every actor, with values of the right kinds and no more sense.

Everything follows from a seed. The world has one of each actor, one of each that was not built yet,
and a contract that makes calls, half of them ones that may not write. What comes of it is mostly
a refusal: this is how each method meets whoever may not call it, and what it cannot read or use.
"""

from collections import Counter
from enum import Enum
from random import Random
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from contracts import INVOKE, READ_ONLY, WORD, put_contract, word
from lax_cbor import variants
from markets import add_balance
from mutations import mangled
from network import CRON, EAM, INIT, MARKET, POWER, REWARD, SYSTEM
from upkeep import (
    CLIENT,
    OWNER,
    PEOPLE,
    ROOT,
    VERIFIER,
    WINDOW_POST_2KIB,
    WORKER,
    commit,
    give_datacap,
    new_miner,
    world,
)

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.init.params import EXEC, ExecParams, ExecReturn
from papyrus.actors.multisig.params import ConstructorParams as MultisigParams
from papyrus.actors.paych.params import ConstructorParams as ChannelParams
from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams, CreateMinerReturn
from papyrus.actors.registry import ACTORS
from papyrus.actors.verifreg.params import ADD_VERIFIER, VerifierParams
from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import CBOR, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.ipld.schema import BigIntegerForm, Length, Width
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import cbor_block, encoded

FORWARDER, PLACEHOLDER, ETH_ACCOUNT = 301, 302, 303
UNBUILT = 400
"""The ID of the first actor that has no state yet."""


class MethodTraffic:
    """One of each actor, and one random message after another."""

    def __init__(self, vm, seed):
        """Make the actors."""
        self.vm = vm
        self.random = Random(seed)  # noqa: S311 - the same messages every time
        self.codes = Counter()
        """How often each (actor, method, exit code) was seen."""
        vm.each(self._fill)
        world(vm)
        give_datacap(vm, 1 << 30)
        self.miner = new_miner(vm)
        commit(vm, self.miner, range(3), 30)
        self.owned = self._owned_miner()
        signers = OWNER.address, WORKER.address, Address.from_id(FORWARDER)
        multisig = self._made("multisig", MultisigParams(signers, 1, 0, 0))
        channel = self._made("paymentchannel", ChannelParams(CLIENT.address, OWNER.address))
        self.places = {
            "system": SYSTEM, "init": INIT, "reward": REWARD, "cron": CRON, "storagepower": POWER,
            "storagemarket": MARKET, "verifiedregistry": 6, "datacap": 7, "account": OWNER.id,
            "storageminer": self.miner, "multisig": multisig, "paymentchannel": channel,
            "placeholder": PLACEHOLDER, "ethaccount": ETH_ACCOUNT,
        }  # fmt: skip
        self.senders = [
            *(SYSTEM, INIT, REWARD, CRON, POWER, MARKET, 6, 7, EAM),
            *(person.id for person in PEOPLE),
            *(self.miner, multisig, channel, PLACEHOLDER),
            *4 * (FORWARDER,),
        ]
        self.addresses = [
            *(person.address for person in PEOPLE),
            *(person.key for person in PEOPLE),
            *map(Address.from_id, self.places.values()),
            Address.from_id(FORWARDER),
            Address.from_id(9999),
            Address.actor(b"nobody"),
            Address.delegated(EAM, bytes(20)),
        ]

    def _fill(self, one):
        put_contract(one, FORWARDER)
        ethereum = Address.from_ethereum(b"\x07" * 20)
        one.put_actor(PLACEHOLDER, "placeholder", delegated=ethereum)
        one.put_actor(ETH_ACCOUNT, "ethaccount", delegated=Address.from_ethereum(b"\x08" * 20))
        for place, name in enumerate(ACTORS):
            one.put_actor(UNBUILT + place, name, balance=10**20)

    def _owned_miner(self):
        """Return a miner that belongs to the contract, which is a verifier and has funds too."""
        owner = Address.from_id(FORWARDER)
        params = CreateMinerParams(owner, WORKER.key, WINDOW_POST_2KIB, b"peer", ())
        answer = self.vm.ok(OWNER.id, POWER, CREATE_MINER, params, 10**21)
        add_balance(self.vm, FORWARDER, 10**18)
        params = VerifierParams(owner, 1 << 30)
        self.vm.ok(ROOT.id, 6, ADD_VERIFIER, params)
        return CreateMinerReturn.from_cbor(answer).id_address.id

    def _made(self, name, params):
        code = self.vm.one.codes[name]
        answer = self.vm.ok(OWNER.id, INIT, EXEC, ExecParams(code, params.to_cbor()), 10**18)
        return ExecReturn.from_cbor(answer).id_address.id

    def step(self):
        """Send one message, in this epoch or a later one."""
        random = self.random
        if random.random() < 0.05:
            epoch = self.vm.one.epoch + random.choice([1, 1, 60, 2880])
            self.vm.each(lambda one: one.change(epoch=epoch))
        name = random.choice(list(self.places))
        to = self.places[name]
        if name == "storageminer" and random.random() < 0.5:
            to = self.owned
        if random.random() < 0.1:
            to = UNBUILT + list(ACTORS).index(name)
        number, params = self._asked(name)
        if name == "init" and params and not self._names_code(params):
            # Code that no machine has would end on this machine, not in a receipt; the one actor
            # that may ask for any code asks for that of contracts.
            params = None
        if random.random() < 0.4:
            sender, to, number, params = self._forwarded(to, number, params)
        else:
            sender = random.choice(self.senders)
        value = random.choice([0] * 9 + [5])
        outcome = self.vm.send(sender, to, number, params, value)
        self.codes[name, number, outcome.code] += 1

    def check(self):
        """Ask nothing of the state: a system actor with a mind of its own leaves it as it likes."""

    def _asked(self, name):
        """Return the number of a method, and parameters for it."""
        random = self.random
        table = ACTORS[name].table
        if not table or random.random() < 0.03:
            odd = [5, 99, FIRST_EXPORTED_METHOD - 1, FIRST_EXPORTED_METHOD, 2**64 - 1]
            return random.choice(odd), random.choice([None, b"\x80"])
        number = random.choice(list(table))
        kind = table[number].params
        chance = random.random()
        if kind in (NoneType, Block | None):
            return number, b"\x80" if chance < 0.2 else None
        if chance < 0.08:
            return number, None
        if chance < 0.2:
            return number, random.choice(variants(kind))[1]
        params = encoded(kind, self.drawn(kind))
        return number, mangled(random, params) if chance < 0.25 else params

    def _names_code(self, params):
        return any(bytes(code) in params for code in self.vm.one.codes.values())

    def _forwarded(self, to, number, params):
        """Return a message to the contract, which makes the call."""
        flags = READ_ONLY if self.random.random() < 0.5 else 0
        block = params if isinstance(params, bytes) else getattr(cbor_block(params), "data", None)
        data, codec = (b"", 0) if block is None else (block, CBOR)
        head = [number, 0, flags, codec, 6 * WORD, to, len(data)]
        called = b"".join(map(word, head)) + data
        return OWNER.id, FORWARDER, INVOKE, encode(called)

    # Values of a kind.

    def drawn(self, kind: Any) -> Any:
        """Return some value of an annotation."""
        random = self.random
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self._marked(arguments[0], arguments[1:])
        if origin in (Union, UnionType):
            return self.drawn(random.choice(arguments))
        if origin is tuple:
            inner = arguments
            if arguments[-1] is Ellipsis:
                inner = arguments[:1] * random.choice([0, 1, 1, 1, 2, 3])
            return tuple(self.drawn(each) for each in inner)
        if kind is NoneType:
            return None
        if kind is GivenSignature:
            return GivenSignature(random.choice(list(SignatureType)), bytes(65))
        if isinstance(kind, type) and issubclass(kind, Record):
            hints = get_type_hints(kind, include_extras=True)
            return kind(*(self.drawn(hint) for name, hint in hints.items() if name[0] != "_"))
        return self._simple(kind)

    def _simple(self, kind):
        random = self.random
        if kind is bool:
            return random.random() < 0.5
        if kind is str:
            return random.choice(["", "label", "x" * 300])
        if kind is Cid:
            return random.choice([Cid.of(b"some"), *self.vm.one.codes.values()])
        if kind is Address:
            return random.choice(self.addresses)
        if kind is TokenAmount:
            return TokenAmount(random.choice([0, 1, -1, 10**9, 10**18, 10**21, 10**30]))
        if kind is BitField:
            return BitField.from_bits(random.choice([[], [0], [0, 1, 2], [70_000], [2**63]]))
        if kind is bytes:
            return random.choice([b"", b"\x80", b"\x01\x02", bytes(192), bytes(3000)])
        return kind.from_bytes(b"\x01" + bytes(65)) if hasattr(kind, "from_bytes") else kind("x")

    def _marked(self, base, marks):
        random = self.random
        for mark in marks:
            if isinstance(mark, Width):
                if issubclass(base, Enum):
                    return random.choice(list(base))
                ids = [self.miner, VERIFIER.id, CLIENT.id]
                top = (1 << mark.bits - mark.signed) - 1
                near = [self.vm.one.epoch, self.vm.one.epoch - 1, self.vm.one.epoch + 10**6]
                return min(random.choice([0, 0, 1, 2, 5, 10, 30, 2048, *ids, *near, top]), top)
            if isinstance(mark, BigIntegerForm):
                return random.choice([0, 1, 10**6, 10**18, 10**30])
            if isinstance(mark, Length):
                return bytes(mark.length)
        return self.drawn(base)
