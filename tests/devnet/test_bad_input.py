"""What a devnet meets in a bad world: clients that are slow, wrong or many, disks that are full.

Each is a real process, started as users start it. What it cannot do it says in one sentence, and
ends with 1; what clients do wrong never ends it.
"""

import asyncio
import contextlib
import itertools
import json
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from devnet_process import (
    COMMAND,
    PATIENCE,
    DevnetProcess,
    connection,
    environment,
)
from rpc_fuzz import RequestMaker, expect_answer, seen_on

from papyrus.storage.database import INDEX_FILE, NOTES_FILE

resource = pytest.importorskip("resource", reason="limits of processes are the system's own")

pytestmark = pytest.mark.slow

HEAD = {"jsonrpc": "2.0", "id": 1, "method": "Filecoin.ChainHead", "params": []}
MIB = 1 << 20
SOCKETS = 1_000
WAITS = 2
LIMITS = {
    "PAPYRUS_API_HEADER_TIMEOUT": str(WAITS), "PAPYRUS_API_BODY_TIMEOUT": str(WAITS),
    "PAPYRUS_API_MAX_REQUEST_SIZE": "1 MiB",
}  # fmt: skip
"""Little patience, so that a test need have none."""


def run_devnet(home, *options, before=None, **variables):
    """Return how a devnet ended that cannot begin."""
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "devnet", "--port", "0", *options],
        env=environment(home, **variables), capture_output=True, text=True, timeout=PATIENCE,
        check=False, preexec_fn=before,
    )  # fmt: skip


def expect_sentence(done, *words):
    """Expect that a command failed with 1, and said why in a sentence that has some words."""
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


@contextlib.asynccontextmanager
async def devnet(folder, *options, **variables):
    """Give a devnet that runs, and see afterwards that it still did, and ends well."""
    process = DevnetProcess(folder, *options, **variables)
    await process.start()
    try:
        await asyncio.wait_for(process.ready(), PATIENCE)
        yield process
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.post(process.facts["rpc"], json=HEAD, headers=process.headers)
        assert answer.json()["result"]["Height"] >= 1
        assert await process.stop() == 0
    finally:
        process.kill()
        await process.ended()
    said = process.stderr_path.read_text()
    assert "Traceback" not in said, said


def run_with(folder, work, *options, **variables):
    async def run():
        async with devnet(folder, *options, **variables) as process:
            return await work(process)

    return asyncio.run(run())


async def raw(process, *parts, pause=0.0):
    """Send bytes as they are, and return what comes in the seconds that the server waits."""
    host, _, port = process.facts["rpc"].split("/")[2].partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(65_536), WAITS + 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


# Clients.


def test_bodies_too_long_too_slow_and_broken_are_refused(tmp_path):
    async def work(process):
        url = process.facts["rpc"]
        async with httpx.AsyncClient(timeout=PATIENCE) as client:

            async def post(content):
                return await client.post(url, content=content)

            too_long = [await post(b"[" + b" " * (2 * MIB)), await post(_endless(MIB * 2))]
            broken = [
                await post(content)
                for content in (
                    b"", b"{", b"[]", b"nul", b"\xff\xfe", b"\x00" * 100, b'{"id":{}}',
                    b"[" * 100_000, b'{"a":' * 50_000, b'"' + b"x" * 900_000, b"1e999", b"NaN",
                    b'{"jsonrpc":"2.0","id":1,"method":"Filecoin.ChainHead","params":[[[]]]}',
                    json.dumps([HEAD] * 5_000).encode(), json.dumps({**HEAD, "id": "x" * 10**5}),
                )
            ]  # fmt: skip
            others = [
                await client.request(verb, url, content=b"{}")
                for verb in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS")
            ]
        head = b"POST /rpc/v1 HTTP/1.1\r\nHost: x\r\n"
        slow = await asyncio.gather(
            raw(process, head),
            raw(process, head + b"Content-Length: 10\r\n\r\n{"),
            raw(process, *(head + b"Transfer-Encoding: chunked\r\n\r\n",), b"5\r\n{\r\n"),
            raw(process, b"GARBAGE\r\n\r\n"),
            raw(process, b"POST / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000),
            raw(process, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300)),
            raw(process, head + b"Content-Length: -5\r\n\r\n"),
            raw(process, head + b"Content-Length: 1e3\r\n\r\n"),
        )
        return too_long, broken, others, slow

    too_long, broken, others, slow = run_with(tmp_path, work, **LIMITS)
    assert [response.status_code for response in too_long] == [413, 413]
    for response in broken:
        assert response.status_code == 200, response.text[:200]
        assert "error" in response.json(), response.text[:200]
    assert {response.status_code for response in others} <= {400, 405}
    assert slow[0] == b""
    assert b" 408 " in slow[1].split(b"\r\n")[0]
    for answer in slow[2:]:
        assert answer == b"" or answer.split()[1] in (b"400", b"408", b"413", b"431"), answer[:99]
        assert b"Traceback" not in answer


class FarDesk:
    """A devnet in another process, asked as `devnet_desk` is."""

    def __init__(self, facts, client):
        self.accounts = [account["filecoin"] for account in facts["accounts"]]
        self.bls = facts["bls"]["address"]
        self._url, self._client = facts["rpc"], client

    def __call__(self, method, *params):
        answer = self._client.post(
            self._url, json=HEAD | {"method": f"Filecoin.{method}", "params": list(params)}
        )
        return answer.json()["result"]


def test_any_request_over_sockets_is_answered(tmp_path):
    chance = random.Random(5)  # noqa: S311 - any requests, the same each time

    async def work(process):
        with httpx.Client(timeout=PATIENCE) as client:
            desk = FarDesk(process.facts, client)
            document, seen = desk("Discover"), seen_on(desk)
        maker = RequestMaker(document, chance, seen)
        names = sorted(
            name
            for name, method in maker.methods.items()
            if method["x-permission"] == "read" and "WaitMsg" not in name
        )
        bodies = [maker.body(chance.choice(names), 0.2) for _ in range(800)]
        url = process.facts["rpc"]
        places = (url, url.replace("v1", "v0"), url.replace("/rpc/v1", "/"))
        async with httpx.AsyncClient(timeout=PATIENCE) as client:

            async def post(some):
                return [await client.post(chance.choice(places), content=body) for body in some]

            answers = await asyncio.gather(*(post(bodies[place:400:8]) for place in range(8)))
        for response in itertools.chain(*answers):
            assert response.status_code in (200, 204, 413), (response.status_code, response.text)
            expect_answer(response.text or None)
        async with connection(process.facts) as calls:
            texts = []
            calls.listen_to_all(texts.append)
            for body in bodies[400:]:
                await calls.send_raw(body.decode(errors="replace"))
            async with asyncio.timeout(PATIENCE):
                while len(texts) < 380:  # noqa: ASYNC110 - some bodies have no answer
                    await asyncio.sleep(0.05)
        for text in texts:
            if '"method":"xrpc' not in text:
                expect_answer(text)

    run_with(tmp_path, work)


async def _endless(size):
    for _ in range(0, size, 65_536):
        yield b" " * 65_536


def test_wrong_tokens_are_refused(tmp_path):
    async def work(process):
        url, token = process.facts["rpc"], process.facts["token"]
        other = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
        process.headers = {"Authorization": f"Bearer {token}"}
        shown = [f"Bearer {other}", "Bearer", "Bearer a.b.c", "Basic eDp5", token, "B" * 60_000]
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            refused = [
                (await client.post(url, json=HEAD, headers={"Authorization": value})).status_code
                for value in shown
            ]
            stop = HEAD | {"method": "Filecoin.Shutdown"}
            without = (await client.post(url, json=stop)).json()["error"]["message"]
        return refused, without

    refused, without = run_with(tmp_path, work, "--auth")
    assert refused[:-1] == [401] * 5
    assert refused[-1] in (400, 401, 431)
    assert without == "missing permission to invoke 'Shutdown' (need 'admin')"


def test_thousand_sockets_at_once(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3 * SOCKETS:
        pytest.skip(f"this system lets a process have {hard} files open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (3 * SOCKETS, hard))

    async def work(process):
        before = process.resident()
        async with contextlib.AsyncExitStack() as stack:
            sockets = []
            for _ in range(0, SOCKETS, 50):
                sockets += await asyncio.gather(
                    *(stack.enter_async_context(connection(process.facts)) for _ in range(50))
                )
            heads = await asyncio.gather(*(each.call("Filecoin.ChainHead") for each in sockets))
            assert all(head["Height"] >= 1 for head in heads)
            for each in sockets:
                await each.call("Filecoin.ChainNotify")
            await sockets[0].call("Papyrus.MineTipset", 2, 0)
        # As many that say nothing at all.
        host, _, port = process.facts["rpc"].split("/")[2].partition(":")
        mute = []
        for _ in range(SOCKETS):
            one = socket.create_connection((host, int(port)))
            mute.append(one)
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            answer = await client.post(process.facts["rpc"], json=HEAD)
        assert answer.status_code == 200
        for one in mute:
            one.close()
        return process.resident() - before

    def few():
        # As a shell gives it: the node asks for more by itself.
        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))

    try:
        grown = run_with(tmp_path, work, before=few)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert grown < 200 * MIB


# What is there already.


def test_taken_port_is_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run_devnet(tmp_path, "--port", str(port))
    expect_sentence(done, f"cannot listen on 127.0.0.1 port {port}", "choose another port")


def test_second_devnet_in_one_folder_is_a_sentence(tmp_path):
    async def work(process):
        return await asyncio.to_thread(run_devnet, tmp_path), process.process.pid

    done, number = run_with(tmp_path, work)
    expect_sentence(done, "a node runs in", f"process {number}", "PAPYRUS_PATH")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[api\n", ("config.toml",)),
        (b"\xff\xfe\x00", ("config.toml",)),
        (b"[api]\nlisten_address = 5\n", ("config.toml", "api.listen_address")),
        (b"[api]\nmax_calls = -1\n", ("config.toml", "api.max_calls")),
        (b"[nothing]\nx = 1\n", ("config.toml", "nothing")),
    ],
)
def test_corrupt_configuration_is_a_sentence(tmp_path, content, words):
    folder = tmp_path / "devnet"
    folder.mkdir(mode=0o700)
    (folder / "config.toml").write_bytes(content)
    expect_sentence(run_devnet(tmp_path), *words)


def test_wrong_options_are_sentences(tmp_path):
    for options in (
        ("--balance", "much"), ("--mnemonic", "one two three"), ("--miners", "1000"),
        ("--host", "nowhere.invalid"),
    ):  # fmt: skip
        done = run_devnet(tmp_path, *options)
        assert done.returncode in (1, 2), (options, done)
        assert "Traceback" not in done.stderr, (options, done.stderr)
        assert done.stderr.strip(), options


@pytest.mark.parametrize(
    ("engine", "words"),
    [
        ("foo", ("write native, wasm or hybrid:",)),
        ("hybrid:x", ("'x' does not say ACTOR[.METHOD]=native|wasm",)),
        ("wasm", ("`papyrus bundle fetch 18 --network devnet`", "import v18.tar.zst`")),
    ],
)
def test_engine_that_cannot_run_is_a_sentence(tmp_path, engine, words):
    expect_sentence(run_devnet(tmp_path, "--engine", engine), *words)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """Return the folder of a devnet that was stopped after some epochs."""
    folder = tmp_path_factory.mktemp("stopped")

    async def work(process):
        async with connection(process.facts) as calls:
            await calls.call("Papyrus.MineTipset", 5, 0)

    run_with(folder, work)
    (folder / "stderr.txt").unlink()
    return folder


def damaged(stopped, tmp_path, name, damage):
    """Return a copy of a stopped devnet with one file damaged."""
    folder = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(stopped), str(folder)], check=True)
    path = folder / "devnet" / name
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(damage(path.read_bytes()))
    return folder


FILES = (
    "mpool.sqlite", "sent.sqlite", "slash-filter.sqlite", "market-funds.sqlite", "devnet.json",
    f"datastore/{NOTES_FILE}", f"datastore/{INDEX_FILE}", "datastore/blocks/data.mdb",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_damaged_file_is_a_sentence(stopped, tmp_path, name):
    names = {str(path.relative_to(stopped / "devnet")) for path in stopped.rglob("*")}
    assert name in names, sorted(names)
    folder = damaged(stopped, tmp_path, name, lambda data: b"\x00garbage " * 20 + data[180:])
    expect_sentence(run_devnet(folder), str(folder))


def test_wrong_password_is_a_sentence(tmp_path):
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text("correct horse battery\n")

    def wallet(*arguments):
        return subprocess.run(
            [sys.executable, "-c", COMMAND, "wallet", *arguments], capture_output=True, text=True,
            env=environment(tmp_path, PAPYRUS_WALLET_PASSWORD_FILE=str(password)), check=False,
            timeout=PATIENCE, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    made = wallet("new")
    assert made.returncode == 0, made.stderr
    password.write_text("wrong\n")
    done = wallet("export", made.stdout.split()[0])
    expect_sentence(done, "password")


# Disks.


@contextlib.contextmanager
def mounted(folder, *options):
    """Give a file system of its own in a folder, or skip where nobody may make one."""
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this user may not mount anything")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_folder_that_cannot_be_written_to_is_a_sentence(tmp_path):
    if os.geteuid():
        tmp_path.chmod(0o500)
        expect_sentence(run_devnet(tmp_path), str(tmp_path))
        tmp_path.chmod(0o700)
        return
    # Nothing is forbidden to root but what the file system itself refuses.
    with mounted(tmp_path / "disk", "-o", "ro") as folder:
        expect_sentence(run_devnet(folder), str(folder), "Read-only")


def test_file_in_place_of_a_folder_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    expect_sentence(run_devnet(tmp_path / "file"), str(tmp_path / "file"))


def test_disk_with_little_room_is_a_sentence(tmp_path):
    with mounted(tmp_path / "disk", "-o", "size=20m") as folder:
        expect_sentence(run_devnet(folder), str(folder), "19 MiB left", "make room")


def test_files_that_may_not_grow_are_a_sentence(tmp_path):
    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, resource.RLIM_INFINITY))

    expect_sentence(run_devnet(tmp_path, before=little), str(tmp_path))


def test_disk_that_fills_up_while_it_runs_stops_blocks_and_not_the_node(tmp_path):
    """The sentence reaches the client; with room again the chain goes on, nothing signed twice."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("the limits of another process cannot be set here")

    async def work(process):
        numbers = [process.process.pid, *process._children()]
        async with connection(process.facts) as calls:
            await calls.call("Papyrus.MineTipset", 2, 0)
            before = await calls.call("Filecoin.ChainHead")
            for number in numbers:
                resource.prlimit(number, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            told = []
            for _ in range(3):
                try:
                    await calls.call("Papyrus.MineTipset", 1, 0)
                except Exception as error:  # noqa: BLE001 - the answer is looked at below
                    told.append(str(error))
            head = await calls.call("Filecoin.ChainHead")
            for number in numbers:
                unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                resource.prlimit(number, resource.RLIMIT_FSIZE, unlimited)
            after = await calls.call("Papyrus.MineTipset", 2, 0)
            return before["Height"], told, head["Height"], after["Height"]

    before, told, head, after = run_with(tmp_path, work)
    assert len(told) == 3
    assert not any("failed inside the node" in sentence for sentence in told), told
    assert head == before
    assert after >= before + 2
