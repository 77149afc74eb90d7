"""A devnet that is killed at any moment, with traffic, keeps all it has promised.

`make kill-test` does the same hundreds of times.
"""

import asyncio
import random
import sys

import pytest
from devnet_kills import KilledDevnet, kill_at_birth

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="nothing there is ended as SIGKILL does"),
]

KILLS = 10


def test_killed_devnet_keeps_its_promises(tmp_path):
    async def run():
        devnet = KilledDevnet(tmp_path / "devnet", seed=1)
        for _ in range(KILLS):
            await devnet.live()
        await devnet.settle()
        return devnet.counts

    counts = asyncio.run(run())
    assert counts["kills"] == KILLS
    assert counts["tipsets"] > 0
    assert counts["messages acknowledged"] > 0


def test_devnet_killed_while_it_is_made_is_made_nevertheless(tmp_path):
    chance = random.Random(7)  # noqa: S311 - any moments, the same each time
    asyncio.run(kill_at_birth(tmp_path / "devnet", chance))
