"""From an address in a message to the ID of the actor that it names (builtin-actors `shared.rs`).

State keeps actors by ID. An address that nothing has yet is given one on the way, as by any
transfer: a key address becomes an account, and a delegated address a placeholder (FIP-0048).
"""

from papyrus.primitives.address import Address
from papyrus.types.message import METHOD_SEND
from papyrus.vm.aborts import illegal_argument, not_found
from papyrus.vm.runtime import Runtime


def resolve_to_id(rt: Runtime, address: Address, *, must_exist: bool) -> int:
    """Return the actor ID of an address, creating the actor where its address allows that.

    An ID names itself, whether or not there is such an actor; `must_exist` asks for one.
    """
    actor_id = rt.resolve(address)
    if actor_id is None:
        rt.send(address, METHOD_SEND)
        actor_id = rt.resolve(address)
    if actor_id is None:
        raise illegal_argument(f"failed to resolve or initialize address {address}")
    if must_exist and rt.code_of(actor_id) is None:
        raise not_found(f"no code for address {address}")
    return actor_id
