"""The chain as one execution sees it."""

from dataclasses import replace

import pytest

from papyrus.consensus.externs import ChainExterns
from papyrus.crypto.hashing import blake2b_256
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.types.ticket import Ticket


@pytest.fixture
def externs(chain):
    """Return the externs of an execution at 950."""
    chain.extend(1, 4, 950)
    return ChainExterns(
        chain.source, chain.store, LOTUS_ITEST, chain.tipsets[950], 950, chain.state
    )


def test_randomness_is_that_of_the_chain(externs):
    assert externs.chain_randomness(2) == blake2b_256(b"ticket 4")
    assert externs.beacon_randomness(4) == blake2b_256(b"beacon 4")


def test_tipset_cid_is_that_of_the_last_tipset_at_or_before(externs, chain):
    assert externs.tipset_cid(3) == chain.tipsets[1].key.cid
    assert externs.tipset_cid(4) == chain.tipsets[4].key.cid


def test_worker_key_is_the_account_behind_the_miners_worker(externs, worker):
    assert externs.worker_key(1000, 900) == worker


def test_worker_key_reaches_back_one_finality(externs):
    with pytest.raises(LookupError, match="height 49 is too long before epoch 950"):
        externs.worker_key(1000, 49)


@pytest.mark.parametrize("actor", [99, 5000])
def test_other_actors_have_no_worker(externs, actor):
    with pytest.raises(LookupError, match=f"actor {actor} is no miner"):
        externs.worker_key(actor, 900)


def test_a_fault_is_found_with_the_stored_worker_key(externs, chain):
    first = chain.header(900, ())
    evidence = [
        chain.signed(block).to_cbor()
        for block in (first, replace(first, ticket=Ticket(b"another")))
    ]
    fault = externs.verify_consensus_fault(*evidence, b"")
    assert fault is not None
    assert fault.target == 1000
