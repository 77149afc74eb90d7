"""A node over a chain of Lotus, for what executes or finds messages: real but for its network."""

import asyncio
import json
import shutil
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

from announced import AtOnce
from lotus_chains import lotus_chain

from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.ipld.blockstore import LayeredBlockstore
from papyrus.node.clock import VirtualClock
from papyrus.node.execution import ExecutionMeans
from papyrus.node.message_search import MessageSearch
from papyrus.node.workers import InlineWorkers
from papyrus.rpc.auth import EVERYTHING
from papyrus.rpc.dispatch import Caller, Dispatcher
from papyrus.rpc.methods.state_execution import StateExecution
from papyrus.rpc.methods.state_messages import StateMessages
from papyrus.rpc.methods.state_randomness import StateRandomness
from papyrus.rpc.methods.state_records import StateRecords
from papyrus.rpc.registry import Registry
from papyrus.types.ticket import BeaconEntry

EVERYONE = Caller(EVERYTHING, "127.0.0.1")
GROUPS = Registry(StateMessages, StateExecution, StateRecords, StateRandomness)


class Waiting:
    """What waits for a block: messages put here by their CIDs."""

    def __init__(self):
        self.messages = {}

    def find(self, cid):
        return self.messages.get(cid)


class Beacons:
    """A beacon whose rounds come out as told."""

    def __init__(self):
        self.latest = 0

    def entry(self, _beacon, number):
        if number > self.latest:
            raise LookupError(f"round {number} is not out yet")
        return BeaconEntry(number, number.to_bytes(8, "big"))


class StateNode:
    """What the groups ask of a node."""

    def __init__(self, opened, chain):
        self.opened, self.file = opened, chain
        self.chain, self.announced = opened.store, AtOnce(opened.store)
        self.index, self.network = opened.index, opened.network
        environment = chain.environment
        means = ExecutionMeans(
            network=opened.network,
            database=opened.database,
            store=LayeredBlockstore(opened.database.store, environment.code),
            engine=environment.engine,
            verifier=environment.verifier,
            bundles=environment.bundles,
        )
        self.workers = InlineWorkers(means)
        self.pool = Waiting()
        self.search = MessageSearch(opened.index.path, opened.store.blocks, opened.network)
        self.beacons = Beacons()
        self.clock = VirtualClock(0.0)
        self.versions = [
            Dispatcher(GROUPS, self, version=version, network=opened.network.address_prefix)
            for version in (0, 1)
        ]

    def expect_height(self, height):
        """Hear that someone waits for a height."""

    async def asked(self, method, *params, version=1):
        """Return the whole answer to a call, decoded."""
        body = {"id": 1, "method": f"Filecoin.{method}", "params": list(params)}
        if "." in method:
            body["method"] = method
        return json.loads(await self.versions[version].answer(json.dumps(body), EVERYONE))

    def ask(self, method, *params, version=1):
        """Return the result of a call."""
        answer = asyncio.run(self.asked(method, *params, version=version))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def refusal(self, method, *params, version=1):
        """Return the code and the message of the error that a call ends in."""
        error = asyncio.run(self.asked(method, *params, version=version))["error"]
        return error["code"], error["message"]


@contextmanager
def state_node(shared, name):
    """Give a node over one of Lotus' chains, kept in memory where the system can."""
    chain = lotus_chain(shared, name)
    memory = Path("/dev/shm")  # noqa: S108 - only its speed is wanted
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        import_snapshot(folder / "chain", chain.file.path, chain.network)
        with open_chain(folder / "chain", chain.network) as opened:
            node = StateNode(opened, chain)
            with closing(node.search):
                yield node
    finally:
        shutil.rmtree(folder)


def link(cid):
    """Return a CID as JSON has it."""
    return {"/": str(cid)}


def key_of(tipset):
    """Return a tipset's key as JSON has it."""
    return [link(cid) for cid in tipset.key.cids]
