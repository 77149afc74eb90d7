"""The blocks of a node's store, read from here."""

import base64

from papyrus.cli.connection import NodeClient
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault


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
