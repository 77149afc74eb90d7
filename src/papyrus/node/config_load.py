"""Reading the configuration: defaults, then the file, the environment, the command line.

Each value remembers where it came from, so that what is wrong with it is told with the line of the
file, or the variable, or the option. Unknown keys are wrong: a misspelt one would do nothing, and
nobody would notice.
"""

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from papyrus.node.config import Config
from papyrus.node.config_keys import KEYS, SECTIONS
from papyrus.node.config_text import key_lines
from papyrus.primitives.errors import LocalFault

MAX_FILE_SIZE = 1 << 20
CONFIG_FILE = "config.toml"

NETWORK = "chain.network"
"""The key that the folder of the node, and so of its file, depends on."""

OTHER_VARIABLES = frozenset({"PAPYRUS_WALLET_PASSWORD", "PAPYRUS_WALLET_PASSWORD_FILE"})
"""Variables that are named like keys and are read elsewhere: secrets do not belong in a file that
is shown."""

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_MOST_TOLD = 10

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and where it came from."""

    config: Config
    origins: Mapping[str, str]
    """Where each key that is not at its default was set, by its name with its section."""


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Loaded:
    """Return the configuration that a file, the environment and options make of the defaults.

    Options are values by key with section; None is one that was not given. A file that is not
    there sets nothing. LocalFault says in words, and with the place, all that is wrong.
    """
    values: dict[str, Values] = {}
    origins: dict[str, str] = {}
    wrong: list[str] = []
    for source in (_from_file(file), _from_environment(environment or {}), _from_options(options)):
        for path, value, origin in source:
            section, _, name = path.partition(".")
            if unknown := _unknown(section, name, value):
                wrong.append(f"{origin}: {unknown}")
                continue
            if name:
                values.setdefault(section, {})[name] = value
                origins[path] = origin
    if not wrong:
        try:
            return Loaded(Config.model_validate(values), origins)
        except ValidationError as error:
            wrong = [_told(each, values, origins) for each in error.errors(include_url=False)]
    more = len(wrong) - _MOST_TOLD
    raise LocalFault("\n".join(wrong[:_MOST_TOLD]) + (f"\nand {more} more" if more > 0 else ""))


def load_node(
    home: Path,
    environment: Mapping[str, str],
    options: Mapping[str, Any] | None = None,
    file: Path | None = None,
) -> tuple[Loaded, Path]:
    """Return a node's configuration and the path of its file, which need not exist.

    Where no file is named it is that in the folder of the network that the environment or the
    options choose, and it cannot choose another network. LocalFault says what is wrong.
    """
    if file is not None:
        if not file.is_file():
            raise LocalFault(f"there is no file {file}: `papyrus config default` prints one")
        return load(file, environment, options), file
    chosen = load(None, environment, options).config.chain.network
    path = home / chosen / CONFIG_FILE
    loaded = load(path, environment, options)
    if loaded.config.chain.network != chosen:
        raise LocalFault(
            f"{loaded.origins[NETWORK]}: {NETWORK} is {loaded.config.chain.network}, in the folder "
            f"of {chosen}: choose the network with --chain or {KEYS[NETWORK].variable}"
        )
    return loaded, path


def _from_file(path: Path | None) -> Iterator[tuple[str, Any, str]]:
    """Yield what a file sets, with the line."""
    if path is None or (text := _read(path)) is None:
        return
    lines = key_lines(text)
    for section, content in _parsed(path, text).items():
        if not isinstance(content, dict) or section not in Config.model_fields:
            yield section, content, _line(path, lines, (section,))
            continue
        for name, value in content.items():
            yield f"{section}.{name}", value, _line(path, lines, (section, name), (section,))


def _read(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LocalFault(f"cannot read {path}: {error.strerror or error}") from error
    if len(data) > MAX_FILE_SIZE:
        raise LocalFault(f"{path} is longer than {MAX_FILE_SIZE} bytes: it is no configuration")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LocalFault(f"{path}, line {line}: this is no text in UTF-8") from error


def _parsed(path: Path, text: str) -> Values:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _PLACE.search(message)
        where = f", line {place[1]}, column {place[2]}" if place and place[1] else ", at its end"
        said = _PLACE.sub("", message)
        raise LocalFault(f"{path}{where}: {said[:1].lower()}{said[1:]}") from error
    except RecursionError as error:
        raise LocalFault(f"{path}: its lists or tables are nested too deeply") from error


def _line(path: Path, lines: Mapping[tuple[str, ...], int], *names: tuple[str, ...]) -> str:
    for name in names:
        if name in lines:
            return f"{path}, line {lines[name]}"
    return str(path)


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    """Yield what the environment sets; whatever is named like a key of a section must be one."""
    known = {key.variable: path for path, key in KEYS.items()}
    prefixes = {f"PAPYRUS_{section.name.upper()}_": section.name for section in SECTIONS}
    for variable in sorted(environment):
        if variable in OTHER_VARIABLES:
            continue
        if path := known.get(variable):
            yield path, environment[variable], f"${variable}"
            continue
        for prefix, section in prefixes.items():
            if variable.startswith(prefix):
                yield f"{section}.{variable[len(prefix) :].lower()}", None, f"${variable}"


def _from_options(options: Mapping[str, Any] | None) -> Iterator[tuple[str, Any, str]]:
    for path, value in (options or {}).items():
        if value is not None:
            yield path, value, "on the command line"


def _unknown(section: str, name: str, value: Any) -> str | None:
    """Return what is wrong with a key that is not there, or None where it is."""
    if section not in Config.model_fields:
        kind = "section" if isinstance(value, dict) or name else "key outside of a section"
        return f"there is no {kind} {section!r}{_meant(section, Config.model_fields)}"
    if not name:
        return f"{section} is a section: its keys stand below a line [{section}]"
    if f"{section}.{name}" not in KEYS:
        own = [key.name for each in SECTIONS if each.name == section for key in each.keys]
        return f"there is no key {name!r} in {section}{_meant(name, own)}"
    return None


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _told(error: Any, values: Mapping[str, Values], origins: Mapping[str, str]) -> str:
    """Return one sentence about a value that was refused."""
    section, *rest = (str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ").replace("Input should", "it should")
    message = message[:1].lower() + message[1:]
    path = f"{section}.{rest[0]}" if rest else section
    key = KEYS.get(path)
    if key is None:  # keys that do not go together
        set_here = sorted({origins[each] for each in origins if each.startswith(f"{section}.")})
        return f"{' and '.join(set_here) or 'the defaults'}: {section}: {message}"
    part = f", at {'.'.join(rest[1:])}" if len(rest) > 1 else ""
    found = "" if key.secret else f" = {_short(values.get(section, {}).get(rest[0]))}"
    return f"{origins.get(path, 'the default')}: {path}{found}: {message}{part}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
