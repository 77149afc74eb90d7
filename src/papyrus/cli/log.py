"""`papyrus log`: how much a running node tells of what it does."""

from typing import Annotated

import typer

from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.output import JsonOption, note, say, say_json

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Let a running node tell more or less of what it does, until it stops.",
)


@app.command("list")
def list_parts(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List the parts of the node that have something to tell.

    \b
    Examples:
      papyrus log list
    """
    with connected(api) as node:
        found = node.ask("LogList")
    if json:
        say_json(found)
        return
    for name in found:
        say(name)


@app.command("set-level", no_args_is_help=True)
def set_level(
    level: Annotated[str, typer.Argument(metavar="LEVEL", help="debug, info, warn or error.")],
    systems: Annotated[
        list[str] | None, typer.Option("--system", metavar="PART", help="All, if not given.")
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Set from which level on parts of the node tell something; config.toml sets it for longer.

    \b
    Examples:
      papyrus log set-level debug --system rpc --system sync
      papyrus log set-level warn
    """
    with connected(api) as node:
        parts = systems or node.ask("LogList")
        for part in parts:
            node.ask("LogSetLevel", part, level)
    if json:
        say_json(dict.fromkeys(parts, level))
    else:
        note(f"{', '.join(parts)} tell what is {level} or worse")
