"""What Lotus' own OpenRPC document says of a method, and where something of ours differs.

The document is Lotus' `build/openrpc/full.json`, which is not kept here: a variable names it.
"""

import json
import os
from functools import cache
from pathlib import Path

import pytest

VARIABLE = "PAPYRUS_LOTUS_OPENRPC"


@cache
def _methods(path):
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    return {item["name"]: item for item in document["methods"]}


def lotus_methods():
    """Return Lotus' methods by name, or skip where the document is not at hand."""
    path = os.environ.get(VARIABLE)
    if not path:
        pytest.skip(
            f"no OpenRPC document of Lotus: set {VARIABLE} to a file made by "
            "`git -C lotus show HEAD:build/openrpc/full.json > full.json` in a checkout of it"
        )
    return _methods(path)


def example_of(schema):
    """Return the example that Lotus gives with a schema."""
    return schema["examples"][0]


def differences(theirs, ours, place="result"):
    """Yield where a value of ours has another shape than an example of theirs.

    Null stands for anything that Go may leave out, and an example's list may be empty.
    """
    if isinstance(theirs, dict) and isinstance(ours, dict):
        yield from _differing_members(theirs, ours, place)
    elif isinstance(theirs, list) and isinstance(ours, list):
        if theirs and ours:
            yield from differences(theirs[0], ours[0], f"{place}[0]")
    elif None not in (theirs, ours) and _kind(theirs) != _kind(ours):
        yield f"{place}: {_kind(theirs)}, ours {_kind(ours)}"


def _differing_members(theirs, ours, place):
    if not theirs:  # an example of anything
        return
    for name in theirs.keys() - ours.keys():
        yield f"{place}: we lack {name}"
    for name in ours.keys() - theirs.keys():
        yield f"{place}: Lotus lacks {name}"
    for name in theirs.keys() & ours.keys():
        yield from differences(theirs[name], ours[name], f"{place}.{name}")


def check_answer(method, result):
    """Fail where the result of a method has another shape than Lotus' example of it.

    Methods whose documents Lotus leaves out, such as subscriptions, are passed over.
    """
    described = lotus_methods().get(method)
    if described is not None and described["result"]["schema"].get("examples"):
        assert list(differences(example_of(described["result"]["schema"]), result)) == [], method


def _kind(value):
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, (int, float)) else type(value).__name__
