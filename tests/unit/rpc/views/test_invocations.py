"""Executed messages as text, however deep their calls, and why they failed in words."""

import json

import pytest

from papyrus.chain.calls import Invocation
from papyrus.consensus.transition import Applied
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rpc.views.invocations import error_text, invocation_text
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt
from papyrus.vm.backtrace import Backtrace, Frame
from papyrus.vm.calls import Request
from papyrus.vm.executor import ApplyResult
from papyrus.vm.trace import CallTrace

MESSAGE = Message(
    version=0,
    to=Address.from_id(1001),
    sender=Address.from_id(1000),
    nonce=0,
    value=ZERO,
    gas_limit=7,
    gas_fee_cap=TokenAmount(3),
    gas_premium=ZERO,
    method=0,
    params=b"",
)


def result(code=0, **fields):
    return ApplyResult(Receipt(code, b"", 5), penalty=ZERO, miner_tip=ZERO, **fields)


def invocation(trace, outcome=None, *, implicit=False):
    applied = Applied(5, MESSAGE.cid, MESSAGE, outcome or result(), implicit)
    return Invocation(applied, trace, 0.25)


def call(*subcalls):
    trace = CallTrace(Request(1000, Address.from_id(1001), 2, None, ZERO), gas_limit=1)
    trace.subcalls.extend(subcalls)
    trace.gas_charges.append(("OnX", 3, 1, 2))
    return trace


def test_a_thousand_nested_calls_are_written():
    deepest = call()
    trace = deepest
    for _ in range(1024):
        trace = call(call(), trace)
    text = invocation_text(invocation(trace), "t")
    assert text.count('"OnX"') == 2 * 1024 + 1
    assert text.count("[{") == text.count("}]")
    assert text.count("{") == text.count("}")


def test_calls_stand_in_their_order_with_the_letter_of_the_network():
    first, second = call(), call()
    first.exit_code, second.exit_code = 16, 17
    told = json.loads(invocation_text(invocation(call(first, call(), second)), "t"))
    trace = told["ExecutionTrace"]
    assert [inner["MsgRct"]["ExitCode"] for inner in trace["Subcalls"]] == [16, 0, 17]
    assert (trace["Msg"]["From"], told["Msg"]["To"]) == ("t01000", "t01001")
    assert trace["GasCharges"] == [{"Name": "OnX", "tg": 3, "cg": 1, "sg": 2, "tt": 0}]
    assert "IpldOps" not in trace
    assert told["Duration"] == 250_000_000


def test_message_that_never_ran_has_an_empty_trace():
    refused = result(2, failure="Actor sequence invalid: 1 != 0")
    told = json.loads(invocation_text(invocation(None, refused), "f"))
    assert told["ExecutionTrace"]["Msg"]["From"] == "<empty>"
    assert told["ExecutionTrace"]["GasCharges"] is None
    assert told["Error"] == "pre-validation failed: Actor sequence invalid: 1 != 0\n (RetCode=2)"
    assert told["GasCost"]["TotalCost"] == "21"


def test_the_protocols_own_messages_cost_nothing():
    told = json.loads(invocation_text(invocation(call(), implicit=True), "f"))
    assert told["GasCost"]["Message"] is None
    assert told["GasCost"]["GasUsed"] == "0"


@pytest.mark.parametrize(
    ("backtrace", "words"),
    [
        (Backtrace(), "unknown error (RetCode=16)"),
        (
            Backtrace(frames=[Frame(7, 2, 16, "inner"), Frame(8, 3, 16, "outer")]),
            (
                "message failed with backtrace:\n00: f08 (method 3) -- outer (16)\n"
                "01: f07 (method 2) -- inner (16)\n (RetCode=16)"
            ),
        ),
        (
            Backtrace("no funds"),
            "message failed with backtrace:\n--> caused by: no funds\n (RetCode=16)",
        ),
    ],
)
def test_failures_in_words(backtrace, words):
    assert error_text(result(16, backtrace=backtrace)) == words
    assert error_text(result()) == ""
