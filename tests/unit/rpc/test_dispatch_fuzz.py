"""Whatever a client sends, it gets an answer, and nothing is raised."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rpc_node import EVERYONE
from rpc_sample import SampleMethods, SampleNode

from papyrus.rpc.auth import ANYONE
from papyrus.rpc.dispatch import Caller, Dispatcher
from papyrus.rpc.limits import Limits
from papyrus.rpc.registry import Registry
from papyrus.rpc.traffic import Traffic

REGISTRY = Registry(SampleMethods)
CODES = {1, 2, 3, 11, 12, -32600, -32601, -32602, -32700, -32005}
CASES, MANY = 10_000, 100_000
FAILING = ("Filecoin.Fail", "Filecoin.NotJson")
"""What fails in a way that nobody foresaw, by its nature."""
AT_ONCE = 100
"""Bodies of one example: what a strategy costs is shared among them."""

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["f01", "t410f", "1" * 500, "AAAA", "bafy", "\ud800", "<empty>"])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["/", "To", "From", "Value", "Params", "MaxFee"]) | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
names = st.sampled_from(sorted(REGISTRY.names(1))) | st.text(max_size=12)
parameters = st.lists(values, max_size=4) | st.dictionaries(
    st.sampled_from(["value", "left", "right", "key"]), values, max_size=3
)
cuts = st.tuples(st.integers(0, 120), st.binary(max_size=3))


@st.composite
def bodies(draw):
    """Return AT_ONCE bodies: all requests of some parts, some cut, some batched, and bytes."""
    methods = draw(st.lists(names | scalars, min_size=5, max_size=5))
    given_parameters = draw(st.lists(parameters | values, min_size=5, max_size=5))
    ids = draw(st.lists(scalars | values, min_size=2, max_size=2))
    requests = [
        {"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}
        for method in methods
        for params in given_parameters
        for call_id in ids
    ]
    texts = [json.dumps(request).encode() for request in requests]
    cut = draw(st.lists(cuts, min_size=20, max_size=20))
    odd = [text[:at] + more for text, (at, more) in zip(texts, cut, strict=False)]
    batches = [json.dumps(requests[at : at + 2]).encode() for at in range(10)]
    bare = [json.dumps(value).encode() for value in (*given_parameters, *ids, *methods)]
    raw = draw(st.lists(st.binary(max_size=60), min_size=8, max_size=8))
    return texts + odd + batches + bare + raw


def is_answer(found):
    if set(found) == {"jsonrpc", "id", "result"}:
        return True
    error = found["error"]
    return (
        set(found) == {"jsonrpc", "id", "error"}
        and error["code"] in CODES
        and 0 < len(error["message"]) < 2000
        and "Traceback" not in error["message"]
        and ("failed inside" not in error["message"] or error["message"].startswith(FAILING))
    )


def check(batch):
    assert len(batch) == AT_ONCE
    # Sleeping methods are cut short, which the limit of calls does.
    traffic = Traffic(Limits(call_seconds=0.001))
    dispatcher = Dispatcher(REGISTRY, SampleNode(), traffic=traffic)

    async def answers():
        callers = (EVERYONE, Caller(ANYONE), Caller(frozenset()))
        return [
            await asyncio.wait_for(dispatcher.answer(body, callers[number % 3]), 30)
            for number, body in enumerate(batch)
        ]

    for body, text in zip(batch, asyncio.run(answers()), strict=True):
        if text is None:
            continue
        found = json.loads(text)
        answered = found if isinstance(found, list) else [found]
        assert answered, body
        assert all(map(is_answer, answered)), (body, text)
    assert traffic.calls == 0


@settings(max_examples=CASES // AT_ONCE, derandomize=True)
@given(bodies())
def test_anything_is_answered(batch):
    check(batch)


@pytest.mark.full
@settings(max_examples=MANY // AT_ONCE)
@given(bodies())
def test_anything_is_answered_many_times(batch):
    check(batch)
