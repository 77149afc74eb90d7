"""The check of the check: one deliberate mistake at a time in each actor, and what notices it.

    python -m scripts.negative_controls [ACTOR...] [--publish]

A mistake is a constant with a wrong value, or a function in which a few characters are others. It
is made in this process alone. Random messages, the same as in `scripts.differential`, must then
find a difference from the released actors; how many it took is shown. Exit code: 0 all noticed, 1
one was not.
"""

import argparse
import importlib
import inspect
import json
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papyrus.vm import deep_stack
from scripts.differential import FIRST_SEED, traffics

PUBLISHED = Path(__file__).parents[1] / "docs" / "data" / "negative_controls.json"
MOST_MESSAGES = 20_000


@dataclass(frozen=True)
class Control:
    """One deliberate mistake."""

    actor: str
    traffic: str
    module: str
    """Below `papyrus.actors`."""
    name: str
    """Of a constant or a function in the module."""
    wrong: Any
    """The wrong value; for a function what is replaced in its source, and by what."""

    @property
    def told(self) -> str:
        """What the mistake is, for a person to read."""
        if isinstance(self.wrong, tuple):
            return f"`{self.wrong[0]}` → `{self.wrong[1]}`"
        return f"= `{self.wrong}`"


CONTROLS = (
    Control("account", "account", "account.actor", "authenticate_message", ("True", "False")),
    Control("account", "account", "account.actor", "constructor", ("not in", "in")),
    Control("cron", "cron", "cron.actor", "epoch_tick", ("entry.method_number", "2")),
    Control("datacap", "datacap", "datacap.actor", "TOKEN_GRANULARITY", 10**17),
    Control("datacap", "datacap", "datacap.actor", "INFINITE_ALLOWANCE", 10**38),
    Control("ethaccount", "system", "ethaccount.actor", "constructor", ("EAM.id", "11")),
    Control("init", "init", "init.actor", "_may_exec", ('"paymentchannel"', '"account"')),
    Control("init", "init", "init.actor", "exec4", ("!=", "==")),
    Control("market", "market", "market.bounds", "MAX_LABEL_SIZE", 255),
    Control("market", "market", "market.bounds", "MIN_DURATION", 180 * 2880 + 1),
    Control("market", "market", "market.params", "EX_DEAL_EXPIRED", 31),
    Control("miner", "miner-control", "miner.monies", "_CONSENSUS_FAULT_FACTOR", 4),
    Control("miner", "miner-control", "miner.monies", "EXPECTED_LEADERS_PER_EPOCH", 4),
    Control("miner", "miner-upkeep", "miner.expiration_faults", "ENTRY_SECTORS_MAX", 1),
    Control("miner", "miner-upkeep", "miner.monies", "CONTINUED_FAULT_PROJECTION_PERIOD", 10_109),
    Control("miner", "miner-sealing", "miner.power", "VERIFIED_DEAL_WEIGHT_MULTIPLIER", 99),
    Control("multisig", "multisig", "multisig.state", "MAX_SIGNERS", 257),
    Control("multisig", "multisig", "multisig.state", "amount_locked", ("<= 0", "<= 1")),
    Control("multisig", "multisig", "multisig.state", "require_available", ("== 0", "== 1")),
    Control("paych", "paych", "paych.actor", "SETTLE_DELAY", 12 * 120 + 1),
    Control("placeholder", "account", "placeholder", "_Placeholder.invoke", ("NO_DATA", "1")),
    Control("power", "power", "power.state", "CONSENSUS_MINER_MIN_MINERS", 5),
    Control("reward", "reward", "reward.actor", "PENALTY_MULTIPLIER", 2),
    Control(
        "reward", "reward", "reward.minting", "_LAMBDA", 37_396_271_439_864_487_274_534_522_888
    ),
    Control("system", "system", "system.state", "empty", ("()", "(((), 0),)")),
    Control("verifreg", "verifreg", "verifreg.verifiers", "REMOVAL_DOMAIN", b"fil_removedatacap"),
)


@contextmanager
def made(control: Control) -> Iterator[None]:
    """Make a mistake for as long as this lasts."""
    module = importlib.import_module(f"papyrus.actors.{control.module}")
    if not isinstance(control.wrong, tuple):
        right = getattr(module, control.name)
        holders = list(_holders(control.name, right))
        for holder in holders:
            setattr(holder, control.name, control.wrong)
        try:
            yield
        finally:
            for holder in holders:
                setattr(holder, control.name, right)
        return
    function = _function(module, control.name)
    before = function.__code__
    function.__code__ = _changed(function, *control.wrong)
    try:
        yield
    finally:
        function.__code__ = before


def _holders(name: str, value: Any) -> Iterator[types.ModuleType]:
    """Yield every module of the actors in which a constant goes by its name."""
    for path, module in list(sys.modules.items()):
        if path.startswith("papyrus.actors") and vars(module).get(name) is value:
            yield module


def _function(module: types.ModuleType, name: str) -> types.FunctionType:
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part)
    if not isinstance(found, types.FunctionType):
        raise TypeError(f"{name} is no function")
    return found


def _changed(function: Callable[..., Any], old: str, new: str) -> types.CodeType:
    """Return a function's code with some of its source replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    start = source.index("def ")
    source = source[start:]
    # What a docstring says may hold the same characters.
    parts = source.split('"""', 2)
    head, body = ('"""'.join((*parts[:2], "")), parts[2]) if len(parts) > 1 else ("", source)
    if old not in body:
        raise ValueError(f"{function.__qualname__} has no {old!r} to replace")
    names: dict[str, Any] = {}
    code = compile(head + body.replace(old, new, 1), "<mistake>", "exec", flags=_ANNOTATIONS)
    exec(code, dict(function.__globals__), names)  # noqa: S102 - our own source, changed
    made_of: types.CodeType = names[function.__name__].__code__
    return made_of


_ANNOTATIONS = 0x1000000
"""The compiler's flag for annotations that are not evaluated."""


def messages_until_noticed(module: Any, control: Control) -> int | None:
    """Return after how many messages a mistake is noticed, or None."""
    traffic = module.TRAFFICS[control.traffic]
    sent = 0
    for seed in range(FIRST_SEED, sys.maxsize):
        try:
            vm, running = traffic.begin(seed)
        except Exception:  # noqa: BLE001 - the first messages are sent to build a state
            return sent + 1
        for _ in range(traffic.steps):
            try:
                running.step()
            except Exception:  # noqa: BLE001 - a difference may show as an error of any kind
                return sent + vm.sent
        sent += vm.sent
        if sent > MOST_MESSAGES:
            return None
    return None


def run(names: list[str]) -> list[tuple[Control, int | None]]:
    """Make every mistake in turn and return when each was noticed."""
    module = traffics()
    found = []
    for control in CONTROLS:
        if names and control.actor not in names:
            continue
        with made(control):
            count = messages_until_noticed(module, control)
        found.append((control, count))
        told = "NOT NOTICED" if count is None else f"noticed at message {count}"
        print(
            f"{control.actor}: {control.module}.{control.name} {control.told}: {told}", flush=True
        )
    return found


def main() -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("actors", nargs="*", metavar="ACTOR")
    parser.add_argument("--publish", action="store_true", help="keep what was found for the docs")
    options = parser.parse_args()
    found = deep_stack.call(run, options.actors)
    if options.publish:
        rows = [
            {
                "actor": control.actor,
                "where": f"{control.module}.{control.name}",
                "mistake": control.told,
                "traffic": control.traffic,
                "messages": count,
            }
            for control, count in found
        ]
        PUBLISHED.parent.mkdir(parents=True, exist_ok=True)
        PUBLISHED.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")
    return 1 if any(count is None for _, count in found) else 0


if __name__ == "__main__":
    sys.exit(main())
