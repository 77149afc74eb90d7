"""`papyrus daemon`: a node on a network that others make the blocks of."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.cli.output import (
    JsonOption,
    note,
    progress,
    say,
    say_fields,
    say_json,
    write_addresses_with,
)
from papyrus.cli.snapshot import import_with_progress
from papyrus.node.api_info import announced, environment_line
from papyrus.node.config import Config
from papyrus.node.config_load import NETWORK, load_node
from papyrus.node.joining import JoinedNode, open_joined
from papyrus.node.lifecycle import Stopping
from papyrus.node.lifecycle import run as run_until_stopped
from papyrus.node.listen_address import ListenAddress, parse_listen_address
from papyrus.node.logging import Logs
from papyrus.node.node import Node
from papyrus.node.repository import Repository, open_repository
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.auth import Auth, open_auth
from papyrus.rpc.hosting import HostedNode, host, registry
from papyrus.rpc.listening import listen, port_of
from papyrus.rules.networks import network_named
from papyrus.storage.home import home

DEVNET = "devnet"


def daemon(
    chain: Annotated[
        str | None,
        typer.Option("--chain", metavar="NETWORK", help="mainnet, calibnet, butterflynet."),
    ] = None,
    genesis: Annotated[
        Path | None,
        typer.Option("--genesis", metavar="FILE", help="To begin with, where there is no chain."),
    ] = None,
    import_snapshot: Annotated[
        Path | None,
        typer.Option("--import-snapshot", metavar="FILE", help="To begin with, .car or .car.zst."),
    ] = None,
    remove_existing_chain: Annotated[
        bool, typer.Option("--remove-existing-chain", help="Before the snapshot is imported.")
    ] = False,
    halt_after_import: Annotated[
        bool, typer.Option("--halt-after-import", help="End once the snapshot is imported.")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option("--engine", metavar="ENGINE", help="native, wasm, or hybrid:...: wasm."),
    ] = None,
    host_name: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen: 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="At which port; 0 takes any: 1234.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="In place of the node's own.")
    ] = None,
    json: JsonOption = False,
) -> None:
    r"""Run a node of a network, and answer on JSON-RPC.

    This version connects to no peers and cannot check proofs of storage: it serves the chain that
    it has, and takes in what is handed to it. For a network that lives, run `papyrus devnet`.

    \b
    Examples:
      papyrus daemon --chain calibnet --import-snapshot calibnet.car.zst
      papyrus daemon --chain calibnet --port 4321
    """
    if import_snapshot is None and (remove_existing_chain or halt_after_import):
        raise typer.BadParameter("that goes with --import-snapshot")
    loaded = _config(chain, genesis, engine, host_name, port, config)
    network = loaded.chain.network
    if network == DEVNET:
        raise LocalFault("a devnet makes its own blocks: run `papyrus devnet`")
    with open_repository(home(), network) as repository:
        if import_snapshot is not None:
            if remove_existing_chain:
                shutil.rmtree(repository.datastore, ignore_errors=True)
            imported = import_with_progress(repository.datastore, import_snapshot, network)
            note(f"imported {import_snapshot}: the head is at height {imported.head.height}")
            if halt_after_import:
                if json:
                    say_json({"network": network, "height": imported.head.height})
                return
        start = Path(loaded.chain.genesis_file) if loaded.chain.genesis_file else None
        letter = network_named(network).address_prefix
        write_addresses_with(letter)
        logs = Logs(loaded.logging, repository.folder, letter=letter)
        try:
            run_until_stopped(lambda stopping: _run(repository, loaded, start, stopping, json))
        finally:
            logs.close()


async def _run(
    repository: Repository, config: Config, genesis: Path | None, stopping: Stopping, json: bool
) -> None:
    place = parse_listen_address(config.api.listen_address)
    auth = open_auth(repository.folder) if config.api.require_token else Auth.disabled()
    with ExitStack() as stack:
        listening = listen(place.host, place.port)
        stack.callback(listening.close)
        with progress("indexing", bytes_unit=False) as bar:
            joined = stack.enter_context(open_joined(repository, config, genesis, bar.reach))
        address = ListenAddress(place.host, port_of(listening))
        stack.enter_context(announced(repository, address))
        async with _alive(joined.node):
            node = joined.node
            hosted = HostedNode(
                node, joined.sending, auth, joined.market_funds, joined.payment_channels
            )
            serving = asyncio.create_task(host(hosted, registry(), listening, node.stop_asked))
            _tell(joined, address, _token(auth, repository), json)
            await _until_stopped(node, stopping, serving)


@asynccontextmanager
async def _alive(node: Node) -> AsyncIterator[None]:
    try:
        await node.start()
        yield
    finally:
        await node.stop()


async def _until_stopped(node: Node, stopping: Stopping, serving: "asyncio.Task[None]") -> None:
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({asked, serving}, return_when=asyncio.FIRST_COMPLETED)
    node.request_stop()
    asked.cancel()
    with suppress(asyncio.CancelledError):
        await serving
    if node.failure is not None:
        raise node.failure


def _tell(joined: JoinedNode, address: ListenAddress, token: str, json: bool) -> None:
    node = joined.node
    found: dict[str, Any] = {
        "network": node.network.name,
        "genesis": str(node.network.genesis),
        "height": node.chain.head.height,
        "rpc": address.local.url + "/rpc/v1",
        "fullnodeApiInfo": environment_line(address, token),
        "engine": node.config.chain.engine,
        "peers": 0,
        "proofs": node.plan.verifier.name,
    }
    if json:
        say_json(found)
    else:
        say()
        say(f"  {node.agent}: no peers yet, so this chain grows by what is handed in alone")
        say_fields(
            [
                ("  Head", f"height {found['height']}"),
                ("  Genesis", found["genesis"]),
                ("  JSON-RPC", found["rpc"]),
                ("  Token", f"in {node.plan.repository.token_file}" if token else "none needed"),
            ]
        )
        say()
    sys.stdout.flush()


def _token(auth: Auth, repository: Repository) -> str:
    return "" if auth.is_disabled else repository.token_file.read_text().strip()


def _config(
    chain: str | None,
    genesis: Path | None,
    engine: str | None,
    host_name: str | None,
    port: int | None,
    file: Path | None,
) -> Config:
    given: dict[str, object] = {
        NETWORK: chain,
        "chain.genesis_file": None if genesis is None else str(genesis),
        "chain.engine": engine,
    }
    loaded, _ = load_node(home(), os.environ, given, file)
    place = parse_listen_address(loaded.config.api.listen_address)
    chosen = ListenAddress(host_name or place.host, place.port if port is None else port)
    more = {**given, "api.listen_address": str(chosen)}
    return load_node(home(), os.environ, more, file)[0].config
