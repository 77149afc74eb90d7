"""Which parts of a running node tell something, and how much of it, until it stops."""

import logging

from papyrus.node.logging import ROOT
from papyrus.primitives.errors import LocalFault

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
"""By the names that people give them, Lotus' `warn` too."""


def parts() -> list[str]:
    """Return the parts that tell something, and what they are parts of, whose level they share."""
    known = logging.root.manager.loggerDict
    return sorted(name.removeprefix(f"{ROOT}.") for name in known if name.startswith(f"{ROOT}."))


def set_level(part: str, level: str) -> None:
    """Let a part tell what is at a level and above; LocalFault for a part or level that is none."""
    if level.lower() not in LEVELS:
        raise LocalFault(f"there is no level {level!r}: there are {', '.join(LEVELS)}")
    if part not in parts():
        raise LocalFault(f"no part {part!r} tells anything: `papyrus log list` lists those that do")
    logging.getLogger(f"{ROOT}.{part}").setLevel(LEVELS[level.lower()])
