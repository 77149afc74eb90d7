"""The first difference between two traces, in the order of execution."""

import copy
from typing import Any

import pytest

from papyrus.conformance.traces import TimedTrace, TimedTracer, first_trace_difference
from papyrus.ipld.cid import CBOR, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.types.actor import EMPTY_STATE, ActorState
from papyrus.vm.blocks import Block
from papyrus.vm.calls import Request

ACTOR = ActorState(Cid.of(b"\x81\x01"), EMPTY_STATE, 0, ZERO, None)


def call(tracer: TimedTracer, to: int, method: int) -> None:
    request = Request(100, Address.from_id(to), method, Block(CBOR, b"\x80"), ZERO)
    tracer.called(request, 1000)
    tracer.invoked(to, ACTOR)


def record() -> TimedTrace:
    """Charge, call, charge inside, return, charge, fail a call, charge."""
    tracer = TimedTracer()
    tracer.gas_charged("OnChainMessage", 1_000, 2_000)
    call(tracer, 101, 2)
    tracer.gas_charged("before", 1_000, 0)
    call(tracer, 102, 3)
    tracer.gas_charged("inside", 1_500, 0)
    tracer.returned(0, Block(CBOR, b"\x01"))
    tracer.gas_charged("after", 3_000, 0)
    call(tracer, 103, 4)
    tracer.failed(SyscallError(ErrorNumber.NOT_FOUND, "no such actor"))
    tracer.returned(0, None)
    return tracer.take_timed()


@pytest.fixture
def got() -> TimedTrace:
    return record()


@pytest.fixture
def expected(got: TimedTrace) -> dict[str, Any]:
    return copy.deepcopy(got.root.to_lotus())


def test_a_trace_agrees_with_itself(got, expected):
    assert first_trace_difference(expected, got) is None


def test_null_and_absent_lists_are_empty_ones(got, expected):
    expected["Subcalls"][0]["Subcalls"] = None
    del expected["Subcalls"][1]["GasCharges"]
    assert first_trace_difference(expected, got) is None


def test_a_tracer_starts_over_after_each_message():
    tracer = TimedTracer()
    call(tracer, 101, 2)
    tracer.returned(0, None)
    assert len(tracer.take_timed().steps) == 2
    assert tracer.take_timed() == TimedTrace(None, ())


def test_a_charge_that_differs_is_named_with_its_amounts(got, expected):
    expected["GasCharges"][1]["tg"] = expected["GasCharges"][1]["cg"] = 2
    assert first_trace_difference(expected, got) == (
        "gas charge 1 in the message: expected before, total 2, compute 2, storage 0, "
        "got before, total 1, compute 1, storage 0"
    )


def test_the_difference_that_came_first_is_told(got, expected):
    expected["GasCharges"][2]["Name"] = "other"  # after the sub-call
    expected["Subcalls"][0]["GasCharges"][0]["Name"] = "else"
    assert first_trace_difference(expected, got) == (
        "gas charge 0 in sub-call 0 (f0102 method 3) of the message: expected else, total 2, "
        "compute 2, storage 0, got inside, total 2, compute 2, storage 0"
    )


@pytest.mark.parametrize(
    ("spoil", "difference"),
    [
        (
            lambda trace: trace["GasCharges"].pop(),
            (
                "gas charge 2 in the message: expected no further charge, "
                "got after, total 3, compute 3, storage 0"
            ),
        ),
        (
            lambda trace: trace["GasCharges"].append({"Name": "more", "tg": 1, "cg": 1, "sg": 0}),
            (
                "gas charge 3 in the message: expected more, total 1, compute 1, storage 0, "
                "got no further charge"
            ),
        ),
        (
            lambda trace: trace["Subcalls"].pop(),
            "sub-call 1 in the message: expected no further call, got a call to f0103 method 4",
        ),
        (
            lambda trace: trace["Subcalls"].append(trace["Subcalls"][0]),
            "sub-call 2 in the message: expected a call to f0102 method 3, got no further call",
        ),
        (
            lambda trace: trace["Subcalls"][1]["Msg"].update(GasLimit=7),
            "Msg.GasLimit in sub-call 1 (f0103 method 4) of the message: expected 7, got 1000",
        ),
        (
            lambda trace: trace["Subcalls"][1]["MsgRct"].update(ExitCode=6),
            "MsgRct.ExitCode in sub-call 1 (f0103 method 4) of the message: expected 6, got 5",
        ),
        (
            lambda trace: trace["InvokedActor"]["State"].update(Balance="9"),
            "InvokedActor.State.Balance in the message: expected 9, got 0",
        ),
        (
            lambda trace: trace.pop("InvokedActor"),
            "InvokedActor in the message: expected None, got ",
        ),
    ],
)
def test_every_part_of_a_trace_is_compared(got, expected, spoil, difference: str):
    spoil(expected)
    found = first_trace_difference(expected, got)
    assert found is not None
    assert found.startswith(difference)


def test_a_message_refused_by_both_agrees():
    refused = TimedTrace(None, ())
    assert first_trace_difference({"GasCharges": None}, refused) is None
    assert first_trace_difference({"GasCharges": [{"Name": "x"}]}, refused) == (
        "the message ran there and was refused here"
    )
