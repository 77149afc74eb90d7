"""Which sector a block's producer is asked for."""

from functools import cache
from hashlib import sha256

import pytest
from block_making import FIRST_MINER, SECTORS, Moment, SmallChain
from hypothesis import given
from hypothesis import strategies as st

from papyrus.consensus.miner_states import MinerState
from papyrus.consensus.winning_sectors import (
    AcceptAllWinningProofs,
    as_scalar,
    challenged_places,
    prover_id,
    winning_sectors,
    winning_statement,
)
from papyrus.primitives.address import Address
from papyrus.primitives.bitfield import BitField
from papyrus.vm.state_tree import StateTree


def miner_state(change=None) -> MinerState:
    chain = SmallChain({Moment.PAST: change} if change else None)
    return MinerState.of(StateTree(chain.store, chain.states[Moment.PAST]), FIRST_MINER)


@cache
def plain_state() -> MinerState:
    return miner_state()


def test_a_genesis_miner_proves_all_its_sectors():
    state = miner_state()
    assert state.active_sectors() == BitField.from_bits(range(SECTORS))
    assert state.info.sector_size == 2048
    assert state.fee_debt == 0


def test_a_place_is_drawn_from_the_miner_and_the_randomness():
    randomness = bytes(range(100, 132))
    seed = prover_id(1000) + randomness[:31] + bytes([131 & 0x3F])
    expected = int.from_bytes(sha256(seed + bytes(8)).digest()[:8], "little")
    assert challenged_places(1000, randomness, 1 << 64) == (expected,)
    assert challenged_places(1000, randomness, 1_000_003) == (expected % 1_000_003,)


def test_provers_are_written_as_their_id_addresses():
    assert prover_id(1000) == Address.from_id(1000).payload + bytes(30)
    assert prover_id(127) == b"\x7f" + bytes(31)


def test_randomness_becomes_a_scalar_by_its_two_highest_bits():
    assert as_scalar(b"\xff" * 32) == b"\xff" * 31 + b"\x3f"
    assert as_scalar(bytes(31) + b"\x3f") == bytes(31) + b"\x3f"


@given(st.binary(min_size=32, max_size=32))
def test_every_draw_names_one_active_sector(randomness):
    [sector] = winning_sectors(plain_state(), FIRST_MINER, randomness)
    [place] = challenged_places(FIRST_MINER, randomness, SECTORS)
    assert sector.sector_number == place
    assert sector.sealed_cid == plain_state().sector(place).sealed_cid
    assert sector.proof == plain_state().sector(place).seal_proof


def test_every_sector_is_asked_for_sometimes():
    drawn = {
        winning_sectors(plain_state(), FIRST_MINER, bytes([number]) * 32)[0].sector_number
        for number in range(40)
    }
    assert drawn == set(range(SECTORS))


def test_faulty_sectors_are_passed_over_when_places_are_counted():
    state = miner_state(lambda editor: editor.mark_sectors(FIRST_MINER, faults=(1,)))
    assert state.active_sectors() == BitField.from_bits((0, 2))
    drawn = {
        winning_sectors(state, FIRST_MINER, bytes([number]) * 32)[0].sector_number
        for number in range(40)
    }
    assert drawn == {0, 2}


@pytest.mark.parametrize("kind", ["faults", "unproven", "terminated"])
def test_sectors_that_do_not_count_are_not_active(kind):
    state = miner_state(lambda editor: editor.mark_sectors(FIRST_MINER, **{kind: (0, 2)}))
    assert state.active_sectors() == BitField.from_bits((1,))


def test_without_active_sectors_none_is_asked_for():
    state = miner_state(lambda editor: editor.forget_sectors(FIRST_MINER))
    assert winning_sectors(state, FIRST_MINER, bytes(32)) == ()


def test_an_unknown_proof_type_is_said():
    state = miner_state(lambda editor: editor.info(FIRST_MINER, window_post_proof_type=99))
    with pytest.raises(LookupError, match="99"):
        winning_sectors(state, FIRST_MINER, bytes(32))


def test_a_statement_holds_the_scalar_and_the_sectors():
    sectors = winning_sectors(plain_state(), FIRST_MINER, b"\xff" * 32)
    statement = winning_statement(FIRST_MINER, b"\xff" * 32, sectors, ())
    assert statement.randomness == as_scalar(b"\xff" * 32)
    assert statement.challenged_sectors == sectors
    assert statement.prover == FIRST_MINER
    assert AcceptAllWinningProofs().verify_winning_post(statement)
    assert "no winning proof is checked" in AcceptAllWinningProofs.name
