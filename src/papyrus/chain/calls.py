"""Executing messages to see what they do: again, or without sending them (chain/stmgr of Lotus).

`replay` and `compute` execute a tipset as it was executed when it joined the chain, and tell of
each message what only its execution shows: the calls it made, their gas, their failures. `call`
runs a message that nobody sent, on the state a tipset stands on, as the protocol itself would: it
needs no signature, no nonce and no funds for gas. Nothing is kept, so a state that such a message
makes is known by its root alone.

Pure functions over a store, for worker processes. Lotus refuses a call where an upgrade would first
have to rewrite the state, which may take hours; `call` goes back to the last tipset before it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from papyrus.consensus.externs import ChainExterns
from papyrus.consensus.selection import ChainMessage, select_messages
from papyrus.consensus.supply import circulating_supply
from papyrus.consensus.transition import Applied, World, apply_tipset
from papyrus.consensus.verdicts import Fault
from papyrus.ipld.blockstore import Blockstore, BufferedBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.types.message import Message
from papyrus.types.tipset import Tipset
from papyrus.vm.executor import execute_explicit, execute_implicit
from papyrus.vm.machine import Machine, NetworkContext
from papyrus.vm.observer import Observer
from papyrus.vm.state_tree import StateTree
from papyrus.vm.trace import CallTrace, Tracer

IMPLICIT_GAS_LIMIT = (2**63 - 1) // 2
"""What Lotus gives a message that pays nothing, whatever it asks for."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One message executed, and all that was seen of it."""

    applied: Applied
    trace: CallTrace | None
    """None where it was refused before it ran."""
    seconds: float
    """How long it took on this machine."""


@dataclass(frozen=True, slots=True)
class Computed:
    """A tipset executed, with what was put on top of it."""

    state_root: Cid
    invocations: tuple[Invocation, ...]
    """Every message in order, those of the protocol itself and of null rounds included."""


class _Found(Exception):  # noqa: N818 - what is looked for, not an error
    """The message looked for has been executed."""


class _Recorder:
    """Keeps what is seen of each message."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.tracer = Tracer()
        self.invocations: list[Invocation] = []
        self._clock = clock
        self._last = clock()

    def note(self, applied: Applied) -> None:
        """Keep a message just executed."""
        now = self._clock()
        self.invocations.append(Invocation(applied, self.tracer.take(), now - self._last))
        self._last = self._clock()


def replay(world: World, tipset: Tipset, cid: Cid, clock: Callable[[], float]) -> Invocation | None:
    """Return how a message of a tipset was executed; None where the tipset does not have it.

    `cid` is what the chain knows it by. What follows it in the tipset is not executed. `clock`
    gives seconds. Raises what executing a tipset raises.
    """
    recorder = _Recorder(clock)

    def note(applied: Applied) -> None:
        recorder.note(applied)
        if applied.cid == cid:
            raise _Found
        recorder.invocations.clear()

    try:
        apply_tipset(tipset, replace(world, observer=recorder.tracer, on_applied=note))
    except _Found:
        return recorder.invocations[0]
    return None


def compute(
    world: World,
    tipset: Tipset,
    height: ChainEpoch,
    messages: Sequence[Message],
    clock: Callable[[], float],
) -> Computed:
    """Return what executing a tipset gave, and then some messages on top of it at a height.

    Upgrades from the tipset's height to that one come first; cron does not run in between, as in
    Lotus. Raises what executing a tipset raises.
    """
    recorder = _Recorder(clock)
    world = replace(world, observer=recorder.tracer, on_applied=recorder.note)
    root = apply_tipset(tipset, world).state_root
    for upgrade in world.network.schedule.upgrades:
        if upgrade.migrates and tipset.height <= upgrade.height < height:
            root = world.migrate(upgrade, root)
    if messages:
        base_fee = tipset.parent_base_fee
        machine = machine_on(world, world.store, tipset, root, base_fee=base_fee, epoch=height)
        for message in messages:
            result = execute_explicit(machine, message, message.chain_length)
            recorder.note(Applied(height, message.cid, message, result, False))
        root = machine.flush()
    return Computed(root, tuple(recorder.invocations))


def call(
    world: World, tipset: Tipset, message: Message, clock: Callable[[], float]
) -> tuple[Invocation, Tipset]:
    """Return what a message that nobody sent does on a tipset, and on which one it ran.

    It runs on the state that the tipset stands on, at its height, after the messages that its
    sender has in it. Its nonce is filled in, and with a fee cap of 0 its gas costs nothing. Invalid
    where its sender does not exist or a message is malformed.
    """
    tipset = without_migration(world, tipset)
    recorder = _Recorder(clock)
    store = BufferedBlockstore(world.store)
    base_fee = tipset.parent_base_fee
    machine = machine_on(world, store, tipset, tipset.parent_state_root, base_fee=base_fee)
    for earlier in _of_sender(world, tipset, machine.tree, message):
        execute_explicit(machine, earlier.unsigned, earlier.chain_length)
    root = machine.flush()

    machine = machine_on(
        world,
        store,
        tipset,
        root,
        base_fee=base_fee if message.gas_fee_cap else ZERO,
        observer=recorder.tracer,
    )
    actor_id = machine.tree.resolve(message.sender)
    actor = None if actor_id is None else machine.tree.get(actor_id)
    if actor is None:
        raise Invalid(
            Fault.SENDER_NOT_FOUND, sentence("sender {} not found on chain", message.sender)
        )
    turn = replace(message, nonce=actor.nonce, gas_limit=IMPLICIT_GAS_LIMIT)
    result = execute_implicit(machine, turn)
    recorder.note(Applied(tipset.height, turn.cid, turn, result, True))
    return recorder.invocations[0], tipset


def machine_on(
    world: World,
    store: Blockstore,
    tipset: Tipset,
    root: Cid,
    *,
    base_fee: TokenAmount,
    epoch: ChainEpoch | None = None,
    observer: Observer | None = None,
) -> Machine:
    """Return a machine on a state, with a tipset's chain around it.

    Its epoch is the tipset's unless told. New blocks go to the store.
    """
    height = tipset.height if epoch is None else epoch
    supply = circulating_supply(world.network, height, StateTree(store, root))
    context = NetworkContext(
        epoch=height,
        timestamp=tipset.min_timestamp,
        base_fee=base_fee,
        circulating_supply=supply.circulating,
        rules=world.network.rules_at(height),
        chain_id=world.network.ethereum_chain_id,
    )
    externs = ChainExterns(
        source=world.source,
        store=store,
        network=world.network,
        tipset=tipset,
        epoch=height,
        state_root=root,
    )
    watching = observer or world.observer
    return Machine(store, root, context, externs, world.verifier, world.engine, watching)


def without_migration(world: World, tipset: Tipset) -> Tipset:
    """Return the tipset, or the last before it at which no state is rewritten."""
    while tipset.height > 0:
        parent = world.source.tipset(tipset.parents)
        heights = range(parent.height, tipset.height + 1)
        if not any(world.network.schedule.migration_at(height) for height in heights):
            break
        tipset = parent
    return tipset


def _of_sender(
    world: World, tipset: Tipset, tree: StateTree, message: Message
) -> Iterator[ChainMessage]:
    """Yield the messages of a tipset that name the same sender, written the same way."""
    if tipset.height == 0:
        return
    for block in select_messages(world.store, tipset, tree, world.network):
        for earlier in block.messages:
            if earlier.unsigned.sender == message.sender:
                yield earlier
