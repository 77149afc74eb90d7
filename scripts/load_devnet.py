"""Ask a devnet that makes blocks all the time for many minutes, and say what memory it takes.

    python -m scripts.load_devnet [--minutes N] [--clients N] [--block-time SECONDS] [--epochs N]

First some thousand epochs are made, so that all caches are full. Then each client has a WebSocket
and asks one thing after the other: mostly it reads, at times it pushes a message, sends what cannot
be read, or comes anew. Every half minute there is a line with the memory of the node and its worker
in MiB, and that of the files it has mapped, which the system takes back when it needs it. The last
line compares the means of the second quarter and the last. Exit code: 1 where the last is more
than a twentieth larger. For Linux, which tells what a process holds.
"""

import argparse
import asyncio
import importlib
import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

ROOT = Path(__file__).parents[1]
MIB = 1 << 20
TOLD_EVERY = 30.0
MEASURED_EVERY = 2.0
MOST_GROWTH = 1.05
FILLS_CACHES = 3_700
"""Epochs: the largest cache holds the tipsets of 3,600."""

AT_ONCE = 100
BROKEN = (
    '{"id":"x","method":"Filecoin.Nothing"}',
    '{"id":"x","method":"Filecoin.StateGetActor","params":["x"]}',
    '{"id":"x","method":"Filecoin.ChainGetBlock","params":[{"/":"bafkqaaa"}]}',
    "[" * 3_000,
    '{"id":"x","method":"Filecoin.ChainHead","params":' + "[" * 500 + "]" * 500 + "}",
)


def support(name: str) -> Any:
    """Return a module that lies among what tests share."""
    folder = str(ROOT / "tests" / "support")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)


class Client:
    """Somebody who asks without pause."""

    def __init__(self, facts: dict[str, Any], seed: int, counts: Counter[str]) -> None:
        """Ask a devnet that tells these facts of itself."""
        self.facts, self.counts = facts, counts
        self.chance = random.Random(seed)  # noqa: S311 - any requests will do
        self.account = facts["accounts"][seed % len(facts["accounts"])]["filecoin"]

    async def run(self, process: Any) -> None:
        """Come, ask some hundred things, go, and come again."""
        while True:
            async with process.connection(self.facts) as calls:
                if self.chance.random() < 0.5:
                    await calls.call("Filecoin.ChainNotify")
                for _ in range(self.chance.randrange(50, 400)):
                    await self.ask(calls, process)

    async def ask(self, calls: Any, process: Any) -> None:
        """Ask one thing."""
        draw = self.chance.random()
        self.counts["calls"] += 1
        try:
            if draw < 0.02:
                message = {"From": self.account, "To": "t01000", "Value": "1"}
                await calls.call("Filecoin.MpoolPushMessage", message, None)
                self.counts["messages"] += 1
            elif draw < 0.1:
                await calls.send_raw(self.chance.choice(BROKEN))
            else:
                await calls.call(*self.reading())
        except process.RefusedCallError:
            self.counts["refusals"] += 1

    def reading(self) -> tuple[Any, ...]:
        """Return a call that changes nothing."""
        calls: tuple[tuple[Any, ...], ...] = (
            ("Filecoin.ChainHead",),
            ("Filecoin.StateGetActor", self.account, []),
            ("Filecoin.WalletBalance", self.account),
            ("Filecoin.StateMinerInfo", "t01000", []),
            ("Filecoin.StateMinerPower", "t01000", []),
            ("Filecoin.MpoolPending", []),
            ("Filecoin.MpoolGetNonce", self.account),
            ("Filecoin.ChainGetTipSetByHeight", self.chance.randrange(200), []),
            ("Filecoin.StateListActors", []),
            ("Filecoin.StateReadState", "t04", []),
            ("Filecoin.GasEstimateGasPremium", 5, self.account, 0, []),
        )
        return self.chance.choice(calls)


async def run(
    folder: Path, seconds: float, clients: int, block_time: float, epochs: int
) -> list[float]:
    """Load a devnet for so long, and return its memory in MiB, measured at even times."""
    process = support("devnet_process")
    devnet = process.DevnetProcess(folder, "--block-time", str(block_time))
    await devnet.start()
    await devnet.ready()
    print(f"    0 s  {devnet.resident() / MIB:6.1f} MiB, at the start", flush=True)
    async with process.connection(devnet.facts) as calls:
        while (head := await calls.call("Filecoin.ChainHead"))["Height"] < epochs:
            await calls.call("Papyrus.MineTipset", AT_ONCE, 0)
    print(f"    0 s  {devnet.resident() / MIB:6.1f} MiB, at {head['Height']}", flush=True)
    counts: Counter[str] = Counter()
    asking = [
        asyncio.create_task(Client(devnet.facts, seed, counts).run(process))
        for seed in range(clients)
    ]
    measured: list[float] = []
    begun = told = time.monotonic()
    try:
        while (now := time.monotonic()) - begun < seconds:
            measured.append(devnet.resident() / MIB)
            if now - told >= TOLD_EVERY:
                told = now
                figures = ", ".join(f"{count:,} {what}" for what, count in counts.items())
                mapped = f"{devnet.mapped() / MIB:6.1f} MiB mapped"
                print(
                    f"{now - begun:5.0f} s  {measured[-1]:6.1f} MiB  {mapped}  {figures}",
                    flush=True,
                )
            done, _ = await asyncio.wait(
                asking, timeout=MEASURED_EVERY, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        async with process.connection(devnet.facts) as calls:
            head = await calls.call("Filecoin.ChainHead")
        print(f"height {head['Height']}, {counts['calls'] / seconds:.0f} calls a second")
    finally:
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        code = await devnet.stop()
    print(f"it stopped with {code}")
    return measured


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--block-time", type=float, default=1.0)
    parser.add_argument("--epochs", type=int, default=FILLS_CACHES)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="papyrus-load-") as folder:
        measured = asyncio.run(
            run(
                Path(folder),
                arguments.minutes * 60,
                arguments.clients,
                arguments.block_time,
                arguments.epochs,
            )
        )
    quarter = len(measured) // 4
    early, late = fmean(measured[quarter : 2 * quarter]), fmean(measured[-quarter:])
    print(json.dumps({"second_quarter_mib": round(early, 1), "last_quarter_mib": round(late, 1),
                      "highest_mib": round(max(measured), 1)}))  # fmt: skip
    return int(late > MOST_GROWTH * early)


if __name__ == "__main__":
    sys.exit(main())
