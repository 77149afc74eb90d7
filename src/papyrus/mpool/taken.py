"""The messages that blocks took, each by the turn it used: its sender's key and its nonce.

No two messages of a chain have one turn. A block may name a sender by an ID, the pool knows it by
its key, so turns are compared by keys.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from papyrus.ipld.cid import Cid
from papyrus.mpool.accounts import Accounts
from papyrus.mpool.admission import Admission
from papyrus.mpool.chain_view import ChainView
from papyrus.mpool.pending import PendingMessage
from papyrus.primitives.address import Address
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset

Turn = tuple[Address, int]


class TakenMessages:
    """Reads what the blocks of a tipset took."""

    __slots__ = ("_accounts", "_admission", "_made", "_view")

    def __init__(self, view: ChainView, accounts: Accounts, admission: Admission) -> None:
        """Read from a view of the chain."""
        self._view = view
        self._accounts = accounts
        self._admission = admission
        self._made: dict[Cid, PendingMessage] = {}

    def turns(self, tipset: Tipset) -> Iterator[tuple[Turn, Cid]]:
        """Yield the turn and the CID of each message of a tipset."""
        for cid, message in self._view.messages_of(tipset).items():
            yield self._turn(message.unsigned), cid

    def signed(self, tipset: Tipset) -> Iterator[tuple[Turn, SignedMessage]]:
        """Yield the turn and the message of each whose signature is known."""
        for cid, message in self._view.messages_of(tipset).items():
            signed = self._admission.with_signature(cid, message)
            if signed is not None:
                yield self._turn(message.unsigned), signed

    def waiting(self, tipset: Tipset) -> Iterator[tuple[Turn, PendingMessage]]:
        """Yield what `signed` does, as it would wait again."""
        for cid, message in self._view.messages_of(tipset).items():
            signed = self._admission.with_signature(cid, message)
            if signed is not None:
                turn = self._turn(message.unsigned)
                made = self._made.get(cid) or PendingMessage.of(signed, turn[0])
                yield turn, made if made.sender == turn[0] else replace(made, sender=turn[0])

    def prepare(self, tipsets: Iterable[Tipset]) -> None:
        """Make beforehand what `waiting` will give; any thread may ask, one at a time."""
        self._made = {
            cid: PendingMessage.of(signed, signed.message.sender)
            for tipset in tipsets
            for cid, message in self._view.messages_of(tipset).items()
            if (signed := self._admission.with_signature(cid, message)) is not None
        }

    def _turn(self, message: Message) -> Turn:
        try:
            return self._accounts.key(message.sender), message.nonce
        except LookupError:  # the fork that is left made the account
            return message.sender, message.nonce
