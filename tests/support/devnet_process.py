"""A devnet as a process of its own, as anybody starts it, and calls to it over a socket."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

COMMAND = "from papyrus.cli.main import main; main()"
PATIENCE = 60.0
"""Seconds in which anything happens even on a machine that does a lot else."""


class GoneError(Exception):
    """The process went away while it was asked something."""


def environment(home, **more):
    """Return the environment of a command whose state is in a folder, and nothing of the user's."""
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("PAPYRUS_")
    }
    inherited.pop("FULLNODE_API_INFO", None)
    return {**inherited, "PAPYRUS_PATH": str(home), **more}


class DevnetProcess:
    """`papyrus devnet` in a folder."""

    def __init__(self, folder, *options, before=None, **variables):
        self.folder, self.options, self.variables = Path(folder), options, variables
        self.before = before
        """Called in the new process before it becomes the devnet."""
        self.headers = {}
        self.process = None
        self.facts = None
        self._workers = []

    @property
    def stderr_path(self):
        return self.folder / "stderr.txt"

    async def start(self):
        """Begin, without waiting for anything."""
        self.facts = None
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.stderr_path.open("ab") as stderr:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", COMMAND, "devnet", "--port", "0", "--json", *self.options,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=stderr,
                env=environment(self.folder, **self.variables), preexec_fn=self.before,
            )  # fmt: skip

    async def ready(self):
        """Return what the devnet tells of itself once it runs; GoneError where it ends before."""
        text = b""
        while line := await self.process.stdout.readline():
            text += line
            if line == b"}\n":
                self.facts = json.loads(text)
                self._workers = self._children()
                return self.facts
        await self.process.wait()
        raise GoneError(f"it ended with {self.process.returncode}")

    def kill(self):
        """End the process there and then."""
        if self.process.returncode is None:
            self._workers = self._children() or self._workers
            self._signal(signal.SIGKILL)

    async def ended(self):
        """Return the exit code, once its workers are gone as well."""
        async with asyncio.timeout(PATIENCE):
            await self.process.stdout.read()
            code = await self.process.wait()
            while any(map(_runs, self._workers)):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
        return code

    def command(self, *arguments):
        """Return how another command of Papyrus ended, on the state of this devnet."""
        return subprocess.run(
            [sys.executable, "-c", COMMAND, *map(str, arguments)],
            env=environment(self.folder), capture_output=True, text=True, timeout=PATIENCE,
            check=False,
        )  # fmt: skip

    async def stop(self):
        """Ask it to stop, and return the exit code."""
        self._workers = self._children()
        self._signal(signal.SIGTERM)
        return await self.ended()

    def _signal(self, number):
        # Not through the process object, which would look whether it has ended, and so take the
        # exit code away from the thread that waits for it.
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def resident(self):
        """Return the bytes that the process and its workers hold in memory of their own.

        The pages of the database, which the system takes back as it needs them, do not count.
        """
        return sum(_resident(number, "RssAnon") for number in [self.process.pid, *self._children()])

    def mapped(self):
        """Return the bytes of files, the database above all, that the process has in memory."""
        return _resident(self.process.pid, "RssFile")

    def _children(self):
        """Return the numbers of its workers, where the system tells."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            return [int(word) for word in path.read_text().split()]
        except OSError:
            return []


def _runs(number):
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def _resident(number, kind):
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(kind))


class Connection:
    """One WebSocket to a node: calls, and what a subscription tells."""

    def __init__(self, socket):
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers = {}
        self._listeners = []
        self._hearers = []
        self._reading = asyncio.create_task(self._read())

    async def call(self, method, *params):
        """Return the result of a call; RefusedCallError for an error, GoneError for no answer."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        try:
            await self._socket.send(json.dumps(body))
        except WebSocketException as error:
            raise GoneError(str(error)) from error
        found = await answer
        if "error" in found:
            raise RefusedCallError(method, found["error"])
        return found["result"]

    async def send_raw(self, text):
        """Send a text as it is; what is answered to it is not waited for."""
        try:
            await self._socket.send(text)
        except WebSocketException as error:
            raise GoneError(str(error)) from error

    def listen(self, listener):
        """Tell a listener of each notification of any subscription."""
        self._listeners.append(listener)

    def listen_to_all(self, listener):
        """Tell a listener of each text that comes."""
        self._hearers.append(listener)

    async def _read(self):
        with suppress(WebSocketException, OSError):
            async for text in self._socket:
                for hearer in self._hearers:
                    hearer(text)
                message = json.loads(text)
                if isinstance(message, list):
                    continue
                if "method" in message:
                    for listener in self._listeners:
                        listener(message)
                elif (waiting := self._waiting_for(message.get("id"))) is not None:
                    waiting.set_result(message)
        for waiting in self._answers.values():
            if not waiting.done():
                waiting.set_exception(GoneError("the connection was cut"))
                waiting.exception()

    def _waiting_for(self, number):
        """Return who waits for an answer, or None: others may have been sent as they are."""
        waiting = self._answers.pop(number, None) if isinstance(number, int) else None
        return None if waiting is None or waiting.done() else waiting

    async def closed(self):
        """Return when the other side is gone."""
        await self._reading

    async def close(self):
        await self._socket.close()
        await self._reading


class RefusedCallError(Exception):
    """The node answered with an error."""

    def __init__(self, method, error):
        super().__init__(f"{method}: {error['message']}")
        self.code, self.message = error["code"], error["message"]


@asynccontextmanager
async def connection(facts):
    """Give a WebSocket to a devnet; GoneError where it cannot be had."""
    url = facts["rpc"].replace("http://", "ws://")
    try:
        socket = await connect(url, max_size=None, compression=None, ping_interval=None)
    except (OSError, WebSocketException) as error:
        raise GoneError(str(error)) from error
    found = Connection(socket)
    try:
        yield found
    finally:
        with suppress(WebSocketException, OSError):
            await found.close()
