"""Proofs as actors have them checked: by the machine or, in one build, hardly at all."""

from hashlib import sha256
from types import SimpleNamespace

import pytest

from papyrus.actors.common import proofs
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import ActorError, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.proofs.statements import (
    AggregateSealStatement,
    PieceInfo,
    PoStProof,
    ReplicaUpdateStatement,
    SealStatement,
    SectorID,
    SectorInfo,
    WindowPoStStatement,
)
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY, TESTING_POLICY
from papyrus.vm.kernel import crypto

SEALED = Cid.of(b"sealed")
SECTORS = (SectorInfo(5, 1, SEALED), SectorInfo(5, 2, SEALED))
SEAL = SealStatement(5, SectorID(1, 1), (), bytes(32), bytes(32), b"", SEALED, SEALED)
AGGREGATE = AggregateSealStatement(1, 5, 0, b"", ())
UPDATE = ReplicaUpdateStatement(0, SEALED, SEALED, SEALED, ())


def post(*given):
    statements = tuple(PoStProof(10, proof) for proof in given)
    return WindowPoStStatement(b"\xff" * 32, statements, SECTORS, 1)


CHECKS = {
    "verify_post": (post(b""),),
    "batch_verify_seals": ([SEAL, SEAL],),
    "verify_aggregate_seals": (AGGREGATE,),
    "verify_replica_update": (UPDATE,),
    "verify_consensus_fault": (b"a", b"b", b""),
}


def runtime(policy):
    return SimpleNamespace(policy=policy, enter=object)


def check(name, policy=TESTING_POLICY):
    return getattr(proofs, name)(runtime(policy), *CHECKS[name])


@pytest.mark.parametrize("name", CHECKS)
def test_the_machines_answer_is_the_answer(monkeypatch, name):
    answer = object()
    monkeypatch.setattr(crypto, name, lambda _kernel, *_statement: answer)
    assert check(name) is answer


@pytest.mark.parametrize(
    ("name", "answer"),
    [("verify_post", False), ("verify_aggregate_seals", False), ("verify_replica_update", False)],
)
def test_a_proof_the_machine_cannot_check_does_not_hold(monkeypatch, name, answer):
    monkeypatch.setattr(crypto, name, _refuse)
    assert check(name) is answer


@pytest.mark.parametrize("name", ["batch_verify_seals", "verify_consensus_fault"])
def test_some_checks_abort_where_the_machine_refuses(monkeypatch, name):
    monkeypatch.setattr(crypto, name, _refuse)
    with pytest.raises(ActorError) as refused:
        check(name)
    assert refused.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_pieces_that_make_no_sector_abort(monkeypatch):
    monkeypatch.setattr(crypto, "compute_unsealed_sector_cid", _refuse)
    with pytest.raises(ActorError) as refused:
        proofs.compute_unsealed_sector_cid(runtime(TESTING_POLICY), 5, [PieceInfo(1, SEALED)])
    assert refused.value.exit_code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("batch_verify_seals", [True, True]),
        ("verify_aggregate_seals", True),
        ("verify_replica_update", True),
        ("verify_consensus_fault", None),
    ],
)
def test_the_build_for_tests_asks_no_machine(name, answer):
    assert check(name, TESTING_FAKE_PROOFS_POLICY) == answer


def test_a_fake_proof_of_spacetime_is_a_hash():
    challenged = b"".join(sector.to_cbor() for sector in SECTORS)
    proof = sha256(b"\xff" * 31 + b"\x3f" + challenged).digest()
    rt = runtime(TESTING_FAKE_PROOFS_POLICY)
    assert proofs.verify_post(rt, post(proof))
    assert not proofs.verify_post(rt, post(proof[:-1]))
    assert not proofs.verify_post(rt, post(proof, proof))
    assert not proofs.verify_post(rt, post())


def _refuse(_kernel, *_statement):
    raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, "no such proof type")
