"""System calls on proofs of storage and on consensus faults."""

import pytest

from papyrus.ipld.cid import (
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    POSEIDON_BLS12_381_A2_FC1,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.errors import LocalFault, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.statements import PieceInfo
from papyrus.vm import gas_charges as charges
from papyrus.vm.externs import AcceptAllProofs, NoVerifyingKeys

ACTOR = 1000
EPOCH = 5000
PAGE = 65_536
COMM_D = Cid.of_digest(bytes(31) + b"\x01", FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)
COMM_R = Cid.of_digest(bytes(31) + b"\x02", FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)

SEAL = [8, [1234, 56], [1, 2], b"ticket", b"seed", b"proof", COMM_R, COMM_D]
POST = [b"r" * 32, [[3, b"proof"]], [[8, 56, COMM_R], [8, 57, COMM_R]], 1234]
AGGREGATE = [1234, 8, 0, b"proof", [[56, b"ticket", b"seed", COMM_R, COMM_D]] * 5]
UPDATE = [3, COMM_R, COMM_R, COMM_D, [1, 2, 3]]


class Watcher(AcceptAllProofs):
    """Keeps the statements it is asked about, and answers as told."""

    def __init__(self, *, answer=True):
        self.statements = []
        self.answer = answer

    def _judge(self, statement):
        self.statements.append(statement)
        return self.answer

    verify_seal = verify_post = verify_aggregate_seals = verify_replica_update = _judge


class Refuser(AcceptAllProofs):
    """Refuses to look at anything."""

    def _judge(self, _statement):
        raise SyscallError(E.ILLEGAL_ARGUMENT, "no such proof")

    verify_seal = verify_post = verify_aggregate_seals = verify_replica_update = _judge


def errnos(outcome):
    return [step.errno for step in outcome.steps]


def proofs(prices):
    """Return each call with its statement and charge."""
    return {
        "crypto.verify_post": (POST, charges.on_verify_post(prices, 2)),
        "crypto.verify_aggregate_seals": (
            AGGREGATE,
            charges.on_verify_aggregate_seals(prices, 8, 5),
        ),
        "crypto.verify_replica_update": (UPDATE, charges.on_verify_replica_update(prices)),
    }


NAMES = ["crypto.verify_post", "crypto.verify_aggregate_seals", "crypto.verify_replica_update"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("answer", "result"), [(True, 0), (False, -1)])
def test_a_statement_reaches_the_verifier_and_its_answer_the_actor(world, name, answer, result):
    statement, charge = proofs(world.prices)[name]
    world.verifier = Watcher(answer=answer)
    outcome = world.run((name, encode(statement)))
    assert errnos(outcome) == [0]
    assert outcome.steps[0].unpack("i") == (result,)
    assert [seen.to_ipld() for seen in world.verifier.statements] == [statement] * 2
    assert outcome.call.of_step(0) == [charge]


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_that_the_verifier_refuses_is_an_illegal_argument(world, name):
    statement, charge = proofs(world.prices)[name]
    world.verifier = Refuser()
    outcome = world.run((name, encode(statement)), (name, b"\x80"), (name, PAGE, 1))
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT] * 3
    assert [outcome.call.of_step(place) for place in range(3)] == [[charge], [], []]


@pytest.mark.parametrize("name", NAMES)
def test_every_proof_holds_where_all_are_accepted(world, name):
    outcome = world.run((name, encode(proofs(world.prices)[name][0])))
    assert outcome.steps[0].unpack("i") == (0,)


@pytest.mark.parametrize(
    ("name", "statement", "arguments"),
    [
        ("crypto.verify_post", POST, ()),
        ("crypto.verify_aggregate_seals", AGGREGATE, ()),
        ("crypto.verify_replica_update", UPDATE, ()),
        ("crypto.batch_verify_seals", [SEAL], (0,)),
    ],
)
def test_without_verifying_keys_there_is_no_receipt(world, name, statement, arguments):
    world.verifier = NoVerifyingKeys()
    world.put_actor(ACTOR, world.program((name, encode(statement), *arguments)))
    root = world.genesis()
    with pytest.raises(LocalFault, match="no verifying keys"):
        world.send()
    assert world.root == root
    assert "no verifying keys" in world.verifier.name


def test_seals_are_checked_one_by_one(world):
    class Even(AcceptAllProofs):
        def verify_seal(self, statement):
            if statement.sector_id.number == 9:
                raise SyscallError(E.ILLEGAL_ARGUMENT, "what a proof")
            return statement.sector_id.number % 2 == 0

    world.verifier = Even()
    seals = [[8, [1234, number], *SEAL[2:]] for number in (4, 5, 9, 6)]
    outcome = world.run(
        ("crypto.batch_verify_seals", encode(seals), world.room(4)),
        ("crypto.batch_verify_seals", encode([]), PAGE),
        ("crypto.batch_verify_seals", encode(seals), PAGE - 3),
        ("crypto.batch_verify_seals", b"\x01", 0),
    )
    assert errnos(outcome) == [0, 0, E.ILLEGAL_ARGUMENT, E.ILLEGAL_ARGUMENT]
    assert outcome.steps[0].buffers == (bytes((1, 0, 0, 1)),)
    expected = [charges.on_verify_seal(world.prices)] * 4
    assert [outcome.call.of_step(place) for place in range(4)] == [expected, [], [], []]


def test_accepted_seals_all_hold(world):
    outcome = world.run(("crypto.batch_verify_seals", encode([SEAL, SEAL]), world.room(2)))
    assert outcome.steps[0].buffers == (b"\1\1",)


def test_a_sector_commitment_follows_from_its_pieces(world):
    pieces = [PieceInfo(1024, COMM_D), PieceInfo(512, COMM_D)]
    encoded = encode([piece.to_ipld() for piece in pieces])
    call = "crypto.compute_unsealed_sector_cid"
    cid = unsealed_sector_cid(2048, pieces)
    outcome = world.run(
        (call, 5, encoded, world.buffer(40)),
        (call, 0, encode([]), world.buffer(40)),
        (call, 0, encoded, world.buffer(38)),
    )
    assert errnos(outcome) == [0, 0, E.BUFFER_TOO_SMALL]
    assert outcome.steps[0].number == len(cid) == 39
    assert outcome.steps[0].buffers == (cid + b"\0",)
    assert outcome.steps[1].buffers[0][:39] == unsealed_sector_cid(2048, [])
    price = [charges.on_compute_unsealed_sector_cid(world.prices)]
    assert [outcome.call.of_step(place) for place in range(3)] == [price] * 3


def test_pieces_are_checked_after_type_encoding_and_buffer(world):
    call = "crypto.compute_unsealed_sector_cid"
    large = encode([[4096, COMM_D]])
    outcome = world.run(
        (call, -1, b"\xff", PAGE, 1),
        (call, 20, b"\xff", PAGE, 1),
        (call, 0, b"\xff", PAGE, 1),
        (call, 0, PAGE, 1, PAGE, 1),
        (call, 0, large, PAGE, 1),
        (call, 0, large, world.buffer(40)),
    )
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT] * 6
    assert all(outcome.call.of_step(place) == [] for place in range(5))
    assert outcome.call.of_step(5) == [charges.on_compute_unsealed_sector_cid(world.prices)]


@pytest.mark.parametrize("proof_type", range(15, 20))
def test_sectors_of_non_interactive_proofs_are_known_from_fvm_4_on(
    old_world, new_world, proof_type
):
    step = ("crypto.compute_unsealed_sector_cid", proof_type, encode([]))
    before = old_world.run((*step, old_world.buffer(40)))
    assert errnos(before) == [E.ILLEGAL_ARGUMENT]
    assert before.call.of_step(0) == []
    after = new_world.run((*step, new_world.buffer(40)))
    assert errnos(after) == [0]


def test_a_consensus_fault_is_told_with_its_target(world):
    call = "crypto.verify_consensus_fault"
    outcome = world.run(
        (call, b"first", b"firstextra", b"extra"),
        (call, b"first", b"second", b"extra"),
        (call, PAGE, 1, b"", b""),
        (call, b"", PAGE, 1, b""),
        (call, b"", b"", PAGE, 1),
    )
    assert errnos(outcome) == [0, 0] + [E.ILLEGAL_ARGUMENT] * 3
    assert outcome.steps[0].unpack("qQI") == (EPOCH - 7, 1234, 2)
    assert outcome.steps[1].unpack("qQI") == (0, 0, 0)
    price = [charges.on_verify_consensus_fault(world.prices)]
    assert [outcome.call.of_step(place) for place in range(3)] == [price, price, []]
