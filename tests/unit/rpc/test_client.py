"""Both clients against a node that is really served."""

import asyncio
import json
import threading
from contextlib import contextmanager

import httpx
import pytest
from rpc_node import AUTH, chain_node, served
from rpc_sample import SampleMethods, SampleNode

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rpc.api_info import ApiInfo
from papyrus.rpc.auth import EVERYTHING
from papyrus.rpc.client import AsyncClient, Client, RpcError, Unreachable, wire
from papyrus.rpc.client.asynchronous import AsyncConnection
from papyrus.rpc.client.synchronous import SyncConnection
from papyrus.rpc.limits import Limits
from papyrus.rpc.listening import listen, port_of
from papyrus.rpc.methods.full_node import FullNodeMethods


class SampleClient(SampleMethods, SyncConnection):
    """The sample methods, asked."""


class AsyncSampleClient(SampleMethods, AsyncConnection):
    """The sample methods, awaited."""


def both(work):
    """Run a function of a client, of either kind, against a served chain."""

    async def run():
        with chain_node() as node:
            node.grow(3)
            async with served(node, FullNodeMethods) as info, AsyncClient(info) as client:
                return await work(client, node)

    return asyncio.run(run())


def test_answers_have_their_types():
    async def work(client, node):
        head = await client.chain_head()
        assert head == node.chain.head
        assert await client.chain_get_tipset_by_height(1) == node.chain.tipset_at(1)
        assert await client.chain_get_tipset_by_height(1, key=head.key) == node.chain.tipset_at(1)
        address = await client.wallet_default_address()
        assert isinstance(address, Address)
        assert await client.wallet_balance(address) == TokenAmount(0)
        assert (await client.version()).block_delay == 30
        assert await client.shutdown() is None
        assert node.stopping.is_set()

    both(work)


def test_error_of_the_node_is_raised():
    async def work(client, _node):
        with pytest.raises(RpcError, match="height greater than start point") as raised:
            await client.chain_get_tipset_by_height(99)
        assert raised.value.code == 1

    both(work)


def test_changes_of_the_head_are_iterated_over():
    async def work(client, node):
        heard = []
        changes = client.chain_notify()
        heard.append(await anext(changes))
        for _ in range(2):
            node.grow()
            heard.append(await anext(changes))
        await changes.aclose()
        return [[(step.type, step.tipset.height) for step in steps] for steps in heard]

    assert both(work) == [[("current", 3)], [("apply", 4)], [("apply", 5)]]


@contextmanager
def served_beside():
    """Give how to reach a node that is served on a thread, with a chain of three tipsets."""
    started, ended = threading.Event(), threading.Event()
    found = []

    async def run():
        with chain_node() as node:
            node.grow(3)
            async with served(node, FullNodeMethods, SampleMethods) as info:
                found.append((info, node))
                started.set()
                await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    started.wait(10)
    try:
        yield found[0]
    finally:
        ended.set()
        thread.join()


def test_client_without_a_loop_has_the_same_methods():
    with served_beside() as (info, node), Client(info) as client:
        assert client.chain_head() == node.chain.head
        assert client.wallet_list() == node.wallet.list()
        with pytest.raises(TypeError, match="use the async client"):
            client.chain_notify()
        with pytest.raises(RpcError, match="need 'admin'"), Client(info.base) as other:
            other.shutdown()
        bad = ApiInfo(info.base, "x")
        with pytest.raises(RpcError, match="JWT Verification failed"), Client(bad) as other:
            other.chain_head()


def test_text_of_the_environment_names_the_node():
    with served_beside() as (info, _):
        port = info.base.rpartition(":")[2]
        where = f"{AUTH.issue(EVERYTHING)}:/ip4/127.0.0.1/tcp/{port}/http"
        with Client(where) as client:
            assert set(client.auth_verify(info.token)) == EVERYTHING
        with Client(where, version=0) as client:
            assert client.version().api_version == 0x010500


def test_wrong_arguments_are_refused_before_anything_is_sent():
    client = SampleClient("http://127.0.0.1:9")
    with pytest.raises(TypeError, match="takes 2 arguments"):
        client.add(1, 2, 3)
    with pytest.raises(TypeError, match="needs its argument left"):
        client.add(right=2)
    with pytest.raises(TypeError, match="has no argument middle"):
        client.add(1, middle=2)
    with pytest.raises(TypeError, match="takes 2 arguments"):
        client.add(1, left=2)


def test_every_parameter_is_sent_as_lotus_wants_it():
    declared = SampleMethods.add.declaration
    assert wire.request(declared, 7, (1,), {}) == {
        "jsonrpc": "2.0",
        "id": 7,
        "method": "Filecoin.Add",
        "params": [1, 10],
    }
    assert wire.request(SampleMethods.key_text.declaration, 1, (), {})["params"] == [[]]


def test_node_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(wire, "DELAYS", (0, 0, 0))
    with listen(port=0) as gone:
        port = port_of(gone)
    client = SampleClient(f"http://127.0.0.1:{port}")
    with pytest.raises(Unreachable, match=f"http://127.0.0.1:{port}/rpc/v1: .*is it running"):
        client.echo(1)

    async def run():
        async with AsyncSampleClient(f"http://127.0.0.1:{port}") as other:
            with pytest.raises(Unreachable, match="is it running"):
                await other.echo(1)
            with pytest.raises(Unreachable, match="is it running"):
                await anext(other.count(1))

    asyncio.run(run())


def answering(answers, version=1):
    """Return a client of a server that gives these answers, and what it was asked."""
    asked = []

    def handle(request):
        asked.append(json.loads(request.content))
        found = answers[len(asked) - 1]
        if isinstance(found, Exception):
            raise found
        return found

    client = SampleClient("http://node.test", version=version)
    client._http = httpx.Client(transport=httpx.MockTransport(handle))
    return client, asked


def result(value):
    return httpx.Response(200, json={"jsonrpc": "2.0", "id": 1, "result": value})


def test_question_is_asked_again_where_the_connection_fails(monkeypatch):
    monkeypatch.setattr(wire, "DELAYS", (0, 0, 0))
    lost = httpx.RemoteProtocolError("gone")
    client, asked = answering([lost, httpx.ConnectError("no"), lost, result(3)])
    assert client.add(1, 2) == 3
    assert len(asked) == 4


def test_change_is_never_asked_for_twice(monkeypatch):
    monkeypatch.setattr(wire, "DELAYS", (0, 0, 0))
    client, asked = answering([httpx.ConnectError("no"), result(None)])
    with pytest.raises(Unreachable):
        client.stop()
    assert len(asked) == 1


def test_question_that_takes_too_long_is_not_asked_again():
    client, asked = answering([httpx.ReadTimeout("slow"), result(1)])
    with pytest.raises(Unreachable):
        client.add(1)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("response", "error", "told"),
    [
        (httpx.Response(500, json={"id": 1, "error": {"code": -32601, "message": "m"}}),
         RpcError, "m"),
        (httpx.Response(200, json={"error": "text"}), RpcError, "without a code"),
        (httpx.Response(502, text="<html>"), LocalFault, "HTTP 502 and no JSON"),
        (httpx.Response(401, content=b""), LocalFault, "HTTP 401 and no JSON"),
        (httpx.Response(200, json=[]), DecodeError, "not an object"),
        (httpx.Response(200, json={"result": "x"}), DecodeError, "Filecoin.Add: the answer: "),
        (httpx.Response(200, text="[" * 100_000), LocalFault, "no JSON"),
    ],
)  # fmt: skip
def test_strange_answer_is_one_sentence(response, error, told):
    client, _ = answering([response])
    with pytest.raises(error, match=told):
        client.add(1)


def test_error_keeps_its_code_and_data():
    error = {"code": 12, "message": "requested epoch was a null round (7)", "data": 7}
    client, _ = answering([httpx.Response(500, json={"id": 1, "error": error})])
    with pytest.raises(RpcError) as raised:
        client.add(1)
    assert raised.value.to_json() == error


def test_subscription_ends_refuses_and_is_cut():
    node = SampleNode()

    async def run():
        async with (
            served(node, SampleMethods) as info,
            AsyncSampleClient(info) as client,
        ):
            assert [item async for item in client.count(3)] == [0, 1, 2]
            listening = asyncio.create_task(anext(client.hear()))
            while not node.feeds:  # noqa: ASYNC110 - the node of the tests tells nobody
                await asyncio.sleep(0.005)
            for _ in range(9):
                node.feeds[0].publish("x")
            with pytest.raises(LocalFault, match="this subscriber is too slow: 8 items"):
                await listening
        async with (
            served(node, SampleMethods, limits=Limits(channels=0)) as info,
            AsyncSampleClient(info) as client,
        ):
            with pytest.raises(RpcError, match="subscriptions on this connection"):
                await anext(client.count(1))

    asyncio.run(run())


def test_subscription_is_told_that_the_node_stops():
    async def run():
        node = SampleNode()
        async with served(node, SampleMethods) as info:
            client = AsyncSampleClient(info)
            listening = asyncio.create_task(anext(client.hear()))
            while not node.feeds:  # noqa: ASYNC110 - the node of the tests tells nobody
                await asyncio.sleep(0.005)
        with pytest.raises(LocalFault, match=r"ended Filecoin\.Hear"):
            await listening
        await client.close()

    asyncio.run(run())
