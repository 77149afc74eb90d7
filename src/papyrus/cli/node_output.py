"""How commands show what a node answers: JSON as it is, or the fields that people look for."""

from collections.abc import Iterable
from typing import Any

from papyrus.cli.output import say, say_fields, say_json
from papyrus.primitives.exit_codes import ExitCode


def cid_text(value: Any) -> str:
    """Return a CID of JSON as text."""
    return str(value["/"]) if isinstance(value, dict) and "/" in value else str(value)


def cid_json(text: str) -> dict[str, str]:
    """Return a CID that a person wrote as JSON; DecodeError where it is none."""
    from papyrus.ipld.cid import Cid  # noqa: PLC0415 - keeps the help quick

    return {"/": str(Cid.from_string(text.strip()))}


def key_text(cids: Iterable[Any]) -> str:
    """Return a tipset's key as commands take it again: its CIDs with commas between them."""
    return ",".join(map(cid_text, cids))


def exit_code_text(code: int, actor: str | None = None) -> str:
    """Return an exit code with its name."""
    return ExitCode.describe(code, actor)


def show(answer: Any, fields: Iterable[tuple[str, object]], as_json: bool) -> None:
    """Print an answer as it is for programs, or fields of it for people."""
    if as_json:
        say_json(answer)
    else:
        say_fields(fields)


def show_value(answer: Any, as_json: bool) -> None:
    """Print a single value: itself for people, JSON for programs."""
    if as_json:
        say_json(answer)
    else:
        say(str(answer))
