import pytest

from papyrus.primitives.errors import LocalFault
from papyrus.rpc.api_info import ApiInfo, parse_api_info, read_api_info

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJBbGxvdyI6W119.x"  # noqa: S105 - nobody's


@pytest.mark.parametrize(
    ("text", "base", "token"),
    [
        ("/ip4/127.0.0.1/tcp/1234/http", "http://127.0.0.1:1234", ""),
        (f"{TOKEN}:/ip4/127.0.0.1/tcp/1234/http", "http://127.0.0.1:1234", TOKEN),
        (f"{TOKEN}:/ip4/127.0.0.1/tcp/1234", "http://127.0.0.1:1234", TOKEN),
        (f"{TOKEN}:/ip6/::1/tcp/1234/http", "http://[::1]:1234", TOKEN),
        (f"{TOKEN}:/dns/node.example/tcp/443/https", "https://node.example:443", TOKEN),
        (f"{TOKEN}:/dns4/node.example/tcp/443/wss", "https://node.example:443", TOKEN),
        (f"{TOKEN}:/dns/node.example/tcp/443/tls/http", "https://node.example:443", TOKEN),
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234", ""),
        (f"{TOKEN}:http://127.0.0.1:1234/", "http://127.0.0.1:1234", TOKEN),
        ("ws://127.0.0.1:1234", "http://127.0.0.1:1234", ""),
        ("wss://node.example/filecoin", "https://node.example/filecoin", ""),
        ("https://api.node.glif.io/rpc/v1", "https://api.node.glif.io/rpc/v1", ""),
        (f"{TOKEN}:/ip4/1.2.3.4/tcp/1/http,other:/ip4/5.6.7.8/tcp/1", "http://1.2.3.4:1", TOKEN),
    ],
)
def test_text_tells_where_and_what_to_show(text, base, token):
    info = parse_api_info(text)
    assert (info.base, info.token) == (base, token)


def test_versions_stand_at_the_end_of_the_address():
    info = parse_api_info(f"{TOKEN}:/ip4/127.0.0.1/tcp/1234/http")
    assert info.http_url(0) == "http://127.0.0.1:1234/rpc/v0"
    assert info.websocket_url() == "ws://127.0.0.1:1234/rpc/v1"
    assert info.headers == {"Authorization": f"Bearer {TOKEN}"}
    secure = parse_api_info("https://x.example/rpc/v1")
    assert secure.http_url(0) == "https://x.example/rpc/v1"
    assert secure.websocket_url() == "wss://x.example/rpc/v1"
    assert secure.headers == {}


@pytest.mark.parametrize(
    "text",
    ["", "x", TOKEN, f"{TOKEN}:", f"{TOKEN}:localhost", "/ip4/1.2.3.4", "/unix/x", "ftp://x",
     "http://", "http://[::1", "http://x:99999", f"{TOKEN}:/ip4/1.2.3.4/udp/1"],
)  # fmt: skip
def test_other_text_is_refused_without_repeating_it(text):
    with pytest.raises(LocalFault, match="is a multiaddr such as") as refused:
        parse_api_info(text)
    assert TOKEN not in str(refused.value)


def test_token_is_not_shown():
    assert TOKEN not in repr(ApiInfo("http://x", TOKEN))


def test_folder_tells_how_to_reach_its_node(tmp_path):
    assert read_api_info(tmp_path) is None
    (tmp_path / "api").write_text("/ip4/127.0.0.1/tcp/1234/http\n")
    assert read_api_info(tmp_path) == ApiInfo("http://127.0.0.1:1234", "")
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert read_api_info(tmp_path) == ApiInfo("http://127.0.0.1:1234", TOKEN)


def test_folder_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "api").write_bytes(b"\xff\xfe")
    (tmp_path / "token").write_text("x")
    with pytest.raises(LocalFault, match="cannot read how to reach the node"):
        read_api_info(tmp_path)
