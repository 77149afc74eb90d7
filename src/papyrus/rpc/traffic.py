"""How much is asked of the server at once, over all clients and both versions of the interface."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from papyrus.rpc.errors import limit_exceeded
from papyrus.rpc.limits import Limits

MOST_ADDRESSES = 4096
"""Clients whose rate is remembered; the one that has asked least lately is forgotten first."""


class Traffic:
    """Calls under way and requests a second, against their limits."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing under way; the clock counts seconds."""
        self.limits = limits
        self.calls = 0
        """Under way."""
        self._clock = clock
        self._allowances: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @contextmanager
    def call(self, address: str) -> Iterator[None]:
        """Count a call from an address while it is under way; RpcError where it is one too many."""
        self._spend(address)
        if self.calls >= self.limits.calls:
            raise limit_exceeded(f"{self.calls} calls are under way: try again later")
        self.calls += 1
        try:
            yield
        finally:
            self.calls -= 1

    def _spend(self, address: str) -> None:
        """Take one from what an address may ask this second; a second's worth can be saved up."""
        rate = self.limits.requests_a_second
        if rate <= 0:
            return
        now = self._clock()
        allowance, since = self._allowances.pop(address, (max(rate, 1.0), now))
        allowance = min(max(rate, 1.0), allowance + (now - since) * rate)
        is_within = allowance >= 1
        self._allowances[address] = (allowance - 1 if is_within else allowance, now)
        if len(self._allowances) > MOST_ADDRESSES:
            self._allowances.popitem(last=False)
        if not is_within:
            raise limit_exceeded(f"more than {rate:g} requests a second: try again later")
