"""Who is let into the pool: all checks of one message, its signature's result remembered.

Gossip brings the same message more than once, and to check a BLS signature takes a millisecond.
BLS signatures are remembered for another reason too: a block holds only their aggregate, so a
message that a fork gives back is of no use unless its own signature was kept.
"""

from papyrus.consensus.message_signatures import check_signer
from papyrus.consensus.selection import ChainMessage
from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.mpool import checks
from papyrus.mpool.accounts import Accounts
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.recent import Recent
from papyrus.mpool.sender_messages import SenderMessages
from papyrus.rules.network import Network
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import Tipset

_REMEMBERED_BLS_SIGNATURES = 40_000
_REMEMBERED_CHECKS = 32_000


class Admission:
    """The checks, with what they remember."""

    __slots__ = ("_accounts", "_bls_signatures", "_checked", "_network")

    def __init__(self, network: Network, accounts: Accounts) -> None:
        """Check by a network's rules and the accounts on its chain."""
        self._network = network
        self._accounts = accounts
        self._checked: Recent[tuple[Cid, bytes], None] = Recent(_REMEMBERED_CHECKS)
        self._bls_signatures: Recent[Cid, Signature] = Recent(_REMEMBERED_BLS_SIGNATURES)

    def examine(self, signed: SignedMessage) -> PendingMessage:
        """Return a message as it would wait; Invalid where it is refused for what it is itself.

        It reads nothing that changes but what `remember` remembers, so any thread may ask.
        """
        checks.check_alone(signed)
        # The signer is the sender as written, so an ID is never one.
        message = PendingMessage.of(signed, signed.message.sender)
        if _mark(message) not in self._checked:
            check_signer(signed, message.sender, self._network.ethereum_chain_id)
        return message

    def check_on_chain(
        self,
        message: PendingMessage,
        head: Tipset,
        waiting: SenderMessages | None,
        *,
        local: bool,
    ) -> bool:
        """Raise Invalid where the chain's state speaks against a message.

        Return whether it is to be published, as a user's own messages are unless their fee cap is
        too low at present. `waiting` are the sender's other messages.
        """
        epoch = head.height + 1
        account = checks.known_sender(message, self._accounts.after(head, message.sender))
        checks.check_nonce(message, account)
        checks.check_sender(
            message, account, self._network.rules_at(epoch), self._network.ethereum_chain_id
        )
        is_publishable = checks.check_inclusion(
            message,
            self._network.inclusion_prices_at(epoch),
            int(head.parent_base_fee),
            local=local,
        )
        checks.check_funds(message, account, waiting)
        return is_publishable

    def remember(self, message: PendingMessage) -> None:
        """Know a message's signature as good, and a BLS one for when a fork gives it back."""
        self._checked.put(_mark(message), None)
        if message.is_bls:
            self._bls_signatures.put(message.unsigned_cid, message.signed.signature)

    def with_signature(self, cid: Cid, chain_message: ChainMessage) -> SignedMessage | None:
        """Return a block's message with its signature, or None where that is not known."""
        if isinstance(chain_message, SignedMessage):
            return chain_message
        signature = self._bls_signatures.get(cid)
        return None if signature is None else SignedMessage(chain_message, signature)


def _mark(message: PendingMessage) -> tuple[Cid, bytes]:
    """Return what a message and its signature are known by together."""
    signature = message.signed.signature
    return message.unsigned_cid, bytes([signature.type]) + signature.data
