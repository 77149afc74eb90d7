"""The state transition: what executing a tipset makes of the state (spec 4.5, node.md 3.7).

Epochs without blocks come first: at each of them cron runs on its own, and at the heights where an
upgrade falls the state is migrated. Then one machine applies the messages that count, block by
block, and after each block awards its producer. Cron closes the epoch. Receipts are for messages
only; awards and cron leave none, and must succeed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from papyrus.consensus.chain import TipsetSource
from papyrus.consensus.externs import ChainExterns
from papyrus.consensus.selection import BlockMessages, select_messages
from papyrus.consensus.supply import circulating_supply
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import I64
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import Fatal, LocalFault
from papyrus.rules.network import Network
from papyrus.rules.schedule import Upgrade
from papyrus.types.message import MESSAGE_VERSION, Message
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset
from papyrus.vm import deep_stack
from papyrus.vm.executor import ApplyResult, execute_explicit, execute_implicit
from papyrus.vm.externs import Verifier
from papyrus.vm.machine import ActorEngine, Machine, NetworkContext
from papyrus.vm.observer import Observer
from papyrus.vm.state_tree import REWARD_ACTOR, SYSTEM_ACTOR, StateTree

_CRON_ACTOR = 3
_AWARD_BLOCK_REWARD = 2
_EPOCH_TICK = 2

_IMPLICIT_GAS_LIMIT = (2**63 - 1) // 2
"""What Lotus gives every message of the protocol itself, whatever the message says."""

Migrate = Callable[[Upgrade, Cid], Cid]
"""Rewrites a state for an upgrade and returns the new state root."""


@cbor_tuple
class AwardBlockRewardParams(Record):
    """What the reward actor is told of a block."""

    miner: Address
    penalty: TokenAmount
    gas_reward: TokenAmount
    win_count: I64


@dataclass(frozen=True, slots=True)
class Applied:
    """One message that was executed."""

    epoch: ChainEpoch
    cid: Cid
    """The CID the chain knows it by."""
    message: Message
    result: ApplyResult
    is_implicit: bool


@dataclass(frozen=True, slots=True)
class TipsetOutcome:
    """What executing a tipset gave."""

    state_root: Cid
    receipts_root: Cid
    receipts: tuple[Receipt, ...]
    applied: tuple[Applied, ...]
    """Every message in order, those of the protocol itself and of null rounds included."""


def refuse_migration(upgrade: Upgrade, root: Cid) -> Cid:
    """Refuse to go on, since executing without the migration would give a wrong state."""
    raise LocalFault(
        f"the upgrade to network version {upgrade.network_version} at height {upgrade.height} "
        f"rewrites the state {root}, and no migration was supplied for it"
    )


@dataclass(frozen=True, slots=True)
class World:
    """Everything around a tipset that its execution needs."""

    network: Network
    source: TipsetSource
    """Where earlier tipsets are found."""
    store: Blockstore
    """Where blocks, messages and state are, and where new state goes."""
    verifier: Verifier
    engine: ActorEngine
    migrate: Migrate = refuse_migration
    observer: Observer | None = None
    """Watches the machine."""
    on_applied: Callable[[Applied], None] | None = None
    """Is told of each message once it is done."""
    recorded: Sequence[Receipt] | None = None
    """The network's receipts of the tipset's messages, for an engine that cannot count all gas."""


def apply_tipset(tipset: Tipset, world: World) -> TipsetOutcome:
    """Return the state and the receipts that executing a tipset on its parent state gives.

    Raises Invalid where the tipset is at fault, Fatal where a message of the protocol itself
    fails, LocalFault where this machine lacks something.
    """
    # One stack for all of them: making one takes a twentieth of a short message's time.
    return deep_stack.call(_apply_tipset, tipset, world)


def _apply_tipset(tipset: Tipset, world: World) -> TipsetOutcome:
    root = tipset.parent_state_root
    if tipset.height == 0:
        return TipsetOutcome(root, tipset.parent_message_receipts, (), ())
    blocks = select_messages(world.store, tipset, StateTree(world.store, root), world.network)
    parent_height = world.source.tipset(tipset.parents).height
    run = _Run(tipset, world)

    for epoch in range(parent_height, tipset.height):
        if epoch > parent_height:
            root = run.null_round(epoch, root)
        upgrade = world.network.schedule.migration_at(epoch)
        if upgrade is not None:
            root = world.migrate(upgrade, root)

    machine = run.machine(root, tipset.height, tipset.min_timestamp)
    receipts = [receipt for block in blocks for receipt in run.block(machine, block)]
    run.cron(machine)
    return TipsetOutcome(
        state_root=machine.flush(),
        receipts_root=amt_root(world.store, [receipt.to_ipld() for receipt in receipts]),
        receipts=tuple(receipts),
        applied=tuple(run.applied),
    )


@dataclass(slots=True)
class _Run:
    """One execution of a tipset: what it has applied so far."""

    tipset: Tipset
    world: World
    applied: list[Applied] = field(default_factory=list)
    seen: set[Cid] = field(default_factory=set)

    def machine(self, root: Cid, epoch: ChainEpoch, timestamp: int) -> Machine:
        """Return a machine on a state at an epoch."""
        world = self.world
        supply = circulating_supply(world.network, epoch, StateTree(world.store, root))
        context = NetworkContext(
            epoch=epoch,
            timestamp=timestamp,
            base_fee=self.tipset.parent_base_fee,
            circulating_supply=supply.circulating,
            rules=world.network.rules_at(epoch),
            chain_id=world.network.ethereum_chain_id,
        )
        externs = ChainExterns(
            source=world.source,
            store=world.store,
            network=world.network,
            tipset=self.tipset,
            epoch=epoch,
            state_root=root,
        )
        return Machine(
            world.store, root, context, externs, world.verifier, world.engine, world.observer
        )

    def null_round(self, epoch: ChainEpoch, root: Cid) -> Cid:
        """Return the state after cron at an epoch without blocks."""
        machine = self.machine(root, epoch, self.world.network.timestamp_at(epoch))
        self.cron(machine)
        return machine.flush()

    def block(self, machine: Machine, block: BlockMessages) -> Iterator[Receipt]:
        """Apply the messages of a block, yield their receipts, and then award its producer."""
        penalty = tips = ZERO
        for chain_message in block.messages:
            message = chain_message.unsigned
            if message.cid in self.seen:
                continue
            self.seen.add(message.cid)
            result = execute_explicit(
                machine, message, chain_message.chain_length, self._recorded()
            )
            self._note(Applied(machine.context.epoch, chain_message.cid, message, result, False))
            penalty += result.penalty
            tips += result.miner_tip
            yield result.receipt
        params = AwardBlockRewardParams(block.miner, penalty, tips, block.win_count)
        self._implicit(machine, REWARD_ACTOR, _AWARD_BLOCK_REWARD, params.to_cbor())

    def _recorded(self) -> Receipt | None:
        """Return the network's receipt of the message that was seen last, where they are known."""
        if self.world.recorded is None:
            return None
        place = len(self.seen) - 1
        if place >= len(self.world.recorded):
            raise LocalFault(f"the tipset has more messages than {place} recorded receipts")
        return self.world.recorded[place]

    def cron(self, machine: Machine) -> None:
        """Let cron tick."""
        self._implicit(machine, _CRON_ACTOR, _EPOCH_TICK, b"")

    def _implicit(self, machine: Machine, actor: int, method: int, params: bytes) -> None:
        epoch = machine.context.epoch
        message = Message(
            version=MESSAGE_VERSION,
            to=Address.from_id(actor),
            sender=Address.from_id(SYSTEM_ACTOR),
            nonce=epoch,
            value=ZERO,
            gas_limit=_IMPLICIT_GAS_LIMIT,
            gas_fee_cap=ZERO,
            gas_premium=ZERO,
            method=method,
            params=params,
        )
        result = execute_implicit(machine, message)
        self._note(Applied(epoch, message.cid, message, result, True))
        if not result.receipt.is_success:
            raise Fatal(
                f"method {method} of actor {actor} at epoch {epoch} exited with "
                f"{result.receipt.exit_code}: {result.failure}"
            )

    def _note(self, applied: Applied) -> None:
        self.applied.append(applied)
        if self.world.on_applied is not None:
            self.world.on_applied(applied)
