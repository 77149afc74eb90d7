"""Opening a devnet: its folder, its genesis, and the node on it.

A devnet is kept in `$PAPYRUS_PATH/devnet` and goes on where it was stopped. What its genesis was
made of lies beside it in `devnet.json`; asked for anything else there, it refuses, since another
genesis is another network.
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.opening import GenesisBlocks, has_chain
from papyrus.devnet.beacon import DevnetBeacon
from papyrus.devnet.caretaker import Caretaker
from papyrus.devnet.clock import DevnetClock
from papyrus.devnet.devnet import Devnet, Mining
from papyrus.devnet.keys import DevnetKeystore
from papyrus.devnet.options import OPTION_NAMES, SETTINGS_FILE, DevnetOptions
from papyrus.devnet.people import People
from papyrus.devnet.settings import DevnetSettings, devnet_network
from papyrus.mining.slash_filter import SlashFilter
from papyrus.node.config import Config
from papyrus.node.market_funds import MarketFunds
from papyrus.node.node import NodePlan, open_node
from papyrus.node.payment_channels import FILE as CHANNELS_FILE
from papyrus.node.payment_channels import PaymentChannels
from papyrus.node.repository import Repository
from papyrus.node.sending import Sending
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.simulated import SimulatedProver, SimulatedVerifier
from papyrus.storage.files import write_atomic
from papyrus.wallet.folder import has_wallet
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.wallet import Wallet

_FILES = (
    "mpool.sqlite",
    "mpool-settings.json",
    "sent.sqlite",
    "slash-filter.sqlite",
    "market-funds.sqlite",
    CHANNELS_FILE,
)


@contextmanager
def open_devnet(
    repository: Repository,
    config: Config,
    options: DevnetOptions,
    mining: Mining,
    interval: float,
    *,
    workers: int | None = None,
) -> Iterator[Devnet]:
    """Open the devnet in a folder that this process holds, begun if there is none.

    With 0 workers this process executes itself, as tests do. LocalFault in words where it cannot
    be opened, or the one there is made of something else.
    """
    people = options.people()
    timestamp, genesis = _begun(repository, options, people)
    network = devnet_network(options.settings(timestamp), people)
    beacons = DevnetBeacon(people.beacon_secret)
    clock = DevnetClock(timestamp)
    with ExitStack() as stack:
        node = stack.enter_context(
            open_node(
                NodePlan(
                    network=network,
                    repository=repository,
                    config=config,
                    clock=clock,
                    wallet=Wallet(
                        DevnetKeystore(
                            people.keys, repository.keystore, config.wallet.unlock_time or None
                        ),
                        options.chain_id,
                    ),
                    beacons=beacons,
                    verifier=SimulatedVerifier(),
                    proofs="simulated",
                    genesis=genesis,
                    workers=config.chain.workers or 1 if workers is None else workers,
                    head_is_due=mining.by_time,
                )
            )
        )
        clock.advance_to(node.chain.head.min_timestamp)

        def follow(change: HeadChange) -> None:
            # Only by hand does the chain get shorter; the tipsets above may then be made anew.
            if change.reverted and not change.applied:
                height = node.chain.head.height
                node.slash_filter.submit(SlashFilter.forget_above, height)
                node.states.forget_above(height)

        node.chain.subscribe(follow)
        sending = Sending(node)
        stack.callback(sending.stop)
        market_funds = MarketFunds(node, sending)
        stack.callback(market_funds.close)
        payment_channels = PaymentChannels(node, sending)
        stack.callback(payment_channels.close)
        prover = SimulatedProver()
        yield Devnet(
            node=node,
            sending=sending,
            market_funds=market_funds,
            payment_channels=payment_channels,
            options=options,
            people=people,
            clock=clock,
            beacons=beacons,
            mining=mining,
            interval=interval,
            prover=prover,
            caretaker=Caretaker(node, sending, prover, len(people.workers)),
        )


def forget(repository: Repository) -> None:
    """Remove the devnet in a folder that this process holds, chain and messages and all.

    Keys that were made there stay, for they may be of use elsewhere; but the default address is the
    first account's again.
    """
    if has_wallet(repository.keystore):
        FileKeystore(repository.keystore).set_default(None)
    shutil.rmtree(repository.datastore, ignore_errors=True)
    for name in (SETTINGS_FILE, *_FILES):
        for path in repository.folder.glob(f"{name}*"):
            path.unlink(missing_ok=True)


def _begun(
    repository: Repository, options: DevnetOptions, people: People
) -> tuple[int, GenesisBlocks | None]:
    """Return the moment of the genesis, and its blocks where it has just been made."""
    path = repository.folder / SETTINGS_FILE
    wanted = _as_json(options)
    found = _read(path)
    if found is not None:
        timestamp = found.pop("timestamp", None)
        if not isinstance(timestamp, int) or found != wanted:
            changed = [
                OPTION_NAMES.get(name, name) for name in wanted if found.get(name) != wanted[name]
            ]
            raise LocalFault(
                f"the devnet in {repository.folder} was begun with another "
                f"{' and '.join(changed) or 'form'}: leave that as it was, begin anew with "
                "--reset, or set PAPYRUS_PATH to another folder"
            )
        if has_chain(repository.datastore):
            return timestamp, None
        return timestamp, _made(options.settings(timestamp), people)
    if has_chain(repository.datastore):
        raise LocalFault(
            f"there is a chain in {repository.folder}, and no {SETTINGS_FILE}, which tells what it "
            "was begun with: put that back, or begin anew with --reset"
        )
    timestamp = int(time.time())
    genesis = _made(options.settings(timestamp), people)
    # What is refused leaves nothing behind; and no chain begins before its settings are on disk.
    content = json.dumps({**wanted, "timestamp": timestamp}, indent=2) + "\n"
    write_atomic(path, content.encode(), private=True)
    return timestamp, genesis


def _made(settings: DevnetSettings, people: People) -> GenesisBlocks:
    # Only where there is none: most starts go on with what is there, and are quicker without.
    from papyrus.actors.engine import NativeActors  # noqa: PLC0415 - see above
    from papyrus.devnet.genesis import build_devnet  # noqa: PLC0415 - see above
    from papyrus.ipld.blockstore import MemoryBlockstore  # noqa: PLC0415 - see above
    from papyrus.rules.policy import policy_of  # noqa: PLC0415 - see above

    store = MemoryBlockstore()
    policy = policy_of(devnet_network(settings, people).actors_bundle)
    genesis = build_devnet(settings, people, store, NativeActors(policy)).genesis
    return GenesisBlocks(genesis.cid, store.blocks.items())


def _as_json(options: DevnetOptions) -> dict[str, Any]:
    return {**asdict(options), "balance": str(int(options.balance))}


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LocalFault(f"{path} cannot be read: {error}; begin anew with --reset") from error
    if not isinstance(found, dict):
        raise LocalFault(f"{path} holds no settings: begin anew with --reset")
    return found
