"""Remove what processes left of their coverage that a test killed while they wrote it.

    python -m scripts.killed_coverage

Such a file is half a database, on which `coverage combine` gives up for all others too.
"""

import sqlite3
from contextlib import closing
from pathlib import Path


def is_whole(path: Path) -> bool:
    """Return whether a file holds the data of a process that came to its end."""
    try:
        with closing(sqlite3.connect(path)) as data:
            # Asked for rows without a path, the database knows there can be none: it does not look.
            paths = [path for (path,) in data.execute("select path from file")]
            return None not in paths
    except sqlite3.DatabaseError:
        return False


def main() -> None:
    """Remove every data file that is not whole."""
    for path in sorted(Path().glob(".coverage.*")):
        if not is_whole(path):
            path.unlink()
            print(f"{path.name}: cut off by a test, and left out")


if __name__ == "__main__":
    main()
