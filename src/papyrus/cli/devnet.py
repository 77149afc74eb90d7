"""`papyrus devnet`: a Filecoin on this machine, in seconds."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from json import dumps
from pathlib import Path
from socket import socket
from time import perf_counter
from typing import Annotated, Any

import typer

from papyrus.cli.amounts import read_amount
from papyrus.cli.devnet_banner import banner, devnet_info, facts
from papyrus.cli.devnet_config import load_with_defaults
from papyrus.cli.devnet_state import begin_with, expect_same, read_dump, write_dump
from papyrus.cli.main import STARTED
from papyrus.cli.output import JsonOption, say, say_json, write_addresses_with
from papyrus.devnet.devnet import Devnet, Mining
from papyrus.devnet.dump import DevnetDump
from papyrus.devnet.dump import dump_state as dump_of
from papyrus.devnet.opening import forget, open_devnet
from papyrus.devnet.options import DevnetOptions
from papyrus.node.api_info import announced
from papyrus.node.config import Config
from papyrus.node.lifecycle import Stopping
from papyrus.node.lifecycle import run as run_until_stopped
from papyrus.node.listen_address import ListenAddress, parse_listen_address
from papyrus.node.logging import Logs
from papyrus.node.repository import Repository, open_repository
from papyrus.rpc.auth import Auth, open_auth
from papyrus.rpc.listening import listen, port_of
from papyrus.rules.private_networks import DEVNET
from papyrus.storage.files import write_atomic
from papyrus.storage.home import home

NETWORK = "devnet"
INFO_FILE = "devnet-info.json"
"""Beside the chain: what tools made for `foc-devnet` look for."""


def devnet(
    accounts: Annotated[
        int | None, typer.Option("--accounts", metavar="N", help="Accounts with funds: 10.")
    ] = None,
    balance: Annotated[
        str | None, typer.Option("--balance", metavar="FIL", help="What each of them has: 10000.")
    ] = None,
    mnemonic: Annotated[
        str | None,
        typer.Option("--mnemonic", metavar="WORDS", help="What the keys are made from."),
    ] = None,
    block_time: Annotated[
        float | None,
        typer.Option(
            "--block-time",
            metavar="SECONDS",
            help="A tipset every so often; without it, one as soon as a message waits.",
        ),
    ] = None,
    mixed: Annotated[
        bool,
        typer.Option("--mixed", help="A tipset for each message, and each block time: 4 s."),
    ] = False,
    no_mining: Annotated[
        bool, typer.Option("--no-mining", help="No tipset but those that are asked for.")
    ] = False,
    miners: Annotated[
        int | None, typer.Option("--miners", metavar="N", help="Miners that make blocks: 1.")
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option("--chain-id", metavar="N", help="For Ethereum: 31415926.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            "--engine",
            metavar="ENGINE",
            help="What runs the actors: native (Python), wasm (released code), or hybrid:...",
        ),
    ] = None,
    host_name: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen: 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="N", help="At which port; 0 takes any: 1234.")
    ] = None,
    auth: Annotated[
        bool, typer.Option("--auth", help="Ask for tokens, as other networks do.")
    ] = False,
    reset: Annotated[
        bool,
        typer.Option("--reset", help="Forget the chain that is there; keys made by hand stay."),
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="FOLDER", help="Where to keep it: $PAPYRUS_PATH."),
    ] = None,
    load_state: Annotated[
        Path | None,
        typer.Option("--load-state", metavar="FILE", help="Begin with what --dump-state wrote."),
    ] = None,
    dump_state: Annotated[
        Path | None,
        typer.Option("--dump-state", metavar="FILE", help="Write all of it to a file at the end."),
    ] = None,
    config_out: Annotated[
        Path | None,
        typer.Option("--config-out", metavar="FILE", help="Write accounts and address as JSON."),
    ] = None,
    silent: Annotated[bool, typer.Option("--silent", help="Print nothing.")] = False,
    json: JsonOption = False,
) -> None:
    r"""Run a Filecoin of your own: real actors, funded accounts, JSON-RPC on port 1234.

    It goes on where it was stopped; --reset begins anew. Its storage is SIMULATED: sectors hold
    nothing, and their proofs are hashes that a verifier of that name checks. Everything else is as
    on mainnet, by the same code.

    \b
    Examples:
      papyrus devnet
      papyrus devnet --block-time 4 --accounts 3 --balance 500
      papyrus devnet --port 0 --reset --json
      papyrus devnet --dump-state monday.json
      papyrus devnet --reset --load-state monday.json
    """
    if mixed and no_mining:
        raise typer.BadParameter("--mixed and --no-mining contradict one another")
    folder = home() if state is None else state
    config = _config(folder, engine, host_name, port, auth, block_time, mixed, miners)
    options = _options(config, accounts, balance, mnemonic, chain_id)
    loaded = None if load_state is None else read_dump(load_state)
    if loaded is not None:
        given = {
            "accounts": accounts, "balance": balance, "mnemonic": mnemonic, "miners": miners,
            "epoch_seconds": block_time, "chain_id": chain_id,
        }  # fmt: skip
        expect_same(loaded, options, [name for name in given if given[name] is not None])
    with open_repository(folder, NETWORK) as repository:
        if reset:
            forget(repository)
        if loaded is not None:
            options = begin_with(repository, loaded)
        moves = _Moves(loaded, dump_state)
        letter = DEVNET.address_prefix
        write_addresses_with(letter)
        logs = Logs(config.logging, repository.folder, letter=letter)
        try:
            run_until_stopped(
                lambda stopping: _run(
                    repository, config, options, _mode(config, no_mining), stopping,
                    _Telling(config_out, silent=silent, json=json), moves,
                )
            )  # fmt: skip
        finally:
            logs.close()


def _write(path: Path, content: dict[str, Any]) -> None:
    write_atomic(path, (dumps(content, indent=2) + "\n").encode(), private=True)


class _Telling:
    """What is told of the devnet once it runs, and to whom."""

    def __init__(self, file: Path | None, *, silent: bool, json: bool) -> None:
        self._file, self._silent, self._json = file, silent, json

    def tell(self, devnet: Devnet, address: ListenAddress, token: str) -> None:
        """Print the banner, or the same as JSON, and write the files that programs read."""
        found = facts(devnet, address, token)
        seconds = perf_counter() - STARTED
        _write(devnet.node.plan.repository.folder / INFO_FILE, devnet_info(devnet, found, seconds))
        if self._file is not None:
            _write(self._file, found)
        if self._json:
            say_json(found)
        elif not self._silent:
            for line in banner(devnet, found, seconds):
                say(line)
        sys.stdout.flush()


@dataclass(frozen=True, slots=True)
class _Moves:
    """Where a devnet comes from, and where it goes to."""

    loaded: DevnetDump | None
    dumped_to: Path | None


async def _run(
    repository: Repository,
    config: Config,
    options: DevnetOptions,
    mining: Mining,
    stopping: Stopping,
    telling: _Telling,
    moves: "_Moves",
) -> None:
    place = parse_listen_address(config.api.listen_address)
    auth = open_auth(repository.folder) if config.api.require_token else Auth.disabled()
    interval = steady_pace(config, options)
    listening = listen(place.host, place.port)
    with open_devnet(repository, config, options, mining, interval) as devnet:
        address = ListenAddress(place.host, port_of(listening))
        with announced(repository, address):
            async with _alive(devnet):
                serving = asyncio.create_task(_serve(devnet, auth, listening))
                if moves.loaded is not None:
                    await devnet.node.pushing.push_again(moves.loaded.pending)
                if devnet.node.chain.head.height == 0:
                    await devnet.mine()
                making = asyncio.create_task(devnet.run())
                telling.tell(devnet, address, _token(auth, repository))
                await _until_stopped(devnet, stopping, serving, making)
                if moves.dumped_to is not None:
                    write_dump(moves.dumped_to, await dump_of(devnet))


async def _serve(devnet: Devnet, auth: Auth, listening: socket) -> None:
    # Whoever calls meanwhile is answered when that is done.
    host = await asyncio.to_thread(_imported_host)
    await host(devnet, auth, listening)


def _imported_host() -> Callable[[Devnet, Auth, socket], Awaitable[None]]:
    # All the methods together take as long to import as the node does: it starts meanwhile.
    from papyrus.rpc.devnet_hosting import host_devnet  # noqa: PLC0415 - see above

    return host_devnet


@asynccontextmanager
async def _alive(devnet: Devnet) -> AsyncIterator[None]:
    try:
        await devnet.node.start()
        yield
    finally:
        await devnet.node.stop()


async def _until_stopped(
    devnet: Devnet,
    stopping: Stopping,
    serving: "asyncio.Task[None]",
    making: "asyncio.Task[None]",
) -> None:
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait({asked, serving, making}, return_when=asyncio.FIRST_COMPLETED)
    devnet.node.request_stop()
    making.cancel()
    asked.cancel()
    for task in (making, serving):
        with suppress(asyncio.CancelledError):
            await task
    if devnet.node.failure is not None:
        raise devnet.node.failure


def steady_pace(config: Config, options: DevnetOptions) -> float:
    """Return the seconds between tipsets that time is the reason for.

    Those of an epoch where no block time is given, so that the chain keeps to the wall's clock.
    """
    return config.devnet.block_time or options.epoch_seconds


def _token(auth: Auth, repository: Repository) -> str:
    return "" if auth.is_disabled else repository.token_file.read_text().strip()


def _mode(config: Config, no_mining: bool) -> Mining:
    if no_mining:
        return Mining.MANUAL
    if config.devnet.mixed:
        return Mining.MIXED
    return Mining.INTERVAL if config.devnet.block_time else Mining.INSTANT


def _config(
    folder: Path,
    engine: str | None,
    host_name: str | None,
    port: int | None,
    auth: bool,
    block_time: float | None,
    mixed: bool,
    miners: int | None,
) -> Config:
    given: dict[str, object] = {
        "chain.network": NETWORK,
        "chain.engine": engine,
        "devnet.block_time": block_time,
        "devnet.mixed": mixed or None,
        "devnet.miners": miners,
        "api.require_token": auth or None,
    }
    loaded, _ = load_with_defaults(folder, os.environ, given)
    place = parse_listen_address(loaded.config.api.listen_address)
    chosen = ListenAddress(host_name or place.host, place.port if port is None else port)
    given["api.listen_address"] = str(chosen)
    return load_with_defaults(folder, os.environ, given)[0].config


def _options(
    config: Config,
    accounts: int | None,
    balance: str | None,
    mnemonic: str | None,
    chain_id: int | None,
) -> DevnetOptions:
    section = config.devnet
    amount = section.balance if balance is None else read_amount(balance, "the amount of --balance")
    return DevnetOptions(
        accounts=section.accounts if accounts is None else accounts,
        balance=amount,
        mnemonic=section.mnemonic if mnemonic is None else mnemonic,
        miners=section.miners,
        epoch_seconds=max(1, round(section.block_time)) if section.block_time else 4,
        chain_id=section.chain_id if chain_id is None else chain_id,
    )
