"""What holds of an account."""

from papyrus.actors.account.state import State
from papyrus.actors.common.findings import Findings
from papyrus.actors.singletons import FIRST_NON_SINGLETON_ID
from papyrus.primitives.address import Protocol

_KEYS = (Protocol.SECP256K1, Protocol.BLS)


def check_state_invariants(state: State, actor_id: int, findings: Findings) -> None:
    """Note what is wrong with an account; those of genesis with low IDs may stand for no key."""
    if actor_id >= FIRST_NON_SINGLETON_ID:
        findings.require(
            state.address.protocol in _KEYS,
            f"actor address {state.address} must be BLS or SECP256K1 protocol",
        )
