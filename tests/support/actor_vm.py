"""A chain state with the built-in actors, and messages on it, on either engine or on both.

Nothing here stands in for the machine: state tree, kernel, call manager and actors are the real
ones. Messages are implicit: they pay no gas, so that the engines, which differ in nothing else,
must come to the same state roots. A `TwinVm` sends each message to two machines and compares exit
code, return value, events and state root.
"""

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from papyrus.actors.engine import ChosenActors, EngineChoice, NativeActors
from papyrus.actors.singletons import SYSTEM
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore, load, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.actor_codes import actor_codes
from papyrus.rules.policy import policy_of
from papyrus.rules.versions import NV28
from papyrus.storage.bundles import BundleStore
from papyrus.storage.compiled_code import CompiledCode
from papyrus.types.actor import EMPTY_STATE, ActorState, StateRoot
from papyrus.types.message import Message
from papyrus.vm.executor import execute_explicit, execute_implicit
from papyrus.vm.externs import AcceptAllProofs
from papyrus.vm.machine import Machine, NetworkContext
from papyrus.vm.payloads import cbor_block
from papyrus.vm.wasm.actors import WasmActors
from papyrus.vm.wasm.engine import Engine
from papyrus.vm.wasm.modules import ModuleStore

BUNDLE = "testing-fake-proofs"
"""The build whose policy tests run under; it takes any proof of replication for valid."""

FIRST_ID = 1000
"""The ID that the next registered address is given."""

GAS_LIMIT = 10_000_000_000_000

SINGLETONS = {
    0: "system", 1: "init", 2: "reward", 3: "cron", 4: "storagepower", 5: "storagemarket",
    6: "verifiedregistry", 7: "datacap", 10: "eam", 99: "account",
}  # fmt: skip


@cache
def released_code():
    """Return the released code that is kept here, which every machine reads beside its state."""
    return BundleStore().code_store()


@cache
def wasm_actors():
    """Return the Wasm engine that all tests share."""
    return WasmActors(ModuleStore(Engine(), CompiledCode()), released_code())


def engine_of(choice, bundle=BUNDLE):
    """Return the engine that a choice like `hybrid:evm=wasm` names."""
    parsed = EngineChoice.parse(choice)
    wasm = wasm_actors() if parsed.needs_wasm else None
    return ChosenActors(parsed, NativeActors(policy_of(bundle)), wasm)


class Externs:
    """The chain around the machine: each epoch has its own randomness, and no one is at fault."""

    def __init__(self):
        """Begin without a fault to find."""
        self.fault = None

    def chain_randomness(self, epoch):
        """Return the digest of an epoch's ticket."""
        return blake2b_256(f"ticket {epoch}".encode())

    def beacon_randomness(self, epoch):
        """Return the digest of an epoch's beacon entry."""
        return blake2b_256(f"beacon {epoch}".encode())

    def tipset_cid(self, epoch):
        """Return a CID for an epoch."""
        return Cid.of(f"tipset {epoch}".encode())

    def verify_consensus_fault(self, _first, _second, _extra):
        """Return the fault that was planted."""
        return self.fault


@dataclass(frozen=True)
class Outcome:
    """What a message came to."""

    code: int
    value: bytes
    events: tuple[Any, ...]
    failure: str | None
    gas_used: int

    @property
    def told(self):
        """What the engines must agree on."""
        return self.code, self.value, self.events


class ActorVm:
    """One state on one engine."""

    def __init__(self, engine="native", *, bundle=BUNDLE, rules=NV28, epoch=0):
        """Begin with the singletons, each without a state but system and init."""
        self.engine = engine_of(engine, bundle)
        self.bundle = bundle
        self.base = MemoryBlockstore()
        self.store = LayeredBlockstore(self.base, released_code())
        self.externs = Externs()
        self.verifier = AcceptAllProofs()
        self.context = NetworkContext(epoch, 1_700_000_000, ZERO, ZERO, rules, 314)
        self.codes = actor_codes(rules.actors_version, bundle)
        self.actors = {}
        self.nonce = 0
        manifest = put_cbor(self.base, [[name, code] for name, code in self.codes.items()])
        for actor_id, name in SINGLETONS.items():
            self.put_actor(actor_id, name)
        self.put_actor(0, "system", head=put_cbor(self.base, [manifest]))
        addresses = Hamt(self.base)
        self.put_actor(1, "init", head=put_cbor(self.base, [addresses.flush(), FIRST_ID, "vm"]))
        self.base.put(EMPTY_STATE, b"\x80")
        self.observer = None
        self.root = None
        self._machine = None

    @property
    def one(self):
        """The machine to look at: this one."""
        return self

    def each(self, action):
        """Do something to each machine there is: to this one."""
        action(self)

    # Building a state, before the first message.

    def put_actor(self, actor_id, name, state=None, *, head=EMPTY_STATE, balance=0, delegated=None):
        """Put an actor into the state; its state is a record or the CID of one."""
        if state is not None:
            head = put_cbor(self.base, state.to_ipld())
        code = self.codes.get(name, name)
        self.actors[actor_id] = ActorState(code, head, 0, TokenAmount(balance), delegated)

    def put_addresses(self, addresses, next_id=FIRST_ID):
        """Let the init actor know the IDs of some addresses."""
        names = Hamt(self.base)
        for address, actor_id in addresses.items():
            names.set(address, actor_id)
        self.put_actor(1, "init", head=put_cbor(self.base, [names.flush(), next_id, "vm"]))

    def put_account(self, actor_id, key, balance=0):
        """Put an account for a key address into the state; its ID must be told to init too."""
        self.put_actor(actor_id, "account", head=put_cbor(self.base, [bytes(key)]), balance=balance)

    def start(self):
        """Write the actors put in so far as a state tree."""
        tree = Hamt(self.base)
        for actor_id, actor in self.actors.items():
            tree.set(Address.from_id(actor_id), actor.to_ipld())
        info = put_cbor(self.base, [])
        self.root = put_cbor(self.base, StateRoot(5, tree.flush(), info).to_ipld())

    # Time and circumstances.

    @property
    def epoch(self):
        """The epoch messages are executed in."""
        return self.context.epoch

    @epoch.setter
    def epoch(self, epoch):
        self.change(epoch=epoch)

    def change(self, **circumstances):
        """Change the epoch, the base fee, the circulating supply or the rules."""
        self.flush()
        self.context = replace(self.context, **circumstances)

    @property
    def machine(self):
        """The machine at the present epoch."""
        if self.root is None:
            self.start()
        if self._machine is None:
            self._machine = Machine(
                self.store,
                self.root,
                self.context,
                self.externs,
                self.verifier,
                self.engine,
                observer=self.observer,
            )
        return self._machine

    def flush(self):
        """Write the state and return its root."""
        self.root = self.machine.flush()
        self._machine = None
        return self.root

    # Messages.

    def send(self, sender, to, method, params=None, value=0, *, explicit=False):
        """Send a message of an actor to another, each an ID or an address; return its outcome.

        `params` is a record, an address, an amount, a block, or encoded bytes. An explicit message
        is one of a block, which counts its sender's messages; it pays nothing here either.
        """
        if not isinstance(params, bytes) or isinstance(params, Address):
            block = cbor_block(params)
            params = b"" if block is None else block.data
        message = Message(
            version=0,
            to=_address(to),
            sender=_address(sender),
            nonce=self.actor(self.resolve(_address(sender))).nonce if explicit else self.nonce,
            value=TokenAmount(value),
            gas_limit=GAS_LIMIT,
            gas_fee_cap=ZERO,
            gas_premium=ZERO,
            method=method,
            params=params,
        )
        self.nonce += 1
        if explicit:
            result = execute_explicit(self.machine, message, len(message.to_cbor()))
        else:
            result = execute_implicit(self.machine, message)
        receipt = result.receipt
        return Outcome(
            receipt.exit_code,
            receipt.return_data,
            result.events,
            result.failure,
            receipt.gas_used,
        )

    def ok(self, *message, **fields):
        """Send a message that must succeed and return what it returned."""
        outcome = self.send(*message, **fields)
        assert outcome.code == 0, outcome.failure
        return outcome.value

    def cron(self):
        """Tick the cron actor, as at the end of every epoch."""
        return self.ok(SYSTEM, 3, 2)

    # Looking at the state.

    def actor(self, actor_id):
        """Return an actor as the state tree has it, or None."""
        return self.machine.tree.get(actor_id)

    def balance(self, actor_id):
        """Return an actor's balance."""
        return self.actor(actor_id).balance

    def state(self, actor_id, kind):
        """Return the state of an actor as a record."""
        return kind.from_cbor(load(self.machine.store, self.actor(actor_id).head))

    def resolve(self, address):
        """Return the ID of an address, or None."""
        return self.machine.tree.resolve(address)


class TwinVm:
    """The same state on two engines, which must never differ."""

    def __init__(self, first="native", second="wasm", **options):
        """Begin with two machines alike but for the engine."""
        self.vms = ActorVm(first, **options), ActorVm(second, **options)
        self.sent = 0

    @property
    def one(self):
        """The machine to look at: the first of both."""
        return self.vms[0]

    def each(self, action):
        """Do the same to both machines."""
        for vm in self.vms:
            action(vm)

    def send(self, *message, **fields):
        """Send a message to both, compare all that it did, and return its outcome."""
        first, second = (vm.send(*message, **fields) for vm in self.vms)
        self.sent += 1
        assert first.told == second.told, (message, first, second)
        self.compare()
        return first

    def ok(self, *message, **fields):
        """Send a message that must succeed and return what it returned."""
        outcome = self.send(*message, **fields)
        assert outcome.code == 0, outcome.failure
        return outcome.value

    def compare(self):
        """Compare the state roots, and name the actors that differ where they do."""
        first, second = (vm.machine.tree.flush() for vm in self.vms)
        assert first == second, differences(*self.vms)


def differences(first, second):
    """Return the actors that two machines disagree on, for an assertion's message."""
    trees = [dict(Hamt(vm.machine.store, _actors_root(vm)).items()) for vm in (first, second)]
    return {
        str(Address.from_bytes(key)): (trees[0].get(key), trees[1].get(key))
        for key in trees[0].keys() | trees[1].keys()
        if trees[0].get(key) != trees[1].get(key)
    }


def _actors_root(vm):
    return StateRoot.from_cbor(load(vm.machine.store, vm.machine.tree.flush())).actors


def _address(to):
    return Address.from_id(to) if isinstance(to, int) else to
