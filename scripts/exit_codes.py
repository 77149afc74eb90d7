"""The page of exit codes in the docs, made of what long runs counted and what the source names.

    python -m scripts.exit_codes          writes docs/guides/exit-codes.md
    python -m scripts.exit_codes --check  tells whether the page is what it would write

It takes docs/data/differential.json, which `scripts.differential --publish` writes, the reasons in
docs/data/unreached.toml and the mistakes in docs/data/negative_controls.json.
"""

import json
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from papyrus.actors.registry import ACTORS
from papyrus.primitives.exit_codes import ACTOR_EXIT_CODES, ExitCode
from scripts.abort_sites import Site, all_sites

ROOT = Path(__file__).parents[1]
DATA = ROOT / "docs" / "data"
PAGE = ROOT / "docs" / "guides" / "exit-codes.md"

INTRODUCTION = """\
# Exit codes, method by method

Random and scripted messages go to two machines side by side: on one every actor is Python that is
written in it, on the other all run as [released code](engines.md) of version {version}. After each
message both must agree on exit code, return, events and state root, which holds every actor's code,
nonce, balance, delegated address and head; and on each call that the message led to: who called
whom by which method with what parameters and value, and what came back. This page is made of what
such runs counted; nothing in it is written by hand but the reasons.

    make differential                # goes on where it stopped; hours
    make differential DIFFERENTIAL_ARGS="market --messages 1000"
    make differential-controls       # one deliberate mistake at a time
    make exit-codes                  # this page again

## What was run

{messages:,} random messages in {runs:,} runs, and {ticks:,} epochs with cron. Every seed is one
run; each build of the actors comes in turn. On `testing-fake-proofs` actors take proofs of
replication for granted and know a proof of spacetime by a hash; on `testing` and `devnet` they ask
the machine, whose verifier refuses an eighth of all proofs and cannot read a thirtieth, always the
same ones on both sides; `devnet` asks providers for collateral too. {scripted:,} more messages are
those of the actors' unit tests, each written for one way in which a method can end.

"""

HOW_TO_READ = """\
## How to read the tables

A row is a method, under its internal number and that of its name (FRC-0042) alike. A number says
how many calls ended in the exit code of its column, in messages and in the calls that they led to;
in italics, where random messages never did and scripted ones did. A ring marks a code that the
source names and nothing has reached: the reason is below the table. What a called actor fails with
is passed on, and counted without being looked for in the source.

What the source names is found by following, from each method, every function that it may call
(`scripts/abort_sites.py`). That takes too much rather than too little: a check counts even where
another one before it never lets anything through, and where its error is caught.
"""

CONTROLS = """\
## Deliberate mistakes

The check of the check: with one constant wrong, or a few characters of one function, random
messages must find a difference. This is how many it took.

| Actor | Where | Mistake | Found by | At message |
|---|---|---|---|---:|
"""

NOT_REACHED = "○"


class UnexplainedError(ValueError):
    """An exit code was not reached and has no reason."""


def counts(published: dict[str, Any]) -> Iterator[tuple[str, str, int, int, int]]:
    """Yield actor, method, exit code and how often it was seen: at random, and as scripted."""
    random, scripted = published["calls"], published["scripted"]["calls"]
    for actor in {**random, **scripted}:
        for method in {**random.get(actor, {}), **scripted.get(actor, {})}:
            seen = random.get(actor, {}).get(method, {}), scripted.get(actor, {}).get(method, {})
            for code in {**seen[0], **seen[1]}:
                yield actor, method, int(code), seen[0].get(code, 0), seen[1].get(code, 0)


def reasons() -> dict[tuple[int, str], str]:
    """Return the reason for each site that nothing may have reached."""
    found = {}
    for each in tomllib.loads((DATA / "unreached.toml").read_text())["reason"]:
        for site in each["sites"]:
            code, function = site.split()
            found[int(code), function] = each["text"]
    return found


def code_title(code: int, actor: str) -> str:
    """Return what a code is called at the head of a column."""
    name = ACTOR_EXIT_CODES.get(actor, {}).get(code)
    if name is None and code in ExitCode.__members__.values():
        name = ExitCode(code).name
    return f"{code} {name}" if name else f"{code} of an actor that it calls"


def table_of(actor: str, seen: dict[tuple[str, int], tuple[int, int]]) -> Iterator[str]:
    """Yield the lines of an actor's table and of what it does not reach."""
    sites = all_sites()[actor]
    named = {(method, site.code) for method, found in sites.items() for site in found}
    methods = [*sites, *sorted({method for method, _ in seen} - set(sites))]
    codes = sorted({code for _, code in {*named, *seen}} | {0})
    numbers = {
        entry.name: ", ".join(map(str, sorted(entry.numbers)))
        for entry in ACTORS[actor].table.values()
    }
    yield f"| Method | {' | '.join(map(str, codes))} |"
    yield f"|---|{'---:|' * len(codes)}"
    for method in methods:
        cells = []
        for code in codes:
            random, scripted = seen.get((method, code), (0, 0))
            if random or scripted:
                cells.append(f"{random:,}" if random else f"*{scripted:,}*")
            else:
                cells.append(NOT_REACHED if (method, code) in named else "")
        title = f"`{method}` {numbers[method]}" if method in numbers else method
        yield f"| {title} | {' | '.join(cells)} |"
    yield ""
    meanings = [code_title(code, actor) for code in codes]
    yield f"Codes: {', '.join(meanings)}."
    yield ""
    yield from _not_reached(actor, sites, seen)


def _not_reached(
    actor: str,
    sites: dict[str, frozenset[Site]],
    seen: Iterable[tuple[str, int]],
) -> Iterator[str]:
    known = reasons()
    reached = set(seen)
    bullets: dict[tuple[int, str], list[str]] = {}
    for method, found in sites.items():
        for site in sorted(found):
            if (method, site.code) in reached:
                continue
            reason = known.get((site.code, site.function))
            if reason is None:
                raise UnexplainedError(f"{actor} {method}: {site.code} in {site.function}")
            methods = bullets.setdefault((site.code, reason), [])
            if method not in methods:
                methods.append(method)
    if not bullets:
        yield "Every exit code that the source names was seen."
        yield ""
        return
    yield "Not reached:"
    yield ""
    for (code, reason), methods in sorted(bullets.items()):
        yield f"- **{code}**: {_listed(methods, sites)}: {reason}."
    yield ""


def _listed(methods: list[str], every: Iterable[str]) -> str:
    """Return the names of methods, or of those they are not, whichever is shorter."""
    others = [f"`{name}`" for name in every if name not in methods]
    if not others and len(methods) > 1:
        return "all methods"
    if others and len(others) * 2 < len(methods):
        return f"all but {', '.join(others)}"
    return ", ".join(f"`{name}`" for name in methods)


def page() -> str:
    """Return the page."""
    published = json.loads((DATA / "differential.json").read_text())
    traffics = published["traffics"]
    text = INTRODUCTION.format(
        version=published["actors_version"],
        messages=sum(each["messages"] for each in traffics.values()),
        runs=sum(each["runs"] for each in traffics.values()),
        ticks=published["ticks"],
        scripted=published["scripted"]["messages"],
    )
    lines = [
        "| Traffic | Messages | Runs | Seeds | Epochs | With cron | Builds |",
        "|---|---:|---:|---|---:|---:|---|",
    ]
    for name, each in traffics.items():
        first, last = each["seeds"]
        builds = ", ".join(f"{build} {count:,}" for build, count in sorted(each["bundles"].items()))
        lines.append(
            f"| {name} | {each['messages']:,} | {each['runs']:,} | {first} to {last} "
            f"| {each['epochs']:,} | {each['ticks']:,} | {builds} |"
        )
    lines += ["", HOW_TO_READ]
    seen: dict[str, dict[tuple[str, int], tuple[int, int]]] = {name: {} for name in ACTORS}
    for actor, method, code, random, scripted in counts(published):
        seen[actor][method, code] = random, scripted
    for actor in sorted(ACTORS):
        total = sum(random for random, _ in seen[actor].values())
        lines += [f"## {actor}", "", f"{total:,} calls in random messages.", ""]
        lines += table_of(actor, seen[actor])
    controls = json.loads((DATA / "negative_controls.json").read_text())
    lines.append(CONTROLS.rstrip("\n"))
    for row in controls:
        where = f"`{row['where']}`"
        lines.append(
            f"| {row['actor']} | {where} | {row['mistake']} | {row['traffic']} "
            f"| {row['messages']:,} |"
        )
    return text + "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or tell whether it is as it would be written; return the exit code."""
    text = page()
    if sys.argv[1:] == ["--check"]:
        return 0 if PAGE.read_text() == text else 1
    PAGE.write_text(text)
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
