"""Senders as the chain knows them, each looked up once for a head."""

from collections.abc import Iterable, Mapping

from papyrus.mpool.chain_view import Account, ChainView
from papyrus.primitives.address import Address, Protocol
from papyrus.types.tipset import Tipset, TipsetKey

_REMEMBERED_KEYS = 10_000


class Accounts:
    """Accounts after one tipset at a time, and the keys behind addresses."""

    __slots__ = ("_accounts", "_at", "_keys", "_view")

    def __init__(self, view: ChainView) -> None:
        """Look senders up in a view of the chain."""
        self._view = view
        self._accounts: dict[Address, Account | None] = {}
        self._at: TipsetKey | None = None
        self._keys: dict[Address, Address] = {}

    def after(self, tipset: Tipset, sender: Address) -> Account | None:
        """Return a sender's account in the state after a tipset, or None where there is none."""
        if self._at != tipset.key:
            self._accounts.clear()
            self._at = tipset.key
        if sender not in self._accounts:
            self._accounts[sender] = self._view.account_after(tipset, sender)
        return self._accounts[sender]

    def unknown(self, tipset: Tipset, senders: Iterable[Address]) -> list[Address]:
        """Return the senders that have not been looked up in the state after a tipset."""
        known = self._accounts if self._at == tipset.key else {}
        return [sender for sender in dict.fromkeys(senders) if sender not in known]

    def know(self, tipset: Tipset, accounts: Mapping[Address, Account | None]) -> None:
        """Take senders as they were looked up elsewhere in the state after a tipset."""
        if self._at != tipset.key:
            self._accounts.clear()
            self._at = tipset.key
        self._accounts.update(accounts)

    def after_head(self, sender: Address) -> Account | None:
        """Return a sender's account in the state after the head, or None where there is none."""
        return self.after(self._view.head, sender)

    def nonce(self, sender: Address) -> int:
        """Return a sender's nonce after the head; 0 where it is not there."""
        account = self.after_head(sender)
        return 0 if account is None else account.nonce

    def key(self, address: Address) -> Address:
        """Return the key behind an address; LookupError where there is none.

        The keys of IDs are remembered, since a block may name senders by them.
        """
        if address.protocol is not Protocol.ID:
            return address
        found = self._keys.get(address)
        if found is None:
            found = self._view.key_of(address)
            if len(self._keys) >= _REMEMBERED_KEYS:
                self._keys.clear()
            self._keys[address] = found
        return found

    def forget(self) -> None:
        """Look every account up anew: the state after the tipset is another than it was."""
        self._accounts.clear()

    def forget_keys(self) -> None:
        """Look keys up anew: a fork may give an ID to another account."""
        self._keys.clear()
