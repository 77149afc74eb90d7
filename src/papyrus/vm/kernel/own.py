"""System calls on the actor itself: its root, its balance, its end (FIP-0030, FIP-0073).

On chain this topic is called "self".
"""

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.types.actor import ActorState
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel.actor import resolve_address
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.state_tree import BURNT_FUNDS_ACTOR


def root(kernel: Kernel) -> Cid:
    """Return the actor's state root, reachable from here on."""
    prices = kernel.calls.prices
    if prices.tracks_links:
        kernel.charge(*charges.on_get_root(prices))
    cid = _living(kernel).head
    kernel.blocks.mark_reachable(cid)
    return cid


def set_root(kernel: Kernel, new: Cid) -> None:
    """Make a reachable CID the actor's state root."""
    if kernel.read_only:
        raise SyscallError(ErrorNumber.READ_ONLY, "cannot update the state-root while read-only")
    calls = kernel.calls
    if calls.prices.tracks_links:
        kernel.charge(*charges.on_set_root(calls.prices))
        if not kernel.blocks.is_reachable(new):
            raise SyscallError(ErrorNumber.NOT_FOUND, f"new root cid not reachable: {new}")
    calls.set_actor(kernel.actor_id, _living(kernel).with_head(new))


def current_balance(kernel: Kernel) -> TokenAmount:
    """Return the actor's balance; zero once it is deleted."""
    kernel.charge(*charges.on_self_balance())
    actor = kernel.calls.get_actor(kernel.actor_id)
    return TokenAmount(0) if actor is None else actor.balance


def self_destruct(kernel: Kernel, *, burn_unspent: bool) -> None:
    """Delete the actor, burning what it still holds if it asks for that (FIP-0073)."""
    _check_may_end(kernel)
    balance = current_balance(kernel)
    if balance != 0:
        if not burn_unspent:
            raise SyscallError(ErrorNumber.ILLEGAL_OPERATION, "self-destruct with unspent funds")
        try:
            kernel.calls.transfer(kernel.actor_id, BURNT_FUNDS_ACTOR, balance)
        except SyscallError as error:
            raise Fatal(f"burning the rest of f0{kernel.actor_id} failed: {error}") from error
    kernel.calls.delete_actor(kernel.actor_id)


def self_destruct_to(kernel: Kernel, beneficiary: Address) -> None:
    """Delete the actor and give what it holds to a beneficiary (before FIP-0073)."""
    _check_may_end(kernel)
    balance = current_balance(kernel)
    if balance != 0:
        heir = resolve_address(kernel, beneficiary)
        if heir == kernel.actor_id:
            raise SyscallError(ErrorNumber.FORBIDDEN, "an actor cannot be its own beneficiary")
        kernel.calls.transfer(kernel.actor_id, heir, balance)
    kernel.calls.delete_actor(kernel.actor_id)


def _check_may_end(kernel: Kernel) -> None:
    if kernel.read_only:
        raise SyscallError(ErrorNumber.READ_ONLY, "cannot self-destruct when read-only")
    kernel.charge(*charges.on_delete_actor())


def _living(kernel: Kernel) -> ActorState:
    actor = kernel.calls.get_actor(kernel.actor_id)
    if actor is None:
        raise SyscallError(ErrorNumber.ILLEGAL_OPERATION, "the actor has deleted itself")
    return actor
