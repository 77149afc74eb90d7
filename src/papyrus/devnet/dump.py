"""A devnet in one piece, to be kept and gone on with elsewhere: settings, chain and what waits.

The chain is a snapshot as of any network (FRC-0108). What it began with goes along, since another
devnet takes it in only if it began with the same; that has the mnemonic in it, and so the keys that
everybody knows. Those that its user has made stay behind.
"""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from papyrus.chain.snapshot_export import RECENT_TIPSETS, export_snapshot
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.devnet.devnet import Devnet
from papyrus.devnet.options import SETTINGS_FILE
from papyrus.ipld.car import verify_block
from papyrus.ipld.cid import Cid
from papyrus.mining.slash_filter import SlashFilter
from papyrus.node.repository import Repository
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.storage.car_files import open_car
from papyrus.storage.files import write_atomic
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import Tipset, TipsetKey


@dataclass(frozen=True, slots=True)
class DevnetDump:
    """A devnet in one piece."""

    settings: dict[str, Any]
    """What `devnet.json` holds: what its genesis is made of."""
    head: TipsetKey
    snapshot: bytes
    """A compressed snapshot of its chain."""
    pending: list[SignedMessage]

    @property
    def timestamp(self) -> int:
        """Unix seconds of its genesis; LocalFault where the settings do not say."""
        found = self.settings.get("timestamp")
        if not isinstance(found, int):
            raise LocalFault("the settings of the devnet tell no moment of its genesis")
        return found


async def dump_state(devnet: Devnet) -> DevnetDump:
    """Return a devnet in one piece, with the states of its last tipsets."""
    node = devnet.node
    async with devnet.turn:
        head = node.chain.head
        pending = node.pool.pending()
        snapshot = await asyncio.to_thread(_exported, devnet, head)
    settings = json.loads((node.plan.repository.folder / SETTINGS_FILE).read_text())
    return DevnetDump(settings, head.key, snapshot, pending)


async def load_state(devnet: Devnet, dump: DevnetDump) -> Tipset:
    """Go on from where another run of the same devnet was; return the head.

    LocalFault where it began with something else, or its chain cannot be read.
    """
    node = devnet.node
    async with devnet.turn:
        await asyncio.to_thread(_take_in, devnet, dump.snapshot)
        head = node.chain.tipset(dump.head)
        genesis = node.chain.tipset_at(0, head)
        if genesis.key != node.chain.genesis.key:
            raise LocalFault(
                "this is the state of another devnet, with another genesis: start one with "
                "--load-state"
            )
        devnet.travels += 1
        await node.slash_filter.run(SlashFilter.forget_above, -1)
        node.chain.set_head(head, forget_above=True)
        node.states.forget_above(0)
        devnet.clock.advance_to(head.min_timestamp)
        await node.executed.catch_up()
        node.pool.forget_accounts()
        node.pool.clear(local=True)
        await node.pushing.push_again(dump.pending)
        await node.notes.flushed()
    return head


def restore(repository: Repository, network: Network, dump: DevnetDump) -> None:
    """Begin the devnet of a folder that has none with a dump; LocalFault where it cannot be."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "devnet.car.zst"
        path.write_bytes(dump.snapshot)
        import_snapshot(repository.datastore, path, network)
    content = json.dumps(dump.settings, indent=2) + "\n"
    write_atomic(repository.folder / SETTINGS_FILE, content.encode(), private=True)


def _exported(devnet: Devnet, head: Tipset) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "devnet.car.zst"
        export_snapshot(devnet.node.chain.blocks, head, path, recent=RECENT_TIPSETS)
        return path.read_bytes()


def _take_in(devnet: Devnet, snapshot: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "devnet.car.zst"
        path.write_bytes(snapshot)
        try:
            devnet.node.chain.database.blocks.put_many(
                (_checked(cid, data), data) for cid, data in open_car(path).blocks()
            )
        except DecodeError as error:
            raise LocalFault(f"the snapshot cannot be read: {error}") from error


def _checked(cid: Cid, data: bytes) -> Cid:
    if not verify_block(cid, data):
        raise LocalFault(f"a block of the snapshot is not what its CID {cid} names")
    return cid
