"""Everything a full node answers: all groups together."""

from papyrus.rpc.methods.auth import AuthMethods
from papyrus.rpc.methods.chain import ChainMethods
from papyrus.rpc.methods.common import CommonMethods
from papyrus.rpc.methods.state_actors import StateActors
from papyrus.rpc.methods.state_market import StateMarket
from papyrus.rpc.methods.state_miners import StateMiners
from papyrus.rpc.methods.wallet import WalletMethods


class FullNodeMethods(
    AuthMethods,
    CommonMethods,
    ChainMethods,
    WalletMethods,
    StateActors,
    StateMiners,
    StateMarket,
):
    """The groups of a full node, as a server registers and a client has them."""
