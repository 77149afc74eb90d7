"""What every execution in one process shares: the actors' code, their engine, and the verifier.

The code comes from the bundles that the user imported. Which code a state needs is written in the
state itself, so no bundle is chosen: any kept bundle that holds the code will do.
"""

import atexit
from dataclasses import dataclass
from functools import cache
from typing import Self

from papyrus.actors.engine import ALL_WASM, ChosenActors, EngineChoice, NativeActors
from papyrus.actors.registry import OLDEST_VERSION
from papyrus.chain.upgrades import MissingActors
from papyrus.conformance.states import actor_names
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore
from papyrus.ipld.cid import Cid
from papyrus.rules.network import Network
from papyrus.rules.policy import policy_of
from papyrus.storage.bundles import BundleStore
from papyrus.storage.compiled_code import CompiledCode
from papyrus.vm.externs import AcceptAllProofs, Verifier
from papyrus.vm.machine import ActorEngine
from papyrus.vm.wasm.actors import WasmActors
from papyrus.vm.wasm.engine import Engine
from papyrus.vm.wasm.modules import ModuleStore


@dataclass(frozen=True, slots=True)
class Environment:
    """The means of execution."""

    code: Blockstore
    """The actors' code."""
    engine: ActorEngine
    verifier: Verifier
    bundles: BundleStore
    """Where the code is kept."""

    @classmethod
    def open(cls, bundles: BundleStore | None = None) -> Self:
        """Return the means of execution on this machine, with the user's bundles unless told.

        Every proof is taken for valid, as upstream's own runner of vectors does: the state of a
        vector says what the network decided, and a proof needs keys of many gigabytes.
        """
        store = BundleStore() if bundles is None else bundles
        code = store.code_store()
        modules = ModuleStore(Engine(), CompiledCode())
        return cls(code, WasmActors(modules, code), AcceptAllProofs(), store)

    def over(self, store: Blockstore) -> Blockstore:
        """Return a store that reads the actors' code beside a state, and writes to the state's."""
        return LayeredBlockstore(store, self.code)

    def engine_for(
        self, choice: EngineChoice, network: Network, oldest_version: int = OLDEST_VERSION
    ) -> ActorEngine:
        """Return the engine that runs a network's actors as chosen.

        `oldest_version` is that of the oldest actors whose states native ones are let run on.
        """
        native = NativeActors(policy_of(network.actors_bundle), oldest_version=oldest_version)
        return ChosenActors(choice, native, self.engine)

    def require_actors(
        self, store: Blockstore, state_root: Cid, version: int, choice: EngineChoice = ALL_WASM
    ) -> None:
        """Raise MissingActors unless all the code that a state names and that is to run is here.

        `version` is the major version of the actors, to say which bundle to import. A state
        without a readable manifest passes: what runs it will say what is wrong with it.
        """
        names = actor_names(self.over(store), state_root)
        missing = [
            name
            for code, name in names.items()
            if choice.runs_as_wasm(name) and not self.code.has(code)
        ]
        if missing:
            raise MissingActors(
                f"the code of {len(missing)} of the {len(names)} actors of this state is not "
                f"here ({', '.join(missing[:3])}...): run `papyrus bundle import "
                f"v{version}.tar.zst` with that file from Lotus' build/actors"
            )


@cache
def shared_environment() -> Environment:
    """Return the means of execution of this process, made once."""
    return Environment.open()


# Engines own native memory, which must be given back while the modules that do so still exist.
atexit.register(shared_environment.cache_clear)
