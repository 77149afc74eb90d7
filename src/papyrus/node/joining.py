"""A node on a network whose blocks others make: mainnet, calibnet, or one of its genesis' own.

Here it is put together from what such a network has: drand's rounds over HTTP, the keys in the
node's folder, the clock of the machine. This version connects to no peers: the chain goes on by
blocks that are handed in (SyncSubmitBlock).

It cannot check proofs of storage yet, and says so where one is to be checked: that this machine
cannot tell is no verdict on a block.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from papyrus.chain.drand import DrandClient
from papyrus.chain.indexing import Progress
from papyrus.chain.opening import has_chain
from papyrus.node.clock import SystemClock
from papyrus.node.config import Config
from papyrus.node.market_funds import MarketFunds
from papyrus.node.node import Node, NodePlan, open_node
from papyrus.node.payment_channels import PaymentChannels
from papyrus.node.repository import Repository
from papyrus.node.sending import Sending
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.statements import WinningPoStStatement
from papyrus.rules.beacons import Beacon, Drand
from papyrus.rules.networks import network_named
from papyrus.types.ticket import BeaconEntry
from papyrus.wallet.errors import WalletError
from papyrus.wallet.folder import has_wallet
from papyrus.wallet.key_store import KeyStore, MemoryKeystore
from papyrus.wallet.keys import Key
from papyrus.wallet.passwords import opened_keystore
from papyrus.wallet.wallet import Wallet

MESSAGE_CONFIDENCE = 5
"""Epochs on top of a message after which it is taken to stay (Lotus' build.MessageConfidence)."""


@dataclass(frozen=True, slots=True)
class JoinedNode:
    """A node on such a network, and who sends for its users."""

    node: Node
    sending: Sending
    market_funds: MarketFunds
    payment_channels: PaymentChannels


class NoWinningProofs:
    """A verifier that cannot check winning proofs, and says so instead of judging."""

    name = "none (winning proofs cannot be checked by this version)"

    def verify_winning_post(self, statement: WinningPoStStatement, /) -> NoReturn:
        """Refuse with LocalFault: the block is neither good nor bad for that."""
        raise LocalFault(
            sentence(
                "the winning proof of miner {} cannot be checked: this version has no verifier of "
                "real proofs",
                Address.from_id(statement.prover),
            )
        )


@dataclass(slots=True)
class DrandRounds:
    """The rounds of drand's chains, over HTTP; each chain's client is made when it is needed."""

    _clients: dict[Drand, DrandClient] = field(default_factory=dict)

    def entry(self, beacon: Beacon, round_number: int, /) -> BeaconEntry:
        """Return a round, verified; LocalFault where no relay gives it."""
        if not isinstance(beacon, Drand):
            raise LocalFault("this network signs its beacon itself: nobody here has its key")
        client = self._clients.get(beacon)
        if client is None:
            client = self._clients[beacon] = DrandClient(beacon)
        return client.entry(round_number)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()


class NoKeys(MemoryKeystore):
    """The keys of a node without a wallet: none, and none can come."""

    def add(self, key: Key) -> None:
        """Refuse: it would be gone when the node ends."""
        raise WalletError(
            sentence(
                "the key of {} cannot be kept, for this node has no wallet: stop it, make "
                "one with `papyrus wallet new`, and start it again",
                key.address,
            )
        )


@contextmanager
def open_joined(
    repository: Repository, config: Config, genesis: Path | None, progress: Progress | None = None
) -> Iterator[JoinedNode]:
    """Open the node in a folder that this process holds, begun with a genesis if there is none.

    LocalFault in words where it cannot be.
    """
    network = network_named(config.chain.network)
    name = network.name
    if genesis is None and not has_chain(repository.datastore):
        raise LocalFault(
            f"there is no chain of {name} in {repository.datastore}: begin one with "
            f"`papyrus daemon --chain {name} --import-snapshot FILE`, or with --genesis FILE"
        )
    with ExitStack() as stack:
        beacons = DrandRounds()
        stack.callback(beacons.close)
        plan = NodePlan(
            network=network,
            repository=repository,
            config=config,
            clock=SystemClock(),
            wallet=Wallet(open_keys(repository, config), network.ethereum_chain_id),
            beacons=beacons,
            verifier=NoWinningProofs(),
            genesis=genesis,
            workers=config.chain.workers or 1,
        )
        node = stack.enter_context(open_node(plan, progress))
        sending = Sending(node)
        stack.callback(sending.stop)
        market_funds = MarketFunds(node, sending)
        stack.callback(market_funds.close)
        payment_channels = PaymentChannels(node, sending, MESSAGE_CONFIDENCE)
        stack.callback(payment_channels.close)
        yield JoinedNode(node, sending, market_funds, payment_channels)


def open_keys(repository: Repository, config: Config) -> KeyStore:
    """Return the keys in a node's folder, unlocked where the environment has the password.

    LocalFault where the password is wrong, or others can look into the folder.
    """
    if not has_wallet(repository.keystore):
        return NoKeys()
    return opened_keystore(repository.keystore, config.wallet.unlock_time or None)
