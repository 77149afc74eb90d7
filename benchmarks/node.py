"""The node as its users meet it: a devnet process, asked over loopback.

How long it takes to start, how much memory it takes, how many calls a second it answers to
thirty-two clients at once, and how long a tipset of three hundred messages takes from the first
miner's try until its state is known. The clients share the machine with
the node, so on two cores its own figures would be better than these.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from papyrus.devnet.people import people_of
from papyrus.primitives.amounts import TokenAmount
from papyrus.types import json as chain_json
from papyrus.types.message import Message, SignedMessage

PAPYRUS = str(Path(sys.executable).with_name("papyrus"))

CLIENTS = 32
CALLS = 4_000
MESSAGES = 300
EPOCHS = 2_000

ASKED_COLD = 5.0
ASKED_WARM = 1.0
ASKED_MEMORY = 300

Row = tuple[str, float, str, str, float | None]


class Devnet:
    """A devnet that runs in a process of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        """Start it and wait until it says that it is there."""
        start = perf_counter()
        self.process = subprocess.Popen(
            [PAPYRUS, "devnet", "--port", "0", "--json", *options],
            env={**os.environ, "PAPYRUS_PATH": str(home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = []
        for line in self.process.stdout or ():
            lines.append(line)
            if line == "}\n":
                break
        self.seconds = perf_counter() - start
        self.facts = json.loads("".join(lines))
        self.url = str(self.facts["rpc"])

    def call(self, method: str, *params: object) -> object:
        """Return the answer of a method."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = Request(self.url, json.dumps(body).encode(), method="POST")  # noqa: S310
        with urlopen(request, timeout=900) as response:  # noqa: S310 - loopback
            answer = json.load(response)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def memory(self) -> float:
        """Return the MB that the process and its workers hold, shared pages counted in parts."""
        found = 0
        for pid in [self.process.pid, *_children(self.process.pid)]:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    found += int(line.split()[1])
        return found / 1000

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


@contextmanager
def devnet(home: Path, *options: str) -> Iterator[Devnet]:
    """Give a devnet that is stopped afterwards."""
    found = Devnet(home, *options)
    try:
        yield found
    finally:
        found.stop()


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def bench() -> Iterator[Row]:
    """Yield every row; LookupError where the system tells no process's memory."""
    if not Path("/proc/self/smaps_rollup").exists():
        raise LookupError("the memory of processes is read from /proc, which is not here")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        yield from start_rows(home)
        with devnet(home, "--no-mining") as running:
            idle = running.memory()
            yield (
                "devnet, idle",
                idle,
                "MB",
                f"the {ASKED_MEMORY} MB asked for",
                idle / ASKED_MEMORY,
            )
            yield from call_rows(running)
            yield from tipset_rows(running)
            yield from growth_rows(running)


def start_rows(home: Path) -> Iterator[Row]:
    """Yield the seconds from the command to the banner, the first time and then, and to an answer.

    The interface comes up after the chain: who calls at once waits for it.
    """
    with devnet(home) as first:
        cold = first.seconds
    times, answers = [], []
    for _ in range(3):
        with devnet(home) as again:
            times.append(again.seconds)
            start = perf_counter()
            again.call("Filecoin.ChainHead")
            answers.append(again.seconds + perf_counter() - start)
    warm, answered = min(times), min(answers)
    yield "devnet, first start", cold, "s", f"the {ASKED_COLD:g} s asked for", cold / ASKED_COLD
    yield "devnet, next start", warm, "s", f"the {ASKED_WARM:g} s asked for", warm / ASKED_WARM
    yield "devnet, first answer then", answered, "s", "the start", answered / warm


def call_rows(running: Devnet) -> Iterator[Row]:
    """Yield calls a second of many clients at once, and how long the middle and slowest take."""
    address = running.facts["accounts"][0]["filecoin"]
    for method, params in (
        ("Filecoin.ChainHead", []),
        ("Filecoin.StateGetActor", [address, None]),
    ):
        seconds, times = asyncio.run(_load(running.url, method, params))
        name = method.removeprefix("Filecoin.")
        rate = len(times) / seconds
        ordered = sorted(times)
        middle = statistics.median(ordered) * 1000
        slow = ordered[int(len(ordered) * 0.99)] * 1000
        yield f"{name}, {CLIENTS} clients", rate, "calls/s", "", None
        yield (
            f"{name}, half within",
            middle,
            "ms",
            "one client at a time",
            middle / _alone(running.url, method, params),
        )
        yield f"{name}, 99 of 100 within", slow, "ms", "half of them", slow / middle


async def _load(url: str, method: str, params: list[object]) -> tuple[float, list[float]]:
    """Return the seconds that all calls took, and those of each."""
    times: list[float] = []
    start = perf_counter()
    share = CALLS // CLIENTS
    await asyncio.gather(*(_client(url, method, params, share, times) for _ in range(CLIENTS)))
    return perf_counter() - start, times


def _alone(url: str, method: str, params: list[object]) -> float:
    """Return the milliseconds that one client's call takes, in the middle."""
    times: list[float] = []
    asyncio.run(_client(url, method, params, 200, times))
    return statistics.median(times) * 1000


async def _client(
    url: str, method: str, params: list[object], calls: int, times: list[float]
) -> None:
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    head = (
        f"POST {place.path} HTTP/1.1\r\nHost: {place.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode() + body
    for _ in range(calls):
        start = perf_counter()
        writer.write(request)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in answer.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        )
        content = await reader.readexactly(length)
        times.append(perf_counter() - start)
        if b'"error"' in content:
            raise RuntimeError(content.decode())
    writer.close()
    await writer.wait_closed()


def tipset_rows(running: Devnet) -> Iterator[Row]:
    """Yield the time of a tipset of many messages: made, judged, executed."""
    sender = people_of(accounts=1).accounts[0].key
    receiver = people_of(accounts=2).accounts[1].key.address
    nonce = int(str(running.call("Filecoin.MpoolGetNonce", str(sender.address))))
    batch = []
    for number in range(MESSAGES):
        message = Message(
            version=0, to=receiver, sender=sender.address, nonce=nonce + number,
            value=TokenAmount(1), gas_limit=2_000_000, gas_fee_cap=TokenAmount(10**10),
            gas_premium=TokenAmount(10**5), method=0, params=b"",
        )  # fmt: skip
        signed = SignedMessage(message, sender.sign(bytes(message.cid)))
        batch.append(chain_json.to_json(signed, "t"))
    start = perf_counter()
    running.call("Filecoin.MpoolBatchPush", batch)
    pushed = perf_counter() - start
    yield "messages pushed", MESSAGES / pushed, "messages/s", "", None
    start = perf_counter()
    running.call("Papyrus.MineTipset", 1, 0)
    made = perf_counter() - start
    start = perf_counter()
    running.call("Papyrus.MineTipset", 1, 0)
    empty = perf_counter() - start
    yield f"tipset of {MESSAGES} messages", made, "s", "an empty one", made / empty


def growth_rows(running: Devnet) -> Iterator[Row]:
    """Yield the pace of many epochs, and what each leaves in memory."""
    before = running.memory()
    start = perf_counter()
    running.call("Papyrus.MineTipset", EPOCHS, 0)
    seconds = perf_counter() - start
    after = running.memory()
    yield f"{EPOCHS} tipsets in a row", EPOCHS / seconds, "tipsets/s", "", None
    yield f"memory after {EPOCHS} epochs", after, "MB", "before them", after / before
    yield "memory an epoch", (after - before) * 1000 / EPOCHS, "kB", "", None
