import asyncio

import pytest
from rpc_node import chain_node, served

from papyrus.chain.snapshot_export import export_snapshot
from papyrus.cli.chain_export import download
from papyrus.rpc.errors import RpcError
from papyrus.rpc.methods.chain import ChainMethods
from papyrus.storage.compression import open_plain
from papyrus.storage.indexed_car import readable_in_place


@pytest.fixture
def node():
    with chain_node() as found:
        found.grow(2)
        yield found


def downloaded(node, path, recent, *, skip_old=True):
    async def run():
        async with served(node, ChainMethods) as info:
            return await asyncio.to_thread(
                download, info, str(path), recent, None, skip_old=skip_old
            )

    return asyncio.run(run())


def test_export_is_compressed_where_its_name_says_so(node, tmp_path):
    export_snapshot(node.chain.blocks, node.chain.head, tmp_path / "expected", version=1)
    expected = (tmp_path / "expected").read_bytes()
    for name in ("plain.car", "packed.car.zst"):
        path = tmp_path / name
        assert downloaded(node, path, 900) == path.stat().st_size
        stream, is_compressed = open_plain(path)
        with stream:
            assert stream.read() == expected
        assert is_compressed == (name == "packed.car.zst")
    assert readable_in_place(tmp_path / "packed.car.zst")


def test_refused_export_leaves_no_file(node, tmp_path):
    for skip_old in (True, False):
        with pytest.raises(RpcError, match=r'^"recent-stateroots" has to be greater than 900'):
            downloaded(node, tmp_path / "x.car", 899, skip_old=skip_old)
    assert list(tmp_path.iterdir()) == []
