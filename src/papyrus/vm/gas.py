"""The gas of one message: what may be used, what was used, and the limits of its calls.

Gas is counted in milligas (a thousandth of a unit), so that metered Wasm instructions and
per-byte prices add up exactly. A receipt rounds up, what an actor is told rounds down. A call
with a limit of its own counts against the smaller of that limit and what is left; when it
returns, what it used is added to its caller's.
"""

from papyrus.primitives.errors import OutOfGas
from papyrus.vm.observer import Observer

MILLIGAS = 1000
"""Milligas in one unit of gas."""

MAX_MILLIGAS = 2**63 - 1
"""A limit above this is taken as this, since Wasm counts gas in a signed 64-bit global."""

Charge = tuple[str, int, int]
"""A charge: its name in traces, and the milligas for computation and for storage."""


def round_up(milligas: int) -> int:
    """Return whole gas, a started unit counted as whole."""
    return -(-milligas // MILLIGAS)


def round_down(milligas: int) -> int:
    """Return whole gas, a started unit not counted."""
    return milligas // MILLIGAS


class GasTracker:
    """The running account; `limit` and `used` are those of the innermost limited call."""

    __slots__ = ("_outer", "limit", "observer", "used")

    def __init__(self, gas_limit: int, observer: Observer | None = None) -> None:
        """Open the account with a limit in whole gas."""
        self.limit = min(gas_limit * MILLIGAS, MAX_MILLIGAS)
        self.used = 0
        self.observer = observer
        self._outer: list[tuple[int, int]] = []

    @property
    def available(self) -> int:
        """The milligas left under the limit in force."""
        return self.limit - self.used

    def charge(self, name: str, compute: int, storage: int = 0) -> None:
        """Use milligas, or raise OutOfGas with everything under the limit used."""
        if self.observer is not None:
            self.observer.gas_charged(name, compute, storage)
        used = self.used + compute + storage
        if used > self.limit:
            self.used = self.limit
            raise OutOfGas(name)
        self.used = used

    def push_limit(self, milligas: int) -> None:
        """Count from zero under the smaller of `milligas` and what is available."""
        self._outer.append((self.limit, self.used))
        self.limit = min(self.limit - self.used, milligas)
        self.used = 0

    def pop_limit(self) -> None:
        """Return to the limit before, adding what was used since."""
        limit, used = self._outer.pop()
        self.limit = limit
        self.used += used
