"""The interface over real sockets on loopback."""

import asyncio
import json
import logging
import resource
import time
from datetime import UTC, datetime, timedelta

import httpx
import jwt
import pytest
from rpc_node import SECRET, plain_http, served
from rpc_sample import SampleMethods, SampleNode

from papyrus.primitives.errors import LocalFault
from papyrus.rpc.auth import ANYONE, Auth
from papyrus.rpc.limits import Limits
from papyrus.rpc.listening import listen, port_of
from papyrus.rpc.server import Hooks

ADD = {"jsonrpc": "2.0", "id": 1, "method": "Filecoin.Add", "params": [1, 2]}
STOP = {"jsonrpc": "2.0", "id": 1, "method": "Filecoin.Stop"}


def ask(work, *, node=None, **settings):
    """Return what an async function makes of a client and how to reach the server."""

    async def run():
        async with (
            served(node or SampleNode(), SampleMethods, **settings) as info,
            plain_http(info.base) as client,
        ):
            return await work(client, info)

    return asyncio.run(run())


async def raw(info, data, *, then=b"", pause=0.0, most=20.0):
    """Send bytes as they are, and return all that comes until the server closes."""
    host, _, port = info.base.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        await writer.drain()
        if then:
            await asyncio.sleep(pause)
            writer.write(then)
        return await asyncio.wait_for(reader.read(), most)
    finally:
        writer.close()


def test_call_is_answered_at_each_path_with_any_content_type():
    kinds = ("application/json", "text/plain", "text/plain;charset=UTF-8", "")

    async def work(client, _info):
        return [
            await client.post(path, content=json.dumps(ADD), headers={"content-type": kind})
            for path in ("/", "/rpc/v0", "/rpc/v1")
            for kind in kinds
        ]

    for response in ask(work):
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.json() == {"jsonrpc": "2.0", "id": 1, "result": 3}


def test_versions_have_their_own_methods():
    async def work(client, _info):
        body = {"id": 1, "method": "Filecoin.KeyText"}
        found = [await client.post(path, json=body) for path in ("/", "/rpc/v0", "/rpc/v1")]
        return [response.json().get("result") for response in found]

    assert ask(work) == ["head", None, "head"]


def test_error_has_status_200_too():
    async def work(client, _info):
        return [
            (await client.post("/", content=body)).status_code
            for body in ("", "[]", '{"id":1,"method":"none"}', '{"id":1,"method":"Filecoin.Add"}')
        ]

    assert ask(work) == [200] * 4


def test_notification_has_an_empty_answer():
    async def work(client, _info):
        return await client.post("/", json={"method": "Filecoin.Add", "params": [1]})

    response = ask(work)
    assert (response.status_code, response.content) == (204, b"")


def test_other_verbs_and_paths_are_refused():
    async def work(client, _info):
        return [
            (await client.get("/rpc/v1")).status_code,
            (await client.put("/rpc/v1", content="{}")).status_code,
            (await client.post("/rpc/v9", json=ADD)).status_code,
            (await client.get("/debug/metrics")).status_code,
        ]

    assert ask(work) == [405, 405, 404, 404]


def token(**claims):
    return jwt.encode(claims, SECRET, algorithm="HS256")


PAST = datetime(2020, 1, 1, tzinfo=UTC)


BAD_TOKENS = (
    "Bearer x",
    "Bearer",
    "Bearer " + "x" * 5000,
    "Basic dXNlcjpwYXNz",
    token(Allow=["admin"]),
    "Bearer " + jwt.encode({"Allow": ["admin"]}, bytes(32), algorithm="HS256"),
    "Bearer " + jwt.encode({"Allow": ["admin"]}, SECRET * 2, algorithm="HS384"),
    "Bearer " + jwt.encode({"Allow": ["admin"]}, "", algorithm="none"),
    "Bearer " + token(Allow=["admin"], exp=PAST),
    "Bearer " + token(Allow="admin"),
    "Bearer " + token(Allow=[1]),
    "Bearer " + token(Allow=["admin"])[:-3],
)


def test_bad_token_is_refused_even_for_what_anyone_may(caplog):
    async def work(client, _info):
        return [
            await client.post("/", json=ADD, headers={"Authorization": shown})
            for shown in BAD_TOKENS
        ]

    responses = ask(work)
    assert [response.status_code for response in responses] == [401] * len(BAD_TOKENS)
    for shown, response in zip(BAD_TOKENS, responses, strict=True):
        assert response.json()["error"]["code"] == 1
        assert shown[-20:] not in response.text or len(shown) < 20
    assert caplog.text == ""


def test_token_allows_what_it_says():
    allowed = (["admin"], ["read", "write", "sign"], [], ["root"])

    async def work(client, _info):
        shown = [{"Authorization": f"Bearer {token(Allow=names)}"} for names in allowed]
        return ["result" in (await client.post("/", json=STOP, headers=h)).json() for h in shown]

    assert ask(work) == [True, False, False, False]


def test_token_that_has_not_expired_is_good():
    shown = token(Allow=["admin"], exp=datetime.now(UTC) + timedelta(hours=1))

    async def work(client, _info):
        return await client.post("/", json=STOP, headers={"Authorization": f"Bearer {shown}"})

    assert ask(work).json()["result"] is None


def test_token_may_stand_in_the_address():
    async def work(client, info):
        return await client.post("/", json=STOP, params={"token": info.token})

    assert ask(work).json()["result"] is None


def test_without_a_token_anyone_may_read():
    async def work(client, _info):
        return [(await client.post("/", json=body)).json() for body in (ADD, STOP)]

    added, stopped = ask(work)
    assert added["result"] == 3
    assert stopped["error"]["message"] == "missing permission to invoke 'Stop' (need 'admin')"


def test_devnet_may_ask_nobody():
    async def work(client, _info):
        return [
            (await client.post("/", json=STOP, headers=shown)).status_code
            for shown in ({}, {"Authorization": "Bearer whatever"})
        ]

    assert Auth.disabled().permissions(None) > ANYONE
    assert ask(work, auth=Auth.disabled()) == [200, 200]


def test_pages_of_other_origins_cannot_use_a_node_that_asks_nobody():
    """A browser would let any page post text, which needs no leave from the node."""

    async def work(client, _info):
        origins = ("https://evil.example", "http://localhost:3000", "null")
        return [
            (
                await client.post(
                    "/", json=STOP, headers={"Origin": origin, "Content-Type": "text/plain"}
                )
            ).status_code
            for origin in origins
        ]

    settings = {"auth": Auth.disabled(), "origins": ("http://localhost:3000",)}
    assert ask(work, **settings) == [403, 200, 403]


def test_allowed_origin_is_told_to_the_browser():
    async def work(client, _info):
        headers = {
            "Origin": "http://localhost:3000",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        asked = await client.options("/rpc/v1", headers=headers)
        called = await client.post("/rpc/v1", json=ADD, headers={"Origin": headers["Origin"]})
        other = await client.post("/rpc/v1", json=ADD, headers={"Origin": "http://x.example"})
        return [
            (response.status_code, response.headers.get("access-control-allow-origin"))
            for response in (asked, called, other)
        ]

    allowed = "http://localhost:3000"
    assert ask(work, origins=(allowed,)) == [(200, allowed), (200, allowed), (200, None)]


def test_body_that_is_too_large_is_refused():
    async def work(client, info):
        body = json.dumps(ADD).encode()

        async def pieces():
            for _ in range(40):
                yield b" " * 10

        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999999\r\n\r\n"
        return [
            (await client.post("/", content=body.ljust(200))).status_code,
            (await client.post("/", content=body.ljust(201))).status_code,
            (await client.post("/", content=pieces())).status_code,
            (await raw(info, head))[9:12],
        ]

    *found, last = ask(work, limits=Limits(body=200, keep_alive_seconds=0))
    assert found == [200, 413, 413]
    assert last in (b"413", b"400")


def test_body_that_is_too_slow_is_refused():
    async def work(_client, info):
        head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 50\r\n\r\n{"
        return await raw(info, head, then=b"}", pause=0.1)

    answer = ask(work, limits=Limits(body_seconds=0.3, keep_alive_seconds=0))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 0.3 s" in answer


def test_head_that_is_too_slow_is_cut_off():
    heads = (b"", b"POST / HT", b"POST / HTTP/1.1\r\nhost: x\r\nx-a: ")

    async def work(_client, info):
        started = time.monotonic()
        answers = await asyncio.gather(*(raw(info, head, then=b"a", pause=0.05) for head in heads))
        return answers, time.monotonic() - started

    answers, seconds = ask(work, limits=Limits(header_seconds=0.3))
    assert answers == [b""] * 3
    assert 0.2 < seconds < 5


def test_second_head_on_a_connection_is_waited_for_no_longer():
    async def work(_client, info):
        body = json.dumps(ADD).encode()
        first = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        return await raw(info, first, then=b"POST / HT", pause=0.1)

    answer = ask(work, limits=Limits(header_seconds=0.3))
    assert answer.count(b"HTTP/1.1 200") == 1


def test_what_is_not_http_is_refused():
    async def work(_client, info):
        return [
            await raw(info, data) for data in (b"\x16\x03\x01\x02\x00\r\n\r\n", b"\x00" * 70_000)
        ]

    assert all(answer.startswith(b"HTTP/1.1 400 ") for answer in ask(work))


def test_client_that_leaves_ends_its_call():
    node = SampleNode()

    async def work(client, _info):
        body = {"id": 1, "method": "Filecoin.Sleep", "params": [30]}
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/", json=body, timeout=0.2)
        for _ in range(100):
            if node.cancelled:
                break
            await asyncio.sleep(0.02)
        return list(node.cancelled)

    assert ask(work, node=node) == ["Sleep"]


def test_thousand_connections_are_served_at_once():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip(f"this system gives a process {hard} files: raise `ulimit -Hn` to 4096")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    body = json.dumps(ADD).encode()
    head = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n" % len(body)
    request = head + b"connection: close\r\n\r\n" + body

    async def one(info, ready):
        host, _, port = info.base.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        await ready.wait()
        writer.write(request)
        answer = await reader.read()
        writer.close()
        return answer

    async def work(_client, info):
        ready = asyncio.Barrier(1000)
        return await asyncio.gather(*(one(info, ready) for _ in range(1000)))

    answers = ask(work)
    assert len(answers) == 1000
    assert all(answer.endswith(b'"result":3}') for answer in answers)


def test_connections_beyond_the_limit_are_refused():
    async def work(client, info):
        host, _, port = info.base.removeprefix("http://").partition(":")
        held = [await asyncio.open_connection(host, int(port)) for _ in range(5)]
        refused = (await client.post("/", json=ADD)).status_code
        for _, writer in held:
            writer.close()
        return refused

    assert ask(work, limits=Limits(sockets=5)) == 503


def test_hooks_tell_of_the_node():
    async def fine():
        return ""

    async def behind():
        return "the chain is 12 epochs behind"

    async def work(client, _info):
        return [
            ((found := await client.get(path)).status_code, found.text)
            for path in ("/health/livez", "/health/readyz", "/debug/metrics")
        ]

    hooks = Hooks(is_live=fine, is_ready=behind, metrics=lambda: (b"up 1\n", "text/plain"))
    assert ask(work, hooks=hooks) == [
        (200, '{"status":"ok"}'),
        (503, "the chain is 12 epochs behind\n"),
        (200, "up 1\n"),
    ]


def test_calls_under_way_end_when_the_server_stops():
    async def run():
        node = SampleNode()
        async with plain_http() as client:
            async with served(node, SampleMethods) as info:
                body = {"id": 1, "method": "Filecoin.Sleep", "params": [0.3]}
                task = asyncio.create_task(client.post(info.base, json=body))
                await asyncio.sleep(0.1)
            return (await task).json(), info

    answer, info = asyncio.run(run())
    assert answer["result"] == "slept"
    with pytest.raises(httpx.ConnectError):
        httpx.post(info.base, json=ADD)


def test_call_that_does_not_end_is_ended_when_the_server_stops(caplog):
    async def run():
        node = SampleNode()
        async with plain_http() as client:
            started = time.monotonic()
            async with served(node, SampleMethods, limits=Limits(stop_seconds=1)) as info:
                body = {"id": 1, "method": "Filecoin.Sleep", "params": [30]}
                task = asyncio.create_task(client.post(info.base, json=body))
                await asyncio.sleep(0.1)
            await asyncio.gather(task, return_exceptions=True)
            return node.cancelled, time.monotonic() - started

    with caplog.at_level(logging.CRITICAL):
        cancelled, seconds = asyncio.run(run())
    assert cancelled == ["Sleep"]
    assert seconds < 8


def test_address_of_another_machine_is_one_sentence():
    with pytest.raises(LocalFault, match=r"192.0.2.1 port 0: .*choose another with --host"):
        listen("192.0.2.1", 0)


def test_port_that_is_taken_is_one_sentence():
    with listen(port=0) as taken:
        port = port_of(taken)
        with pytest.raises(LocalFault, match=f"cannot listen on 127.0.0.1 port {port}: .*choose"):
            listen(port=port)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 65536), ("no.such.host.invalid", 1)])
def test_place_that_cannot_be_is_one_sentence(host, port):
    with pytest.raises(LocalFault):
        listen(host, port)
