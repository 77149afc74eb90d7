"""`papyrus genesis`: begin a network."""

import typer

from papyrus.cli.genesis_build import build
from papyrus.cli.genesis_inspect import inspect
from papyrus.cli.genesis_template import add_account, add_miner, new

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Begin a network: write a template, and make the first block and its state of it.

    A template is a TOML file that says all of a genesis, what was drawn at random included, so
    that it gives the same bytes wherever it is built.""",
)

for name, command in (
    ("new", new),
    ("add-account", add_account),
    ("add-miner", add_miner),
    ("build", build),
    ("inspect", inspect),
):
    app.command(name, no_args_is_help=True)(command)
