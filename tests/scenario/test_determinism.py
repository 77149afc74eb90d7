"""The same messages give the same state, in any process and however often."""

import os
import subprocess
import sys
from pathlib import Path

SUPPORT = Path(__file__).resolve().parents[1] / "support"

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from machine import World
from papyrus.primitives.address import Address
from papyrus.rules.versions import SUPPORTED
from papyrus.types.actor import EMPTY_STATE

def story(rules):
    world = World(rules)
    others = [Address.actor(bytes((place,))) for place in range(40)]
    for place, address in enumerate(others):
        world.addresses[address] = 3000 + place
        world.put_actor(3000 + place, "tester", balance=place)
    new = [Address.bls(bytes((place,)) * 48) for place in range(1, 6)]
    send = lambda to: ("send.send", bytes(to), 0, 0, 0, 1, 2**64 - 1, 0)
    steps = [send(address) for address in (*others, *new)]
    world.put_actor(1000, world.program(*steps), balance=100)
    yield world.send()
    yield world.send(new[0], method=0)
    yield world.send(gas_limit=60_000_000)
    yield world.send(5555)

for rules in SUPPORTED:
    for outcome in story(rules):
        print(rules.network_version, outcome.root, outcome.receipt.to_cbor().hex())
"""


def told(seed):
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", SCRIPT, str(SUPPORT)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def test_a_story_ends_the_same_under_any_seed_of_hashes():
    first = told("0")
    assert len(first) == 9 * 4
    assert first == told("1")


def test_a_story_ends_the_same_told_twice(world):
    def story():
        world.put_actor(1000, world.program(("gas.available",), ("debug.enabled",)))
        outcomes = [world.send(), world.send(gas_limit=50_000_000), world.send(5555)]
        return [(outcome.root, outcome.result) for outcome in outcomes]

    assert story() == story()
