"""Net: the peers of this node, of which it has none as long as it does not speak libp2p.

What can be said is said: its name, that nobody is connected, that no bytes passed. What would need
a peer is refused in words.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NoReturn, Protocol

from papyrus.rpc.declarations import ADMIN, READ, WRITE, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.requests import shown
from papyrus.rules.network import Network

_NOT_CONNECTED = 0
_REACHABILITY_UNKNOWN = 0


class NetNode(Protocol):
    """What the group needs of the node."""

    @property
    def agent(self) -> str:
        """Its name and version."""
        ...

    @property
    def peer_id(self) -> str:
        """Its name in the network."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...


@dataclass(frozen=True, slots=True)
class PeerAddresses:
    """A peer and where it can be reached, in libp2p's AddrInfo."""

    peer: Annotated[str, Named("ID")]
    addrs: list[str]


@dataclass(frozen=True, slots=True)
class PubsubScore:
    """What gossip thinks of a peer."""

    peer: Annotated[str, Named("ID")]
    score: dict[str, float]


@dataclass(frozen=True, slots=True)
class NatInfo:
    """Whether others can reach this node: 0 unknown, 1 public, 2 private."""

    reachability: int
    public_addrs: list[str]


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """What the connection manager knows of a peer."""

    first_seen: datetime
    value: int
    tags: dict[str, int]
    conns: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """What is known of a peer, in Lotus' ExtendedPeerInfo."""

    peer: Annotated[str, Named("ID")]
    agent: str
    addrs: list[str]
    protocols: list[str]
    connection: Annotated[ConnectionInfo | None, Named("ConnMgrMeta")]


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Bytes in all, and a second."""

    total_in: int = 0
    total_out: int = 0
    rate_in: float = 0.0
    rate_out: float = 0.0


@dataclass(frozen=True, slots=True)
class BlockedPeers:
    """Who is refused, in Lotus' NetBlockList."""

    peers: list[str]
    addresses: Annotated[list[str], Named("IPAddrs")]
    subnets: Annotated[list[str], Named("IPSubnets")]


@dataclass(frozen=True, slots=True)
class ScopeUse:
    """What a part of the network's resources is in use."""

    streams_in: Annotated[int, Named("NumStreamsInbound")] = 0
    streams_out: Annotated[int, Named("NumStreamsOutbound")] = 0
    connections_in: Annotated[int, Named("NumConnsInbound")] = 0
    connections_out: Annotated[int, Named("NumConnsOutbound")] = 0
    files: Annotated[int, Named("NumFD")] = 0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class ResourceLimit:
    """What a part of the network's resources may use, in Lotus' NetLimit."""

    memory: int = 0
    streams: int = 0
    streams_inbound: int = 0
    streams_outbound: int = 0
    conns: int = 0
    conns_inbound: int = 0
    conns_outbound: int = 0
    files: Annotated[int, Named("FD")] = 0


@method("NetAddrsListen", READ)
async def net_addrs_listen(context: Context[NetNode]) -> PeerAddresses:
    """Return the node's name, and where peers reach it: nowhere."""
    return PeerAddresses(context.node.peer_id, [])


@method("NetPeers", READ)
async def net_peers(_context: Context[NetNode]) -> list[PeerAddresses]:
    """Return who is connected: nobody."""
    return []


@method("NetConnectedness", READ)
async def net_connectedness(_context: Context[NetNode], _peer: str) -> int:
    """Return 0: the peer is not connected."""
    return _NOT_CONNECTED


@method("NetAgentVersion", READ)
async def net_agent_version(context: Context[NetNode], peer: str) -> str:
    """Return what a peer runs; of the node itself it is known."""
    if peer != context.node.peer_id:
        raise RpcError(ErrorCode.GENERIC, "item not found")
    return context.node.agent


@method("NetPeerInfo", READ)
async def net_peer_info(context: Context[NetNode], peer: str) -> PeerInfo:
    """Return what is known of a peer."""
    node = context.node
    return PeerInfo(peer, node.agent if peer == node.peer_id else "", [], [], None)


@method("NetPubsubScores", READ)
async def net_pubsub_scores(_context: Context[NetNode]) -> list[PubsubScore]:
    """Return what gossip thinks of each peer: there are none."""
    return []


@method("NetAutoNatStatus", READ)
async def net_auto_nat_status(_context: Context[NetNode]) -> NatInfo:
    """Return that nobody knows whether the node can be reached."""
    return NatInfo(_REACHABILITY_UNKNOWN, [])


@method("NetBandwidthStats", READ)
async def net_bandwidth_stats(_context: Context[NetNode]) -> Bandwidth:
    """Return the bytes exchanged with peers: none."""
    return Bandwidth()


@method("NetBandwidthStatsByPeer", READ)
async def net_bandwidth_stats_by_peer(_context: Context[NetNode]) -> dict[str, Bandwidth]:
    """Return the bytes exchanged with each peer: there are none."""
    return {}


@method("NetBandwidthStatsByProtocol", READ)
async def net_bandwidth_stats_by_protocol(_context: Context[NetNode]) -> dict[str, Bandwidth]:
    """Return the bytes exchanged by each protocol: none is spoken."""
    return {}


@method("NetListening", READ, versions=(1,), aliases=("net_listening",))
async def net_listening(_context: Context[NetNode]) -> bool:
    """Return true, as Lotus always does: Ethereum's tools ask whether a node is there."""
    return True


@method("NetVersion", READ, versions=(1,), aliases=("net_version",))
async def net_version(context: Context[NetNode]) -> str:
    """Return the chain ID by which Ethereum's tools know the network, in decimal digits."""
    return str(context.node.network.ethereum_chain_id)


@method("NetBlockList", READ)
async def net_block_list(_context: Context[NetNode]) -> BlockedPeers:
    """Return who is refused: nobody asks."""
    return BlockedPeers([], [], [])


@method("NetProtectList", READ)
async def net_protect_list(_context: Context[NetNode]) -> list[str]:
    """Return the peers whose connections are kept: there are none."""
    return []


@method("NetStat", READ)
async def net_stat(_context: Context[NetNode], scope: str) -> dict[str, ScopeUse]:
    """Return what a scope of the network's resources uses: nothing."""
    if scope == "all":
        return {"System": ScopeUse(), "Transient": ScopeUse()}
    if scope in ("system", "transient"):
        return {scope.capitalize(): ScopeUse()}
    raise RpcError(ErrorCode.GENERIC, f"invalid scope {shown(scope)}")


@method("NetDisconnect", WRITE)
async def net_disconnect(_context: Context[NetNode], _peer: str) -> None:
    """Leave a peer, which is not connected."""


@method("NetConnect", WRITE)
async def net_connect(_context: Context[NetNode], peer: PeerAddresses) -> None:
    """Refuse to connect to a peer."""
    _refuse(f"connect to {shown(peer.peer)}")


@method("NetFindPeer", READ)
async def net_find_peer(_context: Context[NetNode], peer: str) -> PeerAddresses:
    """Refuse to look for a peer."""
    _refuse(f"look for {shown(peer)}")


@method("NetPing", READ)
async def net_ping(_context: Context[NetNode], peer: str) -> int:
    """Refuse to ask how far a peer is, in nanoseconds."""
    _refuse(f"ping {shown(peer)}")


@method("NetBlockAdd", ADMIN)
async def net_block_add(_context: Context[NetNode], _peers: BlockedPeers) -> None:
    """Refuse to block peers."""
    _refuse("block peers")


@method("NetBlockRemove", ADMIN)
async def net_block_remove(_context: Context[NetNode], _peers: BlockedPeers) -> None:
    """Refuse to unblock peers."""
    _refuse("unblock peers")


@method("NetProtectAdd", ADMIN)
async def net_protect_add(_context: Context[NetNode], _peers: list[str]) -> None:
    """Refuse to protect peers."""
    _refuse("protect peers")


@method("NetProtectRemove", ADMIN)
async def net_protect_remove(_context: Context[NetNode], _peers: list[str]) -> None:
    """Refuse to stop protecting peers."""
    _refuse("stop protecting peers")


@method("NetLimit", READ)
async def net_limit(_context: Context[NetNode], scope: str) -> ResourceLimit:
    """Refuse to tell the limits of a scope."""
    _refuse(f"tell the limits of {shown(scope)}")


@method("NetSetLimit", ADMIN)
async def net_set_limit(_context: Context[NetNode], scope: str, _limit: ResourceLimit) -> None:
    """Refuse to set the limits of a scope."""
    _refuse(f"set the limits of {shown(scope)}")


def _refuse(what: str) -> NoReturn:
    raise RpcError(
        ErrorCode.GENERIC,
        f"cannot {what}: this node does not speak libp2p yet, so it has no peers",
    )


class NetMethods:
    """The group, as a server registers and a client has it."""

    net_addrs_listen = net_addrs_listen
    net_peers = net_peers
    net_connectedness = net_connectedness
    net_agent_version = net_agent_version
    net_peer_info = net_peer_info
    net_pubsub_scores = net_pubsub_scores
    net_auto_nat_status = net_auto_nat_status
    net_bandwidth_stats = net_bandwidth_stats
    net_bandwidth_stats_by_peer = net_bandwidth_stats_by_peer
    net_bandwidth_stats_by_protocol = net_bandwidth_stats_by_protocol
    net_listening = net_listening
    net_version = net_version
    net_block_list = net_block_list
    net_protect_list = net_protect_list
    net_stat = net_stat
    net_disconnect = net_disconnect
    net_connect = net_connect
    net_find_peer = net_find_peer
    net_ping = net_ping
    net_block_add = net_block_add
    net_block_remove = net_block_remove
    net_protect_add = net_protect_add
    net_protect_remove = net_protect_remove
    net_limit = net_limit
    net_set_limit = net_set_limit
