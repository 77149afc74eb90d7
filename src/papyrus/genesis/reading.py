"""Reading a genesis: its block, its actors, and which release of the built-in actors it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeVar

from papyrus.ipld.blockstore import Blockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.actor_codes import release_of
from papyrus.rules.network import Network
from papyrus.rules.networks import NETWORKS
from papyrus.rules.versions import SUPPORTED
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader

R = TypeVar("R", bound=Record)

_STATE_TREE_VERSION = 5


@dataclass(frozen=True, slots=True)
class Release:
    """Which release of the actors a state names, and whose it is."""

    actors_version: int
    network: Network
    network_version: int
    """The oldest that runs these actors."""


class GenesisState:
    """A genesis block and the state it stands on."""

    def __init__(
        self, store: Blockstore, cid: Cid, header: BlockHeader, actors: Mapping[int, ActorState]
    ) -> None:
        """Hold what `open` has read."""
        self.store = store
        self.cid = cid
        self.header = header
        self.actors = actors

    @classmethod
    def open(cls, store: Blockstore, cid: Cid) -> Self:
        """Read the genesis at a block; LocalFault or DecodeError where that is none."""
        header = BlockHeader.from_cbor(load(store, cid))
        if header.height:
            raise LocalFault(f"block {cid} has height {header.height}, not 0: it is no genesis")
        root = _state_root(store, header.parent_state_root)
        actors = {
            Address.from_bytes(key).id: ActorState.from_ipld(value)
            for key, value in Hamt(store, root.actors).items()
        }
        return cls(store, cid, header, actors)

    @cached_property
    def codes(self) -> dict[str, Cid]:
        """The code of each built-in actor by name, as the system actor has it."""
        entries = get_cbor(self.store, get_cbor(self.store, self.actors[0].head)[0])
        return dict(entries)

    @cached_property
    def names(self) -> dict[Cid, str]:
        """The name of each built-in actor by its code."""
        return {code: name for name, code in self.codes.items()}

    def release(self) -> Release:
        """Return which release of the actors this is; LocalFault where none is known."""
        known = release_of(self.codes)
        if known is None:
            raise LocalFault("the state names actors of no release that is known here")
        version, bundle = known
        networks = [row for row in NETWORKS.values() if row.actors_bundle == bundle]
        versions = [row.network_version for row in SUPPORTED if row.actors_version == version]
        if not networks or not versions:
            raise LocalFault(f"no network here runs actors v{version} of {bundle}")
        return Release(version, networks[0], versions[0])

    def of_type(self, name: str) -> list[int]:
        """Return the IDs of all actors of a type, lowest first."""
        return sorted(
            actor_id for actor_id, actor in self.actors.items()
            if self.names.get(actor.code) == name
        )  # fmt: skip

    def load(self, actor_id: int, kind: type[R]) -> R:
        """Return the state of an actor; LocalFault where there is no such actor."""
        actor = self.actors.get(actor_id)
        if actor is None:
            raise LocalFault(f"there is no actor f0{actor_id}")
        return self.load_record(actor.head, kind)

    def load_record(self, root: Cid, kind: type[R]) -> R:
        """Return the record of a block."""
        return kind.from_cbor(load(self.store, root))


def _state_root(store: Blockstore, root: Cid) -> StateRoot:
    try:
        found = StateRoot.from_cbor(load(store, root))
    except DecodeError as error:
        raise LocalFault(
            "the state tree is older than version 1 and its actors are not known here, as are "
            f"those of mainnet's and calibration's genesis ({error})"
        ) from error
    if found.version != _STATE_TREE_VERSION:
        raise LocalFault(
            f"the state tree has version {found.version}: only {_STATE_TREE_VERSION}, of nv18 and "
            "later, is known here"
        )
    return found
