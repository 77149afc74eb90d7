"""The chains that Lotus made, with what executes them: a world over a file, nothing written."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from papyrus.actors.engine import ALL_WASM, EngineChoice
from papyrus.conformance.chain_files import ChainFile, ChainRules, read_records
from papyrus.conformance.environment import Environment, shared_environment
from papyrus.consensus.transition import World
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore


@dataclass(frozen=True)
class LotusChain:
    """A chain file and the means to execute it."""

    file: ChainFile
    environment: Environment

    @property
    def tipsets(self) -> Any:
        """The tipsets, from genesis on."""
        return self.file.tipsets

    @property
    def pairs(self) -> list[Any]:
        """Each tipset with its child."""
        return list(pairwise(self.file.tipsets))

    @property
    def network(self) -> Any:
        """The network's rules."""
        return self.file.network

    def world(self, choice: EngineChoice = ALL_WASM) -> World:
        """Return a world whose writes are forgotten."""
        store = self.environment.over(LayeredBlockstore(MemoryBlockstore(), self.file.car))
        return World(
            network=self.network,
            source=self.file.source,
            store=store,
            verifier=self.environment.verifier,
            engine=self.environment.engine_for(choice, self.network),
        )

    def records(self, heights: Any) -> Any:
        """Return what Lotus says of executing the tipsets at some heights."""
        assert self.file.traces is not None
        return read_records(self.file.traces, heights, with_messages=True)


@cache
def _open(folder: Path) -> ChainFile:
    return ChainFile.open(folder / "chain.car.zst", ChainRules())


def lotus_chain(shared: Path, name: str) -> LotusChain:
    """Return a chain; skip the test where it is not among the reference data."""
    folder = shared / "chains" / name
    if not (folder / "chain.car.zst").is_file():
        pytest.skip(f"no chain {name} among the reference data")
    return LotusChain(_open(folder), shared_environment())
