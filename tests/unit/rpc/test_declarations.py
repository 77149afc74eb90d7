from collections.abc import AsyncIterator
from typing import Any

import pytest
from rpc_sample import SampleMethods, add, count, echo, typed

from papyrus.rpc.declarations import (
    HEAD,
    READ,
    WRITE,
    AsyncCaller,
    Context,
    SyncCaller,
    method,
    subscription,
)
from papyrus.rpc.methods.full_node import FullNodeMethods
from papyrus.rpc.registry import VERSIONS, Registry


class Sync(SampleMethods, SyncCaller):
    """A client that notes what it is asked."""

    def call(self, method, *args, **kwargs):
        return method.declaration.name, args, kwargs


class Async(SampleMethods, AsyncCaller):
    """The same, awaited."""

    async def call(self, method, *args, **kwargs):
        return method.declaration.name, args, kwargs

    def subscribe(self, method, *args, **kwargs):
        return method.declaration.name, args, kwargs


def test_function_is_all_there_is_to_a_method():
    declared = add.declaration
    assert declared.name == "Filecoin.Add"
    assert declared.bare_name == "Add"
    assert declared.permission is READ
    assert declared.versions == {0, 1}
    assert declared.summary == "Return a sum."
    assert [(p.name, p.is_required, p.default) for p in declared.parameters] == [
        ("left", True, None),
        ("right", False, 10),
    ]
    assert declared.is_repeatable
    assert not typed.declaration.is_repeatable
    assert count.declaration.is_subscription
    assert not count.declaration.is_repeatable


def test_client_has_each_method_as_its_own():
    assert Sync().add(1, right=2) == ("Filecoin.Add", (1,), {"right": 2})
    assert Async().count(3) == ("Filecoin.Count", (3,), {})
    assert Sync.add is add


def test_subscription_needs_a_client_that_is_awaited():
    with pytest.raises(TypeError, match="use the async client"):
        Sync().count(3)


def test_name_with_a_namespace_is_kept():
    @method("Papyrus.Mine", WRITE)
    async def mine(_context: Context[Any]) -> None:
        """Do nothing."""

    assert mine.declaration.name == "Papyrus.Mine"


def test_annotation_without_a_form_is_refused_at_once():
    async def wrong(_context: Context[Any], what: object) -> None:
        """Do nothing."""

    with pytest.raises(TypeError, match="object has no JSON form"):
        method("Wrong", READ)(wrong)


def test_name_is_declared_once_for_each_version():
    @method("Echo", READ, versions=(0,))
    async def old_echo(_context: Context[Any]) -> int:
        """Return 0."""
        return 0

    @method("Echo", READ, versions=(1,))
    async def new_echo(_context: Context[Any]) -> int:
        """Return 1."""
        return 1

    old, new = type("Old", (), {"echo": old_echo}), type("New", (), {"echo": new_echo})
    registry = Registry(old, new)
    assert registry.names(0)["Filecoin.Echo"] is old_echo.declaration
    assert registry.names(1)["Filecoin.Echo"] is new_echo.declaration
    with pytest.raises(ValueError, match=r"Filecoin\.Echo is declared twice for v0"):
        Registry(old, SampleMethods)


def test_group_may_be_registered_with_what_inherits_it():
    class More(SampleMethods):
        pass

    registry = Registry(SampleMethods, More)
    assert registry.names(1)["Filecoin.Echo"] is echo.declaration


def test_key_of_the_head_is_empty():
    assert not HEAD.cids


def test_every_method_of_a_full_node_is_documented_and_named_as_lotus_names():
    for version in VERSIONS:
        for declared in Registry(FullNodeMethods).declarations(version):
            assert declared.summary.endswith("."), declared.name
            assert declared.name.startswith(("Filecoin.", "Papyrus.")), declared.name


def test_subscription_is_declared_with_its_items():
    @subscription("Tick", READ)
    async def tick(_context: Context[Any]) -> AsyncIterator[list[int]]:
        """Yield."""
        yield [1]

    assert tick.declaration.result.write([1], "f") == [1]
    assert tick.declaration.waits
