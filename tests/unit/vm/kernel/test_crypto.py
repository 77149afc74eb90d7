"""System calls on hashes and signatures."""

import struct

import pytest

from papyrus.crypto import bls, secp256k1
from papyrus.crypto.hashing import blake2b_256, hash_by_code
from papyrus.crypto.signatures import SignatureType, address_of, sign
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges

PAGE = 65_536
SECP, BLS = SignatureType.SECP256K1, SignatureType.BLS
SECRETS = {SECP: bytes(31) + b"\x01", BLS: b"\x05" + bytes(31)}


def errnos(outcome):
    return [step.errno for step in outcome.steps]


def answers(outcome):
    return [step.unpack("i")[0] for step in outcome.steps]


@pytest.mark.parametrize("kind", [SECP, BLS])
def test_a_signature_holds_or_does_not(world, kind):
    signer = bytes(address_of(kind, SECRETS[kind]))
    good = sign(kind, SECRETS[kind], b"text").data
    call = "crypto.verify_signature"
    outcome = world.run(
        (call, kind, good, signer, b"text"),
        (call, kind, good, signer, b"texts"),
        (call, kind, good[:-1], signer, b"text"),
        (call, SECP + BLS - kind, good, signer, b"text"),
    )
    assert errnos(outcome) == [0] * 4
    assert answers(outcome) == [0, -1, -1, -1]
    expected = [charges.on_verify_signature(world.prices, kind, length) for length in (4, 5)]
    assert [outcome.call.of_step(place) for place in (0, 1)] == [[each] for each in expected]


def test_a_signature_needs_a_known_type_and_a_key_address(world):
    data = bytes(65)
    key = bytes(address_of(SECP, SECRETS[SECP]))
    call = "crypto.verify_signature"
    outcome = world.run(
        (call, 0, data, key, b""),
        (call, 3, data, key, b""),
        (call, SECP, data, b"\x09", b""),
        (call, SECP, PAGE, 65, key, b""),
        (call, SECP, data, PAGE, 21, b""),
        (call, SECP, data, key, PAGE, 1),
        (call, SECP, data, bytes(Address.from_id(5)), b""),
        (call, SECP, data, bytes(Address.actor(b"")), b""),
        (call, SECP, data, bytes(Address.from_ethereum(bytes(20))), b""),
    )
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT] * 9
    assert all(outcome.call.of_step(place) == [] for place in range(6))
    price = [charges.on_verify_signature(world.prices, SECP, 0)]
    assert all(outcome.call.of_step(place) == price for place in range(6, 9))


def test_a_key_is_recovered_from_digest_and_signature(world):
    digest = blake2b_256(b"text")
    signature = secp256k1.sign(SECRETS[SECP], digest)
    call = "crypto.recover_secp_public_key"
    outcome = world.run(
        (call, world.at(digest), world.at(signature)),
        (call, world.at(digest), world.at(signature[:64] + b"\x05")),
        (call, PAGE - 31, world.at(signature)),
        (call, world.at(digest), PAGE - 64),
    )
    assert errnos(outcome) == [0] + [E.ILLEGAL_ARGUMENT] * 3
    assert outcome.steps[0].out == secp256k1.public_key(SECRETS[SECP])
    price = [charges.on_recover_secp_public_key(world.prices)]
    assert [outcome.call.of_step(place) for place in range(4)] == [price, price, [], []]


@pytest.mark.parametrize(
    ("code", "length"), [(0x12, 32), (0x1B, 32), (0x1053, 20), (0xB220, 32), (0xB240, 64)]
)
def test_a_hash_is_cut_to_its_buffer(world, code, length):
    call = "crypto.hash"
    outcome = world.run(
        (call, code, b"data", world.buffer(length)),
        (call, code, b"data", world.buffer(length + 1)),
        (call, code, b"data", world.buffer(5)),
        (call, code, b"", world.buffer(0)),
    )
    digest = hash_by_code(code, b"data")
    assert len(digest) == length
    assert errnos(outcome) == [0] * 4
    assert [step.number for step in outcome.steps] == [length, length, 5, 0]
    assert [step.buffers[0] for step in outcome.steps] == [digest, digest + b"\0", digest[:5], b""]
    assert outcome.call.of_step(0) == [charges.on_hashing(world.prices, code, 4)]


def test_a_hash_has_a_known_code_and_buffers_in_memory(world):
    outcome = world.run(
        ("crypto.hash", 0x11, b"data", world.buffer(32)),
        ("crypto.hash", 0x12, b"data", PAGE, 1),
        ("crypto.hash", 0x12, PAGE, 1, world.buffer(32)),
    )
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT] * 3
    assert all(outcome.call.of_step(place) == [] for place in range(3))


def aggregate_of(world, texts, *, secrets=None, lengths=None, count=None):
    """Return the call that checks one signature over texts, each by a key of its own."""
    secrets = secrets or [bytes((place + 1,)) + bytes(31) for place in range(len(texts))]
    signature = bls.aggregate([bls.sign(*pair) for pair in zip(secrets, texts, strict=True)])
    lengths = [len(text) for text in texts] if lengths is None else lengths
    return (
        "crypto.verify_bls_aggregate",
        len(texts) if count is None else count,
        world.at(signature),
        world.at(b"".join(map(bls.public_key, secrets))),
        world.at(b"".join(texts)),
        world.at(struct.pack(f"<{len(lengths)}I", *lengths)),
    )


def test_an_aggregate_covers_every_text(new_world):
    texts = [b"one", b"", b"three"]
    outcome = new_world.run(
        aggregate_of(new_world, texts),
        aggregate_of(new_world, texts, lengths=[2, 1, 5]),
        aggregate_of(new_world, []),
    )
    assert errnos(outcome) == [0, 0, 0]
    assert answers(outcome) == [0, -1, 0]
    prices = new_world.prices
    expected = charges.on_verify_aggregate_signature(prices, 3, 8)
    assert outcome.call.of_step(0) == [expected]
    assert outcome.call.of_step(2) == [charges.on_verify_aggregate_signature(prices, 0, 0)]


def test_an_aggregate_of_what_is_no_point_does_not_hold(new_world):
    call = "crypto.verify_bls_aggregate"
    outcome = new_world.run(
        (call, 1, new_world.at(b"\xff" * 96), new_world.at(bytes(48)), 0, new_world.at(bytes(4)))
    )
    assert errnos(outcome) == [0]
    assert answers(outcome) == [-1]


def test_an_aggregates_lengths_are_added_in_32_bits_and_paid_for(new_world):
    half = 2**31
    outcome = new_world.run(aggregate_of(new_world, [b"a", b"b"], lengths=[half, half + 2]))
    assert errnos(outcome) == [E.ILLEGAL_ARGUMENT]
    expected = charges.on_verify_aggregate_signature(new_world.prices, 2, 2)
    assert outcome.call.of_step(0) == [expected]


@pytest.mark.parametrize(
    "arguments",
    [
        (2**32 // 48 + 1, 0, 0, 0, 0),
        (0, PAGE - 95, 0, 0, 0),
        (1, 0, PAGE - 47, 0, 0),
        (1, 0, 0, 0, PAGE - 3),
        (1, 0, 0, PAGE - 1, 8),
    ],
)
def test_an_aggregates_parts_lie_in_memory(new_world, arguments):
    steps = [("gas.available",), ("crypto.verify_bls_aggregate", *arguments)]
    outcome = new_world.run(*steps)
    assert errnos(outcome) == [0, E.ILLEGAL_ARGUMENT]
    assert outcome.call.of_step(1) == []


def test_aggregates_could_not_be_checked_before(old_world):
    body = """(drop (call $check (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0))) (i32.const 0)"""
    memory = """(import "crypto" "verify_bls_aggregate" (func $check
        (param i32 i32 i32 i32 i32 i32) (result i32))) (memory (export "memory") 1)"""
    outcome = old_world.run_raw(body, options={"memory": memory})
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
