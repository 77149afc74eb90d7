"""What every command prints, and where.

Data goes to stdout: text for people, or with `--json` one JSON document. Everything else goes to
stderr: errors as one sentence that says what to do, and progress, which is drawn only where a
person watches (a terminal). Exit codes: 0 done, 1 failed or found wrong, 2 wrong usage.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, NoReturn, Protocol

import typer

from papyrus.primitives.sentences import MAINNET_LETTER, Words, told

_LETTER = ContextVar("letter", default=MAINNET_LETTER)
_WALLET_OPTIONS = ContextVar("wallet_options", default="")
_WALLET_COMMAND = re.compile("`(papyrus wallet [^`]+)`")

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
"""The `--json` flag, the same on every command."""


class Progress(Protocol):
    """Hears how far a command has come."""

    def advance(self, amount: int, what: str = "") -> None:
        """Count so much more as done; `what` is being worked on."""
        ...

    def reach(self, done: int, total: int | None, what: str = "") -> None:
        """Set how much is done and, where it is known, how much there is; see `advance`."""
        ...


def say(line: str = "") -> None:
    """Print one line of data."""
    sys.stdout.write(f"{line}\n")


def note(line: str) -> None:
    """Print one line that is not data."""
    sys.stderr.write(f"{line}\n")


def write_addresses_with(letter: str) -> None:
    """Let what this command fails with have addresses as a network writes them, by its letter."""
    _LETTER.set(letter)


def name_wallet_with(options: str) -> None:
    """Let what this command advises to do with the wallet have the options that name that one."""
    _WALLET_OPTIONS.set(options)


def advice(text: str) -> str:
    """Return a text whose commands of the wallet are for the wallet that is used."""
    options = _WALLET_OPTIONS.get()
    return _WALLET_COMMAND.sub(lambda found: f"`{found[1]}{options}`", text)


def fail(sentence: Words) -> NoReturn:
    """End the command with exit code 1 and the reason."""
    note(f"papyrus: {advice(told(sentence, _LETTER.get()))}")
    raise typer.Exit(1)


def say_json(value: Any) -> None:
    """Print the one JSON document of a command."""
    say(json.dumps(value, indent=2, ensure_ascii=False))


def say_json_array(items: Iterable[Any]) -> None:
    """Print a JSON array item by item, one a line, so that any number of them fits in memory."""
    separator = "[\n"
    for item in items:
        sys.stdout.write(separator + json.dumps(item, ensure_ascii=False))
        separator = ",\n"
    say("[]" if separator == "[\n" else "\n]")


def say_fields(fields: Iterable[tuple[str, object]]) -> None:
    """Print pairs of name and value, the values below each other."""
    pairs = [(name, str(value)) for name, value in fields]
    width = max((len(name) for name, _ in pairs), default=0)
    for name, value in pairs:
        say(f"{name:<{width}}  {value}")


def say_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns; columns of numbers are set to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    numeric = [
        bool(cells) and all(row[column].replace(",", "").isdigit() for row in cells)
        for column in range(len(heads))
    ]
    widths = [
        max(len(head), *(len(row[column]) for row in cells), 0) for column, head in enumerate(heads)
    ]
    for row in (list(heads), *cells):
        aligned = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        say("  ".join(aligned).rstrip())


def human_size(count: int) -> str:
    """Return a number of bytes as people write it, for instance 5.9 MB."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


@contextmanager
def progress(what: str, total: int | None = None, *, bytes_unit: bool = True) -> Iterator[Progress]:
    """Draw a bar on stderr while the block runs, where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield _NoProgress()
        return
    from papyrus.cli.progress_bar import progress_bar  # noqa: PLC0415 - rich is slow to import

    with progress_bar(what, total, bytes_unit=bytes_unit) as bar:
        yield bar


class _NoProgress:
    """Hears, and draws nothing."""

    def advance(self, amount: int, what: str = "") -> None:
        """Draw nothing."""

    def reach(self, done: int, total: int | None, what: str = "") -> None:
        """Draw nothing."""
