"""Messages before the first block: sent by the protocol in anyone's name, free, at epoch 0.

There is no chain behind them: nothing circulates, no block has a ticket, and no proof is asked for.
"""

from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import Network
from papyrus.rules.versions import Rules
from papyrus.types.message import Message
from papyrus.vm.executor import execute_implicit
from papyrus.vm.externs import ConsensusFault, NoVerifyingKeys
from papyrus.vm.machine import ActorEngine, Machine, NetworkContext

_GAS_LIMIT = 10**15


class NoChain:
    """What is around the machine when there is no chain yet: nothing."""

    def chain_randomness(self, epoch: int) -> bytes:
        """Refuse: no block has a ticket."""
        raise LookupError(f"no ticket at epoch {epoch}: the chain has not begun")

    def beacon_randomness(self, epoch: int) -> bytes:
        """Refuse: no block has a beacon entry."""
        raise LookupError(f"no beacon entry at epoch {epoch}: the chain has not begun")

    def tipset_cid(self, epoch: int) -> Cid:
        """Refuse: there is no tipset."""
        raise LocalFault(f"no tipset at epoch {epoch}: the chain has not begun")

    def verify_consensus_fault(
        self, _first: bytes, _second: bytes, _extra: bytes
    ) -> ConsensusFault | None:
        """Find no fault: nobody has made a block."""
        return None


def genesis_machine(
    store: Blockstore, state_root: Cid, network: Network, rules: Rules, engine: ActorEngine
) -> Machine:
    """Return a machine for messages before the first block."""
    context = NetworkContext(
        epoch=0,
        timestamp=0,
        base_fee=ZERO,
        circulating_supply=ZERO,
        rules=rules,
        chain_id=network.ethereum_chain_id,
    )
    return Machine(store, state_root, context, NoChain(), NoVerifyingKeys(), engine)


def send(
    machine: Machine,
    sender: Address,
    to: Address,
    method: int,
    params: Record | bytes,
    value: TokenAmount = ZERO,
) -> bytes:
    """Send a message and return what it returned; LocalFault where it failed.

    Senders' nonces stay as they are, so each may make one actor only.
    """
    message = Message(
        version=0,
        to=to,
        sender=sender,
        nonce=0,
        value=value,
        gas_limit=_GAS_LIMIT,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=method,
        params=params.to_cbor() if isinstance(params, Record) else params,
    )
    result = execute_implicit(machine, message)
    if result.receipt.exit_code:
        reason = (result.failure or "").replace("\n", "; ")
        raise LocalFault(
            f"method {method} of {to}, called by {sender}, failed with exit code "
            f"{result.receipt.exit_code}: {reason}"
        )
    return result.receipt.return_data
