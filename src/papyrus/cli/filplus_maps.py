"""The lists of clients and verifiers, which no method gives: read out of the actors' states."""

from collections.abc import Iterator

from papyrus.actors.datacap.state import State as DatacapState
from papyrus.actors.datacap.token import balances_shape
from papyrus.actors.verifreg.state import VERIFIERS
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.cli.connection import NodeClient
from papyrus.cli.remote_blocks import RemoteBlocks
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault


def datacap_balances(node: NodeClient, actor: str) -> Iterator[tuple[str, int]]:
    """Yield each client with DataCap, and how much of its smallest parts; LocalFault."""
    found = node.ask("StateGetActor", actor, None)
    letter, blocks = node.letter, RemoteBlocks(node)
    try:
        token = DatacapState.from_cbor(blocks.get(Cid.from_string(found["Head"]["/"]))).token
        for owner, amount in balances_shape(token.bit_width).open(blocks, token.balances).items():
            yield Address.from_id(owner).to_string(letter), int(amount)
    except DecodeError as error:
        raise LocalFault(f"the DataCap of this node is of another version: {error}") from error


def verifiers(node: NodeClient, actor: str) -> Iterator[tuple[str, int]]:
    """Yield each verifier, and the bytes it may still give; LocalFault."""
    found = node.ask("StateGetActor", actor, None)
    letter, blocks = node.letter, RemoteBlocks(node)
    try:
        state = RegistryState.from_cbor(blocks.get(Cid.from_string(found["Head"]["/"])))
        for address, left in VERIFIERS.open(blocks, state.verifiers).items():
            yield address.to_string(letter), int(left)
    except DecodeError as error:
        raise LocalFault(f"the registry of this node is of another version: {error}") from error
