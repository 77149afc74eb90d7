"""A whole devnet in this process, asked through its JSON-RPC dispatchers as a client would ask."""

import asyncio
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path

from papyrus.actors.checks.state import check_state
from papyrus.devnet.devnet import Mining
from papyrus.devnet.opening import open_devnet
from papyrus.devnet.options import DevnetOptions
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.node.config import Config
from papyrus.node.repository import open_repository
from papyrus.rpc.auth import EVERYTHING, Auth
from papyrus.rpc.devnet_hosting import devnet_registry, hosted_devnet
from papyrus.rpc.dispatch import Caller, Dispatcher

CALLER = Caller(EVERYTHING, "127.0.0.1")
CONFIG = Config.model_validate({"chain": {"engine": "native"}})


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """An answer that is an error."""

    def __init__(self, error):
        super().__init__(error["message"])
        self.code, self.message, self.data = error["code"], error["message"], error.get("data")


class Desk:
    """A devnet and the ways to ask it."""

    def __init__(self, runner, devnet):
        self.runner, self.devnet, self.node = runner, devnet, devnet.node
        self.hosted = hosted_devnet(devnet, Auth.disabled())
        self._dispatchers = {
            version: Dispatcher(devnet_registry(), self.hosted, version=version, network="t")
            for version in (0, 1)
        }
        people = devnet.people
        self.accounts = [account.key.address.to_string("t") for account in people.accounts]
        self.bls = people.bls.address.to_string("t")

    @property
    def dispatcher(self):
        """What answers the calls of version 1."""
        return self._dispatchers[1]

    def __call__(self, method, *params, version=1):
        """Return the result of a call, of Filecoin's unless its name says otherwise."""
        return self.run(self.ask(method, *params, version=version))

    async def ask(self, method, *params, version=1):
        name = method if "." in method else f"Filecoin.{method}"
        body = {"jsonrpc": "2.0", "id": 1, "method": name, "params": list(params)}
        answer = await self._dispatchers[version].answer(json.dumps(body), CALLER)
        decoded = json.loads(answer)
        if "error" in decoded:
            raise Refused(decoded["error"])
        return decoded["result"]

    def run(self, coroutine):
        return self.runner.run(coroutine)

    def mine(self, count=1, null_rounds=0):
        return self.run(self.devnet.mine(count, null_rounds))

    def send(self, sender, to, value="0", method=0, params=None):
        """Send a message, see it executed, and return its receipt."""
        wish = {"From": sender, "To": to, "Value": value, "Method": method, "Params": params}
        return self.receipt(self("MpoolPushMessage", wish, None)["CID"])

    def receipt(self, cid):
        """Make tipsets until a message is executed, and return its receipt."""
        for _ in range(5):
            self.mine()
            block = self("ChainHead")["Cids"][0]
            told = self("ChainGetParentMessages", block)
            for place, message in enumerate(told):
                if message["Cid"] == cid:
                    return self("ChainGetParentReceipts", block)[place]
        raise AssertionError(f"{cid} was not executed")

    def balance(self, address):
        return int(self("StateGetActor", address, [])["Balance"])

    def findings(self):
        """Return what is wrong with the state after the head."""
        head = self.node.chain.head
        after = self.run(self.node.states.after(head))
        report = check_state(
            self.node.chain.blocks, after.state_root, epoch=head.height, total=TOTAL_SUPPLY
        )
        assert report.is_whole
        return report.findings


@contextmanager
def devnet_desk(home=None, *, mining=Mining.MANUAL, workers=0, **options):
    """Give a devnet that runs, in a folder or in memory; without workers it executes itself."""
    memory = Path("/dev/shm")  # noqa: S108 - only its speed is wanted
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as own,
        open_repository(Path(home or own), "devnet") as repository,
        open_devnet(
            repository,
            CONFIG,
            DevnetOptions(**{"accounts": 3, **options}),
            mining,
            1.0,
            workers=workers,
        ) as devnet,
        asyncio.Runner() as runner,
    ):
        runner.run(devnet.node.start())
        try:
            yield Desk(runner, devnet)
        finally:
            runner.run(devnet.node.stop())
