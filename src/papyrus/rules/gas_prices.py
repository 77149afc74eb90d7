"""The price of every operation of the virtual machine, in milligas (FIP-0032, 0037, 0057, 0071).

A price list belongs to a range of network versions: Hygge (nv18 to 20), Watermelon (nv21 to 24),
Teep (nv25 on). Prices are data only; `papyrus.vm.gas_charges` turns them into charges. All amounts
are integers in milligas, a thousandth of the gas that receipts count, because copying a byte costs
less than one gas. A price of zero is kept as a field, since a later list may change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

MILLIGAS = 1000
"""Milligas in one unit of gas."""

MAX_MILLIGAS = 2**64 - 1
"""Sums and products of gas stop here: the reference saturates instead of overflowing."""

SHA2_256 = 0x12
KECCAK_256 = 0x1B
RIPEMD_160 = 0x1053
BLAKE2B_256 = 0xB220
BLAKE2B_512 = 0xB240

SECP256K1_SIGNATURE = 1
BLS_SIGNATURE = 2

POREP_32GIB = 8
"""StackedDRG32GiBV1P1, whose aggregate prices also stand in for every type without a row."""
POREP_64GIB = 9
NI_POREP_32GIB = 18
NI_POREP_64GIB = 19


def gas(amount: int) -> int:
    """Return whole gas as milligas."""
    return amount * MILLIGAS


@dataclass(frozen=True, slots=True)
class ScalingCost:
    """A fixed part and a part per unit, both in milligas."""

    flat: int
    per_unit: int

    def apply(self, units: int) -> int:
        """Return the price of so many units, at most `MAX_MILLIGAS`."""
        return min(self.flat + self.per_unit * units, MAX_MILLIGAS)


FREE = ScalingCost(0, 0)


@dataclass(frozen=True, slots=True)
class AggregateSealPrice:
    """The price of verifying many seals by one proof, for one registered seal proof type."""

    proof_type: int
    per_sector: int
    steps: tuple[tuple[int, int], ...]
    """(first sector count, price) in rising order; below the first count the step is free."""

    def apply(self, sectors: int) -> int:
        """Return the price of a proof over so many sectors."""
        step = 0
        for first, price in self.steps:
            if sectors < first:
                break
            step = price
        return min(self.per_sector * sectors + step, MAX_MILLIGAS)


@dataclass(frozen=True, slots=True)
class WasmPrices:
    """The price of running Wasm (FIP-0032, FIP-0057)."""

    instruction: int
    """Constants, locals, globals, loads and stores, conversions between integer widths."""
    math: int
    """Arithmetic, comparison, bit and floating point instructions."""
    jump_unconditional: int
    jump_conditional: int
    jump_indirect: int
    call: int
    """What a call costs beyond its jump."""
    memory_fill_base: int
    memory_fill_per_byte: int
    """Per byte of memory that is zeroed, at instantiation and by `memory.grow`, or filled."""
    memory_access: int
    memory_copy_per_byte: int
    host_call: int
    """What every system call costs before it does anything."""
    table_element_size: int
    """Bytes that one table element counts for."""


@dataclass(frozen=True, slots=True)
class GasPrices:
    """One price list; see the reference's `PriceList` for the origin of each number."""

    name: str

    on_chain_message_compute: ScalingCost
    """Per byte of the message as it stands in a block."""
    on_chain_message_storage: ScalingCost
    on_chain_return_compute: ScalingCost
    """Per byte of the return value that the receipt holds."""
    on_chain_return_storage: ScalingCost

    transfer_funds: int
    invoke_method: int

    actor_lookup: int
    """Loading an actor from the state tree, once a message."""
    actor_update: int
    """Storing an actor in the state tree, once a message."""
    actor_create: int
    address_lookup: int
    """Finding an address in the init actor's table, charged when an address is assigned."""
    address_assignment: int
    preloaded_actors: frozenset[int]
    """Actors whose lookup and update cost nothing (FIP-0055)."""

    signatures: Mapping[int, ScalingCost] = field(hash=False)
    """By signature type, per byte of the signed message."""
    secp256k1_recover: int
    bls_pairing: int
    bls_hashing: ScalingCost
    """Per byte of all messages that an aggregate signature covers."""
    hashing: Mapping[int, ScalingCost] = field(hash=False)
    """By multihash code, per byte hashed."""

    compute_unsealed_sector_cid: int
    verify_seal: int
    verify_aggregate_seals: tuple[AggregateSealPrice, ...]
    """The first row also prices the proof types that have none."""
    verify_post: ScalingCost
    """Per challenged sector; the reference's table holds the same price for every proof type."""
    verify_consensus_fault: int
    verify_replica_update: int

    randomness_seed: int
    """Fetching randomness, before FIP-0075; the digest the kernel then draws is hashing."""
    tipset_cid_latest: int
    """The parent tipset's CID, before FIP-0075."""
    tipset_cid_historical: int
    """The CID of an older tipset, before FIP-0075."""
    lookback: ScalingCost | None
    """Randomness and tipset CIDs per epoch of lookback, from FIP-0075; None before it."""

    block_memcpy: ScalingCost
    block_allocate: ScalingCost
    block_memory_retention: ScalingCost
    """The least that each byte kept in memory must cost, so that a block's memory is bounded."""
    block_open: ScalingCost
    block_persist_storage: ScalingCost
    block_persist_compute: int

    tracks_links: bool
    """Whether the kernel keeps the set of reachable CIDs and charges for it (FIP-0071)."""
    scan_per_cid: int
    scan_per_field: int
    link_tracked: int
    link_checked: int

    event_validation: ScalingCost
    """Per byte of the CBOR event handed in, before FIP-0072."""
    event_accept_per_index: ScalingCost
    """Flat per indexed element and per indexed byte, before FIP-0072."""
    event_per_entry: ScalingCost
    """Per entry of an event, from FIP-0072."""
    utf8_validation: ScalingCost
    """Per byte of event keys, from FIP-0072."""

    manifest_lookup: int
    network_context: int
    message_context: int

    wasm: WasmPrices


_WASM_PRICES = WasmPrices(
    instruction=gas(4),
    math=gas(4),
    jump_unconditional=gas(4),
    jump_conditional=gas(4),
    jump_indirect=gas(4),
    call=0,
    memory_fill_base=0,
    memory_fill_per_byte=400,
    memory_access=0,
    memory_copy_per_byte=400,
    host_call=gas(14_000),
    table_element_size=8,
)

_POREP_STEPS_32GIB = (
    (4, gas(103_994_170)),
    (7, gas(112_356_810)),
    (13, gas(122_912_610)),
    (26, gas(137_559_930)),
    (52, gas(162_039_100)),
    (103, gas(210_960_780)),
    (205, gas(318_351_180)),
    (410, gas(528_274_980)),
)

_POREP_STEPS_64GIB = (
    (4, gas(102_581_240)),
    (7, gas(110_803_030)),
    (13, gas(120_803_700)),
    (26, gas(134_642_130)),
    (52, gas(157_357_890)),
    (103, gas(203_017_690)),
    (205, gas(304_253_590)),
    (410, gas(509_880_640)),
)

_NI_POREP_FIRST_SECTORS = (1, 2, 3, 5, 9, 17, 33)
"""A non-interactive proof holds 126 challenges a sector where an interactive one holds 10, so it
reaches each interactive step with fewer sectors; the free step does not exist."""

_INTERACTIVE_AGGREGATES = (
    AggregateSealPrice(POREP_32GIB, gas(449_900), _POREP_STEPS_32GIB),
    AggregateSealPrice(POREP_64GIB, gas(359_272), _POREP_STEPS_64GIB),
)


def _ni_porep(
    proof_type: int, per_challenge: int, steps: tuple[tuple[int, int], ...]
) -> AggregateSealPrice:
    prices = [price for _, price in steps[1:]]
    return AggregateSealPrice(
        proof_type,
        per_sector=per_challenge * 126,
        steps=tuple(zip(_NI_POREP_FIRST_SECTORS, prices, strict=True)),
    )


HYGGE = GasPrices(
    name="hygge",
    on_chain_message_compute=ScalingCost(gas(38_863), 0),
    on_chain_message_storage=ScalingCost(gas(36 * 1300), gas(1300)),
    on_chain_return_compute=FREE,
    on_chain_return_storage=ScalingCost(0, gas(1300)),
    transfer_funds=gas(6000),
    invoke_method=gas(75_000),
    actor_lookup=gas(500_000),
    actor_update=gas(475_000),
    actor_create=gas(650_000),
    address_lookup=gas(1_050_000),
    address_assignment=gas(1_000_000),
    preloaded_actors=frozenset({0, 1, 2, 3, 4, 5, 6, 7, 10, 99}),
    signatures=MappingProxyType(
        {
            SECP256K1_SIGNATURE: ScalingCost(gas(1_637_292), gas(10)),
            BLS_SIGNATURE: ScalingCost(gas(16_598_605), gas(26)),
        }
    ),
    secp256k1_recover=gas(1_637_292),
    bls_pairing=0,
    bls_hashing=FREE,
    hashing=MappingProxyType(
        {
            SHA2_256: ScalingCost(0, gas(7)),
            BLAKE2B_256: ScalingCost(0, gas(10)),
            BLAKE2B_512: ScalingCost(0, gas(10)),
            KECCAK_256: ScalingCost(0, gas(33)),
            RIPEMD_160: ScalingCost(0, gas(35)),
        }
    ),
    compute_unsealed_sector_cid=gas(98_647),
    verify_seal=gas(2000),
    verify_aggregate_seals=_INTERACTIVE_AGGREGATES,
    verify_post=ScalingCost(gas(117_680_921), gas(43_780)),
    verify_consensus_fault=gas(516_422),
    verify_replica_update=gas(36_316_136),
    randomness_seed=gas(21_000),
    tipset_cid_latest=gas(50_000),
    tipset_cid_historical=gas(215_000),
    lookback=None,
    block_memcpy=ScalingCost(0, 400),
    block_allocate=ScalingCost(0, gas(2)),
    block_memory_retention=ScalingCost(0, gas(10)),
    block_open=ScalingCost(gas(187_440), 0),
    block_persist_storage=ScalingCost(gas(334_000), gas(3340)),
    block_persist_compute=gas(172_000),
    tracks_links=False,
    scan_per_cid=0,
    scan_per_field=0,
    link_tracked=0,
    link_checked=0,
    event_validation=ScalingCost(gas(1750), gas(25)),
    event_accept_per_index=FREE,
    event_per_entry=FREE,
    utf8_validation=FREE,
    manifest_lookup=0,
    network_context=0,
    message_context=0,
    wasm=_WASM_PRICES,
)
"""Network versions 18 to 20, as fvm 3.14 holds them."""

FIRST_INCLUSION = replace(
    HYGGE,
    name="first inclusion",
    on_chain_message_storage=ScalingCost(gas(36 * 1000), gas(1000)),
    actor_update=0,
)
"""What the first price list asked for a message's place on chain; nothing else of it is held.

Lotus asks the list of a height, not of a version, for the least gas of a message in a block. On
networks whose upgrades lie before genesis, or that borrow mainnet's heights, it finds this one.
"""

WATERMELON = replace(
    HYGGE,
    name="watermelon",
    bls_pairing=gas(8_299_302),
    bls_hashing=ScalingCost(0, gas(7)),
    randomness_seed=0,
    tipset_cid_latest=0,
    tipset_cid_historical=0,
    # 5800 for each of 19 skips of 20 epochs, 15000 for the digest, 21000 to reach the node.
    lookback=ScalingCost(gas(5800 * 19 + 15_000 + 21_000), gas(75)),
    tracks_links=True,
    scan_per_cid=gas(400),
    scan_per_field=gas(35),
    link_tracked=gas(300),
    link_checked=gas(300),
    event_validation=FREE,
    event_per_entry=ScalingCost(gas(2000), gas(1400)),
    utf8_validation=ScalingCost(gas(500), gas(16)),
)
"""Network versions 21 to 24, as fvm 4.8 holds them (FIP-0071, 0072, 0075)."""

TEEP = replace(
    WATERMELON,
    name="teep",
    verify_seal=gas(42_000_000),
    verify_aggregate_seals=(
        *_INTERACTIVE_AGGREGATES,
        _ni_porep(NI_POREP_32GIB, gas(44_990), _POREP_STEPS_32GIB),
        _ni_porep(NI_POREP_64GIB, gas(35_928), _POREP_STEPS_64GIB),
    ),
)
"""Network version 25 on: seal verification at its measured cost (FIP-0092)."""
