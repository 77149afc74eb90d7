"""Serving a node: what its methods see of it, and the server in front of them."""

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from papyrus.chain.snapshot_export import snapshot_pieces
from papyrus.chain.store import ChainStore
from papyrus.mining.base_info import BeaconSource
from papyrus.mining.slash_filter import SlashFilter
from papyrus.mpool.chain_view import StoredChainView
from papyrus.mpool.pool import MessagePool
from papyrus.node.announced_head import AnnouncedHead
from papyrus.node.block_intake import BlockIntake
from papyrus.node.chain_thread import ChainThread
from papyrus.node.clock import Clock
from papyrus.node.config import Api
from papyrus.node.disk_thread import DiskThread
from papyrus.node.execution import ExecutionMeans
from papyrus.node.health import livez, readyz
from papyrus.node.market_funds import MarketFunds
from papyrus.node.message_search import MessageSearch
from papyrus.node.node import Node
from papyrus.node.payment_channels import PaymentChannels
from papyrus.node.pushing import Pushing
from papyrus.node.sending import Sending
from papyrus.node.tipset_states import TipsetStates
from papyrus.node.workers import Runner
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.auth import Auth
from papyrus.rpc.dispatch import dispatchers
from papyrus.rpc.limits import Limits
from papyrus.rpc.methods.full_node import FullNodeMethods
from papyrus.rpc.registry import Registry
from papyrus.rpc.server import Door, Hooks, application
from papyrus.rpc.serving import serve
from papyrus.rules.network import Network
from papyrus.storage.chain_index_file import ChainIndex
from papyrus.types.tipset import Tipset
from papyrus.wallet.wallet import Wallet

_NO_PEER = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf"
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class HostedNode:
    """A node as the methods see it."""

    node: Node
    sending: Sending
    auth: Auth
    market_funds: MarketFunds
    payment_channels: PaymentChannels

    @property
    def chain(self) -> ChainStore:
        """Its chain."""
        return self.node.chain

    @property
    def announced(self) -> AnnouncedHead:
        """Its head as others hear of it."""
        return self.node.announced

    @property
    def network(self) -> Network:
        """The network's rules."""
        return self.node.network

    @property
    def wallet(self) -> Wallet:
        """Its keys."""
        return self.node.wallet

    @property
    def pool(self) -> MessagePool:
        """What waits for a block."""
        return self.node.pool

    @property
    def pushing(self) -> Pushing:
        """How users' messages come to wait."""
        return self.node.pushing

    @property
    def pool_view(self) -> StoredChainView:
        """The chain as the pool sees it."""
        return self.node.view

    @property
    def states(self) -> TipsetStates:
        """The states after tipsets."""
        return self.node.states

    @property
    def thread(self) -> ChainThread:
        """A thread for what takes tens of milliseconds."""
        return self.node.thread

    @property
    def beacons(self) -> BeaconSource:
        """Who has the rounds of the beacon."""
        return self.node.plan.beacons

    @property
    def index(self) -> ChainIndex:
        """Where messages are on its chain."""
        return self.node.opened.index

    @property
    def search(self) -> MessageSearch:
        """Who looks for messages on its chain."""
        return self.node.search

    @property
    def workers(self) -> Runner[ExecutionMeans]:
        """Who executes."""
        return self.node.workers

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        return self.node.plan.clock

    @property
    def intake(self) -> BlockIntake:
        """Where blocks come in."""
        return self.node.intake

    @property
    def slash_filter(self) -> DiskThread[SlashFilter]:
        """What keeps blocks made here from getting their miners slashed."""
        return self.node.slash_filter

    @property
    def agent(self) -> str:
        """Its name and version."""
        return self.node.agent

    @property
    def peer_id(self) -> str:
        """Its name in the network, of which it is not yet a part."""
        return _NO_PEER

    @property
    def session(self) -> UUID:
        """Another one after each start."""
        return self.node.session

    @property
    def started_at(self) -> datetime:
        """When it started."""
        return self.node.started_at

    def now(self) -> float:
        """Return the Unix seconds of its clock."""
        return self.node.now()

    def publishing_peers(self) -> tuple[int, int]:
        """Return how many peers take its messages and blocks: none."""
        return (0, 0)

    def expect_height(self, height: ChainEpoch, /) -> None:
        """Hear that someone waits for a height: so does everybody."""

    def request_stop(self) -> None:
        """Begin to stop."""
        self.node.request_stop()

    async def wait_for_stop(self) -> None:
        """Return when it begins to stop."""
        await self.node.wait_for_stop()

    def export_snapshot(
        self, tipset: Tipset, recent_states: int, *, skip_old_messages: bool
    ) -> AsyncIterator[bytes]:
        """Return a snapshot of the chain up to a tipset in pieces; 0 recent states are all.

        LocalFault at once where they are too few for a node.
        """
        return _on_threads(
            snapshot_pieces(
                self.chain.blocks,
                tipset,
                recent_states or None,
                skip_old_messages=skip_old_messages,
            )
        )


async def _on_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Give what an iterator gives, while the loop serves others."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def registry() -> Registry:
    """Return every method that a full node answers."""
    return Registry(FullNodeMethods)


def limits_of(config: Api) -> Limits:
    """Return the limits that the configuration sets."""
    return Limits(
        body=config.max_request_size,
        batch=config.max_batch_length,
        header_seconds=config.header_timeout,
        body_seconds=config.body_timeout,
        call_seconds=config.call_timeout,
        calls=config.max_calls,
        sockets=config.max_connections,
        channels=config.max_subscriptions,
        requests_a_second=config.requests_per_second,
    )


async def host(
    hosted: HostedNode,
    methods: Registry,
    listening: socket.socket,
    stop: asyncio.Event,
    pages: Callable[[Door], Iterable[Any]] | None = None,
) -> None:
    """Answer on a listening socket until `stop` is set; it is closed then.

    `pages` gives more of starlette's routes, for whoever the door lets in.
    """
    node = hosted.node
    config = node.config.api
    limits = limits_of(config)
    node.metrics.know_rpc_methods(methods.names(1))

    def observe(name: str, seconds: float, code: int) -> None:
        node.metrics.heard_rpc(name, str(code) if code else "ok", seconds)

    served = dispatchers(
        methods, hosted, limits, network=node.network.address_prefix, observe=observe
    )
    door = Door(hosted.auth, limits, tuple(config.cors_origins))

    async def is_live() -> str:
        return "\n".join(livez(node.status()).reasons)

    async def is_ready() -> str:
        return "\n".join(readyz(node.status()).reasons)

    def figures() -> tuple[bytes, str]:
        node.metrics.pending_messages.set(len(node.pool))
        return node.metrics.text(), _METRICS_TYPE

    hooks = Hooks(is_live, is_ready, figures if node.config.metrics.enabled else None)
    routes = () if pages is None else pages(door)
    # Looking for garbage among all that a node is made of would hold up the loop for a tenth of a
    # second, every few seconds. From here on it stays, and is not looked at.
    gc.freeze()
    # Before, while all was opened, nobody was kept waiting.
    node.loop_watch.start()
    await serve(application(served, door, hooks, routes), listening, stop, limits)
