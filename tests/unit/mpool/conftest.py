"""A chain with a few funded people, and a pool on it."""

import pytest
from pool_chain import Clock, PoolChain, person, pool_of

from papyrus.crypto.signatures import SignatureType


@pytest.fixture
def alice():
    return person(1)


@pytest.fixture
def bob():
    return person(2)


@pytest.fixture
def bella():
    """Return someone with a BLS key."""
    return person(3, SignatureType.BLS)


@pytest.fixture
def edith():
    """Return someone with an Ethereum account."""
    return person(4, SignatureType.DELEGATED)


@pytest.fixture
def chain(alice, bob, bella, edith):
    built = PoolChain()
    built.fund(alice, bob, bella, edith)
    return built


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pool(chain, clock):
    return pool_of(chain, clock=clock)
