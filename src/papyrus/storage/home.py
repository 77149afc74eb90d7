"""Where Papyrus keeps its state: `$PAPYRUS_PATH`, or `~/.papyrus` where that is not set."""

import os
from pathlib import Path


def home() -> Path:
    """Return the folder of Papyrus' state; it need not exist yet."""
    chosen = os.environ.get("PAPYRUS_PATH")
    return Path(chosen).expanduser() if chosen else Path.home() / ".papyrus"
