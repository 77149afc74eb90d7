"""How a message is written where an Ethereum account sends it, or a 0x address is sent to."""

from papyrus.cli.address import read_address
from papyrus.cli.connection import NodeClient
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import ETHEREUM_NAMESPACE, Address, Protocol
from papyrus.types.ethereum_transaction import (
    ADDRESS_MANAGER,
    METHOD_CREATE_EXTERNAL,
    METHOD_INVOKE_CONTRACT,
)


def is_ethereum_call(sender: str, to: str) -> bool:
    """Return whether a message is to be one that an Ethereum transaction could be."""
    return to.strip().lower().startswith("0x") or _is_ethereum(read_address(sender))


def ethereum_call(node: NodeClient, to: Address, data: bytes) -> tuple[Address, int, bytes]:
    """Return the recipient, method and parameters by which an Ethereum account sends data."""
    number = METHOD_CREATE_EXTERNAL if to == ADDRESS_MANAGER else METHOD_INVOKE_CONTRACT
    return _reachable(node, to), number, dag_cbor.encode(data) if data else b""


def _is_ethereum(address: Address) -> bool:
    return address.protocol is Protocol.DELEGATED and address.namespace == ETHEREUM_NAMESPACE


def _reachable(node: NodeClient, to: Address) -> Address:
    """Return an address that an Ethereum account can send to: an f410 one, or an ID."""
    if to.protocol in (Protocol.ID, Protocol.DELEGATED):
        return to
    return read_address(node.ask("StateLookupID", str(to), None))
