"""How other actors call the DataCap actor."""

from collections.abc import Iterable

from papyrus.actors.datacap.params import (
    BALANCE,
    BURN,
    DESTROY,
    MINT,
    TRANSFER,
    TRANSFER_FROM,
    BurnParams,
    DestroyParams,
    MintParams,
    TransferFromParams,
    TransferFromReturn,
    TransferParams,
)
from papyrus.actors.singletons import DATACAP
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


def balance(rt: Runtime, owner: Address, *, read_only: bool = False) -> TokenAmount:
    """Return how many tokens someone has."""
    return read_return(TokenAmount, rt.send(DATACAP, BALANCE, owner, read_only=read_only))


def mint(rt: Runtime, to: Address, amount: TokenAmount, operators: Iterable[Address]) -> None:
    """Make tokens for someone and let operators spend all of them; for the governor."""
    rt.send(DATACAP, MINT, MintParams(to, amount, tuple(operators)))


def burn(rt: Runtime, amount: TokenAmount) -> None:
    """Burn tokens of the calling actor; nothing is sent where there are none to burn."""
    if amount:
        rt.send(DATACAP, BURN, BurnParams(amount))


def destroy(rt: Runtime, owner: Address, amount: TokenAmount) -> None:
    """Burn someone's tokens, for the governor; nothing is sent where there are none to burn."""
    if amount:
        rt.send(DATACAP, DESTROY, DestroyParams(owner, amount))


def transfer(rt: Runtime, to: Address, amount: TokenAmount) -> None:
    """Send tokens of the calling actor to someone, whose hook is called even if there are none."""
    rt.send(DATACAP, TRANSFER, TransferParams(to, amount, b""))


def transfer_from(rt: Runtime, params: TransferFromParams) -> TransferFromReturn:
    """Send someone's tokens to another, as an operator."""
    return read_return(TransferFromReturn, rt.send(DATACAP, TRANSFER_FROM, params))
