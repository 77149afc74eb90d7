"""The calls that a message makes, as a tree, for scenarios that say who calls whom."""

from dataclasses import dataclass, field

from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import cbor_block
from papyrus.vm.trace import Tracer


@dataclass(frozen=True)
class Call:
    """A call, what it came to, and the calls made in it."""

    sender: int
    to: Address
    method: int
    value: int
    params: Block | None
    code: int
    returned: Block | None
    calls: tuple["Call", ...] = field(repr=False)

    @property
    def told(self):
        """Who calls whom: the receiver and the method of each call made in this one."""
        return [(call.to, call.method) for call in self.calls]


def watch(vm):
    """Let the calls of messages be seen from here on."""

    def put(one):
        one.observer = Tracer()
        one.flush()

    vm.each(put)


def last_call(vm):
    """Return the tree of the last message's calls, which must be the same on each machine."""
    found = []
    vm.each(lambda one: found.append(_call(one.observer.take())))
    first = found[0]
    assert all(other == first for other in found[1:]), (first, found[1:])
    return first


def expected(sender, to, method, params=None, *, value=0, code=ExitCode.OK, returned=None):
    """Return a call that makes none."""
    return Call(sender, to, method, value, cbor_block(params), code, returned, ())


def _call(trace):
    request = trace.request
    return Call(
        request.sender,
        request.to,
        request.method,
        int(request.value),
        request.params,
        int(trace.exit_code),
        trace.returned,
        tuple(map(_call, trace.subcalls)),
    )
