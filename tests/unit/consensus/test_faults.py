"""Consensus faults."""

from dataclasses import replace

import pytest

from papyrus.consensus.faults import fault_kind, find_consensus_fault, read_header
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.rules.networks import CALIBNET, LOTUS_ITEST
from papyrus.types.ticket import Ticket
from papyrus.vm.externs import ConsensusFault, ConsensusFaultType


def _find(first, second, extra=None, *, worker, network=LOTUS_ITEST):
    return find_consensus_fault(
        first.to_cbor(),
        second.to_cbor(),
        b"" if extra is None else extra.to_cbor(),
        network,
        lambda _miner, _height: worker,
    )


@pytest.fixture
def fork(chain):
    """Return two signed blocks of one miner at one height."""
    parents = chain.tipsets[0].key.cids
    first = chain.header(5, parents)
    second = replace(first, ticket=Ticket(b"another"))
    return chain.signed(first), chain.signed(second)


def test_two_blocks_at_one_height_are_a_double_fork(fork, worker):
    expected = ConsensusFault(1000, 5, ConsensusFaultType.DOUBLE_FORK_MINING)
    assert _find(*fork, worker=worker) == expected


def test_two_heights_on_one_parent_are_a_time_offset(chain, worker):
    parents = chain.tipsets[0].key.cids
    first, second = (chain.signed(chain.header(height, parents)) for height in (5, 6))
    expected = ConsensusFault(1000, 6, ConsensusFaultType.TIME_OFFSET_MINING)
    assert _find(first, second, worker=worker) == expected
    assert _find(second, first, worker=worker) is None


def test_leaving_out_ones_own_block_is_parent_grinding(chain, worker):
    parents = chain.tipsets[0].key.cids
    omitted = chain.signed(chain.header(5, parents))
    sibling = chain.header(5, parents, miner=Address.from_id(1005))
    child = chain.signed(chain.header(6, (sibling.cid,)))
    expected = ConsensusFault(1000, 6, ConsensusFaultType.PARENT_GRINDING)
    assert _find(omitted, child, sibling, worker=worker) == expected
    assert _find(omitted, child, worker=worker) is None
    both = chain.signed(chain.header(6, (sibling.cid, omitted.cid)))
    assert _find(omitted, both, sibling, worker=worker) is None


def test_parents_are_compared_as_sets(chain):
    first_cid, second_cid = chain.tipsets[0].key.cids[0], chain.state
    first = chain.header(5, (first_cid, second_cid))
    assert fault_kind(first, chain.header(6, (second_cid, first_cid)), None) is not None
    assert fault_kind(first, chain.header(6, (first_cid, first_cid)), None) is not None
    assert fault_kind(first, chain.header(6, (first_cid,)), None) is None


def test_a_block_is_no_fault_with_itself_or_with_another_miners(fork, worker):
    first, second = fork
    assert _find(first, first, worker=worker) is None
    assert _find(first, replace(second, miner=Address.from_id(1)), worker=worker) is None


def test_both_signatures_must_be_the_workers(fork, chain, worker):
    first, second = fork
    assert _find(replace(first, block_sig=None), second, worker=worker) is None
    forged = chain.signed(replace(second, block_sig=None), secret=(8).to_bytes(32, "little"))
    assert _find(first, forged, worker=worker) is None


def test_an_unknown_worker_means_no_fault(fork):
    def nobody(_miner, _height):
        raise LookupError

    first, second = (block.to_cbor() for block in fork)
    assert find_consensus_fault(first, second, b"", LOTUS_ITEST, nobody) is None


def test_a_miner_without_an_id_means_no_fault(fork, chain, worker):
    first, second = (
        chain.signed(replace(block, miner=Address.actor(b"x"), block_sig=None)) for block in fork
    )
    assert _find(first, second, worker=worker) is None


@pytest.mark.parametrize("position", [0, 1, 2])
def test_undecodable_evidence_means_no_fault(fork, worker, position):
    evidence = [block.to_cbor() for block in (*fork, fork[0])]
    evidence[position] = b"\x01"
    assert find_consensus_fault(*evidence, LOTUS_ITEST, lambda _m, _h: worker) is None


def test_bytes_after_a_header_go_unnoticed(fork, worker):
    first, second = (block.to_cbor() + b"rest" for block in fork)
    found = find_consensus_fault(first, second, b"", LOTUS_ITEST, lambda _m, _h: worker)
    assert found is not None
    assert read_header(first) == fork[0]


def test_a_header_that_is_not_canonical_is_refused(fork):
    data = fork[0].to_cbor()
    with pytest.raises(DecodeError):
        read_header(b"\x98\x10" + data[1:])


@pytest.mark.parametrize(
    ("height", "found"),
    [(1_069_594, True), (1_069_595, False), (1_071_393, False), (1_071_394, True)],
)
def test_calibnet_finds_no_fault_around_its_repaired_halt(chain, worker, height, found):
    first = chain.header(height, ())
    pair = (chain.signed(first), chain.signed(replace(first, ticket=Ticket(b"another"))))
    assert (_find(*pair, worker=worker, network=CALIBNET) is not None) == found
