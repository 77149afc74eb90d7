"""Messages to a token, whose amounts are given in whole tokens, and what it then holds."""

from papyrus.actors.common.findings import Findings
from papyrus.actors.datacap import params as methods
from papyrus.actors.datacap.invariants import check_state_invariants
from papyrus.actors.datacap.params import (
    BurnFromParams,
    BurnParams,
    DecreaseAllowanceParams,
    DestroyParams,
    IncreaseAllowanceParams,
    MintParams,
    RevokeAllowanceParams,
    TransferFromParams,
    TransferParams,
)
from papyrus.actors.datacap.state import State
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

ONE = 10**18
GOVERNOR = 100


def tokens(count):
    """Return a number of whole tokens as an amount."""
    return TokenAmount(count * ONE)


def address(who):
    """Return an actor ID as an address, and an address as it is."""
    return Address.from_id(who) if isinstance(who, int) else who


def mint(vm, to, count, operators=(), *, token=70, sender=GOVERNOR):
    """Mint whole tokens, with operators who may spend them, and return the outcome."""
    params = MintParams(address(to), tokens(count), tuple(map(address, operators)))
    return vm.send(sender, token, methods.MINT, params)


def destroy(vm, owner, count, *, token=70, sender=GOVERNOR):
    """Destroy whole tokens and return the outcome."""
    params = DestroyParams(address(owner), tokens(count))
    return vm.send(sender, token, methods.DESTROY, params)


def transfer(vm, sender, to, count, data=b"", *, token=70):
    """Send whole tokens and return the outcome."""
    params = TransferParams(address(to), tokens(count), data)
    return vm.send(sender, token, methods.TRANSFER, params)


def transfer_from(vm, operator, owner, to, count, data=b"", *, token=70):
    """Send an owner's whole tokens and return the outcome."""
    params = TransferFromParams(address(owner), address(to), tokens(count), data)
    return vm.send(operator, token, methods.TRANSFER_FROM, params)


def increase(vm, owner, operator, amount, *, token=70):
    """Let an operator spend an amount more and return the outcome."""
    params = IncreaseAllowanceParams(address(operator), TokenAmount(amount))
    return vm.send(owner, token, methods.INCREASE_ALLOWANCE, params)


def decrease(vm, owner, operator, amount, *, token=70):
    """Let an operator spend an amount less and return the outcome."""
    params = DecreaseAllowanceParams(address(operator), TokenAmount(amount))
    return vm.send(owner, token, methods.DECREASE_ALLOWANCE, params)


def revoke(vm, owner, operator, *, token=70):
    """Let an operator spend nothing and return the outcome."""
    return vm.send(owner, token, methods.REVOKE_ALLOWANCE, RevokeAllowanceParams(address(operator)))


def burn(vm, owner, count, *, token=70):
    """Burn whole tokens of the sender and return the outcome."""
    return vm.send(owner, token, methods.BURN, BurnParams(tokens(count)))


def burn_from(vm, operator, owner, count, *, token=70):
    """Burn an owner's whole tokens and return the outcome."""
    params = BurnFromParams(address(owner), tokens(count))
    return vm.send(operator, token, methods.BURN_FROM, params)


def summary(vm, token=70):
    """Return who has what of a token in which nothing is wrong."""
    findings = Findings()
    one = vm.one
    found = check_state_invariants(one.machine.store, one.state(token, State), findings)
    assert findings.sentences == []
    return found


def balances(vm, token=70):
    """Return how many whole tokens each owner has."""
    return {owner: balance // ONE for owner, balance in summary(vm, token).balances.items()}
