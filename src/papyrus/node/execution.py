"""What executing needs besides a state and messages: blocks, the actors' code, and an engine.

A worker opens all of it once; the node's own process wraps the database that it has open already,
since an LMDB environment may be opened only once in a process. The engines are imported where one
is made: the node's own process needs none, and where all actors run as Python, nothing of Wasm.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import Network
from papyrus.storage.bundles import BundleStore
from papyrus.storage.database import Database, open_database

if TYPE_CHECKING:
    from papyrus.vm.externs import Verifier
    from papyrus.vm.machine import ActorEngine

Proofs = Literal["none", "simulated"]


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
    proofs: Proofs = "none"
    """Who checks proofs of storage: nobody, or on a devnet the simulated verifier."""
    preload: tuple[str, ...] = (
        "papyrus.chain.execution",
        "papyrus.chain.upgrades",
        "papyrus.mpool.trial_run",
    )
    """Modules to import at once, so that the first call need not wait for them."""


@dataclass(frozen=True, slots=True)
class ExecutionMeans:
    """What functions that execute are given first."""

    network: Network
    database: Database
    store: Blockstore
    """Reads the actors' code beside the blocks, and writes to the blocks."""
    engine: "ActorEngine"
    verifier: "Verifier"
    bundles: BundleStore
    """The actors' code that the user keeps."""
    held: ExitStack | None = None
    """What is closed when it is forgotten: the database, where nobody else has it open."""


def open_execution(plan: ExecutionPlan) -> ExecutionMeans:
    """Return the means of execution of this process, which keeps the database open until it ends.

    LocalFault where the database cannot be opened, or the engine is none.
    """
    for module in plan.preload:
        import_module(module)
    stack = ExitStack()
    database = stack.enter_context(open_database(plan.folder))
    return replace(execution_over(database, plan), held=stack)


def execution_over(database: Database, plan: ExecutionPlan) -> ExecutionMeans:
    """Return the means of execution over a database that is open already."""
    bundles = BundleStore(plan.bundles)
    code = bundles.code_store()
    return ExecutionMeans(
        network=plan.network,
        database=database,
        store=LayeredBlockstore(database.store, code),
        engine=_engine(plan, code),
        verifier=_verifier(plan.proofs),
        bundles=bundles,
    )


def _engine(plan: ExecutionPlan, code: Blockstore) -> "ActorEngine":
    from papyrus.actors.engine import (  # noqa: PLC0415 - see the module
        ChosenActors,
        EngineChoice,
        NativeActors,
    )
    from papyrus.rules.policy import policy_of  # noqa: PLC0415 - see the module

    try:
        choice = EngineChoice.parse(plan.engine)
    except ValueError as error:
        raise LocalFault(str(error)) from error
    native = NativeActors(policy_of(plan.network.actors_bundle))
    return ChosenActors(choice, native, _wasm(code) if choice.needs_wasm else None)


def _wasm(code: Blockstore) -> "ActorEngine":
    from papyrus.storage.compiled_code import CompiledCode  # noqa: PLC0415 - see the module
    from papyrus.vm.wasm.actors import WasmActors  # noqa: PLC0415 - see the module
    from papyrus.vm.wasm.engine import Engine  # noqa: PLC0415 - see the module
    from papyrus.vm.wasm.modules import ModuleStore  # noqa: PLC0415 - see the module

    return WasmActors(ModuleStore(Engine(), CompiledCode()), code)


def _verifier(proofs: Proofs) -> "Verifier":
    from papyrus.proofs.simulated import SimulatedVerifier  # noqa: PLC0415 - see the module
    from papyrus.vm.externs import NoVerifyingKeys  # noqa: PLC0415 - see the module

    return SimulatedVerifier() if proofs == "simulated" else NoVerifyingKeys()
