"""The lists of clients and verifiers, which no method gives: read out of the actors' states."""

import base64
from collections.abc import Iterator

from papyrus.actors.datacap.state import State as DatacapState
from papyrus.actors.datacap.token import balances_shape
from papyrus.actors.verifreg.state import VERIFIERS
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.cli.connection import NodeClient
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault


class RemoteBlocks:
    """The blocks of a node's store, asked for one by one; nothing can be put there."""

    def __init__(self, node: NodeClient) -> None:
        """Ask a node."""
        self._node = node

    def get(self, cid: Cid) -> bytes:
        """Return a block; RpcError where the node has none."""
        return base64.b64decode(self._node.ask("ChainReadObj", {"/": str(cid)}))

    def has(self, cid: Cid) -> bool:
        """Return whether the node has a block."""
        return bool(self._node.ask("ChainHasObj", {"/": str(cid)}))

    def put(self, cid: Cid, _data: bytes) -> None:
        """Refuse: this only reads."""
        raise LocalFault(f"block {cid} cannot be put into a node from here")


def datacap_balances(node: NodeClient, actor: str) -> Iterator[tuple[str, int]]:
    """Yield each client with DataCap, and how much of its smallest parts; LocalFault."""
    found = node.ask("StateGetActor", actor, None)
    letter, blocks = _letter(node), RemoteBlocks(node)
    try:
        token = DatacapState.from_cbor(blocks.get(Cid.from_string(found["Head"]["/"]))).token
        for owner, amount in balances_shape(token.bit_width).open(blocks, token.balances).items():
            yield Address.from_id(owner).to_string(letter), int(amount)
    except DecodeError as error:
        raise LocalFault(f"the DataCap of this node is of another version: {error}") from error


def verifiers(node: NodeClient, actor: str) -> Iterator[tuple[str, int]]:
    """Yield each verifier, and the bytes it may still give; LocalFault."""
    found = node.ask("StateGetActor", actor, None)
    letter, blocks = _letter(node), RemoteBlocks(node)
    try:
        state = RegistryState.from_cbor(blocks.get(Cid.from_string(found["Head"]["/"])))
        for address, left in VERIFIERS.open(blocks, state.verifiers).items():
            yield address.to_string(letter), int(left)
    except DecodeError as error:
        raise LocalFault(f"the registry of this node is of another version: {error}") from error


def _letter(node: NodeClient) -> str:
    """Return with which letter the node's network begins addresses."""
    return str(node.ask("StateLookupID", "f00", None))[0]
