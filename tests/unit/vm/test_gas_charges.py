"""Charges, against figures that Lotus' FVM wrote into traces and the reference's own tests."""

import pytest

from papyrus.rules.gas_prices import (
    BLAKE2B_256,
    HYGGE,
    KECCAK_256,
    MAX_MILLIGAS,
    POREP_32GIB,
    TEEP,
    WATERMELON,
    gas,
)
from papyrus.vm import gas_charges as charges


def _rounded(charge):
    """Return a charge as traces show it: total, compute and storage, each rounded up."""
    name, compute, storage = charge
    return name, *(-(-amount // 1000) for amount in (compute + storage, compute, storage))


@pytest.mark.parametrize(
    ("charge", "traced"),
    [
        (charges.on_syscall(TEEP), ("OnSyscall", 14000, 14000, 0)),
        (charges.on_method_invocation(TEEP, 1), ("OnMethodInvocation", 75300, 75300, 0)),
        (charges.on_block_open_base(TEEP), ("OnBlockOpenBase", 187740, 300, 187440)),
        (charges.on_block_open(TEEP, 53, 1), ("OnBlockOpen", 530, 300, 230)),
        (charges.on_block_open(TEEP, 352, 8), ("OnBlockOpen", 3520, 2400, 1120)),
        (charges.on_block_read(TEEP, 53), ("OnBlockRead", 22, 22, 0)),
        (charges.on_block_create(TEEP, 4, 0), ("OnBlockCreate", 40, 10, 31)),
        (charges.on_block_create(TEEP, 197, 2), ("OnBlockCreate", 1970, 1073, 898)),
        (
            charges.on_block_link(TEEP, BLAKE2B_256, 197),
            ("OnBlockLink", 1166723, 2743, 1163980),
        ),
        (charges.on_get_root(TEEP), ("OnActorGetRoot", 300, 300, 0)),
        (charges.on_set_root(TEEP), ("OnActorSetRoot", 300, 300, 0)),
        (charges.on_scan_links(TEEP, 20, 2), ("OnScanIpldLinks", 1500, 1500, 0)),
        (charges.on_return_value(TEEP, 1), ("OnReturnValue", 300, 300, 0)),
        (charges.on_actor_lookup(TEEP), ("OnActorLookup", 500000, 0, 500000)),
        (charges.on_actor_update(TEEP), ("OnActorUpdate", 475000, 0, 475000)),
        (charges.on_value_transfer(TEEP), ("OnValueTransfer", 6000, 6000, 0)),
        (charges.on_chain_message(TEEP, 123), ("OnChainMessage", 720563, 38863, 681700)),
        (charges.on_chain_return_value(TEEP, 66), ("OnChainReturnValue", 85800, 0, 85800)),
        (charges.on_create_actor(TEEP, new_address=False), ("OnCreateActor", 650000, 0, 650000)),
        (charges.on_create_actor(TEEP, new_address=True), ("OnCreateActor", 2700000, 0, 2700000)),
        (charges.on_verify_consensus_fault(TEEP), ("OnVerifyConsensusFault", 516422, 0, 516422)),
        (charges.on_tipset_cid(TEEP, 13), ("OnTipsetCid", 147175, 0, 147175)),
        (charges.on_get_randomness(TEEP, 922), ("OnGetRandomness", 215350, 0, 215350)),
        (charges.on_verify_signature(TEEP, 2, 119), ("OnVerifySignature", 16601699, 16601699, 0)),
        (charges.on_verify_signature(TEEP, 1, 28), ("OnVerifySignature", 1637572, 1637572, 0)),
        (
            charges.on_compute_unsealed_sector_cid(TEEP),
            ("OnComputeUnsealedSectorCid", 98647, 98647, 0),
        ),
        (charges.on_verify_seal(TEEP), ("OnVerifySeal", 42000000, 42000000, 0)),
        (charges.on_actor_event(TEEP, 2, 3, 64), ("OnActorEvent", 7017, 5814, 1203)),
    ],
)
def test_charge_is_what_lotus_traced(charge, traced):
    assert _rounded(charge) == traced


@pytest.mark.parametrize("prices", [HYGGE, WATERMELON, TEEP])
def test_reading_and_writing_a_block_cost_ten_gas_a_byte(prices):
    assert charges.total(charges.on_block_open(prices, 10, 0)) == gas(100)
    assert charges.total(charges.on_block_create(prices, 10, 0)) == gas(100)


def test_hygge_opens_a_block_under_the_name_and_split_of_fvm_3():
    assert charges.on_block_open(HYGGE, 10, 3) == ("OnBlockOpenPerByte", gas(24), gas(76))


def test_hygge_charges_nothing_for_links():
    assert charges.on_block_open_base(HYGGE) == ("OnBlockOpenBase", 0, gas(187_440))
    assert charges.on_method_invocation(HYGGE, 5) == ("OnMethodInvocation", gas(75_000), 0)


def test_hygge_tipset_cid_depends_only_on_whether_it_is_the_parent():
    assert charges.on_tipset_cid(HYGGE, 1) == ("OnTipsetCid", 0, gas(50_000))
    assert charges.on_tipset_cid(HYGGE, 2) == ("OnTipsetCid", 0, gas(215_000))


def test_hygge_randomness_pays_for_the_draw():
    assert charges.on_draw_randomness(HYGGE, 32) == ("OnGetRandomness", 0, gas(21_000 + 800))


def test_hygge_events_pay_for_validation_and_for_three_copies():
    assert charges.on_actor_event_validate(HYGGE, 100) == (
        "OnActorEventValidate",
        gas(40 + 200 + 1750 + 2500),
        0,
    )
    name, compute, storage = charges.on_actor_event_accept(HYGGE, 100, 2, 40)
    assert name == "OnActorEventAccept"
    assert compute == 112 * (400 + gas(2))
    assert storage == 112 * (800 + gas(2) + gas(10))


def test_randomness_of_a_coming_epoch_costs_more_gas_than_there_is():
    assert charges.on_get_randomness(TEEP, -1) == ("OnGetRandomness", 0, MAX_MILLIGAS)


def test_total_saturates():
    assert charges.total(("x", MAX_MILLIGAS, 5)) == MAX_MILLIGAS


def test_hashing_is_priced_by_function():
    assert charges.on_hashing(TEEP, KECCAK_256, 100) == ("OnHashing", gas(3300), 0)


def test_aggregate_of_an_unlisted_proof_type_costs_as_32_gib():
    listed = charges.on_verify_aggregate_seals(TEEP, POREP_32GIB, 13)
    assert listed == ("OnVerifyAggregateSeals", gas(449_900 * 13 + 122_912_610), 0)
    assert charges.on_verify_aggregate_seals(TEEP, 5, 13) == listed


def test_aggregate_signature_takes_one_pairing_more_than_messages():
    charge = charges.on_verify_aggregate_signature(TEEP, 2, 10)
    assert charge == ("OnVerifyBlsAggregateSignature", gas(3 * 8_299_302 + 70), 0)


def test_initial_memory_and_table_are_charged_by_the_byte():
    page = 65_536
    assert charges.wasm_memory_init(HYGGE, 17 * page) == ("wasm_memory_init", 445_644_800, 0)
    assert charges.wasm_table_init(HYGGE, 10) == ("wasm_table_init", 32_000, 0)
