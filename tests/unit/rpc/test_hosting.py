"""Serving a whole node: what is added to the interface by that a node stands behind it."""

import asyncio
import gc

from devnet_desk import devnet_desk

from papyrus.rpc.auth import Auth
from papyrus.rpc.devnet_hosting import host_devnet
from papyrus.rpc.listening import listen, port_of

OF_A_NODE = 50_000
"""Fewer objects than a node consists of, by a wide margin."""


def test_what_a_node_consists_of_is_not_looked_through_for_garbage() -> None:
    async def serve_and_stop(desk) -> int:
        listening = listen(port=0)
        port = port_of(listening)
        serving = asyncio.create_task(host_devnet(desk.devnet, Auth.disabled(), listening))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /health/livez HTTP/1.0\r\n\r\n")
        assert b" 200 " in await reader.readline()
        writer.close()
        desk.node.request_stop()
        await serving
        return gc.get_freeze_count()

    gc.unfreeze()
    with devnet_desk() as desk:
        try:
            assert desk.run(asyncio.wait_for(serve_and_stop(desk), 60)) > OF_A_NODE
        finally:
            gc.unfreeze()
