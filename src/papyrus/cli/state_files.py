"""Which state of a file a command means, and how its actors are found.

A file's state is named by the CID of its root, or by a height: the state on which the tipset of
that height was executed. Without either it is that of the head, or the file's own root where that
is a state and no block.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from papyrus.actors.dispatch import ActorCode
from papyrus.actors.inspection import View, state_view
from papyrus.actors.registry import ACTORS
from papyrus.chain.snapshot_format import snapshot_head
from papyrus.cli.chain_contents import read_header, tipsets
from papyrus.conformance.states import actor_names
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.car_files import CarFile, open_car
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader
from papyrus.vm.state_tree import StateTree

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="A chain file or state, .car or .car.zst.")
]
StateOption = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="CID|HEIGHT",
        help="A state root, or the height of a tipset: the state it was executed on.",
    ),
]


@dataclass(frozen=True, slots=True)
class OpenState:
    """A state of a file, ready to be looked at."""

    store: Blockstore
    root: Cid
    tree: StateTree
    names: dict[Cid, str]
    """The names of the built-in actors by their code."""

    def find(self, address: str) -> tuple[int, ActorState]:
        """Return an actor with its ID; LocalFault where the state has none at that address."""
        parsed = Address.from_string(address)
        actor_id = self.tree.resolve(parsed)
        actor = None if actor_id is None else self.tree.get(actor_id)
        if actor_id is None or actor is None:
            raise LocalFault(f"there is no actor {address} in the state {self.root}")
        return actor_id, actor

    def type_of(self, actor: ActorState) -> str:
        """Return the name of an actor's code, or its CID where it has none."""
        return self.names.get(actor.code, str(actor.code))

    def code_of(self, actor: ActorState) -> ActorCode | None:
        """Return what is known of an actor's type, or None."""
        return ACTORS.get(self.type_of(actor))

    def view(self, actor: ActorState) -> View | None:
        """Return the actor's state with its names, or None where its type keeps none known here.

        LocalFault where the state is of another version of the actors than is known here.
        """
        code = self.code_of(actor)
        if code is None or code.state is None:
            return None
        try:
            return state_view(code.state, actor.head, self.store)
        except DecodeError as error:
            raise LocalFault(
                f"the state {actor.head} is not that of a {code.name} actor of today: {error}. "
                f"`papyrus car get FILE {actor.head} | papyrus decode -` shows it without names"
            ) from error


def open_state(path: Path, chosen: str | None) -> OpenState:
    """Open a file and the state of it that is meant; LocalFault where it does not hold one."""
    car = open_car(path)
    return open_root(car, state_root(car, path, chosen))


def open_root(store: Blockstore, root: Cid) -> OpenState:
    """Open the state at a root; LocalFault where it cannot be read."""
    try:
        StateRoot.from_cbor(load(store, root))
        tree = StateTree(store, root)
    except DecodeError as error:
        raise LocalFault(f"{root} is not the root of a state tree of today: {error}") from error
    return OpenState(store, root, tree, actor_names(store, root))


def state_root(car: CarFile, path: Path, chosen: str | None) -> Cid:
    """Return the state root that is meant; LocalFault where the file has no such thing."""
    header = state_header(car, path, chosen)
    if header is not None:
        return header.parent_state_root
    if chosen is not None:
        return Cid.from_string(chosen)
    if car.roots:
        return car.roots[0]
    raise LocalFault(f"{path} names no root: choose a state with --state CID")


def state_header(car: CarFile, path: Path, chosen: str | None) -> BlockHeader | None:
    """Return a block that was executed on the state that is meant.

    None where the state is named by its CID, or is itself the file's root; LocalFault where the
    file has no such tipset.
    """
    if chosen is not None and not chosen.isdecimal():
        return None
    if chosen is None:
        headers = (read_header(car, cid) for cid in snapshot_head(car, car.roots))
        return next((header for header in headers if header is not None), None)
    for found in tipsets(car, snapshot_head(car, car.roots)):
        if found.height == int(chosen):
            return found.blocks[0][1]
        if found.height < int(chosen):
            break
    raise LocalFault(f"{path} holds no tipset of height {chosen}")


def epoch_before(car: CarFile, header: BlockHeader) -> ChainEpoch | None:
    """Return the epoch after which the state is that a block was executed on.

    That is the epoch of its parents, or -1 for the state of genesis, which is executed by no one;
    None where the file does not hold them.
    """
    if header.height == 0:
        return -1
    parent = read_header(car, header.parents[0]) if header.parents else None
    return None if parent is None else parent.height or -1
