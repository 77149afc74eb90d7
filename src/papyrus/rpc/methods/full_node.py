"""Everything a full node answers: all groups together."""

from papyrus.rpc.methods.advice import AdviceMethods
from papyrus.rpc.methods.auth import AuthMethods
from papyrus.rpc.methods.chain import ChainMethods
from papyrus.rpc.methods.common import CommonMethods
from papyrus.rpc.methods.eth_addresses import EthAddressMethods
from papyrus.rpc.methods.gas import GasMethods
from papyrus.rpc.methods.log import LogMethods
from papyrus.rpc.methods.market import MarketMethods
from papyrus.rpc.methods.miner import MinerMethods
from papyrus.rpc.methods.mpool import MpoolMethods
from papyrus.rpc.methods.msig import MsigMethods
from papyrus.rpc.methods.msig_sending import MsigSendingMethods
from papyrus.rpc.methods.net import NetMethods
from papyrus.rpc.methods.paych import PaychMethods
from papyrus.rpc.methods.state_actors import StateActors
from papyrus.rpc.methods.state_execution import StateExecution
from papyrus.rpc.methods.state_market import StateMarket
from papyrus.rpc.methods.state_messages import StateMessages
from papyrus.rpc.methods.state_miners import StateMiners
from papyrus.rpc.methods.state_randomness import StateRandomness
from papyrus.rpc.methods.state_records import StateRecords
from papyrus.rpc.methods.sync import SyncMethods
from papyrus.rpc.methods.wallet import WalletMethods
from papyrus.rpc.methods.wallet_lock import WalletLockMethods


class FullNodeMethods(
    AdviceMethods,
    AuthMethods,
    CommonMethods,
    ChainMethods,
    WalletMethods,
    WalletLockMethods,
    StateActors,
    StateMiners,
    StateMarket,
    StateExecution,
    StateMessages,
    StateRandomness,
    StateRecords,
    EthAddressMethods,
    GasMethods,
    LogMethods,
    MarketMethods,
    MinerMethods,
    MpoolMethods,
    MsigMethods,
    MsigSendingMethods,
    NetMethods,
    PaychMethods,
    SyncMethods,
):
    """The groups of a full node, as a server registers and a client has them."""
