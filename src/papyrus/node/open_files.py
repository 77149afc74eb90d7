"""How many files and sockets the process may have open.

Shells give 1,024, for the sake of old programs that cannot bear more; a node that has a thousand
clients needs more, and the system lets each process take more by itself.
"""

import sys

WANTED = 65_536
"""Enough for the connections that the interface takes at most, and for files beside them."""


def allow_open_files(wanted: int = WANTED) -> int:
    """Let this process have so many files open, or as many as the system lets it; return that.

    What is allowed already stays so. 0 where the system has no such limit.
    """
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - does not exist on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError):  # macOS allows less than it says
        return soft
    return allowed
