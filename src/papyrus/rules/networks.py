"""The networks by name."""

from papyrus.primitives.errors import LocalFault
from papyrus.rules.calibnet import CALIBNET
from papyrus.rules.mainnet import MAINNET
from papyrus.rules.network import Network
from papyrus.rules.private_networks import (
    BUTTERFLYNET,
    DEVNET,
    LOTUS_ITEST,
    LOTUS_ITEST_DAILY_FEES,
)

NETWORKS = {
    network.name: network
    for network in (MAINNET, CALIBNET, BUTTERFLYNET, DEVNET, LOTUS_ITEST, LOTUS_ITEST_DAILY_FEES)
}
"""Every network that has a row of constants here."""


def network_named(name: str) -> Network:
    """Return the network; LocalFault naming the known ones where there is none of that name."""
    network = NETWORKS.get(name)
    if network is None:
        raise LocalFault(f"unknown network {name!r}: known are {', '.join(sorted(NETWORKS))}")
    return network


__all__ = [
    "BUTTERFLYNET",
    "CALIBNET",
    "DEVNET",
    "LOTUS_ITEST",
    "LOTUS_ITEST_DAILY_FEES",
    "MAINNET",
    "NETWORKS",
    "Network",
    "network_named",
]
