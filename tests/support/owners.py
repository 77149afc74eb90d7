"""Who owns a miner in a scenario, who is paid by it, and what it pays out."""

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeBeneficiaryParams, GetBeneficiaryReturn
from papyrus.actors.miner.params.payments import WithdrawBalanceParams
from papyrus.actors.miner.state import State, load_info
from papyrus.ipld.dag_cbor import decode
from papyrus.primitives.amounts import TokenAmount, decode_bigint


def propose_beneficiary(vm, sender, miner, nominee, quota, expiration):
    """Propose, or agree to, a beneficiary and its term, and return the outcome."""
    params = ChangeBeneficiaryParams(nominee.address, TokenAmount(quota), expiration)
    return vm.send(sender.id, miner, numbers.CHANGE_BENEFICIARY, params)


def beneficiary(vm, asking, miner):
    """Return the beneficiary there is, and the one that is proposed, if any, as anyone may ask."""
    return GetBeneficiaryReturn.from_cbor(vm.ok(asking.id, miner, numbers.GET_BENEFICIARY))


def propose_owner(vm, sender, miner, owner):
    """Propose, or agree to, an owner, and return the outcome."""
    return vm.send(sender.id, miner, numbers.CHANGE_OWNER_ADDRESS, owner.address)


def owners(vm, miner):
    """Return the owner, the one that is proposed, if any, and the beneficiary."""
    one = vm.one
    info = load_info(one.machine.store, one.state(miner, State))
    return info.owner, info.pending_owner_address, info.beneficiary


def withdraw(vm, sender, miner, amount):
    """Ask a miner to pay out some attoFIL, and return the outcome."""
    params = WithdrawBalanceParams(TokenAmount(amount))
    return vm.send(sender.id, miner, numbers.WITHDRAW_BALANCE, params)


def amount(value):
    """Return an amount that a message returned."""
    return decode_bigint(decode(value))
