"""Fetching rounds of drand over HTTP (docs.drand.love, HTTP API v1; FIP-0063).

A chain of drand has several relays, and none of them is trusted: a round is checked against the
chain's public key before anybody sees it, and where one relay is silent, late or wrong the next
is asked. Rounds never change, so those seen lately are kept. Calls wait for the network; make
them where waiting is allowed. One client may be used by many threads.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from papyrus.crypto.drand import verify_chained, verify_unchained
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.beacons import Drand
from papyrus.types.ticket import BeaconEntry

RELAYS = (
    "https://api.drand.sh",
    "https://api2.drand.sh",
    "https://api3.drand.sh",
    "https://drand.cloudflare.com",
)
"""Those that drand's operators run for everyone."""

_CACHED_ROUNDS = 1024
_MAX_ANSWER = 4096
"""Bytes; a chained round takes about 500."""
_MAX_SIGNATURE = 96
_USER_AGENT = "papyrus-filecoin"
_NOT_THERE = (404, 425)
"""How relays answer for a round that is not signed yet."""


class RoundNotPublished(LocalFault):
    """Every relay that answered says that there is no such round yet; ask again later."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to try, in seconds."""

    relay: float = 5.0
    """For one relay to connect, and then between any two pieces of its answer."""
    total: float = 20.0
    """After which no other relay is asked."""
    pause: float = 0.5
    """Between two tours of all relays."""
    tours: int = 3


@dataclass(slots=True)
class DrandClient:
    """One chain of drand, reached through its relays."""

    beacon: Drand
    relays: Sequence[str] = RELAYS
    patience: Patience = Patience()
    clock: Callable[[], float] = time.monotonic
    """Seconds, from any point on."""
    sleep: Callable[[float], None] = time.sleep
    _client: httpx.Client = field(init=False, repr=False)
    _rounds: OrderedDict[int, BeaconEntry] = field(init=False, repr=False)
    _lock: threading.Lock = field(init=False, repr=False)
    _preferred: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        """Check the relays' addresses; LocalFault for one that is none."""
        if not self.relays:
            raise LocalFault(f"no relay of the beacon {self.beacon.name} is configured")
        for relay in self.relays:
            _check_address(relay)
        self._client = httpx.Client(
            headers={"User-Agent": _USER_AGENT, "Accept": "application/json"},
            timeout=self.patience.relay,
        )
        self._rounds = OrderedDict()
        self._lock = threading.Lock()

    def entry(self, round_number: int) -> BeaconEntry:
        """Return the entry of a round, verified.

        RoundNotPublished where it lies in the future; LocalFault, with each relay's failure, where
        none of them gave it in time.
        """
        with self._lock:
            kept = self._rounds.get(round_number)
            if kept is not None:
                self._rounds.move_to_end(round_number)
                return kept
        entry = self._ask_all(round_number)
        with self._lock:
            self._rounds[round_number] = entry
            while len(self._rounds) > _CACHED_ROUNDS:
                self._rounds.popitem(last=False)
        return entry

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask_all(self, round_number: int) -> BeaconEntry:
        deadline = self.clock() + self.patience.total
        failures: dict[str, str] = {}
        for tour in range(self.patience.tours):
            if tour:
                if self.clock() >= deadline:
                    break
                self.sleep(self.patience.pause)
            unpublished = 0
            first = self._preferred
            for step in range(len(self.relays)):
                if self.clock() >= deadline:
                    break
                place = (first + step) % len(self.relays)
                relay = self.relays[place]
                try:
                    entry = self._ask(relay, round_number, deadline)
                except RoundNotPublished as error:
                    unpublished += 1
                    failures[relay] = str(error)
                except (httpx.HTTPError, DecodeError, LocalFault) as error:
                    failures[relay] = str(error) or type(error).__name__
                else:
                    self._preferred = place
                    return entry
            if unpublished == len(self.relays):
                raise RoundNotPublished(
                    f"round {round_number} of the beacon {self.beacon.name} is not published yet"
                )
        told = "; ".join(f"{relay}: {failure}" for relay, failure in failures.items())
        raise LocalFault(
            f"no relay gave round {round_number} of the beacon {self.beacon.name} within "
            f"{self.patience.total:g} s: {told or 'there was no time to ask one'}"
        )

    def _ask(self, relay: str, round_number: int, deadline: float) -> BeaconEntry:
        url = f"{relay.rstrip('/')}/{self.beacon.chain_hash.hex()}/public/{round_number}"
        with self._client.stream("GET", url) as response:
            if response.status_code in _NOT_THERE:
                raise RoundNotPublished(f"the round is not there ({response.status_code})")
            if not response.is_success:
                raise LocalFault(f"the relay answered {response.status_code}")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > _MAX_ANSWER:
                    raise DecodeError(f"the answer has more than {_MAX_ANSWER} bytes")
                if self.clock() >= deadline:
                    raise httpx.ReadTimeout("the answer takes too long")
        return read_round(self.beacon, round_number, bytes(body))


def read_round(beacon: Drand, round_number: int, body: bytes) -> BeaconEntry:
    """Return the entry that a relay's answer holds, verified.

    DecodeError where it is not the round that was asked for, or not the beacon's.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise DecodeError("the answer is no JSON") from error
    if not isinstance(answer, dict) or answer.get("round") != round_number:
        raise DecodeError("the answer is about another round")
    signature = _hexadecimal(answer, "signature")
    if beacon.is_chained:
        previous = _hexadecimal(answer, "previous_signature")
        valid = verify_chained(beacon.public_key, round_number, previous, signature)
    else:
        valid = verify_unchained(beacon.public_key, round_number, signature)
    if not valid:
        raise DecodeError("the round is not signed by the beacon")
    return BeaconEntry(round_number, signature)


def _hexadecimal(answer: dict[str, Any], name: str) -> bytes:
    text = answer.get(name)
    try:
        data = bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError as error:
        raise DecodeError(f"{name} is not hexadecimal") from error
    if not 0 < len(data) <= _MAX_SIGNATURE:
        raise DecodeError(f"{name} is missing or too long")
    return data


def _check_address(relay: str) -> None:
    try:
        url = httpx.URL(relay)
    except httpx.InvalidURL as error:
        raise LocalFault(f"{relay!r} is no address of a relay: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise LocalFault(
            f"{relay!r} is no address of a relay: it must begin with https:// or http://"
        )
