"""Which node commands find, what they ask, and what they say of its errors."""

import ast
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from papyrus.cli.connection import NodeClient, connected, find_node
from papyrus.primitives.errors import LocalFault
from papyrus.rpc.api_info import VARIABLE, ApiInfo
from papyrus.rpc.devnet_hosting import devnet_registry
from papyrus.rpc.errors import RpcError

SOURCES = Path(__file__).resolve().parents[3] / "src" / "papyrus" / "cli"
METHOD = re.compile(r"(Auth|Chain|Gas|Mpool|Msig|Net|Node|Paych|State|Sync|Wallet)[A-Z]\w+")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of Papyrus' state with nothing in it, and no node in the environment."""
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path


@contextmanager
def answering(body: bytes, status: int = 200) -> Iterator[str]:
    """Run a server that answers everything alike, and give its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.headers["Content-Length"] = "0"
            self.do_POST()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def announce(folder: Path, network: str, url: str, token: str = "") -> None:
    """Write what a node of a network writes into its folder."""
    (folder / network).mkdir(exist_ok=True)
    port = url.rpartition(":")[2]
    (folder / network / "api").write_text(f"/ip4/127.0.0.1/tcp/{port}/http")
    if token:
        (folder / network / "token").write_text(token)


def test_option_goes_before_environment_before_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(b"{}") as url:
        announce(folder, "devnet", url, "abc")
        assert find_node(None) == ApiInfo(url, "abc")
        monkeypatch.setenv(VARIABLE, "def:/ip4/10.0.0.1/tcp/99/http")
        assert find_node(None) == ApiInfo("http://10.0.0.1:99", "def")
        assert find_node("https://node.example/fil") == ApiInfo("https://node.example/fil", "")
        assert find_node("devnet") == ApiInfo(url, "abc")


def test_node_that_has_ended_is_passed_over(folder: Path) -> None:
    with answering(b"{}") as gone:
        pass
    with answering(b"{}") as url:
        announce(folder, "calibnet", url)
        announce(folder, "devnet", gone)
        assert find_node(None) == ApiInfo(url, "")
        with pytest.raises(LocalFault, match="has ended; start it again"):
            find_node("devnet")


def test_without_a_node_there_is_a_way_to_start_one() -> None:
    with pytest.raises(LocalFault, match="no node runs here: start one with `papyrus devnet`"):
        find_node(None)


def test_address_that_is_none_names_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LocalFault, match=r"^--api: the address of a node is"):
        find_node("nonsense")
    monkeypatch.setenv(VARIABLE, "secret:nonsense")
    with pytest.raises(LocalFault, match=f"^{VARIABLE}: the address") as caught:
        find_node(None)
    assert "secret" not in str(caught.value)


def error(code: int, message: str) -> bytes:
    return json.dumps({"id": 1, "error": {"code": code, "message": message}}).encode()


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (b"<html>", 200, "HTTP 200 and no JSON-RPC: is it a Filecoin node"),
        (b"[]", 502, "HTTP 502 and no JSON-RPC"),
        (error(1, "JWT Verification failed"), 401, "refuses the token.*papyrus auth api-info"),
        (error(1, "missing permission to invoke 'X'"), 200, "does not allow this.*--perm admin"),
        (error(1, "missing permission to invoke 'X' (need 'write')"), 200, "--perm write`"),
        (error(-32601, "method 'Filecoin.X' not found"), 200, "has no method Filecoin.X"),
        (error(11, "actor not found"), 200, "nobody has sent anything to that address"),
        (error(1, "no such thing"), 200, "^no such thing$"),
        (b'{"error": "odd"}', 200, "no proper error: odd"),
    ],
)
def test_what_goes_wrong_is_told(body: bytes, status: int, why: str) -> None:
    with (
        answering(body, status) as url,
        connected(url) as node,
        pytest.raises((LocalFault, RpcError), match=why),
    ):
        node.ask("X")


def test_node_that_is_not_there_is_told() -> None:
    with answering(b"{}") as gone:
        pass
    with NodeClient(ApiInfo(gone)) as node, pytest.raises(LocalFault, match="is it running"):
        node.ask("X")
    with NodeClient(ApiInfo(gone)) as node:
        assert node.unready() == "it does not say"


def test_node_that_is_not_ready_says_why() -> None:
    with (
        answering(b"it is stopping\n0 of 1 workers are alive\n", 503) as url,
        connected(url) as node,
    ):
        assert node.unready() == "it is stopping, 0 of 1 workers are alive"


def asked() -> Iterator[tuple[str, str, int | None]]:
    """Yield each question in the commands' source: file, full name, number of parameters."""
    for path in sorted(SOURCES.glob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr != "ask" or not isinstance(call.args[0], ast.Constant):
                continue
            space = next((one.value for one in call.keywords if one.arg == "namespace"), None)
            is_ours = space is not None
            name = f"{'Papyrus' if is_ours else 'Filecoin'}.{call.args[0].value}"
            has_star = any(isinstance(one, ast.Starred) for one in call.args)
            yield path.name, name, None if has_star else len(call.args) - 1


def test_every_question_is_one_that_a_node_knows() -> None:
    known = devnet_registry().names(1)
    wrong = []
    found = list(asked())
    for file, name, count in found:
        declared = known.get(name)
        if declared is None:
            wrong.append(f"{file}: there is no {name}")
        elif count is not None:
            needed = sum(one.is_required for one in declared.parameters)
            if not needed <= count <= len(declared.parameters):
                wrong.append(f"{file}: {name} takes {len(declared.parameters)}, is given {count}")
    assert wrong == []
    assert len(found) > 100


def test_every_method_that_helpers_are_given_exists() -> None:
    known = devnet_registry().names(1)
    named = {
        node.args[0].value
        for path in SOURCES.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"_about_block", "_ask", "_list", "_status"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and METHOD.fullmatch(str(node.args[0].value))
    }
    assert {name for name in named if f"Filecoin.{name}" not in known} == set()
    assert {"MsigSwapPropose", "SyncMarkBad", "StateListMiners"} <= named
