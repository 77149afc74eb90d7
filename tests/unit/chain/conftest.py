"""A folder for chains that need not survive a power cut, and a chain made there."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chain_forge import Forge

from papyrus.chain.opening import Chain, open_chain
from papyrus.rules.networks import LOTUS_ITEST


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return an empty folder, in memory where the system has such a thing: flushing costs."""
    memory = Path("/dev/shm")  # noqa: S108 - only its speed is wanted
    made = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def forge() -> Forge:
    """Return what makes blocks."""
    return Forge()


class Grown:
    """A chain in a folder that is fed from a forge."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        """Begin the chain with the forge's genesis."""
        self.folder, self.forge = folder, forge
        self.heard = []
        self._stack = ExitStack()
        self.open(forge.genesis_blocks)

    def open(self, genesis=None) -> None:
        self.chain: Chain = self._stack.enter_context(open_chain(self.folder, LOTUS_ITEST, genesis))
        self.store = self.chain.store
        self.store.subscribe(self.heard.append)

    def close(self) -> None:
        self._stack.close()

    def reopen(self) -> None:
        self.close()
        self.open()

    def put(self, *headers) -> None:
        self.chain.database.blocks.put_many(self.forge.store.blocks.items())
        self.store.put_blocks(headers)

    def take(self, tipset):
        """Put a tipset's blocks and consider it."""
        self.put(*tipset.blocks)
        return self.store.consider(tipset)


@pytest.fixture
def grown(folder: Path, forge: Forge) -> Iterator[Grown]:
    made = Grown(folder, forge)
    yield made
    made.close()
