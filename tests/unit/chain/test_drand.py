"""Fetching rounds of drand, from relays on the loopback that behave as a test asks."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from papyrus.chain.drand import (
    DrandClient,
    Patience,
    RoundNotPublished,
    read_round,
)
from papyrus.crypto import bls
from papyrus.crypto.drand import chained_message, sign_round, unchained_public_key
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.beacons import QUICKNET, Drand
from papyrus.types.ticket import BeaconEntry

SECRET, OTHER_SECRET = (21).to_bytes(32, "little"), (22).to_bytes(32, "little")
BEACON = Drand(
    name="test",
    chain_hash=bytes(range(32)),
    public_key=unchained_public_key(SECRET),
    period=3,
    genesis_time=0,
    is_chained=False,
)
PATH = f"/{bytes(range(32)).hex()}/public/"


def answer(number: int, secret: bytes = SECRET, **changes: object) -> bytes:
    body = {"round": number, "randomness": "00", "signature": sign_round(secret, number).hex()}
    return json.dumps(body | changes).encode()


class Relay(ThreadingHTTPServer):
    """A relay on the loopback."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[int], tuple[int, bytes]] = lambda number: (200, answer(number))
        self.asked: list[int] = []
        self.gate = threading.Event()
        self.gate.set()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of readers who went away."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Relay

    def do_GET(self) -> None:
        assert self.path.startswith(PATH)
        number = int(self.path.removeprefix(PATH))
        self.server.asked.append(number)
        self.server.gate.wait(5)
        status, body = self.server.answer(number)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Keep quiet."""


@pytest.fixture
def relays() -> Iterator[tuple[Relay, Relay]]:
    with Relay() as first, Relay() as second:
        servers = (first, second)
        threads = [threading.Thread(target=s.serve_forever, args=(0.01,)) for s in servers]
        for thread in threads:
            thread.start()
        yield servers
        for server, thread in zip(servers, threads, strict=True):
            server.gate.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def client(relays: tuple[Relay, Relay], naps: list[float]) -> Iterator[DrandClient]:
    urls = [relay.url for relay in relays]
    with DrandClient(BEACON, urls, Patience(relay=5), sleep=naps.append) as made:
        yield made


def test_a_round_is_fetched_once(client: DrandClient, relays: tuple[Relay, Relay]) -> None:
    expected = BeaconEntry(7, sign_round(SECRET, 7))
    assert client.entry(7) == expected
    assert client.entry(7) == expected
    assert (relays[0].asked, relays[1].asked) == ([7], [])


WRONG: dict[str, tuple[Callable[[int], tuple[int, bytes]], str]] = {
    "signed by another": (
        lambda number: (200, answer(number, OTHER_SECRET)),
        "not signed by the beacon",
    ),
    "another round": (lambda number: (200, answer(number + 1)), "about another round"),
    "another round under this number": (
        lambda number: (200, answer(number, signature=sign_round(SECRET, number + 1).hex())),
        "not signed by the beacon",
    ),
    "no signature": (lambda number: (200, answer(number, signature=None)), "is missing"),
    "a signature too long": (lambda number: (200, answer(number, signature="00" * 97)), "too long"),
    "a signature that is no hexadecimal": (
        lambda number: (200, answer(number, signature="xx")),
        "not hexadecimal",
    ),
    "no JSON": (lambda _: (200, b"<html>"), "no JSON"),
    "JSON nested too deep": (lambda _: (200, b"[" * 4000), "no JSON"),
    "no object": (lambda _: (200, b"[]"), "about another round"),
    "too much": (lambda number: (200, answer(number) + b" " * 5000), "more than 4096 bytes"),
    "an error": (lambda _: (500, b""), "answered 500"),
    "a redirection": (lambda _: (302, b""), "answered 302"),
}


@pytest.mark.parametrize(("behaviour", "reason"), WRONG.values(), ids=WRONG)
def test_a_relay_that_answers_wrongly_is_passed_over(
    client: DrandClient,
    relays: tuple[Relay, Relay],
    naps: list[float],
    behaviour: Callable[[int], tuple[int, bytes]],
    reason: str,
) -> None:
    relays[0].answer = behaviour
    assert client.entry(7).round == 7
    relays[1].answer = behaviour
    with pytest.raises(LocalFault, match=re.escape(reason)) as caught:
        client.entry(8)
    assert "no relay gave round 8 of the beacon test" in str(caught.value)
    assert relays[0].url in str(caught.value)
    assert relays[1].url in str(caught.value)
    assert naps == [0.5, 0.5]


def test_the_relay_that_answered_last_is_asked_first(
    client: DrandClient, relays: tuple[Relay, Relay]
) -> None:
    relays[0].answer = lambda _: (503, b"")
    client.entry(7)
    client.entry(8)
    assert (relays[0].asked, relays[1].asked) == ([7], [7, 8])


@pytest.mark.parametrize("status", [404, 425])
def test_a_round_in_the_future_is_told_at_once(
    client: DrandClient, relays: tuple[Relay, Relay], naps: list[float], status: int
) -> None:
    for relay in relays:
        relay.answer = lambda _: (status, b"{}")
    with pytest.raises(RoundNotPublished, match="round 9 of the beacon test is not published yet"):
        client.entry(9)
    assert naps == []
    for relay in relays:
        relay.answer = lambda number: (200, answer(number))
    assert client.entry(9).round == 9


def test_one_late_relay_does_not_hide_a_round(
    client: DrandClient, relays: tuple[Relay, Relay]
) -> None:
    relays[0].answer = lambda _: (425, b"")
    assert client.entry(9).round == 9


def test_a_relay_that_fails_once_is_asked_again(
    client: DrandClient, relays: tuple[Relay, Relay], naps: list[float]
) -> None:
    for relay in relays:
        relay.answer = lambda number: (200, answer(number)) if len(naps) else (500, b"")
    assert client.entry(7).round == 7
    assert naps == [0.5]


def test_a_silent_relay_is_given_up(relays: tuple[Relay, Relay]) -> None:
    relays[0].gate.clear()
    with DrandClient(BEACON, [relay.url for relay in relays], Patience(relay=0.1)) as client:
        assert client.entry(7).round == 7


def test_no_relay_is_asked_after_the_time_is_over(relays: tuple[Relay, Relay]) -> None:
    ticks = iter([0.0, 1.0, 30.0, 30.0])
    relays[0].answer = lambda _: (500, b"")
    with (
        DrandClient(BEACON, [relay.url for relay in relays], clock=lambda: next(ticks)) as client,
        pytest.raises(LocalFault, match="within 20 s"),
    ):
        client.entry(7)
    assert relays[1].asked == []


def test_nobody_at_the_address_is_told(relays: tuple[Relay, Relay]) -> None:
    gone = "http://127.0.0.1:1"
    with DrandClient(BEACON, [gone, relays[0].url]) as client:
        assert client.entry(7).round == 7
    with (
        DrandClient(BEACON, [gone], Patience(tours=1)) as client,
        pytest.raises(LocalFault, match=re.escape(gone)),
    ):
        client.entry(7)


def test_the_cache_is_bounded(
    client: DrandClient, relays: tuple[Relay, Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("papyrus.chain.drand._CACHED_ROUNDS", 2)
    for number in (1, 2, 1, 3, 1, 2):
        client.entry(number)
    assert relays[0].asked == [1, 2, 3, 2]


@pytest.mark.parametrize(
    "address", ["api.drand.sh", "ftp://api.drand.sh", "http://", "http://host:port"]
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(LocalFault, match="is no address of a relay"):
        DrandClient(BEACON, [address])


def test_some_relay_must_be_there() -> None:
    with pytest.raises(LocalFault, match="no relay of the beacon test"):
        DrandClient(BEACON, [])


def test_answers_of_a_chained_beacon_hold_the_signature_before() -> None:
    beacon = Drand("old", bytes(32), bls.public_key(SECRET), 30, 0, is_chained=True)
    signature = bls.sign(SECRET, chained_message(7, b"before"))
    body = {"round": 7, "signature": signature.hex(), "previous_signature": b"before".hex()}
    assert read_round(beacon, 7, json.dumps(body).encode()) == BeaconEntry(7, signature)
    for broken in ({"previous_signature": ""}, {"previous_signature": b"after".hex()}):
        with pytest.raises(DecodeError):
            read_round(beacon, 7, json.dumps(body | broken).encode())


def test_a_real_answer_of_quicknet() -> None:
    signature = (
        "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be"
        "41076862b98fad56e91a6b85b89cd97b"
    )
    body = {
        "round": 657413,
        "randomness": "fc1873a13f3545aeade8401532ef5519920652eee6b0d2b19ca12643b87b3587",
        "signature": signature,
    }
    entry = read_round(QUICKNET, 657413, json.dumps(body).encode())
    assert entry == BeaconEntry(657413, bytes.fromhex(signature))
