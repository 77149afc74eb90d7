"""`papyrus state`: look into states, compare them, check them and move them to new rules."""

import typer

from papyrus.cli.state_check import check
from papyrus.cli.state_diff import diff
from papyrus.cli.state_get import actor, get, tree
from papyrus.cli.state_migrate import migrate

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Look into the states of a chain file: actors, their fields, what changed.

    A state is named by the CID of its root or by the height of the tipset that was executed on it;
    without either it is that of the file's head.""",
)

for command in (tree, actor, get, diff, check, migrate):
    app.command(no_args_is_help=True)(command)
