"""Everything a full node answers: all groups together."""

from papyrus.rpc.methods.auth import AuthMethods
from papyrus.rpc.methods.chain import ChainMethods
from papyrus.rpc.methods.common import CommonMethods


class FullNodeMethods(AuthMethods, CommonMethods, ChainMethods):
    """The groups of a full node, as a server registers and a client has them."""
