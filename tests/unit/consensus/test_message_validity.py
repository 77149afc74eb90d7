"""What any message on chain must look like: every limit broken by one, and just kept."""

from dataclasses import replace

import pytest

from papyrus.consensus.message_validity import (
    MAX_VALUE,
    ZERO_ADDRESS,
    check_form,
    check_message,
    minimum_gas,
)
from papyrus.consensus.verdicts import Fault
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.rules.gas_prices import FIRST_INCLUSION, HYGGE, TEEP, WATERMELON
from papyrus.rules.networks import BUTTERFLYNET, CALIBNET, DEVNET, LOTUS_ITEST, MAINNET
from papyrus.types.message import Message

LENGTH = 100
MINIMUM = 38_863 + 475_000 + 1300 * (36 + LENGTH)
BLOCK_GAS = 10_000_000_000

MESSAGE = Message(
    version=0,
    to=Address.from_id(100),
    sender=Address.from_id(101),
    nonce=0,
    value=ZERO,
    gas_limit=MINIMUM,
    gas_fee_cap=TokenAmount(100),
    gas_premium=TokenAmount(100),
    method=0,
    params=b"",
)

GOOD = {
    "the least gas": {},
    "a block's gas": {"gas_limit": BLOCK_GAS},
    "all FIL": {"value": MAX_VALUE},
    "no fees": {"gas_fee_cap": ZERO, "gas_premium": ZERO},
    "no premium": {"gas_premium": ZERO},
    "a huge fee cap": {"gas_fee_cap": TokenAmount(2**900)},
    "the last nonce": {"nonce": 2**64 - 1},
    "a BLS address that is not zero": {"to": Address.bls(b"\xc0" + bytes(46) + b"\x01")},
    "a delegated address": {"to": Address.delegated(10, bytes(20))},
    "itself": {"to": Address.from_id(101)},
}
BAD = {
    "version 1": ({"version": 1}, Fault.MESSAGE_VERSION),
    "the zero address": ({"to": ZERO_ADDRESS}, Fault.MESSAGE_TO_ZERO_ADDRESS),
    "less than nothing": ({"value": TokenAmount(-1)}, Fault.MESSAGE_VALUE),
    "more than all FIL": ({"value": MAX_VALUE + 1}, Fault.MESSAGE_VALUE),
    "a fee cap below zero": (
        {"gas_fee_cap": TokenAmount(-1), "gas_premium": TokenAmount(-1)},
        Fault.MESSAGE_FEE_CAP,
    ),
    "a premium below zero": ({"gas_premium": TokenAmount(-1)}, Fault.MESSAGE_PREMIUM),
    "a premium above the fee cap": ({"gas_premium": TokenAmount(101)}, Fault.MESSAGE_PREMIUM),
    "no gas": ({"gas_limit": 0}, Fault.MESSAGE_GAS_LIMIT),
    "gas below zero": ({"gas_limit": -1}, Fault.MESSAGE_GAS_LIMIT),
    "more gas than a block's": ({"gas_limit": BLOCK_GAS + 1}, Fault.MESSAGE_GAS_LIMIT),
    "a gas too little": ({"gas_limit": MINIMUM - 1}, Fault.MESSAGE_MINIMUM_GAS),
}


@pytest.mark.parametrize("fields", GOOD.values(), ids=GOOD)
def test_messages_that_a_block_may_carry(fields: dict[str, object]) -> None:
    check_message(replace(MESSAGE, **fields), LENGTH, HYGGE)


@pytest.mark.parametrize(("fields", "fault"), BAD.values(), ids=BAD)
def test_messages_that_no_block_may_carry(fields: dict[str, object], fault: Fault) -> None:
    with pytest.raises(Invalid) as caught:
        check_message(replace(MESSAGE, **fields), LENGTH, HYGGE)
    assert caught.value.fault is fault


def test_rules_are_asked_in_lotus_order() -> None:
    """A message that breaks all of them is refused for the first; mended, for the next."""
    mended = {"version": 0, "to": MESSAGE.to, "value": ZERO, "gas_fee_cap": TokenAmount(100)}
    mended |= {"gas_premium": ZERO, "gas_limit": MINIMUM}
    broken = {"version": 1, "to": ZERO_ADDRESS, "value": TokenAmount(-1), "gas_limit": 0}
    broken |= {"gas_fee_cap": TokenAmount(-1), "gas_premium": TokenAmount(-2)}
    message, found = replace(MESSAGE, **broken), []
    for name, value in mended.items():
        with pytest.raises(Invalid) as caught:
            check_message(message, LENGTH, HYGGE)
        found.append(caught.value.fault)
        message = replace(message, **{name: value})
    check_message(message, LENGTH, HYGGE)
    assert found == [
        Fault.MESSAGE_VERSION,
        Fault.MESSAGE_TO_ZERO_ADDRESS,
        Fault.MESSAGE_VALUE,
        Fault.MESSAGE_FEE_CAP,
        Fault.MESSAGE_PREMIUM,
        Fault.MESSAGE_GAS_LIMIT,
    ]


def test_length_is_not_part_of_the_form() -> None:
    check_form(replace(MESSAGE, gas_limit=1))


@pytest.mark.parametrize("prices", [HYGGE, WATERMELON, TEEP], ids=lambda prices: prices.name)
@pytest.mark.parametrize("length", [0, 52, 100, 2**21])
def test_the_least_gas_by_length(prices, length: int) -> None:
    assert minimum_gas(length, prices) == 38_863 + 475_000 + 1300 * (36 + length)


def test_networks_at_low_heights_ask_the_first_list() -> None:
    assert minimum_gas(LENGTH, FIRST_INCLUSION) == 38_863 + 1000 * (36 + LENGTH)
    for network in (LOTUS_ITEST, BUTTERFLYNET, DEVNET):
        assert network.inclusion_prices_at(5) == FIRST_INCLUSION
    for network, height in ((MAINNET, 6_052_801), (CALIBNET, 3_694_535)):
        assert network.inclusion_prices_at(height) == network.rules_at(height).prices


def test_the_zero_address_is_lotus_zero_address() -> None:
    assert str(ZERO_ADDRESS) == (
        "f3yaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaby2smx7a"
    )
