"""The entry point: which commands there are, and what becomes of their errors.

A command's module is imported when the command is run, not before, so that `papyrus --help` and
shell completion answer at once. To add a command, add its line to `COMMANDS`.
"""

import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from inspect import signature
from time import perf_counter
from types import ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from papyrus.cli.output import fail, name_wallet_with, say, write_addresses_with
from papyrus.primitives.errors import PapyrusError
from papyrus.primitives.sentences import MAINNET_LETTER

STARTED = perf_counter()
"""When this program began, but for the interpreter itself."""

COMMANDS: dict[str, tuple[str, str]] = {
    "devnet": ("papyrus.cli.devnet:devnet", "Run a Filecoin of your own on this machine."),
    "daemon": ("papyrus.cli.daemon:daemon", "Run a node of a network."),
    "info": ("papyrus.cli.node_info:info", "Show a running node on one screen."),
    "send": ("papyrus.cli.send:send", "Send funds, or call a method of an actor."),
    "mine": ("papyrus.cli.mine:mine", "Let time pass on a devnet."),
    "faucet": ("papyrus.cli.faucet:faucet", "Send an address funds of a devnet."),
    "wallet": ("papyrus.cli.wallet:app", "Keep keys, and sign with them; see balances."),
    "mpool": ("papyrus.cli.mpool:app", "See which messages wait and why, and replace them."),
    "chain": ("papyrus.cli.chain:app", "Look into a node's chain: tipsets, blocks, messages."),
    "state": ("papyrus.cli.state:app", "Look into states: actors, fields, what changed."),
    "msig": ("papyrus.cli.msig:app", "Keep funds of which several keys decide together."),
    "paych": ("papyrus.cli.paych:app", "Pay by vouchers, off the chain until the end."),
    "miner": ("papyrus.cli.miner:app", "Look after storage providers on the chain."),
    "client": ("papyrus.cli.client:app", "Compute what a deal says of the data to store."),
    "market": ("papyrus.cli.market:app", "Make storage deals, and keep money for them."),
    "evm": ("papyrus.cli.evm:app", "Make Ethereum contracts, and call them."),
    "filplus": ("papyrus.cli.filplus:app", "Give DataCap, and see who has it."),
    "sync": ("papyrus.cli.sync:app", "See how far a node is, and what it refuses."),
    "net": ("papyrus.cli.net:app", "See a node's name and its peers."),
    "auth": ("papyrus.cli.auth:app", "Make tokens by which programs may call a node."),
    "log": ("papyrus.cli.log:app", "Let a running node tell more, or less."),
    "status": ("papyrus.cli.node_info:status", "Say how far a node is, and who hears it."),
    "wait-api": ("papyrus.cli.node_info:wait_api", "Wait until a node answers."),
    "stop": ("papyrus.cli.node_info:stop", "Let a running node end well."),
    "version": ("papyrus.cli.node_info:version", "Print this program's version and the node's."),
    "snapshot": ("papyrus.cli.snapshot:app", "Write a node's chain to a file, or begin one."),
    "config": ("papyrus.cli.config:app", "See how a node is configured, and make its file."),
    "db": ("papyrus.cli.db:app", "Look after a node's blocks on disk and their index."),
    "car": ("papyrus.cli.car:app", "Look into chain files: list, get, verify, show as a tree."),
    "cid": ("papyrus.cli.cid:cid", "Take a CID apart, or compute the CID of a file."),
    "address": ("papyrus.cli.address:address", "Show every form of an address."),
    "decode": ("papyrus.cli.decode:decode", "Show CBOR as JSON, with field names if asked."),
    "bundle": ("papyrus.cli.bundle:app", "Keep the official code of the built-in actors."),
    "conformance": ("papyrus.cli.conformance:app", "Run the official test vectors."),
    "genesis": ("papyrus.cli.genesis:app", "Begin a network: its first block and state."),
    "replay": ("papyrus.cli.replay:replay", "Execute a chain file again and compare."),
}
"""Where each command is, and its line in the help. A Typer is a group, a function one command."""


class LazyGroup(TyperGroup):
    """A group whose commands are known by name and imported when they are run."""

    def __init__(self, **options: Any) -> None:
        """Put a stand-in for each command, which serves its line of the help."""
        super().__init__(**options)
        for name, (_, line) in COMMANDS.items():
            self.commands[name] = TyperCommand(name, help=line)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the real command that the arguments name."""
        name, stand_in, rest = super().resolve_command(ctx, args)
        if name in COMMANDS:
            return name, load_command(name), rest
        return name, stand_in, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a known failure becomes one sentence and exit code 1."""
        write_addresses_with(MAINNET_LETTER)
        name_wallet_with("")
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except PapyrusError as error:
            fail(error)
        except BrokenPipeError:
            _drop_stdout()
            raise typer.Exit(1) from None
        except OSError as error:
            _drop_stdout()
            fail(f"{error.filename or 'input or output'}: {error.strerror or error}")
        except MemoryError:
            fail("there is not enough memory for this")
        return result


app = typer.Typer(
    name="papyrus",
    cls=LazyGroup,
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="State is kept in $PAPYRUS_PATH (default ~/.papyrus).",
)


def load_command(name: str) -> Any:
    """Import a command and return it as the command line library wants it."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(_imported(module), attribute)
    if isinstance(found, typer.Typer):
        return _with_lines(typer.main.get_group(found))
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    needs = any(one.default is one.empty for one in signature(found).parameters.values())
    alone.command(name, no_args_is_help=needs)(found)
    return _with_lines(typer.main.get_command(alone))


def _imported(module: str) -> ModuleType:
    """Import a module, and look for no garbage meanwhile: there is none, and it takes a tenth."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.enable()


def _with_lines(command: Any) -> Any:
    """Return the command with the examples of its help, and of its own commands', line by line.

    The mark for that is a control character, which the source writes as the two letters for it.
    """
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
    for inner in getattr(command, "commands", {}).values():
        _with_lines(inner)
    return command


def show_version(wanted: bool) -> None:
    """Print the version and end, if that is asked for."""
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - rarely asked for, and slow

        say(f"papyrus {version('papyrus-filecoin')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=show_version, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Filecoin in Python: reads as the specification, runs as the node."""


def main() -> None:
    """Run the command line."""
    app(prog_name="papyrus")


def _drop_stdout() -> None:
    """Keep the interpreter from writing what is left to a reader who is gone."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
