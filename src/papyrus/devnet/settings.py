"""What a devnet is told when it is made, and the rules of the network that makes it."""

from dataclasses import dataclass, replace

from papyrus.crypto.drand import unchained_public_key
from papyrus.devnet.people import People
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.beacons import BeaconPoint, LocalBeacon
from papyrus.rules.network import Network
from papyrus.rules.private_networks import DEVNET

DEFAULT_BALANCE = TokenAmount.from_fil(10_000)
DEFAULT_CHAIN_ID = 31_415_926
DEFAULT_BLOCK_TIME = 4
"""Seconds, as Lotus' `2k` build has it."""


@dataclass(frozen=True, slots=True)
class DevnetSettings:
    """What a devnet is told when it is made."""

    timestamp: int
    """Unix seconds of epoch 0."""
    balance: TokenAmount = DEFAULT_BALANCE
    """What each account has, once under its f1 address and once under its f410 address."""
    sectors: int = 2
    """How many each miner begins with."""
    block_time: int = DEFAULT_BLOCK_TIME
    """Seconds of an epoch, 1 or more, as blocks count them."""
    chain_id: int = DEFAULT_CHAIN_ID
    """Ethereum's."""
    network_name: str = "papyrus-devnet"
    """What the init actor calls the network, and nodes on the wire."""
    network_version: int = 28


def devnet_network(settings: DevnetSettings, people: People) -> Network:
    """Return the rules of a devnet, without its genesis; LocalFault where there are none such.

    Its beacon is one of its own, whose rounds are signed with `people.beacon_secret`.
    """
    if settings.block_time < 1:
        raise LocalFault(
            f"a block time of {settings.block_time} s: blocks count whole seconds, 1 or more"
        )
    if not 0 < settings.chain_id < 1 << 63:
        raise LocalFault(f"{settings.chain_id} is no chain ID: it takes 1 to 2^63 - 1")
    network = replace(
        DEVNET,
        chain_name=settings.network_name,
        ethereum_chain_id=settings.chain_id,
        block_delay=settings.block_time,
        beacons=(BeaconPoint(0, LocalBeacon(unchained_public_key(people.beacon_secret))),),
    )
    return network.with_upgrades([(-1, settings.network_version)])
