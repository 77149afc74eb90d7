"""What answers the sample methods, and a node with a chain."""

from collections.abc import Iterator

import pytest
from rpc_node import Node, chain_node
from rpc_sample import SampleMethods, SampleNode

from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.registry import Registry


@pytest.fixture
def sample() -> Dispatcher:
    """Return what answers the sample methods."""
    return Dispatcher(Registry(SampleMethods), SampleNode(), network="t")


@pytest.fixture
def node() -> Iterator[Node]:
    """Return a node whose chain is its genesis."""
    with chain_node() as made:
        yield made
