"""Clients of a Filecoin node, ours or Lotus' or any that speaks its JSON-RPC.

    with Client("http://127.0.0.1:1234") as node:
        print(node.chain_head().height)

    async with AsyncClient(info) as node:
        async for steps in node.chain_notify():
            ...

Each method is the declaration that the server serves, so parameters and results have its types.
"""

from papyrus.rpc.api_info import ApiInfo, parse_api_info, read_api_info
from papyrus.rpc.client.asynchronous import AsyncConnection
from papyrus.rpc.client.synchronous import SyncConnection
from papyrus.rpc.client.wire import Unreachable
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.methods.full_node import FullNodeMethods

__all__ = [
    "ApiInfo",
    "AsyncClient",
    "Client",
    "ErrorCode",
    "RpcError",
    "Unreachable",
    "parse_api_info",
    "read_api_info",
]


class Client(FullNodeMethods, SyncConnection):
    """A node, each of whose methods returns when the answer is there."""


class AsyncClient(FullNodeMethods, AsyncConnection):
    """A node, each of whose methods is awaited, and whose subscriptions are iterated over."""
