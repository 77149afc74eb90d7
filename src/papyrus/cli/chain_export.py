"""Taking a snapshot out of a running node, piece by piece, over its interface."""

import asyncio
from pathlib import Path

from papyrus.chain.snapshot_export import COMPRESSION_LEVEL
from papyrus.cli.output import progress
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.api_info import ApiInfo
from papyrus.rpc.client import AsyncClient
from papyrus.storage.files import atomic_writer
from papyrus.storage.zstd_frames import FrameWriter
from papyrus.types.tipset import TipsetKey


def download(
    info: ApiInfo,
    path: str,
    recent: int,
    key: list[dict[str, str]] | None,
    *,
    skip_old: bool,
) -> int:
    """Write a snapshot to a file, whole or not at all, and return its bytes.

    It is compressed where the name ends in `.zst`. RpcError where the node refuses; LocalFault
    where it goes away or the disk refuses.
    """
    cids = tuple(Cid.from_string(cid["/"]) for cid in key or ())
    return asyncio.run(_download(info, path, recent, TipsetKey(cids), skip_old=skip_old))


async def _download(
    info: ApiInfo, path: str, recent: int, key: TipsetKey, *, skip_old: bool
) -> int:
    with atomic_writer(Path(path)) as file, progress("exporting") as bar:
        compressed = FrameWriter(file, COMPRESSION_LEVEL) if path.endswith(".zst") else None
        is_whole = False
        async with AsyncClient(info) as node:
            async for piece in node.chain_export(recent, skip_old, key):
                (compressed or file).write(piece)
                bar.advance(len(piece))
                if not piece:
                    is_whole = True
                    break
        if not is_whole:
            raise LocalFault("the node ended the snapshot before it was whole: its log tells why")
        if compressed is not None:
            compressed.finish()
        return file.tell()
