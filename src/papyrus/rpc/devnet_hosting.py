"""Serving a devnet: the node and, beside its methods, those that no other network has."""

import socket
from dataclasses import dataclass

from papyrus.devnet.devnet import Devnet
from papyrus.devnet.time_travel import Moments
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.auth import Auth
from papyrus.rpc.faucet import faucet_route
from papyrus.rpc.hosting import HostedNode, host
from papyrus.rpc.methods.full_node import FullNodeMethods
from papyrus.rpc.methods.papyrus_devnet import PapyrusMethods
from papyrus.rpc.registry import Registry


@dataclass(frozen=True, slots=True)
class HostedDevnet(HostedNode):
    """A devnet as the methods see it."""

    devnet: Devnet
    moments: Moments

    def expect_height(self, height: ChainEpoch, /) -> None:
        """Hear that someone waits for a height: a devnet that mines on demand mines up to it."""
        self.devnet.expect(height)


def hosted_devnet(devnet: Devnet, auth: Auth) -> HostedDevnet:
    """Return a devnet as the methods see it."""
    return HostedDevnet(
        devnet.node,
        devnet.sending,
        auth,
        devnet.market_funds,
        devnet.payment_channels,
        devnet,
        Moments(devnet),
    )


def devnet_registry() -> Registry:
    """Return every method that a devnet answers."""
    return Registry(FullNodeMethods, PapyrusMethods)


async def host_devnet(devnet: Devnet, auth: Auth, listening: socket.socket) -> None:
    """Answer on a listening socket until the devnet is asked to stop; it is closed then."""
    await host(
        hosted_devnet(devnet, auth),
        devnet_registry(),
        listening,
        devnet.node.stop_asked,
        lambda door: [faucet_route(devnet, door)],
    )
