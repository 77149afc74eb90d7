"""Charges, against figures that Lotus' FVM wrote into traces and the references' price lists."""

from dataclasses import replace

import pytest

from papyrus.rules.gas_prices import (
    BLAKE2B_256,
    BLAKE2B_512,
    FREE,
    HYGGE,
    KECCAK_256,
    MAX_MILLIGAS,
    NI_POREP_32GIB,
    NI_POREP_64GIB,
    POREP_32GIB,
    POREP_64GIB,
    RIPEMD_160,
    SHA2_256,
    TEEP,
    WATERMELON,
    ScalingCost,
    gas,
)
from papyrus.vm import gas_charges as charges

MADE_UP = replace(
    TEEP,
    on_chain_return_compute=ScalingCost(3, 5),
    on_chain_return_storage=ScalingCost(7, 11),
    block_memcpy=ScalingCost(1, 2),
    block_allocate=ScalingCost(3, 5),
    block_memory_retention=ScalingCost(7, 1000),
    block_open=ScalingCost(11, 13),
    link_tracked=47,
    link_checked=53,
    event_validation=ScalingCost(59, 61),
    event_accept_per_index=ScalingCost(17, 19),
    manifest_lookup=23,
    network_context=29,
    message_context=31,
    wasm=replace(TEEP.wasm, memory_fill_base=41, memory_fill_per_byte=43),
)
"""No price that the reference's formulas use is zero here, so that each formula shows whole."""

HUGE = 2**62
"""Bytes or counts whose price is more gas than there is."""


def _rounded(charge):
    """Return a charge as traces show it: total, compute and storage, each rounded up."""
    name, compute, storage = charge
    return name, *(-(-amount // 1000) for amount in (compute + storage, compute, storage))


@pytest.mark.parametrize(
    ("charge", "arguments", "traced"),
    [
        (charges.on_syscall, (), ("OnSyscall", 14000, 14000, 0)),
        (charges.on_method_invocation, (1,), ("OnMethodInvocation", 75300, 75300, 0)),
        (charges.on_block_open_base, (), ("OnBlockOpenBase", 187740, 300, 187440)),
        (charges.on_block_open, (53, 1), ("OnBlockOpen", 530, 300, 230)),
        (charges.on_block_open, (352, 8), ("OnBlockOpen", 3520, 2400, 1120)),
        (charges.on_block_read, (53,), ("OnBlockRead", 22, 22, 0)),
        (charges.on_block_create, (4, 0), ("OnBlockCreate", 40, 10, 31)),
        (charges.on_block_create, (197, 2), ("OnBlockCreate", 1970, 1073, 898)),
        (charges.on_block_link, (BLAKE2B_256, 197), ("OnBlockLink", 1166723, 2743, 1163980)),
        (charges.on_get_root, (), ("OnActorGetRoot", 300, 300, 0)),
        (charges.on_set_root, (), ("OnActorSetRoot", 300, 300, 0)),
        (charges.on_scan_links, (20, 2), ("OnScanIpldLinks", 1500, 1500, 0)),
        (charges.on_return_value, (1,), ("OnReturnValue", 300, 300, 0)),
        (charges.on_actor_lookup, (), ("OnActorLookup", 500000, 0, 500000)),
        (charges.on_actor_update, (), ("OnActorUpdate", 475000, 0, 475000)),
        (charges.on_value_transfer, (), ("OnValueTransfer", 6000, 6000, 0)),
        (charges.on_chain_message, (123,), ("OnChainMessage", 720563, 38863, 681700)),
        (charges.on_chain_return_value, (66,), ("OnChainReturnValue", 85800, 0, 85800)),
        (charges.on_verify_consensus_fault, (), ("OnVerifyConsensusFault", 516422, 0, 516422)),
        (charges.on_tipset_cid, (13,), ("OnTipsetCid", 147175, 0, 147175)),
        (charges.on_get_randomness, (922,), ("OnGetRandomness", 215350, 0, 215350)),
        (charges.on_verify_signature, (2, 119), ("OnVerifySignature", 16601699, 16601699, 0)),
        (charges.on_verify_signature, (1, 28), ("OnVerifySignature", 1637572, 1637572, 0)),
        (
            charges.on_compute_unsealed_sector_cid,
            (),
            ("OnComputeUnsealedSectorCid", 98647, 98647, 0),
        ),
        (charges.on_verify_seal, (), ("OnVerifySeal", 42000000, 42000000, 0)),
        (charges.on_actor_event, (2, 3, 64), ("OnActorEvent", 7017, 5814, 1203)),
    ],
)
def test_charge_is_what_lotus_traced(charge, arguments, traced):
    assert _rounded(charge(TEEP, *arguments)) == traced


@pytest.mark.parametrize("prices", [HYGGE, WATERMELON, TEEP])
@pytest.mark.parametrize(
    ("charge", "arguments", "name", "compute", "storage"),
    [
        (charges.on_syscall, (), "OnSyscall", 14_000, 0),
        (charges.on_recover_secp_public_key, (), "OnRecoverSecpPublicKey", 1_637_292, 0),
        (charges.on_verify_replica_update, (), "OnVerifyReplicaUpdate", 36_316_136, 0),
        (charges.on_verify_post, (10,), "OnVerifyPost", 117_680_921 + 437_800, 0),
        (charges.on_hashing, (SHA2_256, 100), "OnHashing", 700, 0),
        (charges.on_hashing, (BLAKE2B_256, 100), "OnHashing", 1000, 0),
        (charges.on_hashing, (BLAKE2B_512, 100), "OnHashing", 1000, 0),
        (charges.on_hashing, (KECCAK_256, 100), "OnHashing", 3300, 0),
        (charges.on_hashing, (RIPEMD_160, 100), "OnHashing", 3500, 0),
    ],
)
def test_charge_is_that_of_every_price_list(prices, charge, arguments, name, compute, storage):
    assert charge(prices, *arguments) == (name, gas(compute), gas(storage))


@pytest.mark.parametrize(
    ("charge", "name"),
    [
        (charges.nothing, "none"),
        (charges.on_delete_actor, "OnDeleteActor"),
        (charges.on_block_stat, "OnBlockStat"),
        (charges.on_self_balance, "OnSelfBalance"),
        (charges.on_balance_of, "OnBalanceOf"),
        (charges.on_resolve_address, "OnResolveAddress"),
        (charges.on_lookup_delegated_address, "OnLookupAddress"),
        (charges.on_get_actor_code_cid, "OnGetActorCodeCid"),
    ],
)
def test_charge_that_no_price_list_prices_is_traced_as_zero(charge, name):
    assert charge() == (name, 0, 0)


def test_metered_instructions_are_charged_as_they_were_counted():
    assert charges.wasm_exec(123_456) == ("wasm_exec", 123_456, 0)
    assert charges.wasm_memory_grow(26_214_400) == ("wasm_memory_grow", 26_214_400, 0)


@pytest.mark.parametrize(
    ("charge", "arguments", "name", "compute", "storage"),
    [
        (charges.wasm_memory_init, (10,), "wasm_memory_init", 41 + 430, 0),
        (charges.wasm_table_init, (10,), "wasm_table_init", 41 + 43 * 80, 0),
        (charges.on_chain_return_value, (10,), "OnChainReturnValue", 53, 117),
        (charges.on_return_value, (3,), "OnReturnValue", 141, 0),
        (charges.on_method_invocation, (3,), "OnMethodInvocation", 75_000_141, 0),
        (charges.on_get_root, (), "OnActorGetRoot", 47, 0),
        (charges.on_set_root, (), "OnActorSetRoot", 53, 0),
        (charges.on_block_open_base, (), "OnBlockOpenBase", 53, 11),
        # 130 to open, 21 to copy and 53 to allocate; then what 10,007 to retain is more than all.
        (charges.on_block_open, (10, 2), "OnBlockOpen", 94, 10_007 - 94),
        (charges.on_block_read, (10,), "OnBlockRead", 21, 0),
        (charges.on_block_create, (10, 2), "OnBlockCreate", 21 + 53 + 106, 10_007 - 180),
        (
            charges.on_block_link,
            (BLAKE2B_256, 10),
            "OnBlockLink",
            21 + 53 + 100_000 + 47,
            gas(172_000 + 334_000 + 33_400),
        ),
        # 97 bytes, each copy of which costs 683.
        (
            charges.on_actor_event,
            (2, 3, 64),
            "OnActorEvent",
            2 * 683 + gas(2000 + 2800 + 500 + 48),
            970_000 + 683,
        ),
        (charges.on_actor_event_validate, (10,), "OnActorEventValidate", 21 + 53 + 59 + 610, 0),
        # 22 bytes: a copy costs 45, an allocation 113.
        (
            charges.on_actor_event_accept,
            (10, 2, 40),
            "OnActorEventAccept",
            45 + 113,
            34 + 760 + 90 + 113 + 220_000,
        ),
        (charges.on_get_builtin_actor_type, (), "OnGetBuiltinActorType", 23, 0),
        (charges.on_get_code_cid_for_type, (), "OnGetCodeCidForType", 23, 0),
        (charges.on_network_context, (), "OnNetworkContext", 29, 0),
        (charges.on_message_context, (), "OnMessageContext", 31, 0),
    ],
)
def test_formula_holds_where_no_price_is_zero(charge, arguments, name, compute, storage):
    assert charge(MADE_UP, *arguments) == (name, compute, storage)


@pytest.mark.parametrize(
    ("tracks_links", "expected"),
    [(True, ("OnBlockOpen", 94, 130 + 74)), (False, ("OnBlockOpenPerByte", 74, 130))],
)
def test_block_that_costs_more_than_its_memory_pays_no_surcharge(tracks_links, expected):
    prices = replace(MADE_UP, tracks_links=tracks_links, block_memory_retention=FREE)
    assert charges.on_block_open(prices, 10, 2) == expected
    assert charges.on_block_create(prices, 10, 2) == ("OnBlockCreate", 180, 0)


def test_block_opened_by_fvm_3_pays_for_its_memory_beyond_copy_and_opening():
    prices = replace(MADE_UP, tracks_links=False)
    assert charges.on_block_open(prices, 10, 2) == ("OnBlockOpenPerByte", 74, 10_007 - 74)


@pytest.mark.parametrize("prices", [HYGGE, WATERMELON, TEEP])
def test_new_address_pays_for_its_assignment_and_lookup(prices):
    assert charges.on_create_actor(prices, new_address=False) == ("OnCreateActor", 0, gas(650_000))
    assert charges.on_create_actor(prices, new_address=True) == (
        "OnCreateActor",
        0,
        gas(650_000 + 1_000_000 + 1_050_000),
    )


@pytest.mark.parametrize(
    ("prices", "seal", "scanned"),
    [(HYGGE, 2000, 0), (WATERMELON, 2000, 1500), (TEEP, 42_000_000, 1500)],
)
def test_charge_depends_on_the_price_list(prices, seal, scanned):
    assert charges.on_verify_seal(prices) == ("OnVerifySeal", gas(seal), 0)
    assert charges.on_scan_links(prices, 20, 2) == ("OnScanIpldLinks", gas(scanned), 0)


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


def test_hygge_randomness_pays_for_the_draw_and_not_for_lookback():
    assert charges.on_draw_randomness(HYGGE, 32) == ("OnGetRandomness", 0, gas(21_000 + 800))
    assert charges.on_get_randomness(HYGGE, 900) == ("OnGetRandomness", 0, 0)


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


@pytest.mark.parametrize("charge", [charges.on_get_randomness, charges.on_tipset_cid])
def test_lookback_into_the_future_costs_more_gas_than_there_is(charge):
    assert charge(TEEP, -1)[1:] == (0, MAX_MILLIGAS)


@pytest.mark.parametrize(
    ("charge", "arguments", "compute", "storage"),
    [
        (charges.wasm_memory_init, (HUGE,), MAX_MILLIGAS, 0),
        (charges.wasm_table_init, (HUGE,), MAX_MILLIGAS, 0),
        (charges.on_chain_message, (HUGE,), gas(38_863), MAX_MILLIGAS),
        (charges.on_verify_aggregate_signature, (HUGE, 0), MAX_MILLIGAS, 0),
        (charges.on_draw_randomness, (HUGE,), 0, MAX_MILLIGAS),
        (charges.on_actor_event, (1, HUGE, 0), MAX_MILLIGAS, MAX_MILLIGAS),
        (charges.on_actor_event, (1, 0, HUGE), MAX_MILLIGAS, MAX_MILLIGAS),
    ],
)
def test_sum_of_prices_saturates(charge, arguments, compute, storage):
    assert charge(replace(TEEP, randomness_seed=1), *arguments)[1:] == (compute, storage)


def test_total_is_both_parts_and_saturates():
    assert charges.total(("x", 3, 5)) == 8
    assert charges.total(("x", MAX_MILLIGAS - 6, 5)) == MAX_MILLIGAS - 1
    assert charges.total(("x", MAX_MILLIGAS, 5)) == MAX_MILLIGAS


@pytest.mark.parametrize(
    ("proof_type", "sectors", "expected"),
    [
        (POREP_32GIB, 3, 449_900 * 3),
        (POREP_32GIB, 13, 449_900 * 13 + 122_912_610),
        (POREP_64GIB, 13, 359_272 * 13 + 120_803_700),
        (NI_POREP_32GIB, 1, 44_990 * 126 + 112_356_810),
        (NI_POREP_64GIB, 33, 35_928 * 126 * 33 + 509_880_640),
    ],
)
def test_aggregate_pays_for_each_seal_and_for_the_step_they_reach(proof_type, sectors, expected):
    charge = charges.on_verify_aggregate_seals(TEEP, proof_type, sectors)
    assert charge == ("OnVerifyAggregateSeals", gas(expected), 0)


def test_aggregate_of_an_unlisted_proof_type_costs_as_32_gib():
    listed = charges.on_verify_aggregate_seals(TEEP, POREP_32GIB, 13)
    assert charges.on_verify_aggregate_seals(TEEP, 5, 13) == listed


def test_aggregate_signature_takes_one_pairing_more_than_messages():
    charge = charges.on_verify_aggregate_signature(TEEP, 2, 10)
    assert charge == ("OnVerifyBlsAggregateSignature", gas(3 * 8_299_302 + 70), 0)


def test_initial_memory_and_table_are_charged_by_the_byte():
    page = 65_536
    assert charges.wasm_memory_init(HYGGE, 17 * page) == ("wasm_memory_init", 445_644_800, 0)
    assert charges.wasm_table_init(HYGGE, 10) == ("wasm_table_init", 32_000, 0)
