"""Simulated sectors: announced and proven on a chain as any other, each for its own challenge."""

from dataclasses import replace

import pytest
from mined_chain import MINER, MinedChain, genesis

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import PieceActivationManifest
from papyrus.actors.miner.sectors import SECTORS
from papyrus.actors.miner.state import State
from papyrus.ipld.blockstore import load
from papyrus.mining.simulated_sealing import (
    announcement,
    proof_of_sector,
    provable_from,
    seal_statement,
)
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.commitments import PieceError, unsealed_sector_cid
from papyrus.proofs.simulated import is_simulated_proof, is_simulated_replica
from papyrus.proofs.statements import PieceInfo

NUMBER = 7

PIECE = PieceInfo(1024, unsealed_sector_cid(1024, ()))

PLEDGE = TokenAmount.from_fil(10)


def send(chain, method, params, value=PLEDGE):
    worker = chain.people.workers[0]
    message = chain.message(worker, MINER, value, method, params.to_cbor())
    (receipt,) = chain.mine(message).receipts
    return receipt


def announced(pieces=()):
    """Return a chain on which a sector is announced and can be proven in the next epoch."""
    chain = MinedChain(genesis())
    params = announcement(chain.view, MINER.id, NUMBER, pieces)
    assert send(chain, numbers.PRE_COMMIT_SECTOR_BATCH_2, params).exit_code == ExitCode.OK
    chain.mine(null_rounds=provable_from(chain.view, MINER.id, NUMBER) - chain.head.height - 2)
    return chain


@pytest.fixture(scope="module")
def prepared():
    return announced()


@pytest.fixture
def chain(prepared):
    return prepared.fork()


def sector_of(chain, number):
    state = State.from_cbor(load(chain.store, chain.tree.get(MINER.id).head))
    return SECTORS.open(chain.store, state.sectors).get(number)


def test_simulated_sector_is_proven(chain):
    params = proof_of_sector(chain.view, MINER.id, NUMBER, chain.prover)
    assert is_simulated_proof(params.sector_proofs[0])
    receipt = send(chain, numbers.PROVE_COMMIT_SECTORS_3, params)
    assert receipt.exit_code == ExitCode.OK
    assert BatchReturn.from_cbor(receipt.return_data).success_count == 1
    sector = sector_of(chain, NUMBER)
    assert is_simulated_replica(sector.sealed_cid)
    assert chain.findings() == ()


def test_simulated_sector_holds_the_pieces_it_was_announced_with():
    chain = announced((PIECE,))
    piece = PieceActivationManifest(PIECE.cid, PIECE.size, None, ())
    params = proof_of_sector(chain.view, MINER.id, NUMBER, chain.prover, (piece,))
    assert send(chain, numbers.PROVE_COMMIT_SECTORS_3, params).exit_code == ExitCode.OK
    assert sector_of(chain, NUMBER).deal_weight > 0
    assert chain.findings() == ()


@pytest.mark.parametrize(
    "wrong",
    ["sector_id", "randomness", "interactive_randomness", "sealed_cid", "unsealed_cid", "miner"],
)
def test_proof_of_anything_else_is_refused(chain, wrong):
    right = seal_statement(chain.view, MINER.id, NUMBER)
    other = {
        "sector_id": {"sector_id": replace(right.sector_id, number=NUMBER + 1)},
        "miner": {"sector_id": replace(right.sector_id, miner=1001)},
        "randomness": {"randomness": bytes(32)},
        "interactive_randomness": {"interactive_randomness": bytes(32)},
        "sealed_cid": {"sealed_cid": sector_of(chain, 0).sealed_cid},
        "unsealed_cid": {"unsealed_cid": unsealed_sector_cid(2048, (PIECE, PIECE_OF_ONES))},
    }[wrong]
    params = proof_of_sector(chain.view, MINER.id, NUMBER, chain.prover)
    proof = chain.prover.prove_seal(replace(right, **other))
    receipt = send(chain, numbers.PROVE_COMMIT_SECTORS_3, replace(params, sector_proofs=(proof,)))
    assert receipt.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert sector_of(chain, NUMBER) is None


PIECE_OF_ONES = PieceInfo(1024, unsealed_sector_cid(2048, (PIECE, PIECE)))


def test_sector_cannot_be_proven_before_its_challenge():
    chain = MinedChain(genesis())
    params = announcement(chain.view, MINER.id, NUMBER)
    send(chain, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)
    assert provable_from(chain.view, MINER.id, NUMBER) == chain.head.height + 11
    with pytest.raises(LookupError, match="lies after the tipset"):
        seal_statement(chain.view, MINER.id, NUMBER)


def test_sector_that_was_not_announced_has_no_proof(chain):
    with pytest.raises(LookupError, match="has not announced sector 8"):
        proof_of_sector(chain.view, MINER.id, 8, chain.prover)


def test_real_sector_has_no_simulated_proof():
    chain = MinedChain(genesis())
    params = announcement(chain.view, MINER.id, NUMBER)
    (sector,) = params.sectors
    real = unsealed_to_sealed(sector.sealed_cid)
    params = replace(params, sectors=(replace(sector, sealed_cid=real),))
    assert send(chain, numbers.PRE_COMMIT_SECTOR_BATCH_2, params).exit_code == ExitCode.OK
    chain.mine(null_rounds=10)
    with pytest.raises(LocalFault, match="a real one"):
        proof_of_sector(chain.view, MINER.id, NUMBER, chain.prover)


def unsealed_to_sealed(cid):
    """Return a CommR that nobody has marked as simulated."""
    return type(cid).of_digest(bytes(31) + b"\1", cid.codec, cid.hash_code)


def test_pieces_must_fit():
    chain = MinedChain(genesis())
    with pytest.raises(PieceError):
        announcement(chain.view, MINER.id, NUMBER, (PIECE, PIECE, PIECE))
