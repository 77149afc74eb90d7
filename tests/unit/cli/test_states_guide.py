"""The commands of the guide to states print what is said there."""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from papyrus.actors.checks.state import check_state
from papyrus.actors.power.state import CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.cli.chain_contents import read_header
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore, load, put_cbor
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.storage.car_files import open_car
from papyrus.types.actor import ActorState, StateRoot

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "states.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"```console\n\$ papyrus (.*)\n((?:.*\n)*?)```", GUIDE)
DAMAGED = re.search(r"```text\n((?:.*\n)*?)```", GUIDE)
POWER, ACCOUNT, MINER = 4, 100, Address.from_id(1000)


@pytest.mark.parametrize(("command", "said"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_a_command_prints_what_the_guide_says(papyrus, shared, command, said):
    arguments = shlex.split(command.replace("../shared", shared.as_posix()))
    result = papyrus(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    printed = iter(line.rstrip() for line in result.stdout.splitlines())
    for line in said.splitlines():
        # Three dots stand for lines that are left out.
        assert line == "..." or line in printed, f"{line!r} is not printed there"


def test_the_guide_has_an_example_of_each_command_that_reads():
    named = {command.split()[1] for command, _ in COMMANDS}
    assert named == {"tree", "actor", "get", "diff", "check"}


def test_damage_is_told_as_the_guide_says(shared):
    car = open_car(shared / "chains" / "multisig" / "chain.car.zst")
    store = LayeredBlockstore(MemoryBlockstore(), car)
    header = read_header(car, car.roots[0])
    top = StateRoot.from_cbor(load(store, header.parent_state_root))
    tree = Hamt(store, top.actors)

    def change(actor_id, **fields):
        actor = ActorState.from_ipld(tree.get(Address.from_id(actor_id)))
        tree.set(Address.from_id(actor_id), replace(actor, **fields).to_ipld())
        return actor

    account = change(ACCOUNT)
    change(ACCOUNT, balance=account.balance + TokenAmount(1))
    state = PowerState.from_cbor(load(store, change(POWER).head))
    claims = CLAIMS.open(store, state.claims)
    claim = claims.get(MINER)
    claims.set(MINER, replace(claim, raw_byte_power=claim.raw_byte_power - 1))
    change(POWER, head=put_cbor(store, replace(state, claims=claims.flush()).to_ipld()))
    root = put_cbor(store, StateRoot(5, tree.flush(), top.info).to_ipld())
    report = check_state(store, root, total=TOTAL_SUPPLY)
    told = [*map(str, report.findings), f"wrong in {len(report.findings)} ways"]
    assert told == DAMAGED[1].splitlines()
