"""System calls for randomness."""

from dataclasses import replace

import pytest

from papyrus.crypto.hashing import blake2b_256
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel.random import draw

EPOCH = 5000
PAGE = 65_536
KINDS = [("chain", "ticket"), ("beacon", "beacon")]


@pytest.mark.parametrize(("name", "kind"), KINDS)
@pytest.mark.parametrize("epoch", [EPOCH, EPOCH - 1, 0])
def test_an_actor_is_given_the_digest_and_draws_itself(new_world, name, kind, epoch):
    outcome = new_world.run((f"rand.get_{name}_randomness", epoch))
    assert outcome.steps[0].errno == 0
    assert outcome.steps[0].out == blake2b_256(f"{kind} {epoch}".encode())
    expected = [charges.on_get_randomness(new_world.prices, EPOCH - epoch)]
    assert outcome.call.of_step(0) == expected


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_the_kernel_drew_from_the_digest_before(old_world, name, kind):
    outcome = old_world.run((f"rand.get_{name}_randomness", -2, EPOCH - 3, b"entropy"))
    seed = (-2).to_bytes(8, "big", signed=True)
    seed += blake2b_256(f"{kind} {EPOCH - 3}".encode())
    seed += (EPOCH - 3).to_bytes(8, "big") + b"entropy"
    assert outcome.steps[0].errno == 0
    assert outcome.steps[0].out == blake2b_256(seed)
    assert outcome.call.of_step(0) == [charges.on_draw_randomness(old_world.prices, 7)]


@pytest.mark.parametrize("name", ["chain", "beacon"])
def test_an_epoch_without_randomness_is_refused_after_the_charge(world, name):
    arguments = (1, -1, b"") if world.rules.max_tipset_lookback else (-1,)
    outcome = world.run((f"rand.get_{name}_randomness", *arguments))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
    assert [charge for charge, _, _ in outcome.call.of_step(0)] == ["OnGetRandomness"]


def test_drawing_reads_entropy_before_it_charges(old_world):
    outcome = old_world.run(("rand.get_chain_randomness", 1, EPOCH, PAGE, 1))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
    assert outcome.call.of_step(0) == []


def test_a_coming_epoch_costs_more_gas_than_there_is(new_world):
    outcome = new_world.run(("rand.get_beacon_randomness", EPOCH + 1))
    assert outcome.code == ExitCode.SYS_OUT_OF_GAS
    assert outcome.receipt.gas_used == new_world.message().gas_limit


def test_a_coming_epoch_was_refused_when_drawing(old_world):
    outcome = old_world.run(("rand.get_beacon_randomness", 1, EPOCH + 1, b""))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT


@pytest.mark.parametrize("name", ["chain", "beacon"])
def test_an_epoch_too_far_to_count_is_refused_without_charge(new_world, name):
    outcome = new_world.run((f"rand.get_{name}_randomness", -(2**63)))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
    assert outcome.call.of_step(0) == []


@pytest.mark.parametrize(
    ("here", "epoch", "countable"),
    [
        (EPOCH, EPOCH + 1 - 2**63, True),
        (EPOCH, EPOCH - 2**63, False),
        (-1, 2**63 - 1, True),
        (-2, 2**63 - 1, False),
    ],
)
def test_a_lookback_has_64_bits(new_world, here, epoch, countable):
    new_world.context = replace(new_world.context, epoch=here)
    outcome = new_world.run(("rand.get_chain_randomness", epoch))
    if countable:
        assert outcome.code == ExitCode.SYS_OUT_OF_GAS
        assert [name for name, _, _ in outcome.call.of_step(0)] == ["OnGetRandomness"]
    else:
        assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
        assert outcome.call.of_step(0) == []


def test_a_draw_hashes_signed_numbers():
    seed = b"\xff" * 7 + b"\xfe" + b"digest" + b"\xff" * 8 + b"entropy"
    assert draw(b"digest", -2, -1, b"entropy") == blake2b_256(seed)
