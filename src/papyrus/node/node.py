"""A node: its parts, and how they hang together.

Everything is put together in `open_node`, in one place, so that a reader sees who knows whom. The
parts meet through small protocols and never import each other; what they tell one another goes
through the observers set here.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from papyrus.chain.bad_blocks import BadBlocks
from papyrus.chain.head_changes import HeadChange
from papyrus.chain.indexing import Progress
from papyrus.chain.opening import Chain, GenesisBlocks, open_chain
from papyrus.chain.states import States
from papyrus.chain.store import ChainStore
from papyrus.consensus.winning_sectors import WinningPoStVerifier
from papyrus.mining.base_info import BeaconSource
from papyrus.mining.slash_filter import SlashFilter
from papyrus.mpool.chain_view import StoredChainView, TipsetContents
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.pool import MessagePool
from papyrus.node.announced_head import AnnouncedHead
from papyrus.node.block_intake import BlockIntake
from papyrus.node.chain_thread import ChainThread
from papyrus.node.clock import Clock
from papyrus.node.config import Config
from papyrus.node.disk_thread import DiskThread
from papyrus.node.executed_head import ExecutedHead
from papyrus.node.execution import (
    ExecutionMeans,
    ExecutionPlan,
    Proofs,
    execution_over,
    open_execution,
)
from papyrus.node.health import NodeStatus
from papyrus.node.index_thread import IndexThread
from papyrus.node.kept_messages import KeptMessages
from papyrus.node.logging import part
from papyrus.node.loop_watch import LoopWatch
from papyrus.node.message_search import MessageSearch
from papyrus.node.metrics import Metrics
from papyrus.node.notes_thread import NotesThread
from papyrus.node.pool_settings import kept_settings
from papyrus.node.pushing import Pushing
from papyrus.node.repository import Repository
from papyrus.node.sync_log import SyncLog
from papyrus.node.tipset_states import TipsetStates
from papyrus.node.workers import InlineWorkers, Workers
from papyrus.primitives.address import Address
from papyrus.primitives.errors import PapyrusError
from papyrus.rules.network import Network
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.wallet.wallet import Wallet

AGENT = f"papyrus-{version('papyrus-filecoin')}"

_MOST_READ = 1000
"""Tipsets of a change of the head that are read beforehand: more than a finality."""

_log = part("node")


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a node is made of that its configuration does not say."""

    network: Network
    repository: Repository
    config: Config
    clock: Clock
    wallet: Wallet
    beacons: BeaconSource
    verifier: WinningPoStVerifier
    proofs: Proofs = "none"
    genesis: Path | GenesisBlocks | None = None
    """For a folder that has none yet."""
    workers: int = 1
    """Processes that execute; 0 lets the node's own do it."""
    head_is_due: bool = True
    """Whether the head should change by itself; not on a network that waits for messages."""


@dataclass(slots=True)
class Node:
    """A node that is open."""

    plan: NodePlan
    opened: Chain
    workers: Workers[ExecutionMeans] | InlineWorkers[ExecutionMeans]
    states: TipsetStates
    executed: ExecutedHead
    view: StoredChainView
    pool: MessagePool
    pushing: Pushing
    """How users' messages come into it."""
    intake: BlockIntake
    slash_filter: DiskThread[SlashFilter]
    """What keeps blocks made here from getting their miners slashed."""
    thread: ChainThread
    index: IndexThread
    search: MessageSearch
    notes: NotesThread
    announced: AnnouncedHead
    metrics: Metrics
    loop_watch: LoopWatch
    session: UUID = field(default_factory=uuid4)
    """Another one after each start."""
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    head_changed: float | None = None
    stop_asked: asyncio.Event = field(default_factory=asyncio.Event)
    failure: PapyrusError | None = None
    """Why it stops by itself, where it does."""
    _services: dict[str, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    @property
    def network(self) -> Network:
        """The rules, with the genesis of this chain."""
        return self.opened.network

    @property
    def chain(self) -> ChainStore:
        """The blocks, and which tipset is the head."""
        return self.opened.store

    @property
    def wallet(self) -> Wallet:
        """Its keys."""
        return self.plan.wallet

    @property
    def config(self) -> Config:
        """What it was told."""
        return self.plan.config

    @property
    def agent(self) -> str:
        """Its name and version."""
        return f"{AGENT}+{self.network.name}"

    def now(self) -> float:
        """Return the Unix seconds of its clock."""
        return self.plan.clock.time()

    def request_stop(self) -> None:
        """Begin to stop."""
        self.stop_asked.set()

    async def wait_for_stop(self) -> None:
        """Return when it begins to stop."""
        await self.stop_asked.wait()

    def also_run(self, name: str, service: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Let something run beside the node, once it has started and until it stops."""
        self._services[name] = service

    async def start(self) -> None:
        """Take up the messages that waited and follow the head, while the workers come up."""
        self._tasks.append(asyncio.create_task(self._bring_up_workers(), name="workers"))
        head = self.chain.head
        await self.states.after(head)
        self.view.know([(head.key, await asyncio.to_thread(self.view.read, head))])
        for problem in await self.pushing.load():
            _log.warning("a kept message cannot wait any more", why=problem)
        self._tasks.append(asyncio.create_task(self.executed.follow(), name="head"))
        self._tasks.append(asyncio.create_task(self._republish(), name="republish"))
        for name, service in self._services.items():
            self._tasks.append(asyncio.create_task(service(), name=name))

    async def stop(self) -> None:
        """End what was started; what was acknowledged is on the disk already."""
        self.stop_asked.set()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()
        self.pushing.stop()
        await self.workers.stop()
        self.thread.stop()
        self.loop_watch.stop()

    def status(self) -> NodeStatus:
        """Return what is known of the node now."""
        head = self.chain.head
        elapsed = self.now() - self.network.genesis_timestamp
        return NodeStatus(
            now=self.now(),
            head_changed=self.head_changed,
            height=head.height,
            expected_height=int(elapsed // self.network.block_delay),
            head_is_due=self.plan.head_is_due,
            workers_alive=self.workers.alive,
            workers_wanted=self.workers.count,
            stopping=self.stop_asked.is_set(),
        )

    async def _bring_up_workers(self) -> None:
        try:
            await self.workers.start()
        except PapyrusError as error:
            self.failure = error
            self.request_stop()

    async def _republish(self) -> None:
        while True:
            await self.plan.clock.sleep_until(self.now() + self.network.block_delay)
            try:
                self.pool.republish()
            except PapyrusError as error:
                _log.warning("messages were not published again", why=error)

    async def prepare(self, change: HeadChange) -> None:
        """Read what a change of the head is about, and let the index and the disk follow it."""
        tipsets = (*change.reverted, *change.applied)

        def read() -> list[tuple[TipsetKey, TipsetContents]]:
            return [(tipset.key, self.view.read(tipset)) for tipset in tipsets[-_MOST_READ:]]

        self.view.know(await asyncio.to_thread(read))
        await asyncio.to_thread(self.pool.taken.prepare, change.reverted)
        await self.index.caught_up()
        await self.notes.flushed()

    def on_executed(self, change: HeadChange) -> None:
        """Count the messages that the head's tipsets took."""
        counts = (len(self.view.messages_of(tipset)) for tipset in change.applied)
        self.intake.log.applied_messages += sum(counts)
        # Where it was executed before it was indexed, the index has no receipts of it yet.
        head = self.executed.head
        after = self.states.known_after(head)
        self.index.record_outcomes(head, after.receipts_root)

    def head_moved(self, head: Tipset, *, reverted: bool) -> None:
        """Note when and where the head moved, for whoever asks how the node fares."""
        self.head_changed = self.now()
        self.metrics.head_height.set(head.height)
        self.metrics.base_fee.set(int(head.parent_base_fee))
        if reverted:
            self.metrics.reorganisations.inc()


@contextmanager
def open_node(plan: NodePlan, progress: Progress | None = None) -> Iterator[Node]:
    """Open a node's parts until the block ends; `Node.start` brings them to life.

    LocalFault in words where one cannot be opened.
    """
    with ExitStack() as stack:
        folder = plan.repository.datastore
        notes = NotesThread()
        stack.callback(notes.close)
        opened = stack.enter_context(
            open_chain(
                folder,
                plan.network,
                plan.genesis,
                progress=progress,
                write_notes=notes.open,
                is_followed=False,
            )
        )
        stack.callback(notes.close)  # before another process may have the chain
        chain = opened.store
        index = IndexThread(opened.index.path, chain.blocks, opened.network)
        stack.callback(index.close)
        chain.subscribe(index.follow)
        search = MessageSearch(opened.index.path, chain.blocks, opened.network)
        stack.callback(search.close)
        metrics = Metrics(opened.network.name, AGENT)
        execution = ExecutionPlan(
            folder, opened.network, plan.config.chain.engine, proofs=plan.proofs
        )
        workers = _workers(plan, execution, opened, metrics)
        stack.callback(workers.kill)
        metrics.watch_workers(workers)
        outcomes = States(
            chain,
            opened.notes,
            on_executed=lambda tipset, after: index.record_outcomes(tipset, after.receipts_root),
        )
        states = TipsetStates(outcomes, workers)
        executed = ExecutedHead(chain, states)
        view = StoredChainView(
            executed,
            chain.blocks,
            opened.network,
            lambda tipset: states.known_after(tipset).state_root,
        )
        kept = KeptMessages(plan.repository.folder / "mpool.sqlite", opened.database)
        stack.callback(kept.close)
        settings = plan.repository.folder / "mpool-settings.json"
        pool = MessagePool(
            view,
            opened.network,
            plan.clock.time,
            local=kept,
            config=kept_settings(settings) or mpool_config(plan.config),
        )
        pushing = Pushing(pool, view, kept, settings)
        signed_blocks = plan.repository.folder / "slash-filter.sqlite"
        slash_filter = DiskThread("slash filter", lambda: SlashFilter(signed_blocks))
        stack.callback(slash_filter.close)
        thread = ChainThread(chain.blocks)
        node = Node(
            plan=plan,
            opened=opened,
            workers=workers,
            states=states,
            executed=executed,
            view=view,
            pool=pool,
            pushing=pushing,
            intake=BlockIntake(
                chain=chain,
                states=states,
                network=opened.network,
                verifier=plan.verifier,
                judge=thread,
                bad_blocks=BadBlocks(),
                now=plan.clock.time,
                metrics=metrics,
                log=SyncLog(plan.clock.time),
                flushed=notes.flushed,
            ),
            slash_filter=slash_filter,
            thread=thread,
            index=index,
            search=search,
            notes=notes,
            announced=AnnouncedHead(chain, notes.flush),
            metrics=metrics,
            loop_watch=LoopWatch(metrics.loop_stalls.observe, plan.config.metrics.stall_limit),
        )
        executed.prepare = node.prepare
        executed.subscribe(pool.on_head_change)
        executed.subscribe(node.on_executed)
        chain.subscribe(lambda change: node.head_moved(chain.head, reverted=bool(change.reverted)))
        node.head_moved(chain.head, reverted=False)
        yield node


def mpool_config(config: Config) -> MpoolConfig:
    """Return the pool's settings of a configuration; LocalFault for an address that is none."""
    section = config.mpool
    return MpoolConfig(
        priority_addresses=tuple(map(Address.from_string, section.priority_addresses)),
        size_limit_high=section.size_limit_high,
        size_limit_low=section.size_limit_low,
        replace_by_fee_percent=section.replace_by_fee_percent,
        prune_cooldown=section.prune_cooldown,
        gas_limit_overestimation=section.gas_limit_overestimation,
    )


def _workers(
    plan: NodePlan, execution: ExecutionPlan, opened: Chain, metrics: Metrics
) -> Workers[ExecutionMeans] | InlineWorkers[ExecutionMeans]:
    if plan.workers == 0:
        means = execution_over(opened.database, execution)
        return InlineWorkers(means, hear=metrics.heard_worker)
    workers = Workers(
        plan.workers,
        open_execution,
        execution,
        queue_length=plan.config.chain.worker_queue_length,
        time_limit=plan.config.chain.worker_time_limit,
        hear=metrics.heard_worker,
    )
    # They come up while this process opens the rest.
    workers.launch()
    return workers
