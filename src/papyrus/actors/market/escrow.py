"""Funds into escrow and out of it: methods 2 and 3, and what anyone has there.

Clients and providers fund their deals in advance. A provider's funds are the miner actor's, and go
to its owner when they are withdrawn.
"""

from papyrus.actors.dispatch import frc42, method
from papyrus.actors.market.ledger import Ledger
from papyrus.actors.market.params import (
    ADD_BALANCE,
    WITHDRAW_BALANCE,
    GetBalanceReturn,
    WithdrawBalanceParams,
)
from papyrus.actors.market.state import State
from papyrus.actors.miner.params.control import GetControlAddressesReturn
from papyrus.actors.miner.params.numbers import CONTROL_ADDRESSES
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import METHOD_SEND
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


@method(ADD_BALANCE, frc42("AddBalance"))
def add_balance(rt: Runtime, provider_or_client: Address) -> None:
    """Put the value that came with the call into someone's escrow. Anyone may, for anyone."""
    if rt.value <= 0:
        raise illegal_argument(f"balance to add must be greater than zero was: {rt.value}")
    rt.accept_any_caller()
    owner, _, _ = _escrow_of(rt, provider_or_client)
    ledger = Ledger(rt.store, rt.load(State))
    ledger.balances.escrow.add(owner, rt.value)
    rt.save(ledger.close())


@method(WITHDRAW_BALANCE, frc42("WithdrawBalance"))
def withdraw_balance(rt: Runtime, params: WithdrawBalanceParams) -> TokenAmount:
    """Pay out as much as was asked for, or as much of it as is not locked, and return how much.

    A client may withdraw its own funds, and a miner's owner or worker those of the miner, which go
    to the owner.
    """
    if params.amount < 0:
        raise illegal_argument(f"negative amount: {params.amount}")
    owner, recipient, approved = _escrow_of(rt, params.provider_or_client)
    rt.require_caller(*approved)
    ledger = Ledger(rt.store, rt.load(State))
    withdrawn = ledger.balances.withdraw(owner, params.amount)
    rt.save(ledger.close())
    rt.send(recipient, METHOD_SEND, value=withdrawn)
    return withdrawn


@method(frc42("GetBalance"))
def get_balance(rt: Runtime, account: Address) -> GetBalanceReturn:
    """Return what someone has in escrow, and how much of it is locked."""
    rt.accept_any_caller()
    actor_id = rt.resolve(account)
    if actor_id is None:
        raise illegal_argument(f"failed to resolve address {account}")
    owner = Address.from_id(actor_id)
    balances = Ledger(rt.store, rt.load(State)).balances
    return GetBalanceReturn(balances.escrow.get(owner), balances.locked.get(owner))


def _escrow_of(rt: Runtime, address: Address) -> tuple[Address, Address, tuple[Address, ...]]:
    """Return whose funds an address stands for, who is paid them, and who may withdraw them."""
    actor_id = rt.resolve(address)
    if actor_id is None:
        raise illegal_argument(f"failed to resolve address {address}")
    code = rt.code_of(actor_id)
    if code is None:
        raise illegal_argument(f"no code for address {actor_id}")
    owner = Address.from_id(actor_id)
    if rt.type_of_code(code) != "storageminer":
        return owner, owner, (owner,)
    control = read_return(GetControlAddressesReturn, rt.send(owner, CONTROL_ADDRESSES))
    return owner, control.owner, (control.owner, control.worker)
