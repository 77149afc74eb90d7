"""A devnet as one file: written when it stops, and begun with elsewhere.

The file is what `Papyrus.DumpState` answers, so that what one writes the other takes in.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from papyrus.devnet.dump import DevnetDump, restore
from papyrus.devnet.options import OPTION_NAMES, DevnetOptions
from papyrus.devnet.settings import devnet_network
from papyrus.node.repository import Repository
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rpc.json_codecs import codec_of
from papyrus.rules.private_networks import DEVNET
from papyrus.storage.files import write_atomic

MOST_BYTES = 1 << 30
"""Longest file that is read."""

_LETTER = DEVNET.address_prefix


def read_dump(path: Path) -> DevnetDump:
    """Return the devnet in a file; LocalFault where it holds none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise LocalFault(f"{path} is too long for the state of a devnet")
        found: DevnetDump = codec_of(DevnetDump).read(json.loads(path.read_text()))
    except OSError as error:
        raise LocalFault(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, DecodeError) as error:
        raise LocalFault(f"{path} holds no state of a devnet: {error}") from error
    return found


def write_dump(path: Path, dump: DevnetDump) -> None:
    """Write a devnet to a file, whole or not at all, for its owner alone: the mnemonic is in it."""
    text = json.dumps(codec_of(DevnetDump).write(dump, _LETTER))
    write_atomic(path, text.encode(), private=True)


def expect_same(dump: DevnetDump, wanted: DevnetOptions, given: Iterable[str]) -> None:
    """Raise LocalFault where a devnet began with something else than options that were given."""
    begun = DevnetOptions.from_settings(dump.settings)
    other = [name for name in given if getattr(wanted, name) != getattr(begun, name)]
    if other:
        raise LocalFault(
            f"the devnet of --load-state was begun with another "
            f"{' and '.join(OPTION_NAMES[name] for name in other)}, which stays as it was: leave "
            "that out, or begin another devnet without --load-state"
        )


def begin_with(repository: Repository, dump: DevnetDump) -> DevnetOptions:
    """Begin the devnet of a folder with another's state, and return what that was made of.

    LocalFault where there is one already.
    """
    if repository.datastore.exists():
        raise LocalFault(
            f"there is a devnet in {repository.folder}: --load-state begins another, which takes "
            "--reset, or --state with another folder"
        )
    options = DevnetOptions.from_settings(dump.settings)
    network = devnet_network(options.settings(dump.timestamp), options.people())
    restore(repository, network, dump)
    return options
