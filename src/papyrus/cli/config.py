"""`papyrus config`: what a node is told, and by whom."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ByteSize

from papyrus.cli.devnet_config import load_with_defaults
from papyrus.cli.output import JsonOption, say, say_json, say_table
from papyrus.node.config import Config
from papyrus.node.config_file import config_text
from papyrus.node.config_keys import KEYS, Key, value_of, value_text
from papyrus.node.config_load import NETWORK, Loaded, load
from papyrus.primitives.amounts import TokenAmount
from papyrus.storage.home import home

HIDDEN = "(hidden)"

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""See how a node is configured, and make the file to do it with.

    Defaults come first, then the file config.toml in the node's folder, then environment variables
    PAPYRUS_SECTION_KEY, then options of the command line.""",
)

ChainOption = Annotated[
    str | None, typer.Option("--chain", metavar="NETWORK", help="The network of the node.")
]
FileOption = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="A file in place of the node's own.")
]


@app.command()
def default(json: JsonOption = False) -> None:
    r"""Print the configuration file with every key at its default.

    \b
    Examples:
      papyrus config default
      papyrus config default > my-node.toml
    """
    _say_file(Config(), json)


@app.command()
def updated(chain: ChainOption = None, config: FileOption = None, json: JsonOption = False) -> None:
    r"""Print the node's own file again, with the keys and words of this version.

    What it sets stays set; what the environment sets is not taken into it.

    \b
    Examples:
      papyrus config updated
      papyrus config updated --config old.toml > new.toml
    """
    _, path = _loaded(chain, config)
    _say_file(load(path).config, json)


@app.command()
def show(chain: ChainOption = None, config: FileOption = None, json: JsonOption = False) -> None:
    r"""Show what holds for a node, and where each value comes from.

    \b
    Examples:
      papyrus config show
      papyrus config show --chain calibnet --json
      PAPYRUS_API_LISTEN_ADDRESS=127.0.0.1:4321 papyrus config show
    """
    loaded, path = _loaded(chain, config)
    rows = [
        (key, value_of(loaded.config, key), loaded.origins.get(name, "default"))
        for name, key in KEYS.items()
    ]
    if json:
        found = {
            key.path: {"value": _shown(key, value), "from": origin} for key, value, origin in rows
        }
        say_json({"file": str(path), "file_exists": path.is_file(), "keys": found})
        return
    say_table(
        ("KEY", "VALUE", "FROM"),
        [(key.path, _shown_text(key, value), origin) for key, value, origin in rows],
    )


@app.command()
def path(chain: ChainOption = None, config: FileOption = None, json: JsonOption = False) -> None:
    r"""Print the path of the node's file, which need not exist.

    \b
    Examples:
      papyrus config path --chain calibnet
      cat "$(papyrus config path)"
    """
    _, found = _loaded(chain, config)
    if json:
        say_json({"file": str(found), "file_exists": found.is_file()})
    else:
        say(str(found))


def _loaded(chain: str | None, file: Path | None) -> tuple[Loaded, Path]:
    return load_with_defaults(home(), os.environ, {NETWORK: chain}, file)


def _say_file(config: Config, as_json: bool) -> None:
    if as_json:
        say_json({key.path: _plain(value_of(config, key)) for key in KEYS.values()})
    else:
        say(config_text(config).rstrip("\n"))


def _shown(key: Key, value: Any) -> Any:
    return HIDDEN if key.secret and value != key.default else _plain(value)


def _shown_text(key: Key, value: Any) -> str:
    return HIDDEN if key.secret and value != key.default else value_text(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: sizes in bytes, amounts with their unit."""
    if isinstance(value, ByteSize):
        return int(value)
    return value.to_fil() if isinstance(value, TokenAmount) else value
