"""Every benchmark in one run, with ratios, since seconds of one machine mean little on another.

Each module of this folder other than this one has a function `bench()` that returns rows: a name,
the value, its unit, what it is compared with, and the ratio to that, or None where there is
nothing to compare with. A module that lacks its input raises `LookupError` with the reason, which
the table shows. The rows are kept in `.bench/<date>.json`.

    python -m benchmarks [NAME...]
"""

import importlib
import json
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parent


class Row(NamedTuple):
    """One measurement."""

    name: str
    value: float
    unit: str
    baseline: str
    ratio: float | None


def collect(names: Iterable[str]) -> tuple[dict[str, list[Row]], dict[str, str]]:
    """Run the named benchmarks; return their rows, and why others could not be run."""
    rows: dict[str, list[Row]] = {}
    missing: dict[str, str] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            rows[name] = [
                Row(*row) for row in importlib.import_module(f"benchmarks.{name}").bench()
            ]
        except LookupError as error:
            missing[name] = str(error.args[0] if error.args else error)
    return rows, missing


def keep(rows: dict[str, list[Row]], missing: dict[str, str]) -> Path:
    """Write the rows with what they were measured on, and return the file."""
    at = datetime.now(UTC)
    folder = FOLDER.parent / ".bench"
    folder.mkdir(exist_ok=True)
    path = folder / f"{at:%Y-%m-%dT%H%M%SZ}.json"
    record = {
        "at": at.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "rows": {name: [row._asdict() for row in of] for name, of in rows.items()},
        "missing": missing,
    }
    path.write_text(json.dumps(record, indent=1) + "\n")
    return path


def main() -> int:
    """Run what the command line names, or everything; return the exit code."""
    known = sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if not path.stem.startswith("_") and "\ndef bench(" in path.read_text()
    )
    names = sys.argv[1:] or known
    if unknown := sorted(set(names) - set(known)):
        print(
            f"no such benchmark: {', '.join(unknown)}; there are {', '.join(known)}",
            file=sys.stderr,
        )
        return 2
    rows, missing = collect(names)

    table = Table("benchmark", "", "", "ratio", "to", title="Papyrus, measured in one run")
    table.columns[1].justify = table.columns[3].justify = "right"
    for name, measured in rows.items():
        table.add_section()
        for row in measured:
            ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
            table.add_row(f"{name}: {row.name}", f"{row.value:,.4g}", row.unit, ratio, row.baseline)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    for name, reason in missing.items():
        print(f"{name}: not measured: {reason}")
    print(keep(rows, missing).relative_to(FOLDER.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
