"""Log: which parts of the node tell something, and how much."""

from typing import Any

from papyrus.node.log_levels import parts, set_level
from papyrus.rpc.declarations import WRITE, Context, method


@method("LogList", WRITE)
async def log_list(_: Context[Any]) -> list[str]:
    """Return the parts of the node that have something to tell."""
    return parts()


@method("LogSetLevel", WRITE)
async def log_set_level(_: Context[Any], subsystem: str, level: str) -> None:
    """Let a part tell what is at a level (debug, info, warn, error) or above, until a restart."""
    set_level(subsystem, level)


class LogMethods:
    """The group, as a server registers and a client has it."""

    log_list = log_list
    log_set_level = log_set_level
