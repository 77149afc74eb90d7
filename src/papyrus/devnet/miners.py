"""The miners that a devnet looks after: it makes their blocks and proves their sectors.

They are those of its genesis, and any that it has sealed a sector for, which is SIMULATED as all
sealing here is. Which those are is read from the state, so that a devnet that goes on where it was
stopped, or back to an earlier moment, knows its own. So is who signs for each, since an owner may
name another worker. A miner whose sectors are real is left to whoever runs it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from papyrus.actors.miner.sectors import SECTORS
from papyrus.actors.miner.state import PRE_COMMITTED_SECTORS
from papyrus.actors.power.state import CLAIMS, State
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.consensus.worker_keys import key_of, worker_of
from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import Cid
from papyrus.mining.post_scheduler import ChainView, load_miner
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.simulated import is_simulated_replica
from papyrus.vm.state_tree import StateTree
from papyrus.wallet.errors import UnknownAddress, WalletError

HasKey = Callable[[Address], bool]
"""Whether the wallet has the key of an address."""


@dataclass(frozen=True, slots=True)
class DevnetMiner:
    """A miner, and who signs for it."""

    address: Address
    """By ID."""
    worker: Address
    """A key address."""


class MissingKey(LocalFault):
    """Nobody here can sign for a miner."""

    def __init__(self, miner: Address, worker: Address) -> None:
        """Name the key, and the command that would help."""
        super().__init__(
            sentence(
                "the key of {}, the worker of {}, is not in the wallet: `papyrus wallet "
                "import --chain devnet` takes it in",
                worker,
                miner,
            )
        )


def unable(miner: Address, error: WalletError) -> LocalFault:
    """Return why the wallet cannot sign for a miner, in words that help."""
    return MissingKey(miner, error.address) if isinstance(error, UnknownAddress) else error


def find_miner(view: ChainView, address: Address, has_key: HasKey) -> DevnetMiner:
    """Return a miner that could be looked after; LocalFault where there is none, MissingKey."""
    tree = StateTree(view.store, view.state_root)
    actor_id = tree.resolve(address)
    try:
        worker = None if actor_id is None else key_of(tree, worker_of(tree, actor_id))
    except LookupError:
        worker = None
    if actor_id is None or worker is None:
        raise LocalFault(sentence("{} is no miner: `papyrus miner create` makes one", address))
    if not has_key(worker):
        raise MissingKey(address, worker)
    return DevnetMiner(Address.from_id(actor_id), worker)


def simulated_miners(view: ChainView) -> tuple[Address, ...]:
    """Return every miner with a simulated sector, by ID."""
    return tuple(
        miner
        for miner in sorted(_miners(view), key=lambda one: one.id)
        if any(map(is_simulated_replica, _replicas(view, miner.id)))
    )


def _miners(view: ChainView) -> Iterator[Address]:
    power = StateTree(view.store, view.state_root).get(STORAGE_POWER.id)
    if power is None:
        raise LocalFault(f"the state {view.state_root} has no actor for power")
    state = State.from_cbor(load(view.store, power.head))
    yield from CLAIMS.open(view.store, state.claims).keys()


def _replicas(view: ChainView, miner: int) -> Iterator[Cid]:
    """Give the commitments to a miner's replicas, those proven and those announced."""
    state, _ = load_miner(view, miner)
    sectors = SECTORS.open(view.store, state.sectors)
    for _, sector in sectors.items():  # noqa: PERF102 - an AMT has no values()
        yield sector.sealed_cid
    announced_sectors = PRE_COMMITTED_SECTORS.open(view.store, state.pre_committed_sectors)
    for _, announced in announced_sectors.items():  # noqa: PERF102 - nor a HAMT
        yield announced.info.sealed_cid
