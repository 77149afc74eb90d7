"""The machine: one state tree at one epoch, ready to execute messages (FIP-0030).

It binds what an execution needs: the state, the rules and the circumstances of the epoch, the
chain around it, the verifier of proofs, and the engine that runs actor code. Messages change its
state tree; `flush` writes the result to the store it was given.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from papyrus.ipld.blockstore import Blockstore, BufferedBlockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.versions import Rules
from papyrus.types.actor import EMPTY_STATE
from papyrus.vm.externs import Externs, Verifier
from papyrus.vm.manifest import manifest_of
from papyrus.vm.observer import Observer
from papyrus.vm.state_tree import SYSTEM_ACTOR, StateTree

if TYPE_CHECKING:
    from papyrus.vm.kernel.kernel import Kernel

_EMPTY_ARRAY = b"\x80"
"""The state of an actor that has none; it must be in every store."""


@dataclass(frozen=True, slots=True)
class NetworkContext:
    """The circumstances of an execution."""

    epoch: int
    timestamp: int
    """Seconds since 1970."""

    base_fee: TokenAmount
    circulating_supply: TokenAmount
    rules: Rules
    chain_id: int
    """The network's EIP-155 number, which Ethereum contracts see."""


class ActorEngine(Protocol):
    """Who runs the code of an actor."""

    def invoke(self, kernel: "Kernel", code: Cid, params_id: int) -> int:
        """Run the actor on its kernel and return the number of the return block, or 0.

        Raises Exit where the actor aborts or traps, OutOfGas, Fatal or LocalFault.
        """


class Machine:
    """A state tree with everything needed to execute messages on it."""

    __slots__ = (
        "context",
        "engine",
        "externs",
        "manifest",
        "observer",
        "store",
        "tree",
        "verifier",
    )

    def __init__(
        self,
        store: Blockstore,
        state_root: Cid,
        context: NetworkContext,
        externs: Externs,
        verifier: Verifier,
        engine: ActorEngine,
        observer: Observer | None = None,
    ) -> None:
        """Open the state at `state_root`; LocalFault where it cannot be executed."""
        self.store = BufferedBlockstore(store)
        self.context = context
        self.externs = externs
        self.verifier = verifier
        self.engine = engine
        self.observer = observer
        self.store.put(EMPTY_STATE, _EMPTY_ARRAY)
        self.tree = StateTree(self.store, state_root)
        system = self.tree.get(SYSTEM_ACTOR)
        if system is None:
            raise LocalFault(f"state tree {state_root} holds no system actor")
        manifest_root = get_cbor(self.store, system.head)[0]
        self.manifest = manifest_of(load(self.store, manifest_root))

    def flush(self) -> Cid:
        """Write the state and every new block it reaches, and return the state root."""
        root = self.tree.flush()
        self.store.flush(root)
        return root
