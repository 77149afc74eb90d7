"""Calls and subscriptions over real WebSockets on loopback."""

import asyncio
import json
import socket

import pytest
import websockets
from rpc_node import served
from rpc_sample import SampleMethods, SampleNode
from websockets.asyncio.client import connect

from papyrus.rpc.auth import Auth
from papyrus.rpc.limits import Limits

ADD = {"jsonrpc": "2.0", "id": 1, "method": "Filecoin.Add", "params": [1, 2]}


def talk(work, *, node=None, headers=None, path="/rpc/v1", **settings):
    """Return what an async function makes of a WebSocket and the node behind it."""
    node = node or SampleNode()

    async def run():
        async with served(node, SampleMethods, **settings) as info:
            shown = info.headers if headers is None else headers
            url = info.base.replace("http", "ws") + path
            async with connect(url, additional_headers=shown, max_size=None) as opened:
                return await asyncio.wait_for(work(opened, node), 20)

    return asyncio.run(run())


async def say(opened, *values):
    for value in values:
        await opened.send(value if isinstance(value, (str, bytes)) else json.dumps(value))


async def hear(opened, count=1):
    return [json.loads(await opened.recv()) for _ in range(count)]


def request(method, *params, **fields):
    return {
        "jsonrpc": "2.0",
        "id": 1,
        "method": f"Filecoin.{method}",
        "params": list(params),
    } | fields


async def until(condition):
    while not condition():  # noqa: ASYNC110 - the node of the tests tells nobody
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("path", ["/", "/rpc/v0", "/rpc/v1"])
def test_call_is_answered(path):
    async def work(opened, _node):
        await say(opened, ADD)
        return await hear(opened)

    assert talk(work, path=path) == [{"id": 1, "jsonrpc": "2.0", "result": 3}]


def test_calls_run_side_by_side():
    async def work(opened, _node):
        await say(opened, request("Sleep", 0.2, id="slow"), request("Sleep", 0, id="quick"))
        return [answer["id"] for answer in await hear(opened, 2)]

    assert talk(work) == ["quick", "slow"]


def test_batch_bytes_and_nonsense_are_answered():
    async def work(opened, _node):
        await say(opened, [ADD, ADD])
        found = await hear(opened)
        await say(opened, json.dumps(ADD).encode())
        found += await hear(opened)
        for nonsense in ("", "{", "[]", "7", b"\xff"):
            await say(opened, nonsense)
            found += await hear(opened)
        await say(opened, {"method": "Filecoin.Add", "params": [1]}, {"id": 9})
        return found + await hear(opened)

    batch, plain, *errors = talk(work)
    assert [item["result"] for item in batch] == [3, 3]
    assert plain["result"] == 3
    assert [error["error"]["code"] for error in errors] == [-32700, -32700, -32600, -32600, -32700,
                                                            -32600]  # fmt: skip
    assert errors[-1]["id"] == 9


def test_subscription_is_a_channel_with_its_items_and_its_end():
    async def work(opened, _node):
        await say(opened, request("Count", 3, id=2**40))
        return await hear(opened, 5)

    assert talk(work) == [
        {"id": 2**40, "jsonrpc": "2.0", "result": 1},
        {"jsonrpc": "2.0", "method": "xrpc.ch.val", "params": [1, 0]},
        {"jsonrpc": "2.0", "method": "xrpc.ch.val", "params": [1, 1]},
        {"jsonrpc": "2.0", "method": "xrpc.ch.val", "params": [1, 2]},
        {"jsonrpc": "2.0", "method": "xrpc.ch.close", "params": [1]},
    ]


def test_channels_have_numbers_of_their_own():
    async def work(opened, _node):
        await say(opened, request("Hear", id="a"), request("Hear", id="b"))
        return [(answer["id"], answer["result"]) for answer in await hear(opened, 2)]

    assert sorted(talk(work)) == [("a", 1), ("b", 2)]


def test_cancelled_subscription_ends_and_the_others_go_on():
    async def work(opened, node):
        await say(opened, request("Hear", id=5), request("Hear", id="5"))
        await hear(opened, 2)
        await until(lambda: len(node.feeds) == 2)
        await say(opened, {"jsonrpc": "2.0", "method": "xrpc.cancel", "params": [5]})
        closed = await hear(opened)
        node.feeds[0].publish("still here")
        return closed + await hear(opened)

    closed, value = talk(work)
    assert closed["method"] == "xrpc.ch.close"
    assert value["method"] == "xrpc.ch.val"
    assert value["params"][1] == "still here"
    assert closed["params"][0] != value["params"][0]


def test_cancelled_call_is_ended():
    async def work(opened, node):
        await say(opened, request("Sleep", 30, id="x"))
        await asyncio.sleep(0.05)
        await say(opened, {"method": "xrpc.cancel", "params": ["x"]})
        await until(lambda: node.cancelled)
        return node.cancelled

    assert talk(work) == ["Sleep"]


@pytest.mark.parametrize(
    "odd",
    [
        {"method": "xrpc.cancel"},
        {"method": "xrpc.cancel", "params": []},
        {"method": "xrpc.cancel", "params": {"a": 1}},
        {"method": "xrpc.cancel", "params": [[[]]]},
        {"method": "xrpc.ch.val", "params": [1, 2], "id": 4},
        {"method": "xrpc.nothing"},
    ],
)
def test_odd_messages_of_a_client_do_no_harm(odd):
    async def work(opened, _node):
        await say(opened, odd, ADD)
        return await hear(opened)

    assert talk(work)[0]["result"] == 3


def test_client_that_leaves_ends_what_it_began():
    node = SampleNode()

    async def work(opened, _node):
        await say(opened, request("Hear"), request("Sleep", 30, id=2))
        await hear(opened)
        await until(lambda: node.feeds)

    async def run():
        async with served(node, SampleMethods) as info:
            async with connect(info.websocket_url(), additional_headers=info.headers) as opened:
                await work(opened, node)
            await asyncio.wait_for(until(lambda: len(node.cancelled) == 2), 10)

    asyncio.run(run())
    assert sorted(node.cancelled) == ["Hear", "Sleep"]
    assert node.feeds == []


def test_subscription_that_fails_closes_its_channel_alone(caplog):
    async def work(opened, _node):
        await say(opened, request("Break"))
        found = await hear(opened, 3)
        await say(opened, ADD)
        return found + await hear(opened)

    found = talk(work)
    assert [item.get("method", item.get("result")) for item in found] == [
        1, "xrpc.ch.val", "xrpc.ch.close", 3
    ]  # fmt: skip
    assert "secret of ours" in caplog.text
    assert "secret" not in json.dumps(found)


def test_subscription_is_refused_where_it_is_not_allowed_or_wrong():
    async def work(opened, _node):
        await say(opened, request("Count", "x"), request("Nothing"), request("Stop"))
        return [item["error"]["code"] for item in await hear(opened, 3)]

    assert talk(work, headers={}) == [-32602, -32601, 1]


def test_subscriptions_of_one_connection_are_bounded():
    async def work(opened, _node):
        for number in range(3):
            await say(opened, request("Hear", id=number))
        return [item.get("error", {}).get("code") for item in await hear(opened, 3)]

    assert talk(work, limits=Limits(channels=2)) == [None, None, -32005]


def test_calls_of_one_connection_are_bounded():
    async def work(opened, _node):
        for number in range(3):
            await say(opened, request("Sleep", 0.2, id=number))
        return [("error" in item, item["id"]) for item in await hear(opened, 3)]

    assert talk(work, limits=Limits(socket_calls=2))[0] == (True, 2)


def test_subscriptions_do_not_use_up_the_calls():
    async def work(opened, _node):
        await say(opened, request("Hear"), request("Hear", id=2))
        await hear(opened, 2)
        await say(opened, ADD)
        return await hear(opened)

    assert talk(work, limits=Limits(socket_calls=2))[0]["result"] == 3


def test_message_that_is_too_large_closes_the_connection():
    async def work(opened, _node):
        await say(opened, json.dumps(ADD).ljust(300))
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await opened.recv()
        return closed.value.rcvd.code

    assert talk(work, limits=Limits(body=200)) == 1009


def test_subscriber_that_the_node_outruns_is_cut_off_with_the_reason():
    async def work(opened, node):
        await say(opened, request("Hear"))
        await hear(opened)
        await until(lambda: node.feeds)
        for number in range(20):  # all at once: nobody can read meanwhile
            node.feeds[0].publish(f"item {number}")
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await hear(opened, 20)
        return closed.value.rcvd.code, closed.value.rcvd.reason

    assert talk(work) == (1008, "this subscriber is too slow: 8 items are unread")


def test_client_that_does_not_read_is_cut_off_and_holds_little():
    """It takes the answer to its call for a channel, and then nothing more."""
    node = SampleNode()

    async def run():
        limits = Limits(unread=4, unread_bytes=1 << 16, stall_seconds=0.3, stop_seconds=1)
        async with served(node, SampleMethods, limits=limits) as info:
            host, _, port = info.base.removeprefix("http://").partition(":")
            raw = socket.create_connection((host, int(port)))
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            raw.setblocking(False)
            reader, writer = await asyncio.open_connection(sock=raw, limit=1024)
            key = "AAAAAAAAAAAAAAAAAAAAAA=="
            writer.write(
                f"GET /rpc/v1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            text = json.dumps(request("Hear")).encode()
            writer.write(bytes((0x81, 0x80 | len(text))) + bytes(4) + text)
            await asyncio.wait_for(until(lambda: node.feeds), 10)
            sent = 0
            while node.feeds and not node.feeds[0]._is_over:
                node.feeds[0].publish("x" * 100_000)
                sent += 1
                await asyncio.sleep(0.001)
            await asyncio.wait_for(until(lambda: node.cancelled), 10)
            writer.transport.abort()
            return sent

    sent = asyncio.run(asyncio.wait_for(run(), 30))
    assert node.cancelled == ["Hear"]
    assert sent < 200  # what the system's buffers take, and the few that may wait


def test_answers_wait_for_a_client_that_reads_slowly():
    async def work(opened, _node):
        count = 40
        for number in range(count):
            await say(opened, request("Echo", "x" * 50_000, id=number))
        await asyncio.sleep(0.2)
        return sorted(item["id"] for item in await hear(opened, count))

    limits = Limits(unread=2, unread_bytes=1 << 16)
    assert talk(work, limits=limits) == list(range(40))


@pytest.mark.parametrize(
    ("headers", "settings", "status"),
    [
        ({"Authorization": "Bearer x"}, {}, 401),
        ({"Origin": "https://evil.example"}, {"auth": Auth.disabled()}, 403),
        ({}, {"limits": Limits(sockets=0)}, 503),
    ],
)
def test_connection_is_refused_with_a_status(headers, settings, status):
    async def work(opened, _node):
        return opened

    with pytest.raises(websockets.InvalidStatus) as refused:
        talk(work, headers=headers, **settings)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["error"]["message"]


def test_open_sockets_end_when_the_server_stops():
    async def run():
        node = SampleNode()
        async with served(node, SampleMethods) as info:
            opened = await connect(info.websocket_url(), additional_headers=info.headers)
            await say(opened, request("Hear"))
            await hear(opened)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await opened.recv()
        return closed.value.rcvd.code, node.cancelled

    assert asyncio.run(run()) == (1012, ["Hear"])
