"""`papyrus state diff`: what changed between two states, in words."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from papyrus.actors.differences import Change, changes
from papyrus.actors.inspection import View, state_view, to_json
from papyrus.cli.output import JsonOption, say, say_json
from papyrus.cli.state_files import FileArgument, OpenState, open_root, state_root
from papyrus.cli.state_get import is_link, plain
from papyrus.conformance.states import changed_actors
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.car_files import open_car
from papyrus.types.actor import ActorState

_SHOWN = 100
"""Letters of a value on one line."""

StateArgument = Annotated[
    str, typer.Argument(metavar="STATE", help="A state root, or the height of a tipset.")
]


def diff(
    file: FileArgument,
    old: StateArgument,
    new: StateArgument,
    address: Annotated[
        str | None, typer.Option("--actor", metavar="ADDRESS", help="Only this actor.")
    ] = None,
    json: JsonOption = False,
) -> None:
    r"""Say what changed from one state to another, actor by actor and field by field.

    Only what differs is read, so two states of a large network are compared as quickly as two of a
    small one.

    \b
    Examples:
      papyrus state diff chain.car.zst 100 101
      papyrus state diff chain.car.zst 100 200 --actor f01000
      papyrus state diff chain.car.zst bafy2bzacea... bafy2bzaceb... --json
    """
    car = open_car(file)
    before = open_root(car, state_root(car, file, old))
    after = open_root(car, state_root(car, file, new))
    rows = []
    wanted = None if address is None else _find(before, after, address)
    for actor_id, left, right in changed_actors(car, before.root, after.root):
        if wanted in (None, actor_id):
            rows.append(_row(before, after, actor_id, left, right))
    if json:
        say_json({"old": str(before.root), "new": str(after.root), "actors": rows})
        return
    for row in rows:
        say(f"{row['id']} ({row['type']}): {row['what']}")
        for change in row["changes"]:
            say(f"  {change['path']}: {_text(change['old'])} -> {_text(change['new'])}")
    say(f"{len(rows)} actors differ" if rows else "the states do not differ")


def _find(before: OpenState, after: OpenState, address: str) -> int:
    """Return the ID of an actor that either state has."""
    try:
        return after.find(address)[0]
    except LocalFault:
        return before.find(address)[0]


def _row(
    before: OpenState,
    after: OpenState,
    actor_id: int,
    left: ActorState | None,
    right: ActorState | None,
) -> dict[str, Any]:
    some, state = (right, after) if right is not None else (left, before)
    row: dict[str, Any] = {
        "id": str(Address.from_id(actor_id)),
        "type": "" if some is None else state.type_of(some),
        "what": "is new" if left is None else "is gone" if right is None else "has changed",
        "changes": [],
    }
    if left is not None and right is not None:
        row["changes"] = list(_changes(before, after, left, right))
    return row


def _changes(
    before: OpenState, after: OpenState, left: ActorState, right: ActorState
) -> Iterator[dict[str, Any]]:
    """Yield what differs between an actor then and now."""
    if left.code != right.code:
        yield _line("type", before.type_of(left), after.type_of(right))
    if left.nonce != right.nonce:
        yield _line("nonce", left.nonce, right.nonce)
    if left.balance != right.balance:
        yield _line("balance", *(amount.to_fil() for amount in (left.balance, right.balance)))
    if left.head != right.head:
        yield from _state_changes(before.store, after, left.head, right.head, right)


def _state_changes(
    store: Blockstore, after: OpenState, left: Cid, right: Cid, actor: ActorState
) -> Iterator[dict[str, Any]]:
    code = after.code_of(actor)
    if code is None or code.state is None:
        yield _line("state", str(left), str(right))
        return
    try:
        old, new = (state_view(code.state, root, store) for root in (left, right))
        for change in changes(old, new, store):
            yield _change(change, store)
    except DecodeError:
        # One of the two is of an older version of the actors, whose fields have other names.
        yield _line("state", str(left), str(right))


def _change(change: Change, store: Blockstore) -> dict[str, Any]:
    return _line(
        ".".join(("state", *change.path)), _shown(change.old, store), _shown(change.new, store)
    )


def _shown(view: View | None, store: Blockstore) -> Any:
    if view is not None and isinstance(view.value, TokenAmount):
        return view.value.to_fil()
    return None if view is None else to_json(view, store)


def _line(path: str, old: Any, new: Any) -> dict[str, Any]:
    return {"path": path, "old": old, "new": new}


def _text(value: Any) -> str:
    if is_link(value):
        return plain(value)
    text = (
        ", ".join(f"{key} {plain(item)}" for key, item in value.items())
        if isinstance(value, dict)
        else plain(value)
    )
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
