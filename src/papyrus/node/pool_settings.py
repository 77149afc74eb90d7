"""The settings that users gave the message pool while it ran, kept for the next start.

They go before those of config.toml, as in Lotus, which keeps them beside its messages
(`chain/messagepool/config.go`). Whoever wants those of config.toml again deletes the file.
"""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from papyrus.mpool.config import MpoolConfig
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.files import write_atomic
from papyrus.storage.private_files import read_private

_MOST_BYTES = 1 << 20


def keep_settings(path: Path, config: MpoolConfig) -> None:
    """Keep settings, on the disk when this returns; LocalFault where they cannot be."""
    addresses = [str(address) for address in config.priority_addresses]
    content = json.dumps(asdict(config) | {"priority_addresses": addresses}, indent=2) + "\n"
    write_atomic(path, content.encode(), private=True)


def kept_settings(path: Path) -> MpoolConfig | None:
    """Return the settings that were kept, or None; LocalFault where they cannot be used."""
    data = read_private(path, _MOST_BYTES)
    if data is None:
        return None
    try:
        return _settings(json.loads(data))
    except (ValueError, TypeError, RecursionError, DecodeError, LocalFault) as error:
        raise LocalFault(
            f"the settings of the message pool in {path} cannot be used ({error}): delete the "
            "file, and those of config.toml apply"
        ) from error


def _settings(value: Any) -> MpoolConfig:
    kinds = {field.name: type(field.default) for field in fields(MpoolConfig)}
    if not isinstance(value, dict) or value.keys() != kinds.keys():
        raise ValueError(f"expected the settings {', '.join(kinds)}")
    addresses = value["priority_addresses"]
    if not isinstance(addresses, list):
        raise TypeError("priority_addresses are a list")
    found = value | {"priority_addresses": tuple(map(Address.from_string, addresses))}
    for name, kind in kinds.items():
        if not isinstance(found[name], (int, float) if kind is float else kind):
            raise TypeError(f"{name} is no {kind.__name__}")
    return MpoolConfig(**found)
