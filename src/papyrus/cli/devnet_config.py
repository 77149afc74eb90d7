"""What a devnet runs with where nothing is set: other values than a node of a network that is real.

It is on one machine, for one person: nothing has to be downloaded, and nobody else is let in.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from papyrus.node.config_load import Loaded, load_node
from papyrus.rules.private_networks import DEVNET

DEFAULTS: Mapping[str, Any] = {
    "chain.engine": "native",
    "api.require_token": False,
    "api.cors_origins": ["*"],
    "logging.level": "warning",
}
ORIGIN = "default of a devnet"


def load_with_defaults(
    home: Path,
    environment: Mapping[str, str],
    options: Mapping[str, Any],
    file: Path | None = None,
) -> tuple[Loaded, Path]:
    """Return what `load_node` does, with a devnet's own defaults where its network is that."""
    loaded, path = load_node(home, environment, options, file)
    if loaded.config.chain.network != DEVNET.name:
        return loaded, path
    unset = {key: value for key, value in DEFAULTS.items() if key not in loaded.origins}
    config = load_node(home, environment, {**options, **unset}, file)[0].config
    return Loaded(config, {**loaded.origins, **dict.fromkeys(unset, ORIGIN)}), path
