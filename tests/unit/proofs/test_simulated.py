"""Simulated proofs: each holds for its own statement and for no other."""

from dataclasses import fields, replace

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pyblst import BlstP1Element, BlstP2Element

from papyrus.ipld.cid import (
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    POSEIDON_BLS12_381_A2_FC1,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.proofs.commitments import PieceError, unsealed_sector_cid
from papyrus.proofs.simulated import (
    SimulatedProver,
    SimulatedVerifier,
    is_simulated_proof,
    is_simulated_replica,
    simulate_sealing,
    simulate_update,
)
from papyrus.proofs.statements import (
    AggregatedSeal,
    AggregateSealStatement,
    PieceInfo,
    ReplicaUpdateStatement,
    SealStatement,
    SectorID,
    SectorInfo,
    WindowPoStStatement,
    WinningPoStStatement,
)

PROVER, VERIFIER = SimulatedProver(), SimulatedVerifier()

U64 = st.integers(0, 2**64 - 1)
SEAL_PROOFS = st.integers(5, 19)
BYTES_32 = st.binary(min_size=32, max_size=32)


def commitments(codec, hash_code):
    return BYTES_32.map(lambda digest: Cid.of_digest(digest, codec, hash_code))


SEALED = commitments(FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)
UNSEALED = commitments(FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)
SECTORS = st.builds(SectorInfo, st.integers(0, 19), U64, SEALED)
CHALLENGED = st.lists(SECTORS, min_size=1, max_size=5).map(tuple)

SEALS = st.builds(
    SealStatement,
    registered_proof=SEAL_PROOFS,
    sector_id=st.builds(SectorID, U64, U64),
    deal_ids=st.lists(U64, max_size=2).map(tuple),
    randomness=BYTES_32,
    interactive_randomness=BYTES_32,
    proof=st.just(b""),
    sealed_cid=SEALED,
    unsealed_cid=UNSEALED,
)
AGGREGATES = st.builds(
    AggregateSealStatement,
    miner=U64,
    seal_proof=SEAL_PROOFS,
    aggregate_proof=st.integers(0, 1),
    proof=st.just(b""),
    infos=st.lists(
        st.builds(AggregatedSeal, U64, BYTES_32, BYTES_32, SEALED, UNSEALED),
        min_size=1, max_size=5,
    ).map(tuple),
)  # fmt: skip
UPDATES = st.builds(
    ReplicaUpdateStatement,
    update_proof_type=st.integers(0, 4),
    old_sealed_cid=SEALED,
    new_sealed_cid=SEALED,
    new_unsealed_cid=UNSEALED,
    proof=st.just(()),
)
WINNING = st.builds(
    WinningPoStStatement, BYTES_32, proofs=st.just(()), challenged_sectors=CHALLENGED, prover=U64
)
WINDOWS = st.builds(
    WindowPoStStatement, BYTES_32, proofs=st.just(()), challenged_sectors=CHALLENGED, prover=U64
)


def proven(statement, proof_type):
    """Return a statement with its proof; the type counts for proofs of spacetime alone."""
    match statement:
        case SealStatement():
            return replace(statement, proof=PROVER.prove_seal(statement))
        case AggregateSealStatement():
            return replace(statement, proof=PROVER.prove_aggregate(statement))
        case ReplicaUpdateStatement():
            return replace(statement, proof=tuple(PROVER.prove_replica_update(statement)))
    prove = PROVER.prove_window_post
    if isinstance(statement, WinningPoStStatement):
        prove = PROVER.prove_winning_post
    proofs = prove(proof_type, statement.randomness, statement.challenged_sectors, statement.prover)
    return replace(statement, proofs=proofs)


def holds(statement):
    match statement:
        case SealStatement():
            return VERIFIER.verify_seal(statement)
        case AggregateSealStatement():
            return VERIFIER.verify_aggregate_seals(statement)
        case ReplicaUpdateStatement():
            return VERIFIER.verify_replica_update(statement)
        case WinningPoStStatement():
            return VERIFIER.verify_winning_post(statement)
    return VERIFIER.verify_post(statement)


def proof_of(statement):
    if isinstance(statement, (WinningPoStStatement, WindowPoStStatement)):
        return statement.proofs[0].proof_bytes
    return bytes(statement.proof)


KINDS = {
    "seal": (SEALS, st.none()),
    "aggregate": (AGGREGATES, st.none()),
    "update": (UPDATES, st.none()),
    "winning": (WINNING, st.integers(0, 4)),
    "window": (WINDOWS, st.integers(10, 14)),
}
EVERY_KIND = st.sampled_from(sorted(KINDS))
STATEMENTS = EVERY_KIND.flatmap(lambda kind: st.tuples(*KINDS[kind]))
PAIRS = EVERY_KIND.flatmap(lambda kind: st.tuples(KINDS[kind][0], KINDS[kind][0], KINDS[kind][1]))


def public(statement):
    """Return a field's value for each name, but the proof, as the verifier sees it."""
    found = {
        field.name: getattr(statement, field.name)
        for field in fields(statement)
        if field.name not in ("proof", "proofs")
    }
    if "challenged_sectors" in found:
        found["challenged_sectors"] = set(found["challenged_sectors"])
        last = found["randomness"][31] & 0x3F
        found["randomness"] = found["randomness"][:31] + bytes([last])
    return found


@given(STATEMENTS)
def test_proof_holds_for_its_statement(case):
    statement, proof_type = case
    assert holds(proven(statement, proof_type))


@given(PAIRS)
def test_no_single_input_can_be_another(case):
    """Every field in turn is taken from a second statement of the kind."""
    statement, other, proof_type = case
    good = proven(statement, proof_type)
    was, could_be = public(statement), public(other)
    for name, value in could_be.items():
        if value != was[name]:
            assert not holds(replace(good, **{name: getattr(other, name)})), name


@given(WINDOWS, SECTORS, st.integers(10, 14))
def test_no_sector_can_be_left_out_or_added(statement, sector, proof_type):
    assume(sector not in statement.challenged_sectors)
    good = proven(statement, proof_type)
    more = (*statement.challenged_sectors, sector)
    assert not holds(replace(good, challenged_sectors=more))
    longer = proven(replace(statement, challenged_sectors=more), proof_type)
    assert not holds(replace(longer, challenged_sectors=statement.challenged_sectors))


@given(AGGREGATES, st.data())
def test_aggregate_is_of_its_sectors_in_their_order(statement, data):
    order = data.draw(st.permutations(statement.infos))
    good = proven(statement, None)
    assert holds(replace(good, infos=tuple(order))) == (tuple(order) == statement.infos)


@given(WINDOWS, st.data())
def test_challenged_sectors_are_a_set(statement, data):
    """Faulty sectors are replaced by a good one, which the proving library proves once."""
    sectors = statement.challenged_sectors
    order = data.draw(st.permutations((*sectors, sectors[0])))
    assert holds(replace(proven(statement, 10), challenged_sectors=tuple(order)))


@given(STATEMENTS, st.data())
def test_no_byte_of_a_proof_can_be_another(case, data):
    statement, proof_type = case
    good = proven(statement, proof_type)
    proof = bytearray(proof_of(good))
    proof[data.draw(st.integers(0, len(proof) - 1))] ^= data.draw(st.integers(1, 255))
    assert not holds(with_proof(good, bytes(proof)))
    assert not holds(with_proof(good, proof_of(good) + b"\0"))
    assert not holds(with_proof(good, b""))


def with_proof(statement, proof):
    if isinstance(statement, (WinningPoStStatement, WindowPoStStatement)):
        return replace(statement, proofs=(replace(statement.proofs[0], proof_bytes=proof),))
    as_numbers = isinstance(statement, ReplicaUpdateStatement)
    return replace(statement, proof=tuple(proof) if as_numbers else proof)


@given(WINDOWS, st.integers(10, 14), st.integers(-1, 20))
def test_proof_of_spacetime_is_of_its_type(statement, proof_type, other):
    assume(other != proof_type)
    good = proven(statement, proof_type)
    assert not holds(replace(good, proofs=(replace(good.proofs[0], post_proof=other),)))


@given(WINNING, WINDOWS)
def test_winning_and_window_proofs_are_not_exchanged(winning, window):
    window = replace(window, **{name: getattr(winning, name) for name in public(winning)})
    assert not holds(replace(window, proofs=proven(winning, 0).proofs))
    assert not holds(replace(winning, proofs=proven(window, 10).proofs))


@given(WINDOWS)
@example(WindowPoStStatement(bytes(32), (), (), 1000))
def test_there_is_one_proof_of_something(statement):
    good = proven(statement, 10)
    assert not holds(replace(good, proofs=()))
    assert not holds(replace(good, proofs=good.proofs * 2))
    assert not holds(proven(replace(statement, challenged_sectors=()), 10))
    assert not holds(proven(replace(statement, randomness=b"short"), 10))


@given(SEALS, UPDATES, AGGREGATES)
def test_no_proof_of_an_unknown_type_holds(seal, update, aggregate):
    assert not holds(replace(seal, registered_proof=20))
    assert not holds(replace(update, update_proof_type=5))
    assert not holds(replace(aggregate, seal_proof=-1))
    with pytest.raises(ValueError, match="no proofs of this type"):
        PROVER.prove_seal(replace(seal, registered_proof=20))


@given(STATEMENTS)
def test_proof_says_that_it_is_simulated(case):
    statement, proof_type = case
    proof = proof_of(proven(statement, proof_type))
    assert proof.startswith(b"SIMULATED")
    assert is_simulated_proof(proof)
    assert "SIMULATED" in SimulatedProver.name
    assert "SIMULATED" in SimulatedVerifier.name


@given(STATEMENTS)
def test_proof_begins_with_no_point_of_a_curve(case):
    """The first thing that a real verifier reads is a compressed point of the first group."""
    statement, proof_type = case
    proof = proof_of(proven(statement, proof_type))
    with pytest.raises(ValueError):
        BlstP1Element.uncompress(proof[:48])
    with pytest.raises(ValueError):
        BlstP2Element.uncompress(proof[:96])


@pytest.mark.parametrize(
    ("kind", "changes", "length"),
    [
        ("seal", {"registered_proof": 5}, 192),
        ("seal", {"registered_proof": 8}, 1920),
        ("seal", {"registered_proof": 15}, 14_164),
        ("update", {"update_proof_type": 0}, 192),
        ("update", {"update_proof_type": 3}, 3072),
        ("winning", {}, 192),
    ],
)
def test_proof_is_as_long_as_a_real_one(kind, changes, length):
    statement = replace(SMALL[kind], **changes)
    assert len(proof_of(proven(statement, 0))) == length


SMALL = {
    "seal": SealStatement(
        5, SectorID(1000, 1), (), bytes(32), bytes(32), b"",
        Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1),
        unsealed_sector_cid(2048, ()),
    ),
    "update": ReplicaUpdateStatement(
        0,
        Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1),
        Cid.of_digest(bytes([1] * 32), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1),
        unsealed_sector_cid(2048, ()),
        (),
    ),
    "winning": WinningPoStStatement(
        bytes(32), (),
        (SectorInfo(5, 1, Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, 0xB401)),), 1000,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("sectors", "proof_type", "length"),
    [(1, 10, 192), (2, 10, 192), (3, 10, 384), (6, 10, 576), (2350, 13, 384)],
)
def test_window_proof_has_a_part_for_each_partition(sectors, proof_type, length):
    sealed = SMALL["seal"].sealed_cid
    challenged = [SectorInfo(5, number, sealed) for number in range(sectors)]
    (proof,) = PROVER.prove_window_post(proof_type, bytes(32), challenged, 1000)
    assert len(proof.proof_bytes) == length


@pytest.mark.parametrize(
    ("seal_proof", "sectors", "length"),
    [(15, 1, 14_164), (18, 1, 23_092), (5, 4, 8_212), (8, 819, 40_948), (15, 64, 32_020)],
)
def test_aggregate_grows_with_its_rounds(seal_proof, sectors, length):
    """One sector that is committed at once has the length that its type has in the reference."""
    info = AggregatedSeal(
        1, bytes(32), bytes(32), SMALL["seal"].sealed_cid, SMALL["seal"].unsealed_cid
    )
    statement = AggregateSealStatement(1000, seal_proof, 1, b"", (info,) * sectors)
    assert len(PROVER.prove_aggregate(statement)) == length


PIECE = PieceInfo(1024, unsealed_sector_cid(1024, ()))


def test_sealing_commits_truly_to_the_data():
    sector = simulate_sealing(5, SectorID(1000, 7), bytes(32), (PIECE,))
    assert sector.unsealed_cid == unsealed_sector_cid(2048, (PIECE,))
    empty = simulate_sealing(5, SectorID(1000, 7), bytes(32))
    assert empty.unsealed_cid == unsealed_sector_cid(2048, ())


def test_sealing_marks_the_replica():
    sector = simulate_sealing(5, SectorID(1000, 7), bytes(32))
    sealed = sector.sealed_cid
    assert (sealed.codec, sealed.hash_code) == (FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)
    assert is_simulated_replica(sealed)
    assert not is_simulated_replica(SMALL["seal"].sealed_cid)
    # The field's modulus begins with these bytes, the digest's last byte being its highest.
    assert sealed.digest[31] < 0x73


def test_sealing_depends_on_everything_that_real_sealing_does():
    same = simulate_sealing(5, SectorID(1000, 7), bytes(32))
    others = (
        simulate_sealing(10, SectorID(1000, 7), bytes(32)),
        simulate_sealing(5, SectorID(1001, 7), bytes(32)),
        simulate_sealing(5, SectorID(1000, 8), bytes(32)),
        simulate_sealing(5, SectorID(1000, 7), bytes([1] * 32)),
        simulate_sealing(5, SectorID(1000, 7), bytes(32), (PieceInfo(2048, SMALL_PIECE),)),
    )
    assert simulate_sealing(5, SectorID(1000, 7), bytes(32)) == same
    replicas = {same.sealed_cid, *(other.sealed_cid for other in others)}
    assert len(replicas) == 6


SMALL_PIECE = Cid.of_digest(bytes([1] * 32), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)


def test_update_gives_another_replica():
    old, data = SMALL["seal"].sealed_cid, SMALL_PIECE
    new = simulate_update(0, old, data)
    assert is_simulated_replica(new)
    assert new == simulate_update(0, old, data)
    assert len({new, simulate_update(1, old, data), simulate_update(0, new, data)}) == 3


def test_no_sector_is_sealed_with_an_unknown_proof():
    with pytest.raises(PieceError, match="no sector has the seal proof 20"):
        simulate_sealing(20, SectorID(1000, 7), bytes(32))
