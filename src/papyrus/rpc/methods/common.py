"""Common: what a node says of itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol
from uuid import UUID

from papyrus.primitives.epochs import CHAIN_FINALITY
from papyrus.rpc.declarations import ADMIN, READ, Context, method, subscription
from papyrus.rpc.json_codecs import Named
from papyrus.rules.network import Network
from papyrus.types.tipset import Tipset, TipsetKey

API_VERSIONS = {0: 0x010500, 1: 0x020300}
"""Of Lotus' interfaces (api/version.go): 1.5.0 and 2.3.0, a byte for each part."""

_LAST_TIPSETS = 100


class HeadSource(Protocol):
    """The chain, as far as this group needs it."""

    @property
    def head(self) -> Tipset:
        """The tipset that the chain ends in."""
        ...

    def tipset(self, key: TipsetKey, /) -> Tipset:
        """Return a tipset of the store."""
        ...


class CommonNode(Protocol):
    """What the group needs of the node."""

    @property
    def agent(self) -> str:
        """Its name and version, as in "papyrus-0.1.0+calibnet"."""
        ...

    @property
    def peer_id(self) -> str:
        """Its name in the network."""
        ...

    @property
    def session(self) -> UUID:
        """Another one after each start."""
        ...

    @property
    def started_at(self) -> datetime:
        """When it started, with a time zone."""
        ...

    @property
    def chain(self) -> HeadSource:
        """The chain."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...

    def now(self) -> float:
        """Return the Unix seconds of its clock."""
        ...

    def publishing_peers(self) -> tuple[int, int]:
        """Return how many peers take its messages, and how many its blocks."""
        ...

    def request_stop(self) -> None:
        """Begin to stop."""
        ...

    async def wait_for_stop(self) -> None:
        """Return when it begins to stop."""
        ...


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """What a node runs, in Lotus' APIVersion."""

    version: str
    """The agent's, for people."""
    api_version: Annotated[int, Named("APIVersion")]
    """Of the interface that was asked."""
    block_delay: int
    """Seconds of an epoch."""
    agent: str


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How far the chain is."""

    epoch: int
    behind: int
    """Epochs that the clock is ahead of the head."""


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """Who listens."""

    peers_to_publish_msgs: int
    peers_to_publish_blocks: int


@dataclass(frozen=True, slots=True)
class ChainStatus:
    """How full the chain is; zeros where it was not asked for, or is younger than a finality."""

    blocks_per_tipset_last100: float
    blocks_per_tipset_last_finality: float


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """How a node fares, in Lotus' NodeStatus."""

    sync_status: SyncStatus
    peer_status: PeerStatus
    chain_status: ChainStatus


@method("Version", READ)
async def version(context: Context[CommonNode]) -> ApiVersion:
    """Return what the node runs and which interface it answers through."""
    agent = context.node.agent
    return ApiVersion(
        version=agent,
        api_version=API_VERSIONS[context.version],
        block_delay=context.node.network.block_delay,
        agent=agent,
    )


@method("ID", READ)
async def node_id(context: Context[CommonNode]) -> str:
    """Return the node's name in the network: its peer ID."""
    return context.node.peer_id


@method("Session", READ)
async def session(context: Context[CommonNode]) -> UUID:
    """Return a random name of this run of the node, by which a client notices a restart."""
    return context.node.session


@method("StartTime", READ)
async def start_time(context: Context[CommonNode]) -> datetime:
    """Return when the node started."""
    return context.node.started_at


@method("Shutdown", ADMIN)
async def shutdown(context: Context[CommonNode]) -> None:
    """Let the node stop, calls under way first."""
    context.node.request_stop()


@subscription("Closing", READ)
async def closing(context: Context[CommonNode]) -> AsyncIterator[dict[str, int]]:
    """Open a channel that closes when the node stops, and carries nothing."""
    await context.node.wait_for_stop()
    nothing: tuple[dict[str, int], ...] = ()
    for item in nothing:
        yield item


@method("Discover", READ, aliases=("rpc.discover",))
async def discover(context: Context[CommonNode]) -> dict[str, Any]:
    """Return the OpenRPC document of the interface that was asked."""
    return context.document()


@method("NodeStatus", READ, versions=(1,))
async def node_status(context: Context[CommonNode], include_chain: bool = False) -> NodeStatus:
    """Return how far the chain is and who listens, and on request how full the chain is."""
    node = context.node
    head = node.chain.head
    messages, blocks = node.publishing_peers()
    seconds = max(0, int(node.now() - head.min_timestamp))
    is_old_enough = include_chain and head.height > CHAIN_FINALITY
    return NodeStatus(
        SyncStatus(head.height, seconds // node.network.block_delay),
        PeerStatus(messages, blocks),
        _chain_status(node.chain) if is_old_enough else ChainStatus(0.0, 0.0),
    )


def _chain_status(chain: HeadSource) -> ChainStatus:
    """Return the mean number of blocks of the last tipsets; null rounds do not count."""
    tipset = chain.head
    blocks = last = 0
    for number in range(CHAIN_FINALITY):
        if number == _LAST_TIPSETS:
            last = blocks
        blocks += len(tipset.blocks)
        tipset = chain.tipset(tipset.parents)
    return ChainStatus(last / _LAST_TIPSETS, blocks / CHAIN_FINALITY)


class CommonMethods:
    """The group, as a server registers and a client has it."""

    version = version
    node_id = node_id
    session = session
    start_time = start_time
    shutdown = shutdown
    closing = closing
    discover = discover
    node_status = node_status
