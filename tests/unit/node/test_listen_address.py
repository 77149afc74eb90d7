import pytest

from papyrus.node.listen_address import ListenAddress, parse_listen_address

ANYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound


@pytest.mark.parametrize(
    ("text", "host", "port", "multiaddr", "url"),
    [
        ("127.0.0.1:1234", "127.0.0.1", 1234, "/ip4/127.0.0.1/tcp/1234/http",
         "http://127.0.0.1:1234"),
        ("/ip4/0.0.0.0/tcp/80", ANYWHERE, 80, "/ip4/0.0.0.0/tcp/80/http",
         "http://127.0.0.1:80"),
        ("[::1]:0", "::1", 0, "/ip6/::1/tcp/0/http", "http://[::1]:0"),
        ("/ip6/::/tcp/1/ws", "::", 1, "/ip6/::/tcp/1/http", "http://[::1]:1"),
        ("localhost:65535", "localhost", 65_535, "/dns/localhost/tcp/65535/http",
         "http://localhost:65535"),
        ("/dns4/node.example/tcp/1234/https", "node.example", 1234,
         "/dns/node.example/tcp/1234/http", "http://node.example:1234"),
    ],
)  # fmt: skip
def test_address_is_read_in_both_forms(text, host, port, multiaddr, url) -> None:
    address = parse_listen_address(text)
    assert address == ListenAddress(host, port)
    assert (address.multiaddr, address.local.url) == (multiaddr, url)
    assert parse_listen_address(str(address)) == address
    assert parse_listen_address(address.multiaddr) == address


@pytest.mark.parametrize(
    "text",
    ["", "1234", ":1234", "127.0.0.1", "host:port", "127.0.0.1:65536", "a b:1", "::1:1234",
     "/ip4/::1/tcp/1", "/ip6/127.0.0.1/tcp/1", "/ip4/node/tcp/1", "/ip4/127.0.0.1/udp/1",
     "http://127.0.0.1:1234", "[zz]:1", "127.0.0.1:1234\n", "[::g]:1", "[1::2::3]:5"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_listen_address(text)
