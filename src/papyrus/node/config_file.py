"""The configuration as a file for people: every key, what it is for, and its default.

A key at its default is a comment, so that a later version's better default takes effect by itself,
and the file shows at a glance what was chosen.
"""

import textwrap
from collections.abc import Iterator

from papyrus.node.config import Config
from papyrus.node.config_keys import SECTIONS, Key, value_of, value_text

_WIDTH = 96

_HEAD = """\
# Configuration of a Papyrus node.
#
# A line that begins with #name shows a default: remove the # to choose another value. What an
# environment variable says comes before this file, and what the command line says before that.
"""


def config_text(config: Config | None = None) -> str:
    """Return the file that says what a configuration says; all defaults where none is given."""
    return "\n".join(_lines(config or Config()))


def _lines(config: Config) -> Iterator[str]:
    yield _HEAD
    for section in SECTIONS:
        yield f"# {section.sentence}"
        yield f"[{section.name}]"
        for key in section.keys:
            yield from _key_lines(key, config)
        yield ""


def _key_lines(key: Key, config: Config) -> Iterator[str]:
    yield from textwrap.wrap(
        key.sentence,
        _WIDTH,
        initial_indent="  # ",
        subsequent_indent="  # ",
        break_on_hyphens=False,
    )
    yield f"  # Environment: {key.variable}"
    value = value_of(config, key)
    mark = "#" if value == key.default else ""
    yield f"  {mark}{key.name} = {value_text(value)}"
    yield ""
