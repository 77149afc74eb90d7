"""Every call between actors, seen from outside: for comparing engines call by call, and counting.

Both machines of a `RecordedTwin` are watched. After each message the calls that it led to must be
the same on both: who was called by what method with what parameters and value, how deep, and what
came back. So an actor is held to what it asks of others too, also where its message fails and
leaves no trace in the state.
"""

from collections import Counter
from hashlib import sha256

from actor_vm import TwinVm

from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD
from papyrus.actors.registry import ACTORS
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.types.message import METHOD_SEND

UNKNOWN, UNKNOWN_EXPORTED = "(no such method)", "(no such exported method)"


class CallRecorder:
    """An observer that keeps the calls of the messages since it was last asked."""

    def __init__(self):
        """Begin without a call."""
        self.calls = []
        """Each call that came to an actor, in the order in which they ended."""
        self._open = []

    def take(self):
        """Return the calls so far and forget them."""
        found, self.calls, self._open = self.calls, [], []
        return found

    def gas_charged(self, _name, _compute, _storage):
        """Take no note of gas, in which the engines differ."""

    def block_moved(self, _operation, _cid, _length):
        """Take no note of blocks: the state is compared."""

    def called(self, request, _gas_limit):
        """Remember a call that begins."""
        params = b"" if request.params is None else request.params.data
        asked = request.method, request.sender, params, int(request.value), request.read_only
        self._open.append([len(self._open), asked, None, None])

    def invoked(self, actor_id, state):
        """Remember who is called."""
        if self._open and self._open[-1][2] is None:
            self._open[-1][2:] = [actor_id, state.code]

    def returned(self, exit_code, value):
        """Note how a call ended."""
        self._end(int(exit_code), b"" if value is None else value.data)

    def failed(self, error):
        """Note that a call could not be made."""
        self._end(None, error.number)

    def _end(self, exit_code, value):
        if self._open:
            depth, asked, actor_id, code = self._open.pop()
            self.calls.append((depth, asked, actor_id, code, exit_code, value))


class RecordedTwin(TwinVm):
    """Two machines that are also compared in each call, and of which the first is counted."""

    def __init__(self, first="native", second="wasm", **options):
        """Begin with two machines that are watched."""
        super().__init__(first, second, **options)
        self.counts = Counter()
        """How often (actor, method, exit code) was seen, in messages and the calls they made."""
        watch(self)

    def send(self, *message, **fields):
        """Send a message to both, compare all that it did and each call, and count the calls."""
        try:
            outcome = super().send(*message, **fields)
        finally:
            calls = taken(self)
        self.counts.update(counted(self.one, agreed(message, *calls)))
        return outcome


def watch(twin):
    """Have the calls of both machines recorded."""
    for vm in twin.vms:
        vm.observer = CallRecorder()


def taken(twin):
    """Return what both machines have recorded, if nobody else watches them, and begin anew."""
    return [vm.observer.take() if isinstance(vm.observer, CallRecorder) else [] for vm in twin.vms]


def agreed(message, first, second):
    """Return the calls of a message, which must be the same on both machines."""
    assert first == second, (message, _first_difference(first, second))
    return first


def counted(one, calls):
    """Yield (actor, method, exit code) for each call that ran a native actor."""
    names = {code: name for name, code in one.codes.items()}
    for _, asked, _, code, exit_code, _ in calls:
        name = names.get(code)
        if name in ACTORS and asked[0] != METHOD_SEND and exit_code is not None:
            yield name, method_name(name, asked[0]), exit_code


class FussyVerifier:
    """Refuses some proofs and cannot read others, always the same ones."""

    name = "fussy"

    def __init__(self, seed, refused=0.12, unreadable=0.03):
        """Refuse and fail to read such parts of all proofs, as a seed says."""
        self._seed = seed
        self._refused = refused
        self._unreadable = unreadable

    def _verdict(self, statement):
        digest = sha256(f"{self._seed} {statement!r}".encode()).digest()
        drawn = int.from_bytes(digest[:8], "big") / 2**64
        if drawn < self._unreadable:
            raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, "cannot be read")
        return drawn >= self._unreadable + self._refused

    verify_seal = verify_post = verify_aggregate_seals = verify_replica_update = _verdict


def method_name(actor, number):
    """Return the name of an actor's method, as Python writes it."""
    method = ACTORS[actor].table.get(number)
    if method is not None:
        return method.name
    return UNKNOWN if number < FIRST_EXPORTED_METHOD else UNKNOWN_EXPORTED


def _first_difference(first, second):
    for mine, other in zip(first, second, strict=False):
        if mine != other:
            return mine, other
    return len(first), len(second)
