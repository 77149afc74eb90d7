"""Every block that Lotus' producers made is made again, byte by byte (chains/README.md).

The keys are not there, but what they signed is: a signer that finds a known signature for whatever
it is asked to sign shows that the producer asks for the same draws and the same header. The mock
beacon can be followed; proofs and messages are those of the block.
"""

import pytest

from papyrus.consensus.beacon import mock_entry
from papyrus.consensus.block_validity import TipsetState
from papyrus.consensus.selection import messages_by_kind
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType, verify
from papyrus.mining.base_info import MiningWorld
from papyrus.mining.producer import MiningBase, attempt, finish
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import TipsetKey

QUICK = ("consensus-fault", "fevm-bls", "multisig")
LONG = ("ledger",)
OTHERS = ("market", "miner", "onboard-piece", "paych-vouchers", "real-proofs-pledge")


class MockBeacon:
    """The beacon of Lotus' integration tests."""

    def entry(self, _beacon, round_number):
        return mock_entry(round_number)


class Remembering:
    """Signs what a block's producer is known to have signed, and nothing else."""

    def __init__(self, header):
        self._known = [
            Signature(SignatureType.BLS, header.ticket.vrf_proof),
            Signature(SignatureType.BLS, header.election_proof.vrf_proof),
            header.block_sig,
        ]

    def sign(self, address, data):
        for signature in self._known:
            if verify(signature, address, data):
                return signature
        raise AssertionError(f"Lotus' producer did not sign {data.hex()} as {address}")


class Repeating:
    """Proves what a block's producer proved."""

    def __init__(self, header):
        self._proofs = header.win_post_proof

    def prove_winning_post(self, _proof_type, _randomness, sectors, _miner):
        assert len(sectors) == 1
        return self._proofs


def messages_in(store, header):
    """Return a block's messages with signatures whose aggregate is the block's."""
    unsigned, signed = messages_by_kind(store, header)
    parts = [header.bls_aggregate.data, *[bls.ZERO_SIGNATURE] * len(unsigned)]
    pairs = zip(unsigned, parts, strict=False)
    return [
        *signed,
        *(SignedMessage(one, Signature(SignatureType.BLS, part)) for one, part in pairs),
    ]


def made_again(chain, header):
    """Return the block that the producer makes in the place of one that Lotus made."""
    base = chain.source.tipset(TipsetKey(header.parents))
    known = TipsetState(header.parent_state_root, header.parent_message_receipts)
    world = MiningWorld(
        network=chain.network,
        source=chain.source,
        store=chain.store,
        state_after=lambda _tipset: known,
        beacons=MockBeacon(),
    )
    messages = messages_in(chain.store, header)
    signer = Remembering(header)
    over = MiningBase(base, header.height - base.height - 1)
    won = attempt(
        header.miner, over, world, signer, Repeating(header), lambda _base, _quality: messages
    )
    assert won is not None, f"the producer at {header.height} would not have won"
    return finish(won, base, world, signer, lambda _base, _quality: [])


def check(chain):
    blocks = [block for tipset in chain.tipsets[:-1] for block in tipset.blocks]
    assert blocks
    for header in blocks:
        assert made_again(chain, header).header == header


@pytest.mark.parametrize("lotus_chain", QUICK, indirect=True)
def test_every_block_is_made_again(lotus_chain):
    check(lotus_chain)


@pytest.mark.slow
@pytest.mark.parametrize("lotus_chain", LONG, indirect=True)
def test_every_block_of_two_producers_is_made_again(lotus_chain):
    check(lotus_chain)


@pytest.mark.full
@pytest.mark.parametrize("lotus_chain", OTHERS, indirect=True)
def test_every_block_of_other_chains_is_made_again(lotus_chain):
    check(lotus_chain)
