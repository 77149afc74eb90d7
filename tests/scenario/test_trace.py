"""The trace of a message, in the shape that Lotus gives it."""

from base64 import b64encode

import pytest

from papyrus.ipld.cid import CBOR, RAW, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.vm.blocks import Block
from papyrus.vm.calls import Request
from papyrus.vm.executor import execute_explicit
from papyrus.vm.trace import Tracer

ACTOR, OTHER = 1000, 1001
MOST = 2**64 - 1
F410 = Address.from_ethereum(b"\x11" * 20)


def charge(name, compute, storage=0):
    """Return a charge of milligas as Lotus shows it, every number rounded up on its own."""
    total, compute, storage = (-(-x // 1000) for x in (compute + storage, compute, storage))
    return {"Name": name, "tg": total, "cg": compute, "sg": storage}


def test_a_message_with_a_call_has_lotus_shape(new_world):
    prices = new_world.prices
    callee = new_world.program(("debug.enabled",))
    new_world.put_actor(OTHER, callee, balance=4, delegated=F410)
    head = new_world.put(b"\x05")
    steps = [
        ("self.root", new_world.buffer(38)),
        ("ipld.block_open", new_world.at(head)),
        ("send.send", bytes(F410), 9, new_world.got(1, 8), 0, 3, 50_000_000, 0),
    ]
    caller = new_world.program(*steps)
    outcome = new_world.run(*steps, head=head, balance=5, params=b"\x80")
    returned = outcome.receipt.return_data
    inner = b"\0\0\0\0\xff\xff\xff\xff"
    syscall = charge("OnSyscall", 14_000_000)
    execute = charge("wasm_exec", 0)
    invoke = charge("OnMethodInvocation", prices.invoke_method)
    memory = charge("wasm_memory_init", 65_536 * 400)
    lookup, update = (
        charge("OnActorLookup", 0, 500_000_000),
        charge("OnActorUpdate", 0, 475_000_000),
    )
    available = 9_000_000_000
    assert outcome.trace.to_lotus() == {
        "Msg": {
            "From": "f0100",
            "To": "f01000",
            "Value": "0",
            "Method": 2,
            "Params": b64encode(b"\x80").decode(),
            "ParamsCodec": 0x51,
            "GasLimit": available - 38_863 - 781_800,
            "ReadOnly": False,
        },
        "MsgRct": {
            "ExitCode": 0,
            "Return": b64encode(returned).decode(),
            "ReturnCodec": RAW,
        },
        "InvokedActor": {
            "Id": ACTOR,
            "State": {
                "Code": {"/": str(caller.cid)},
                "Head": {"/": str(head)},
                "Nonce": 0,
                "Balance": "5",
                "DelegatedAddress": None,
            },
        },
        "GasCharges": [
            charge("OnChainMessage", 38_863_000, 781_800_000),
            invoke,
            memory,
            execute,
            charge("wasm_exec", caller.exec_gas),
            syscall,
            charge("OnActorGetRoot", 300_000),
            execute,
            syscall,
            charge("OnBlockOpenBase", 300_000, 187_440_000),
            charge("OnScanIpldLinks", 35_000),
            charge("OnBlockOpen", 0, 10_000),
            execute,
            syscall,
            execute,
            syscall,
            charge("OnScanIpldLinks", 0),
            charge("OnBlockCreate", len(returned) * 2400, len(returned) * 7600),
            execute,
            charge("OnChainReturnValue", 0, len(returned) * 1_300_000),
        ],
        "Subcalls": [
            {
                "Msg": {
                    "From": "f01000",
                    "To": str(F410),
                    "Value": "3",
                    "Method": 9,
                    "Params": b64encode(b"\x05").decode(),
                    "ParamsCodec": 0x71,
                    "GasLimit": 50_000_000,
                    "ReadOnly": False,
                },
                "MsgRct": {
                    "ExitCode": 0,
                    "Return": b64encode(inner).decode(),
                    "ReturnCodec": RAW,
                },
                "InvokedActor": {
                    "Id": OTHER,
                    "State": {
                        "Code": {"/": str(callee.cid)},
                        "Head": {"/": str(Cid.of(b"\x80"))},
                        "Nonce": 0,
                        "Balance": "4",
                        "DelegatedAddress": str(F410),
                    },
                },
                "GasCharges": [
                    charge("OnResolveAddress", 0),
                    lookup,
                    charge("OnValueTransfer", 6_000_000),
                    update,
                    update,
                    invoke,
                    memory,
                    execute,
                    charge("wasm_exec", callee.exec_gas),
                    syscall,
                    execute,
                    syscall,
                    charge("OnScanIpldLinks", 0),
                    charge("OnBlockCreate", 8 * 2400, 8 * 7600),
                    execute,
                    charge("OnReturnValue", 0),
                ],
                "Subcalls": None,
            }
        ],
        "IpldOps": [{"Op": "Get", "Cid": {"/": str(head)}, "Size": 1}],
    }


def test_a_send_to_nobody_has_no_invoked_actor(world):
    outcome = world.send(5555, method=0)
    trace = outcome.trace.to_lotus()
    assert trace["MsgRct"] == {"ExitCode": 5, "Return": None, "ReturnCodec": 0}
    assert "InvokedActor" not in trace
    assert "IpldOps" not in trace
    assert trace["Subcalls"] is None


def test_a_refused_message_has_no_trace(world):
    assert world.send(gas_limit=1).trace is None


class Watching(Tracer):
    """A tracer that remembers every actor it was told of."""

    __slots__ = ("seen",)

    def __init__(self):
        super().__init__()
        self.seen = []

    def invoked(self, actor_id, state):
        super().invoked(actor_id, state)
        self.seen.append((actor_id, str(state.head)))


def test_the_constructor_of_a_new_account_is_told_of_before_nv21_only(world):
    key = Address.bls(b"\x07" * 48)
    tracer = Watching()
    execute_explicit(world.machine(tracer), world.message(key, method=0), 200)
    empty, made = str(Cid.of(b"\x80")), str(Cid.of(encode(bytes(key)), CBOR))
    constructor = [(2000, empty)] if world.rules.traces_implicit_constructors else []
    assert tracer.seen == [*constructor, (2000, made)]
    trace = tracer.take()
    assert trace.subcalls == []
    assert "wasm_memory_init" in [name for name, *_ in trace.gas_charges]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (E.INSUFFICIENT_FUNDS, 6),
        (E.NOT_FOUND, 5),
        (E.READ_ONLY, 10),
        (E.LIMIT_EXCEEDED, 10),
        (E.FORBIDDEN, 10),
    ],
)
def test_a_call_that_could_not_be_made_has_the_code_lotus_gives_it(number, code):
    tracer = Tracer()
    tracer.gas_charged("early", 1, 1)
    params = Block(RAW, b"")
    tracer.called(Request(1, Address.from_id(2), 3, params, TokenAmount(0), read_only=True), 1)
    tracer.failed(SyscallError(number, "no"))
    trace = tracer.take().to_lotus()
    assert trace["MsgRct"]["ExitCode"] == code
    assert trace["GasCharges"] == [{"Name": "early", "tg": 1, "cg": 1, "sg": 1}]
    assert (trace["Msg"]["Params"], trace["Msg"]["ParamsCodec"]) == (None, RAW)
    assert trace["Msg"]["ReadOnly"] is True
    assert tracer.take() is None


def test_taking_a_trace_forgets_what_came_before(world):
    world.put_actor(OTHER, "tester")
    tracer = Tracer()
    tracer.gas_charged("lost", 1, 0)
    assert tracer.take() is None
    execute_explicit(world.machine(tracer), world.message(OTHER, method=0), 200)
    names = [name for name, *_ in tracer.take().gas_charges]
    assert names == ["OnChainMessage"]
