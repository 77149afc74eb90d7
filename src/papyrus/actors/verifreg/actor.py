"""The verified registry: DataCap, allocations and claims (FIP-0003, FIP-0045).

A sector with verified data counts tenfold. What is verified is decided by people: verifiers hand
out DataCap to clients, who spend it on storing their data, a byte of it for a byte.

The registry moves DataCap as the governor of the DataCap actor, where it is kept as tokens.
"""

from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.singletons import SYSTEM
from papyrus.actors.verifreg.allocations import (
    claim_allocations,
    remove_expired_allocations,
    universal_receiver_hook,
)
from papyrus.actors.verifreg.claims import extend_claim_terms, get_claims, remove_expired_claims
from papyrus.actors.verifreg.state import State, empty
from papyrus.actors.verifreg.verifiers import (
    add_verified_client,
    add_verifier,
    remove_verified_client_data_cap,
    remove_verifier,
)
from papyrus.primitives.address import Address
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import illegal_argument
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, root_key: Address) -> None:
    """Begin without verifiers under a root, who must exist."""
    rt.require_caller(SYSTEM)
    root = rt.resolve(root_key)
    if root is None:
        raise illegal_argument("root should be an ID address")
    rt.create(empty(rt.store, Address.from_id(root)))


VERIFIED_REGISTRY_ACTOR = ActorCode(
    name="verifiedregistry",
    state=State,
    methods=(
        constructor,
        add_verifier,
        remove_verifier,
        add_verified_client,
        remove_verified_client_data_cap,
        remove_expired_allocations,
        claim_allocations,
        get_claims,
        extend_claim_terms,
        remove_expired_claims,
        universal_receiver_hook,
    ),
)
"""Methods 5 and 6, UseBytes and RestoreBytes, went with actors v9 (FIP-0045)."""
