"""Funds in escrow, and the part of them that is locked.

The market holds the funds of clients and providers. A deal locks the client's fee and collateral
and the provider's collateral; as the deal goes on the fee passes to the provider, and at its end
what is left is unlocked, or slashed and burnt. Here these are moved between two tables, in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from papyrus.actors.common.collections import Map
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.vm.aborts import illegal_argument, illegal_state, insufficient_funds


class LockReason(Enum):
    """What locked funds back."""

    CLIENT_COLLATERAL = auto()
    CLIENT_STORAGE_FEE = auto()
    PROVIDER_COLLATERAL = auto()


@dataclass(frozen=True, slots=True)
class BalanceTable:
    """Amounts by ID address, none of them negative."""

    amounts: Map[Address, TokenAmount]

    def get(self, owner: Address) -> TokenAmount:
        """Return someone's amount."""
        return self.amounts.get(owner) or ZERO

    def add(self, owner: Address, amount: TokenAmount) -> None:
        """Change someone's amount; abort where it would become negative."""
        before = self.get(owner)
        after = before + amount
        if after < 0:
            raise illegal_argument(f"negative balance for {owner} adding {amount} to {before}")
        if after == 0 and before != 0:
            self.amounts.delete(owner)
        else:
            # Quirk: nothing added to nothing leaves an entry of zero.
            self.amounts.set(owner, after)

    def must_subtract(self, owner: Address, amount: TokenAmount) -> None:
        """Take from someone's amount; abort where it is less."""
        before = self.get(owner)
        if amount > before:
            raise illegal_argument(
                f"negative balance for {owner} subtracting {amount} from {before}"
            )
        self.add(owner, -amount)

    def subtract_down_to(
        self, owner: Address, amount: TokenAmount, floor: TokenAmount
    ) -> TokenAmount:
        """Take at most this much, and leave at least the floor; return what was taken."""
        available = max(ZERO, self.get(owner) - floor)
        taken = min(available, amount)
        if taken > 0:
            self.add(owner, -taken)
        return taken

    def total(self) -> TokenAmount:
        """Return the sum of all amounts."""
        return sum((amount for _, amount in self.amounts.items()), ZERO)


@dataclass(frozen=True, slots=True)
class Balances:
    """Both tables, and how much is locked for what."""

    escrow: BalanceTable
    locked: BalanceTable
    totals: dict[LockReason, TokenAmount] = field(default_factory=dict)

    def can_lock(self, owner: Address, amount: TokenAmount) -> bool:
        """Return whether someone has this much that is not locked."""
        return self.locked.get(owner) + amount <= self.escrow.get(owner)

    def withdraw(self, owner: Address, amount: TokenAmount) -> TokenAmount:
        """Take at most this much of what is not locked; return what was taken."""
        return self.escrow.subtract_down_to(owner, amount, self.locked.get(owner))

    def lock(self, owner: Address, amounts: Mapping[LockReason, TokenAmount]) -> None:
        """Lock some of someone's funds; abort where there is not enough."""
        amount = sum(amounts.values(), ZERO)
        if amount < 0:
            raise illegal_state(f"cannot lock negative amount {amount}")
        if not self.can_lock(owner, amount):
            raise insufficient_funds(
                f"not enough balance to lock for addr{owner}: escrow balance "
                f"{self.escrow.get(owner)} < prev locked {self.locked.get(owner)} + amount {amount}"
            )
        self.locked.add(owner, amount)
        for reason, part in amounts.items():
            self.totals[reason] += part

    def unlock(self, owner: Address, amount: TokenAmount, reason: LockReason) -> None:
        """Unlock some of someone's funds; abort where less is locked."""
        if amount < 0:
            raise illegal_state(f"unlock negative amount: {amount}")
        self.locked.must_subtract(owner, amount)
        self.totals[reason] -= amount

    def pay(self, client: Address, provider: Address, fee: TokenAmount) -> None:
        """Pass some of a client's locked fee to the provider, to whom it is not locked."""
        if fee < 0:
            raise illegal_state(f"transfer negative amount: {fee}")
        if fee > self.escrow.get(client):
            raise illegal_argument(f"negative balance for {client} subtracting {fee}")
        self.unlock(client, fee, LockReason.CLIENT_STORAGE_FEE)
        self.escrow.must_subtract(client, fee)
        self.escrow.add(provider, fee)

    def slash(self, owner: Address, amount: TokenAmount, reason: LockReason) -> None:
        """Take some of someone's locked funds out of escrow, to be burnt."""
        if amount < 0:
            raise illegal_state(f"negative amount to slash: {amount}")
        self.escrow.must_subtract(owner, amount)
        self.unlock(owner, amount, reason)
