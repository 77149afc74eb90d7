"""A small chain state with hand-written actors, and messages on it.

Nothing here stands in for the machine: state tree, kernel and Wasm engine are the real ones. Each
message is applied twice, watched and unwatched, and both must agree; the watched one tells every
charge in milligas.
"""

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import programs
import pytest

from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import DAG_CBOR, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.versions import NV18, NV28, rules_for
from papyrus.types.actor import EMPTY_STATE, ActorState, StateRoot
from papyrus.types.message import Message
from papyrus.vm.executor import ApplyResult, execute_explicit, execute_implicit
from papyrus.vm.externs import AcceptAllProofs, ConsensusFault, ConsensusFaultType
from papyrus.vm.gas_outputs import gas_outputs
from papyrus.vm.machine import Machine, NetworkContext
from papyrus.vm.state_tree import StateTree
from papyrus.vm.trace import Tracer
from papyrus.vm.wasm.actors import WasmActors
from papyrus.vm.wasm.engine import Engine
from papyrus.vm.wasm.modules import ModuleStore

FIL = 10**18
SYSTEM, INIT, REWARD, EAM, BURNT, SENDER, ACTOR, OTHER = 0, 1, 2, 10, 99, 100, 1000, 1001
SENDER_KEY = Address.secp256k1(b"\x04" + bytes(64))
FIRST_NEW = 2000
"""The ID that the next registered address is given."""

EPOCH = 5000
BASE_FEE = TokenAmount(100)
GAS_LIMIT = 9_000_000_000
RAW_LENGTH = 200

NAMES = ("system", "init", "account", "reward", "placeholder", "eam", "ethaccount", "tester")


@cache
def actors():
    """Return the engine that all tests share, and the store of actor code."""
    code = MemoryBlockstore()
    return WasmActors(ModuleStore(Engine()), code), code


class Chain:
    """The chain around the machine: every epoch up to the present has randomness and a tipset."""

    def chain_randomness(self, epoch):
        """Return the digest of an epoch's ticket."""
        return self._digest("ticket", epoch)

    def beacon_randomness(self, epoch):
        """Return the digest of an epoch's beacon entry."""
        return self._digest("beacon", epoch)

    def tipset_cid(self, epoch):
        """Return a CID that depends on the epoch."""
        return Cid.of(b"\x1a" + epoch.to_bytes(4, "big"))

    def verify_consensus_fault(self, first, second, extra):
        """Find a fault where the second header continues the first and the extra."""
        if second != first + extra:
            return None
        return ConsensusFault(1234, EPOCH - 7, ConsensusFaultType.PARENT_GRINDING)

    def _digest(self, kind, epoch):
        if not 0 <= epoch <= EPOCH:
            message = f"no {kind} at epoch {epoch}"
            raise LookupError(message)
        return blake2b_256(f"{kind} {epoch}".encode())


@dataclass
class Call:
    """A call as the observer saw it; `log` holds its charges and the calls it made, in order."""

    to: Address
    limit: int = 2**64
    """The gas it could use, in milligas."""
    log: list[Any] = field(default_factory=list)
    used: int | None = None

    @property
    def calls(self):
        """The calls it made."""
        return [entry for entry in self.log if isinstance(entry, Call)]

    @property
    def charges(self):
        """Its own charges in milligas: name, compute, storage."""
        return [entry for entry in self.log if not isinstance(entry, Call)]

    @property
    def names(self):
        """The names of its own charges."""
        return [name for name, _, _ in self.charges]

    @property
    def total(self):
        """Milligas used in it and in all calls it made."""
        if self.used is None:
            self.used = sum(
                entry.total if isinstance(entry, Call) else entry[1] + entry[2]
                for entry in self.log
            )
        return min(self.used, self.limit)

    def of_step(self, index):
        """Return what was charged for a system call of the actor, beyond the call itself."""
        starts = [at for at, entry in enumerate(self.log) if entry[:1] == ("OnSyscall",)]
        found = []
        for entry in self.log[starts[index] + 1 :]:
            if isinstance(entry, Call) or entry[0] == "wasm_exec":
                break
            found.append(entry)
        return found

    def __getitem__(self, key):
        """Let a call stand among charges."""
        return ("call", self.to)[key]


class Recorder(Tracer):
    """A tracer that keeps charges in milligas too."""

    __slots__ = ("stack",)

    def __init__(self):
        """Start outside of any call."""
        super().__init__()
        self.stack = [Call(Address.from_id(0))]

    def gas_charged(self, name, compute, storage):
        """Keep the charge."""
        super().gas_charged(name, compute, storage)
        self.stack[-1].log.append((name, compute, storage))

    def called(self, request, gas_limit):
        """Open a call."""
        super().called(request, gas_limit)
        call = Call(request.to, gas_limit * 1000)
        self.stack[-1].log.append(call)
        self.stack.append(call)

    def returned(self, exit_code, value):
        """Close a call."""
        super().returned(exit_code, value)
        self._close()

    def failed(self, error):
        """Close a call."""
        super().failed(error)
        self._close()

    def _close(self):
        # Counted while what it called has just been, so that no depth is too much.
        assert self.stack.pop().total >= 0


@dataclass(frozen=True)
class Outcome:
    """What a message did."""

    result: ApplyResult
    root: Cid
    tree: StateTree
    everything: Call
    """What happened before, in and after the message's call."""
    trace: Any
    steps: tuple = ()

    @property
    def receipt(self):
        """The receipt."""
        return self.result.receipt

    @property
    def code(self):
        """The exit code."""
        return self.result.receipt.exit_code

    @property
    def call(self):
        """The message's own call."""
        return self.everything.calls[0]

    def actor(self, actor_id):
        """Return an actor as it is afterwards."""
        return self.tree.get(actor_id)

    def balance(self, actor_id):
        """Return a balance as it is afterwards."""
        return int(self.tree.get(actor_id).balance)


class World:
    """A state and the rules it is under; messages change it."""

    at = programs.At
    buffer = programs.Buffer
    room = programs.Room
    got = programs.Got
    params = programs.Params()
    pointer = programs.Pointer

    def __init__(self, rules):
        """Build the state: the actors the machine needs and one funded account."""
        self.rules = rules
        self.kernel = rules.kernel
        self.prices = rules.prices
        self.engine, self.code = actors()
        self.store = MemoryBlockstore()
        self.verifier = AcceptAllProofs()
        self.externs = Chain()
        self.context = NetworkContext(EPOCH, 1_700_000_000, BASE_FEE, TokenAmount(7), rules, 314)
        self.codes = {name: self.install(self._builtin(name)) for name in NAMES}
        manifest = put_cbor(self.store, [[name, self.codes[name]] for name in NAMES])
        self.states = {}
        self.addresses = {SENDER_KEY: SENDER}
        self.nonces = defaultdict(int)
        self.put_actor(SYSTEM, "system", head=put_cbor(self.store, [manifest]))
        self.put_actor(INIT, "init")
        self.put_actor(REWARD, "reward", balance=1000 * FIL)
        self.put_actor(EAM, "eam")
        self.put_actor(BURNT, "account")
        self.put_actor(SENDER, "account", balance=1_000_000 * FIL)
        self.root = None

    def program(self, *steps, **options):
        """Return the actor that makes these system calls."""
        return programs.program(self.kernel, *steps, **options)

    def raw(self, body, *calls, **options):
        """Return the actor whose entry point has this body."""
        return programs.raw(self.kernel, body, *calls, **options)

    def install(self, program):
        """Put code where the engine finds it and return its CID."""
        self.code.put(program.cid, program.code)
        return program.cid

    def put(self, data, codec=DAG_CBOR):
        """Put a block into the state and return its CID."""
        cid = Cid.of(data, codec)
        self.store.put(cid, data)
        return cid

    def put_actor(self, actor_id, what, *, head=EMPTY_STATE, balance=0, nonce=0, delegated=None):
        """Put an actor into the state, which starts over.

        `what` is a name of the manifest, a program, or the CID of some code.
        """
        if isinstance(what, programs.Program):
            what = self.install(what)
        code = self.codes.get(what, what)
        self.states[actor_id] = ActorState(code, head, nonce, TokenAmount(balance), delegated)
        if delegated is not None:
            self.addresses[delegated] = actor_id
        self.nonces.clear()
        self.root = None

    def message(self, to=ACTOR, **fields):
        """Return a message of the account to an actor's ID or an address."""
        sender = fields.pop("sender", SENDER_KEY)
        values = {
            "version": 0,
            "to": Address.from_id(to) if isinstance(to, int) else to,
            "sender": sender,
            "nonce": self.nonces[sender],
            "value": TokenAmount(0),
            "gas_limit": GAS_LIMIT,
            "gas_fee_cap": TokenAmount(1000),
            "gas_premium": TokenAmount(10),
            "method": 2,
            "params": b"",
        }
        return Message(**(values | fields))

    def machine(self, observer=None):
        """Return a machine on the state."""
        return Machine(
            self.store,
            self.genesis() if self.root is None else self.root,
            self.context,
            self.externs,
            self.verifier,
            self.engine,
            observer,
        )

    def genesis(self):
        """Write the actors and addresses put in so far and return the state root."""
        names = Hamt(self.store)
        for address, actor_id in self.addresses.items():
            names.set(address, actor_id)
        init = put_cbor(self.store, [names.flush(), FIRST_NEW, "testing"])
        self.states[INIT] = self.states[INIT].with_head(init)
        self.store.put(EMPTY_STATE, b"\x80")
        tree = Hamt(self.store)
        for actor_id, state in self.states.items():
            tree.set(Address.from_id(actor_id), state.to_ipld())
        info = put_cbor(self.store, [])
        self.root = put_cbor(self.store, StateRoot(5, tree.flush(), info).to_ipld())
        return self.root

    def apply(self, message, *, raw_length=RAW_LENGTH, implicit=False, counted=True):
        """Apply a message, watched and not, and return what it did; the state moves on.

        `counted` says whether the receipt counts all gas that was charged.
        """
        before = self.total_balance()

        def once(observer):
            machine = self.machine(observer)
            if implicit:
                result = execute_implicit(machine, message)
            else:
                result = execute_explicit(machine, message, raw_length)
            return result, machine.flush()

        recorder = Recorder()
        result, root = once(recorder)
        assert (result, root) == once(None)
        self.root = root
        outcome = Outcome(
            result, root, StateTree(self.store, root), recorder.stack[0], recorder.take()
        )
        assert len(recorder.stack) == 1
        if result.receipt.gas_used:
            assert self.total_balance() == before
        if not implicit and result.receipt.gas_used:
            self.nonces[message.sender] = message.nonce + 1
            _check_fees(message, result)
        if result.receipt.exit_code == 0 and counted:
            used = outcome.everything.total
            assert result.receipt.gas_used == -(-used // 1000) <= message.gas_limit
        return outcome

    def send(self, to=ACTOR, **fields):
        """Apply a message of the account."""
        return self.apply(self.message(to, **fields))

    def run(
        self,
        *steps,
        at=ACTOR,
        ending=None,
        pages=1,
        balance=0,
        head=EMPTY_STATE,
        recounted=0,
        **fields,
    ):
        """Put an actor that makes these system calls at an ID, and send it a message.

        Where it comes to its end, what its instructions cost is held to the number of them;
        `recounted` is how often that is charged once more.
        """
        made = self.program(*steps, ending=ending, pages=pages)
        self.put_actor(at, made, balance=balance, head=head)
        outcome = self.send(at, **fields)
        if outcome.code or ending is not None:
            return outcome
        charged = defaultdict(int)
        for name, compute, _ in outcome.call.charges:
            charged[name] += compute
        assert charged["wasm_memory_init"] == made.memory_gas
        assert charged["wasm_exec"] == made.exec_gas * (1 + recounted)
        assert outcome.call.names.count("OnSyscall") == len(steps) + 1
        return replace(outcome, steps=made.read(outcome.receipt.return_data))

    def run_raw(self, body, *calls, balance=0, options=None, **fields):
        """Put an actor whose entry point has this body at ID 1000, and send it a message."""
        self.put_actor(ACTOR, self.raw(body, *calls, **(options or {})), balance=balance)
        return self.send(**fields)

    def total_balance(self):
        """Return all attoFIL there is."""
        tree = StateTree(self.store, self.genesis() if self.root is None else self.root)
        return sum(ActorState.from_ipld(value).balance for _, value in tree._hamt.items())

    def _builtin(self, name):
        """Return code for a name: each differs; an account keeps its parameters as its state."""
        mark = f'(export "is_{name}" (memory 0))'
        if name != "account":
            return self.raw("i32.const 0", more=mark)
        body = """i32.const 100 local.get $params i64.const 0xb220 i32.const 32 i32.const 0
        i32.const 50 call $ipld.block_link drop i32.const 0 call $self.set_root drop i32.const 0"""
        return self.raw(body, "ipld.block_link", "self.set_root", more=mark)


def _check_fees(message, result):
    """Hold the result to the split of the fee, which has tests of its own."""
    split = gas_outputs(
        gas_used=result.receipt.gas_used,
        gas_limit=message.gas_limit,
        base_fee=BASE_FEE,
        fee_cap=message.gas_fee_cap,
        premium=message.gas_premium,
    )
    assert (
        result.base_fee_burn,
        result.over_estimation_burn,
        result.penalty,
        result.miner_tip,
        result.refund,
        result.gas_refund,
        result.gas_burned,
    ) == (
        split.base_fee_burn,
        split.over_estimation_burn,
        split.miner_penalty,
        split.miner_tip,
        split.refund,
        split.gas_refund,
        split.gas_burned,
    )


@pytest.fixture(params=[NV18, NV28], ids=["nv18", "nv28"])
def world(request):
    """Return a world under the rules of either kernel."""
    return World(request.param)


@pytest.fixture
def old_world():
    """Return a world under the rules of fvm 3."""
    return World(NV18)


@pytest.fixture
def new_world():
    """Return a world under the rules of fvm 4."""
    return World(NV28)


@pytest.fixture(scope="session")
def make_world():
    """Return what makes a world under given rules."""
    return World


@pytest.fixture(scope="session")
def rules_by_version():
    """Return what tells the rules of a network version."""
    return rules_for
