"""Random messages to native and released actors side by side, at length, and what came of them.

    python -m scripts.differential [TRAFFIC...] [--messages N] [--bundle NAME]
    python -m scripts.differential --scripted
    python -m scripts.differential --publish

Every seed of a traffic is one run on two machines, compared message by message and call by call.
What each run counted is appended to a file, so that a later start goes on where the last one
stopped. `--scripted` counts the unit tests of actors on two machines in the same way. `--publish`
sums all up into docs/data/differential.json, from which docs/guides/exit-codes.md is made. Exit
code: 0 all agreed, 1 a difference, 2 nothing to run with.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from papyrus.actors.registry import ACTORS
from papyrus.storage.bundles import BundleStore
from papyrus.vm import deep_stack

ROOT = Path(__file__).parents[1]
PUBLISHED = ROOT / "docs" / "data" / "differential.json"
FOLDER = ROOT / ".differential"
SCRIPTED = "scripted.json"
FIRST_SEED = 100_000
ACTORS_VERSION = 18


def traffics() -> Any:
    """Return the module of all traffics, which lies among what tests share."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    return importlib.import_module("traffics")


def runs_in(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield every run that is kept in a folder."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open() as lines:
            for line in lines:
                # A line that was cut off was never a whole run.
                if line.endswith("}\n"):
                    yield json.loads(line)


def run_seed(module: Any, name: str, seed: int, bundle: str) -> dict[str, Any]:
    """Run one seed and return what it counted."""
    start = time.process_time()
    vm = module.run(name, seed, bundle)
    calls = [[*key, count] for key, count in sorted(vm.counts.items())]
    return {
        "traffic": name,
        "bundle": bundle,
        "seed": seed,
        "messages": vm.sent,
        "epochs": vm.one.epoch,
        "seconds": round(time.process_time() - start, 2),
        "calls": calls,
    }


def go_on(module: Any, options: argparse.Namespace) -> int:
    """Run seed after seed, always of the traffic that lacks most; return the exit code."""
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    names = options.traffics or list(module.TRAFFICS)
    done: dict[str, set[int]] = {name: set() for name in names}
    sent: Counter[str] = Counter()
    for run in runs_in(folder):
        if run["traffic"] in done and options.bundle in (None, run["bundle"]):
            done[run["traffic"]].add(run["seed"])
            sent[run["traffic"]] += run["messages"]
    targets = {name: options.messages or module.TRAFFICS[name].target for name in names}
    differences = 0
    failed: set[str] = set()
    while True:
        lacking = [name for name in names if sent[name] < targets[name] and name not in failed]
        if not lacking:
            return 1 if differences else 0
        name = min(lacking, key=lambda each: sent[each] / targets[each])
        seed = next(n for n in range(options.first_seed, sys.maxsize) if n not in done[name])
        done[name].add(seed)
        bundle = options.bundle or module.TRAFFICS[name].bundle(seed)
        try:
            found = run_seed(module, name, seed, bundle)
        except Exception:  # noqa: BLE001 - whatever it is, it is shown, and the next seed runs
            differences += 1
            print(f"{name} seed {seed} on {bundle}: DIFFERENCE", flush=True)
            traceback.print_exc()
            if options.stop:
                return 1
            if differences > options.patience:
                failed.add(name)
            continue
        with (folder / f"{name}.jsonl").open("a") as kept:
            kept.write(json.dumps(found, separators=(",", ":")) + "\n")
        sent[name] += found["messages"]
        share = min(1.0, sent[name] / targets[name])
        print(
            f"{name} seed {seed} on {bundle}: {found['messages']} messages in "
            f"{found['seconds']} s, {sent[name]} in all ({share:.0%})",
            flush=True,
        )


def run_scripted(folder: Path) -> int:
    """Run the actors' unit tests that have two machines, and count their calls."""
    folder.mkdir(parents=True, exist_ok=True)
    support = ROOT / "tests" / "support"
    kept = folder / SCRIPTED
    surroundings = {
        **os.environ,
        "PYTHONPATH": str(support),
        "PAPYRUS_RECORD_CALLS": str(kept.resolve()),
    }
    told = ["-q", "-p", "recording", "tests/unit/actors", "tests/scenario/actors"]
    command = [sys.executable, "-m", "pytest", *told]
    return subprocess.run(command, env=surroundings, cwd=ROOT, check=False).returncode


def publish(module: Any, folder: Path) -> None:
    """Sum up all runs, for the page."""
    totals: dict[str, dict[str, Any]] = {}
    calls: Counter[tuple[str, str, int]] = Counter()
    ticks = 0
    for run in runs_in(folder):
        total = totals.setdefault(
            run["traffic"],
            {
                "actor": module.TRAFFICS[run["traffic"]].actor,
                "runs": 0,
                "messages": 0,
                "epochs": 0,
                "ticks": 0,
                "bundles": Counter(),
                "seeds": [run["seed"], run["seed"]],
            },
        )
        total["runs"] += 1
        total["messages"] += run["messages"]
        total["epochs"] += run["epochs"]
        total["bundles"][run["bundle"]] += run["messages"]
        total["seeds"] = [
            min(total["seeds"][0], run["seed"]),
            max(total["seeds"][1], run["seed"]),
        ]
        for actor, method, code, count in run["calls"]:
            calls[actor, method, code] += count
            if (actor, method, code) == ("cron", "epoch_tick", 0):
                total["ticks"] += count
                ticks += count
    scripted = json.loads((folder / SCRIPTED).read_text())
    PUBLISHED.parent.mkdir(parents=True, exist_ok=True)
    text = {
        "actors_version": ACTORS_VERSION,
        "ticks": ticks,
        "traffics": dict(sorted(totals.items())),
        "calls": as_table(calls),
        "scripted": {
            "messages": scripted["messages"],
            "calls": as_table({(*key,): count for *key, count in scripted["calls"]}),
        },
    }
    PUBLISHED.write_text(json.dumps(text, indent=1) + "\n")
    print(f"{sum(t['messages'] for t in totals.values())} messages -> {PUBLISHED}")


def known_name(actor: str, method: str) -> str:
    """Return what a method is called now whose name was written with other underscores."""
    names = {entry.name.replace("_", ""): entry.name for entry in ACTORS[actor].table.values()}
    return names.get(method.replace("_", ""), method)


def as_table(calls: Mapping[Any, int]) -> dict[str, dict[str, dict[str, int]]]:
    """Return counts by (actor, method, exit code) as a table of tables."""
    table: dict[str, dict[str, dict[str, int]]] = {}
    for (actor, method, code), count in sorted(calls.items()):
        codes = table.setdefault(actor, {}).setdefault(known_name(actor, method), {})
        codes[str(code)] = codes.get(str(code), 0) + count
    return table


def main() -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("traffics", nargs="*", metavar="TRAFFIC")
    parser.add_argument("--messages", type=int, help="of each, instead of what is asked of it")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--bundle", help="one build for all seeds, instead of each in turn")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where runs are kept")
    parser.add_argument("--publish", action="store_true", help="sum up the runs that are kept")
    parser.add_argument("--scripted", action="store_true", help="count the actors' unit tests")
    parser.add_argument("--stop", action="store_true", help="stop at the first difference")
    parser.add_argument("--patience", type=int, default=5, help="differences before giving up")
    options = parser.parse_args()
    module = traffics()
    unknown = set(options.traffics) - set(module.TRAFFICS)
    if unknown:
        known = ", ".join(module.TRAFFICS)
        print(f"no such traffic: {', '.join(sorted(unknown))}; there are {known}", file=sys.stderr)
        return 2
    if options.publish:
        publish(module, options.folder)
        return 0
    if options.scripted:
        return run_scripted(options.folder)
    if not any(kept.version == ACTORS_VERSION for kept in BundleStore().list()):
        print(f"no bundle: papyrus bundle fetch {ACTORS_VERSION}", file=sys.stderr)
        return 2
    return deep_stack.call(go_on, module, options)


if __name__ == "__main__":
    sys.exit(main())
