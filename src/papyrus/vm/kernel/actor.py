"""System calls on actors: addresses, code, balances, creation (FIP-0030, FIP-0048)."""

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.types.actor import ActorState
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.state_tree import INIT_ACTOR


def resolve_address(kernel: Kernel, address: Address) -> int:
    """Return the actor ID of an address; not found where there is none."""
    kernel.charge(*charges.on_resolve_address())
    found = kernel.calls.resolve(address)
    if found is None:
        raise SyscallError(ErrorNumber.NOT_FOUND, f"no actor has the address {address}")
    return found


def lookup_delegated_address(kernel: Kernel, actor_id: int) -> Address | None:
    """Return an actor's delegated address, or None where it has none."""
    kernel.charge(*charges.on_lookup_delegated_address())
    return _actor(kernel, actor_id).delegated_address


def get_actor_code_cid(kernel: Kernel, actor_id: int) -> Cid:
    """Return the code of an actor."""
    kernel.charge(*charges.on_get_actor_code_cid())
    return _actor(kernel, actor_id).code


def balance_of(kernel: Kernel, actor_id: int) -> TokenAmount:
    """Return the balance of an actor."""
    kernel.charge(*charges.on_balance_of())
    return _actor(kernel, actor_id).balance


def next_actor_address(kernel: Kernel) -> Address:
    """Return the address that the next actor created by this message will be given."""
    return kernel.calls.next_actor_address()


def create_actor(kernel: Kernel, code: Cid, actor_id: int, delegated: Address | None) -> None:
    """Create an actor at an assigned ID; only the init actor may."""
    if kernel.actor_id != INIT_ACTOR:
        raise SyscallError(
            ErrorNumber.FORBIDDEN,
            f"create_actor is restricted to the init actor, called by f0{kernel.actor_id}",
        )
    if kernel.read_only:
        raise SyscallError(ErrorNumber.READ_ONLY, "create_actor cannot be called while read-only")
    kernel.calls.create_actor(code, actor_id, delegated)


def get_builtin_actor_type(kernel: Kernel, code: Cid) -> int:
    """Return the place of the code in the manifest, or 0 where it is no built-in actor's."""
    calls = kernel.calls
    kernel.charge(*charges.on_get_builtin_actor_type(calls.prices))
    return calls.machine.manifest.types.get(code, 0)


def get_code_cid_for_type(kernel: Kernel, number: int) -> Cid:
    """Return the code at a place in the manifest."""
    calls = kernel.calls
    kernel.charge(*charges.on_get_code_cid_for_type(calls.prices))
    code = calls.machine.manifest.code_of_type(number)
    if code is None:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"no built-in actor has type {number}")
    return code


def _actor(kernel: Kernel, actor_id: int) -> ActorState:
    actor = kernel.calls.get_actor(actor_id)
    if actor is None:
        raise SyscallError(ErrorNumber.NOT_FOUND, f"there is no actor f0{actor_id}")
    return actor
