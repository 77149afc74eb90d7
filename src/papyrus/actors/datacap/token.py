"""A fungible token as FRC-0046 has it: a supply, balances, and allowances to spend another's.

Pure: accounts are actor IDs, and nothing here calls anyone. The token's methods find out who an
address names before, and tell the receiver of tokens afterwards. Amounts are in the smallest parts
of a token, and whole multiples of a granularity; balances and allowances of nothing are not kept.
Where several things are wrong, the first of them in the order of the reference library
(frc46_token 15) decides the exit code.

    token = Token(store, state, granularity)
    token.transfer(alice, bob, amount)
    state = token.flush()
"""

from typing import Any, TypeVar

from papyrus.actors.common.collections import UNSIGNED_KEY, Map, MapShape
from papyrus.actors.common.nested_collections import MapOfMaps, MapOfMapsShape
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U32
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.amounts import ZERO, TokenAmount, TooBig, encode_bigint
from papyrus.vm.aborts import (
    illegal_argument,
    illegal_state,
    insufficient_funds,
    not_found,
    serialization,
)

K = TypeVar("K")

DEFAULT_BIT_WIDTH = 3
"""The width of the nodes of a new token's maps."""


def balances_shape(bit_width: int) -> MapShape[int, TokenAmount]:
    """Return the shape of a token's map of balances, its nodes of a width."""
    return MapShape(UNSIGNED_KEY, TokenAmount, bit_width)


def allowances_shape(bit_width: int) -> MapOfMapsShape[int, int, TokenAmount]:
    """Return the shape of a token's map of allowances, its nodes of a width."""
    return MapOfMapsShape(UNSIGNED_KEY, balances_shape(bit_width), bit_width)


@cbor_tuple
class TokenState(Record):
    """What a token keeps on chain."""

    supply: TokenAmount
    """The sum of all balances."""
    balances: Cid
    """A map from owners to what they have."""
    allowances: Cid
    """A map from owners to maps from operators to what they may spend of it."""
    bit_width: U32
    """The width of the nodes of both maps; mainnet's, which a migration made, are wider."""

    @property
    def shapes(self) -> dict[str, Any]:
        """What the roots point at, which the record itself says."""
        return {
            "balances": balances_shape(self.bit_width),
            "allowances": allowances_shape(self.bit_width),
        }


def empty(store: Blockstore) -> TokenState:
    """Return the state of a token that nobody has."""
    width = DEFAULT_BIT_WIDTH
    return TokenState(
        ZERO,
        balances_shape(width).empty_root(store),
        allowances_shape(width).empty_root(store),
        width,
    )


class Token:
    """The state of a token while it is changed.

    Methods abort with 16 for an amount that is negative or does not divide by the granularity, 17
    where an account that must be there is None, 19 where balance or allowance do not suffice, and
    21 where an amount outgrows 128 bytes. After an abort the token must be dropped.
    """

    __slots__ = ("_balances", "_granularity", "_opened_allowances", "_state", "_store", "supply")

    def __init__(self, store: Blockstore, state: TokenState, granularity: int) -> None:
        """Open a token whose amounts are multiples of its granularity."""
        self.supply = state.supply
        self._state = state
        self._store = store
        self._balances = balances_shape(state.bit_width).open(store, state.balances)
        self._opened_allowances: MapOfMaps[int, int, TokenAmount] | None = None
        self._granularity = granularity

    def flush(self) -> TokenState:
        """Write what has changed and return the state."""
        allowances = self._state.allowances
        if self._opened_allowances is not None:
            allowances = self._opened_allowances.flush()
        return TokenState(self.supply, self._balances.flush(), allowances, self._state.bit_width)

    @property
    def _allowances(self) -> MapOfMaps[int, int, TokenAmount]:
        """The allowances, which most methods never read."""
        if self._opened_allowances is None:
            shape = allowances_shape(self._state.bit_width)
            self._opened_allowances = shape.open(self._store, self._state.allowances)
        return self._opened_allowances

    def balance_of(self, owner: int | None) -> TokenAmount:
        """Return what someone has; an account that is not there has nothing."""
        return ZERO if owner is None else self._balances.get(owner) or ZERO

    def allowance(self, owner: int | None, operator: int | None) -> TokenAmount:
        """Return what an operator may spend of an owner's tokens."""
        if owner is None or operator is None:
            return ZERO
        return self._allowances.get(owner, operator) or ZERO

    def mint(self, owner: int | None, amount: TokenAmount) -> None:
        """Make tokens."""
        self._require_amount(amount, "mint")
        self._change_balance(_present(owner), amount)
        self._change_supply(amount)

    def burn(self, owner: int | None, amount: TokenAmount) -> TokenAmount:
        """Take tokens out of the world and return what the owner still has."""
        self._require_amount(amount, "burn")
        balance = self._change_balance(_present(owner), -amount)
        self._change_supply(-amount)
        return balance

    def burn_from(self, operator: int, owner: int | None, amount: TokenAmount) -> TokenAmount:
        """Burn an owner's tokens on an operator's allowance; return what the owner still has.

        An operator has no allowance of its own tokens: that aborts with 16.
        """
        self._require_amount(amount, "burn")
        owner = self._use_allowance(operator, owner, amount)
        balance = self._change_balance(owner, -amount)
        self._change_supply(-amount)
        return balance

    def transfer(self, owner: int, to: int, amount: TokenAmount) -> None:
        """Give an owner's tokens to another account, or to the same."""
        self._require_amount(amount, "transfer")
        self._move(owner, to, amount)

    def transfer_from(self, operator: int, owner: int | None, to: int, amount: TokenAmount) -> None:
        """Give an owner's tokens to another account on an operator's allowance.

        An operator has no allowance of its own tokens: that aborts with 16.
        """
        self._require_amount(amount, "transfer")
        owner = self._use_allowance(operator, owner, amount)
        self._move(owner, to, amount)

    def increase_allowance(
        self, owner: int, operator: int | None, increase: TokenAmount
    ) -> TokenAmount:
        """Let an operator spend more, and return how much it may spend."""
        _require_allowance(increase, "increase allowance delta")
        return self._change_allowance(owner, _present(operator), increase)

    def decrease_allowance(
        self, owner: int, operator: int | None, decrease: TokenAmount
    ) -> TokenAmount:
        """Let an operator spend less, at the least nothing, and return how much it may spend."""
        _require_allowance(decrease, "decrease allowance delta")
        return self._change_allowance(owner, _present(operator), -decrease)

    def revoke_allowance(self, owner: int, operator: int | None) -> TokenAmount:
        """Let an operator spend nothing, and return what it might have spent."""
        if operator is None:
            return ZERO
        return self._allowances.delete(owner, operator) or ZERO

    def set_allowance(self, owner: int | None, operator: int | None, amount: TokenAmount) -> None:
        """Let an operator spend so much, whatever it was before; the amount is positive."""
        _require_allowance(amount, "set allowance amount")
        _set(self._allowances.inner(_present(owner)), _present(operator), amount)

    def _require_amount(self, amount: TokenAmount, action: str) -> None:
        if amount < 0:
            raise illegal_argument(f"value {amount} for {action} must be non-negative")
        if amount % self._granularity:
            raise illegal_argument(
                f"amount {amount} for {action} must be a multiple of {self._granularity}"
            )

    def _change_balance(self, owner: int, change: TokenAmount) -> TokenAmount:
        balance = self.balance_of(owner)
        changed = balance + change
        if changed < 0:
            raise insufficient_funds(
                f"negative balance caused by decreasing {owner}'s balance of {balance} by {change}"
            )
        if change:
            _set(self._balances, owner, changed)
        return changed

    def _change_supply(self, change: TokenAmount) -> None:
        if self.supply + change < 0:
            raise illegal_state(
                f"total_supply cannot be negative, cannot apply delta of {change} to {self.supply}"
            )
        self.supply += change

    def _move(self, owner: int, to: int, amount: TokenAmount) -> None:
        self._change_balance(owner, -amount)
        self._change_balance(to, amount)

    def _use_allowance(self, operator: int, owner: int | None, amount: TokenAmount) -> int:
        """Take an amount from an allowance and return whose tokens it is for."""
        if operator == owner:
            raise illegal_argument(
                f"operator cannot be the same as the debited address f0{operator}"
            )
        allowance = self.allowance(owner, operator)
        # An allowance of nothing is none: not even nothing can be spent on it.
        if owner is None or allowance == 0 or allowance < amount:
            raise insufficient_funds(
                f"{operator} attempted to utilise {amount} of allowance {allowance} set by {owner}"
            )
        self._change_allowance(owner, operator, -amount)
        return owner

    def _change_allowance(self, owner: int, operator: int, change: TokenAmount) -> TokenAmount:
        allowance = self.allowance(owner, operator)
        if change == 0:
            return allowance
        changed = max(allowance + change, ZERO)
        _set(self._allowances.inner(owner), operator, changed)
        return changed


def _present(account: int | None) -> int:
    if account is None:
        raise not_found("address could not be initialized")
    return account


def _require_allowance(amount: TokenAmount, name: str) -> None:
    if amount < 0:
        raise illegal_argument(f"value {amount} for {name} must be non-negative")


def _set(amounts: Map[K, TokenAmount], key: K, amount: TokenAmount) -> None:
    """Put an amount into a map, or nothing where there is none."""
    if amount == 0:
        amounts.delete(key)
        return
    try:
        encode_bigint(amount)
    except TooBig as error:
        # The library has a code of its own for maps that it cannot write.
        raise serialization(str(error)) from error
    amounts.set(key, amount)
