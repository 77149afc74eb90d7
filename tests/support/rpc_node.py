"""A node for tests of the JSON-RPC interface: a real chain, wallet and rule, served on loopback."""

import asyncio
import json
import shutil
import tempfile
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
from announced import AtOnce
from chain_forge import Forge, message, signed

from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_export import snapshot_pieces
from papyrus.crypto.signatures import SignatureType
from papyrus.rpc.api_info import ApiInfo
from papyrus.rpc.auth import EVERYTHING, Auth
from papyrus.rpc.dispatch import Caller, dispatchers
from papyrus.rpc.limits import Limits
from papyrus.rpc.listening import listen, port_of
from papyrus.rpc.registry import Registry
from papyrus.rpc.server import Door, application
from papyrus.rpc.serving import serve
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.wallet.keys import make_key
from papyrus.wallet.wallet import memory_wallet

SECRET = bytes(range(32))
AUTH = Auth(SECRET)
EVERYONE = Caller(EVERYTHING, "127.0.0.1")
KEY = make_key(SignatureType.SECP256K1, bytes(31) + b"\x07")


class Node:
    """What the groups ask of a node, over a chain of a forge."""

    agent = "papyrus-test"
    peer_id = "12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf"
    session = UUID("07070707-0707-4707-8707-070707070707")
    started_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    auth = AUTH

    def __init__(self, chain, forge):
        self.opened, self.forge = chain, forge
        self.chain, self.announced = chain.store, AtOnce(chain.store)
        self.network = chain.network
        self.wallet = memory_wallet([KEY], 31415926)
        self.stopping = asyncio.Event()
        self.time = 300.0
        self.expected = []

    def expect_height(self, height):
        self.expected.append(height)

    def now(self):
        return self.time

    def publishing_peers(self):
        return 3, 2

    def request_stop(self):
        self.stopping.set()

    async def wait_for_stop(self):
        await self.stopping.wait()

    def export_snapshot(self, tipset, recent_states, *, skip_old_messages):
        pieces = snapshot_pieces(
            self.chain.blocks, tipset, recent_states or None, skip_old_messages=skip_old_messages
        )

        async def give():
            for piece in pieces:
                yield piece

        return give()

    def keep(self, tipset):
        """Put a tipset of the forge and consider it."""
        self.opened.database.blocks.put_many(self.forge.store.blocks.items())
        self.chain.put_blocks(tipset.blocks)
        return self.chain.consider(tipset)

    def grow(self, count=1, **fields):
        """Let the chain grow by so many tipsets."""
        for _ in range(count):
            self.keep(self.forge.tipset(self.chain.head, **fields))
        return self.chain.head


@contextmanager
def chain_node():
    """Give a node whose chain is its genesis, kept in memory where the system can."""
    memory = Path("/dev/shm")  # noqa: S108 - only its speed is wanted
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    forge = Forge()
    try:
        with open_chain(folder, LOTUS_ITEST, forge.genesis_blocks) as chain:
            yield Node(chain, forge)
    finally:
        shutil.rmtree(folder)


@asynccontextmanager
async def served(node, *groups, limits=None, auth=None, origins=(), hooks=None):
    """Give how to reach a node that is served, with a token that allows everything."""
    limits = limits or Limits()
    auth = auth or AUTH
    app = application(
        dispatchers(Registry(*groups), node, limits, network="t"),
        Door(auth, limits, origins),
        hooks,
    )
    listening, stop = listen(port=0), asyncio.Event()
    info = ApiInfo(
        f"http://127.0.0.1:{port_of(listening)}", (auth if auth.secret else AUTH).issue(EVERYTHING)
    )
    serving = asyncio.create_task(serve(app, listening, stop, limits))
    try:
        yield info
    finally:
        stop.set()
        await serving


def plain_http(base=""):
    """Return a client that reads no certificates, which takes a while."""
    return httpx.AsyncClient(base_url=base, timeout=20, verify=False)  # noqa: S501 - it is http


def call(dispatcher, method, *params, caller=EVERYONE, **fields):
    """Return the whole answer to one call, decoded."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)} | fields
    return json.loads(asyncio.run(dispatcher.answer(json.dumps(body), caller)))


__all__ = ["message", "signed"]
