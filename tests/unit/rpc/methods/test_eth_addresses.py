"""Addresses of one world in the form of the other, as far as no state is needed."""

import pytest
from rpc_node import call

from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.methods.eth_addresses import EthAddressMethods
from papyrus.rpc.registry import Registry

PAIRS = [
    ("0xd388ab098ed3e84c0d808776440b48f685198498", "t410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy"),
    ("0xff000000000000000000000000000000000003e8", "t01000"),
]


@pytest.fixture
def ask(node):
    """Return what asks for addresses."""
    dispatcher = Dispatcher(Registry(EthAddressMethods), node, version=1, network="t")
    return lambda method, *params: call(dispatcher, f"Filecoin.{method}", *params)


@pytest.mark.parametrize(("ethereum", "filecoin"), PAIRS)
def test_forms_of_one_actor(ask, ethereum, filecoin):
    assert ask("EthAddressToFilecoinAddress", ethereum)["result"] == filecoin
    assert ask("FilecoinAddressToEthAddress", filecoin)["result"] == ethereum


@pytest.mark.parametrize("text", ["", "0x", "0x" + 39 * "0", "0x" + 40 * "g", 40 * "0"])
def test_what_is_no_ethereum_address_is_refused(ask, text):
    assert "is no Ethereum address" in ask("EthAddressToFilecoinAddress", text)["error"]["message"]


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("soon", "'soon' is no block"),
        ("0x", "'0x' is no block"),
        ("5", "future epoch"),
        ("-1", "future epoch"),
    ],
)
def test_what_is_no_block_is_refused(ask, block, reason):
    address = "t1qid3qslm4jax2jpohkdwomtidgd3x7xa7qvahea"
    assert reason in ask("FilecoinAddressToEthAddress", address, block)["error"]["message"]
