"""What workers open: the same blocks as the node, the actors' code, and an engine."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
import worker_functions as work

from papyrus.ipld.cid import RAW, Cid
from papyrus.node.execution import ExecutionPlan, execution_over, open_execution
from papyrus.node.workers import InlineWorkers, Workers
from papyrus.primitives.errors import LocalFault
from papyrus.rules.networks import DEVNET
from papyrus.storage.database import open_database

DATA = b"kept by whoever executes"
CID = Cid.of(DATA, RAW)


def plan(tmp_path: Path, engine: str = "native") -> ExecutionPlan:
    return ExecutionPlan(tmp_path / "datastore", DEVNET, engine, bundles=tmp_path / "bundles")


@pytest.mark.parametrize("engine", ["native", "wasm"])
def test_node_and_its_workers_share_blocks(tmp_path: Path, engine: str) -> None:
    async def run() -> None:
        with open_database(tmp_path / "datastore") as database:
            workers = Workers(2, open_execution, plan(tmp_path, engine))
            await workers.start()
            try:
                assert await workers.run(work.keep, CID, DATA) == (DEVNET, "ChosenActors")
                assert database.store.get(CID) == DATA
            finally:
                await workers.stop()

    asyncio.run(run())


def test_node_executes_over_the_database_that_it_has_open(tmp_path: Path) -> None:
    async def run() -> None:
        with open_database(tmp_path / "datastore") as database:
            workers = InlineWorkers(execution_over(database, plan(tmp_path)))
            await workers.run(work.keep, CID, DATA)
            assert database.store.get(CID) == DATA

    asyncio.run(run())


def test_engine_that_is_none_is_told(tmp_path: Path) -> None:
    with (
        open_database(tmp_path / "datastore") as database,
        pytest.raises(LocalFault, match="'steam' is no engine: write native, wasm or "),
    ):
        execution_over(database, plan(tmp_path, "steam"))


def test_actors_in_python_need_no_wasm(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from papyrus.node.execution import ExecutionPlan, open_execution\n"
        "from papyrus.rules.networks import DEVNET\n"
        "open_execution(ExecutionPlan(Path(sys.argv[1]), DEVNET, 'native'))\n"
        "print([name for name in ('wasmtime', 'httpx', 'rich') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "datastore")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "[]\n"
