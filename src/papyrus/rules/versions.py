"""The rules of each network version, as one value apiece (FIP-0032 and each upgrade's FIPs).

A network version is the number that a network upgrade raises. What it changes outside of the
actors is a field of `Rules`, named after the behaviour; the next version is the last one with some
fields replaced. Network version 18 is held because the public message vectors end there, 21 and
later because the machine that runs them is the one of today. Code above asks for fields; only this
package compares version numbers.
"""

from dataclasses import dataclass, replace
from enum import Enum

from papyrus.primitives.errors import UnsupportedNetworkVersion
from papyrus.rules.gas_prices import HYGGE, TEEP, WATERMELON, GasPrices

_MEBIBYTE = 1 << 20


class KernelAbi(Enum):
    """The two shapes of the interface between actors and the machine."""

    FVM3 = "fvm3"
    """Before FIP-0071 to 0075: randomness is drawn in the kernel, events come as one buffer."""
    FVM4 = "fvm4"
    """From nv21 on."""


@dataclass(frozen=True, slots=True)
class EventLimits:
    """How large an actor's event may be."""

    entries: int
    key_length: int
    """In bytes of UTF-8."""
    values_length: int
    """Bytes of all values together."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything outside of the actors that depends on the network version."""

    network_version: int
    name: str
    """What people call the upgrade that begins it."""

    prices: GasPrices
    kernel: KernelAbi
    actors_version: int
    """The major version of the built-in actors."""

    state_tree_version: int
    """5: an actor in the state tree has a place for its delegated address (FIP-0048)."""
    receipt_version: int
    """1: a receipt has a place for the root of its events (FIP-0049)."""

    max_call_depth: int
    """Calls within calls, the message itself included."""
    max_wasm_stack: int
    """Elements on the Wasm stack as the stack limiter counts them."""
    max_instance_memory: int
    """Bytes of linear memory of one call."""
    max_memory: int
    """Bytes of linear memory and tables of all calls of a message together."""
    max_block_size: int
    """Bytes of an IPLD block that an actor hands to the machine."""
    event_limits: EventLimits

    max_tipset_lookback: int | None
    """Epochs into the past at which a tipset's CID can no longer be asked for; None for any."""
    depth_limit_keeps_gas_limit: bool
    """Whether a call refused for its depth leaves the gas limit it asked for in force."""
    traces_implicit_constructors: bool
    """Whether a trace shows the actor reached when an account is made on first use."""

    market_collateral_is_locked: bool
    """Whether collateral and fees in the market count as locked supply; not since FIP-0065."""
    legacy_ethereum_transactions: bool
    """Whether delegated signatures may cover legacy and EIP-155 transactions (FIP-0091)."""
    uses_teep_reserve: bool
    """Whether the reserve began with the network's enlarged amount (FIP-0100, not on mainnet)."""
    records_are_current: bool
    """Whether all actors keep the records that are kept today, which FIP-0100 changed last."""


NV18 = Rules(
    network_version=18,
    name="Hygge",
    prices=HYGGE,
    kernel=KernelAbi.FVM3,
    actors_version=10,
    state_tree_version=5,
    receipt_version=1,
    max_call_depth=1024,
    max_wasm_stack=2048,
    max_instance_memory=512 * _MEBIBYTE,
    max_memory=2048 * _MEBIBYTE,
    max_block_size=_MEBIBYTE,
    event_limits=EventLimits(entries=256, key_length=32, values_length=8192),
    max_tipset_lookback=900,
    depth_limit_keeps_gas_limit=True,
    traces_implicit_constructors=True,
    market_collateral_is_locked=True,
    legacy_ethereum_transactions=False,
    uses_teep_reserve=False,
    records_are_current=False,
)

NV21 = replace(
    NV18,
    network_version=21,
    name="Watermelon",
    prices=WATERMELON,  # FIP-0071, 0072, 0075
    kernel=KernelAbi.FVM4,  # FIP-0071 to 0073, 0075
    max_tipset_lookback=None,  # FIP-0075
    depth_limit_keeps_gas_limit=False,
    traces_implicit_constructors=False,
    actors_version=12,
    event_limits=EventLimits(entries=255, key_length=31, values_length=8192),  # FIP-0072
)

NV22 = replace(NV21, network_version=22, name="Dragon", actors_version=13)

NV23 = replace(
    NV22,
    network_version=23,
    name="Waffle",
    actors_version=14,
    market_collateral_is_locked=False,  # FIP-0065
    legacy_ethereum_transactions=True,  # FIP-0091
)

NV24 = replace(NV23, network_version=24, name="TukTuk", actors_version=15)

NV25 = replace(
    NV24,
    network_version=25,
    name="Teep",
    prices=TEEP,
    actors_version=16,
    uses_teep_reserve=True,  # FIP-0100
    records_are_current=True,  # FIP-0100
)

NV26 = replace(NV25, network_version=26, name="Tock")

NV27 = replace(NV26, network_version=27, name="GoldenWeek", actors_version=17)

NV28 = replace(NV27, network_version=28, name="FireHorse", actors_version=18)

SUPPORTED = (NV18, NV21, NV22, NV23, NV24, NV25, NV26, NV27, NV28)
"""Every version held, oldest first."""

_BY_VERSION = {rules.network_version: rules for rules in SUPPORTED}


def rules_for(network_version: int) -> Rules:
    """Return the rules of a network version; UnsupportedNetworkVersion where none are held."""
    rules = _BY_VERSION.get(network_version)
    if rules is None:
        raise UnsupportedNetworkVersion(network_version)
    return rules
