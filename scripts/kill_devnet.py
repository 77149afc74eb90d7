"""Kill a devnet with traffic at random moments, hundreds of times, and see that it keeps its word.

    python -m scripts.kill_devnet [--kills N] [--seed N] [--folder FOLDER]

Every tenth time a devnet that is only being made is killed, three times over. Exit code: 0 where
every promise was kept, 1 with the first that was not; the folder is left then.
"""

import argparse
import asyncio
import importlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BIRTH_EVERY = 10
"""Lives of the devnet after which another one is killed at birth."""

KILLS_AT_BIRTH = 3
TOLD_EVERY = 25


def kills() -> Any:
    """Return the module that kills, which lies among what tests share."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    return importlib.import_module("devnet_kills")


async def run(module: Any, folder: Path, count: int, seed: int) -> Any:
    """Kill so many times, and return the devnet that lived through it."""
    devnet = module.KilledDevnet(folder / "devnet", seed)
    births = done = lives = 0
    started = time.monotonic()
    while done < count:
        if lives % BIRTH_EVERY == BIRTH_EVERY - 1 and count - done > KILLS_AT_BIRTH:
            births += 1
            newborn = folder / f"newborn-{births}"
            await module.kill_at_birth(newborn, devnet.chance, KILLS_AT_BIRTH)
            shutil.rmtree(newborn)
            done += KILLS_AT_BIRTH
        await devnet.live()
        done, lives = done + 1, lives + 1
        if lives % TOLD_EVERY == 0:
            minutes = (time.monotonic() - started) / 60
            print(
                f"{done} kills in {minutes:.1f} min, height {devnet.counts['epochs']}", flush=True
            )
    await devnet.settle()
    devnet.counts["kills of newborn devnets"] = births * KILLS_AT_BIRTH
    return devnet


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="kept afterwards; a temporary one otherwise")
    arguments = parser.parse_args()
    module = kills()
    folder = arguments.folder or Path(tempfile.mkdtemp(prefix="papyrus-kills-"))
    try:
        devnet = asyncio.run(run(module, folder, arguments.kills, arguments.seed))
    except module.BrokenPromiseError as error:
        print(f"{error}\nwhat is left is in {folder}", file=sys.stderr)
        return 1
    print(module.figures(devnet.counts))
    if arguments.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
