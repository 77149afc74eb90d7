"""What executing needs besides a state and messages: blocks, the actors' code, and an engine.

A worker opens all of it once; the node's own process wraps the database that it has open already,
since an LMDB environment may be opened only once in a process. Where all actors run as Python,
nothing of Wasm is imported, which makes a small network start at once.
"""

from dataclasses import dataclass
from pathlib import Path

from papyrus.actors.engine import ChosenActors, EngineChoice, NativeActors
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import Network
from papyrus.rules.policy import policy_of
from papyrus.storage.bundles import BundleStore
from papyrus.storage.database import Database, open_database
from papyrus.vm.machine import ActorEngine


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """How to open the means of execution, in any process."""

    folder: Path
    """Of the database."""
    network: Network
    engine: str
    """As `EngineChoice.parse` reads it."""
    bundles: Path | None = None
    """The folder of the actors' code, where it is not the user's own."""


@dataclass(frozen=True, slots=True)
class ExecutionMeans:
    """What functions that execute are given first."""

    network: Network
    database: Database
    store: Blockstore
    """Reads the actors' code beside the blocks, and writes to the blocks."""
    engine: ActorEngine


def open_execution(plan: ExecutionPlan) -> ExecutionMeans:
    """Return the means of execution of this process, which keeps the database open until it ends.

    LocalFault where the database cannot be opened, or the engine is none.
    """
    database = open_database(plan.folder).__enter__()
    return execution_over(database, plan)


def execution_over(database: Database, plan: ExecutionPlan) -> ExecutionMeans:
    """Return the means of execution over a database that is open already."""
    try:
        choice = EngineChoice.parse(plan.engine)
    except ValueError as error:
        raise LocalFault(str(error)) from error
    bundles = BundleStore(plan.bundles)
    code = bundles.code_store()
    native = NativeActors(policy_of(plan.network.actors_bundle))
    engine = ChosenActors(choice, native, _wasm(code) if choice.needs_wasm else None)
    return ExecutionMeans(plan.network, database, LayeredBlockstore(database.store, code), engine)


def _wasm(code: Blockstore) -> ActorEngine:
    # Only where it runs: it takes a tenth of a second and tens of megabytes.
    from papyrus.storage.compiled_code import CompiledCode  # noqa: PLC0415 - see above
    from papyrus.vm.wasm.actors import WasmActors  # noqa: PLC0415 - see above
    from papyrus.vm.wasm.engine import Engine  # noqa: PLC0415 - see above
    from papyrus.vm.wasm.modules import ModuleStore  # noqa: PLC0415 - see above

    return WasmActors(ModuleStore(Engine(), CompiledCode()), code)
