"""`papyrus decode`: CBOR as JSON, with the names of fields where the type is told."""

import base64
from typing import Annotated, Any

import typer

from papyrus.cli.input import read_value
from papyrus.cli.output import JsonOption, say_json
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError

TYPES = (
    "ActorState",
    "BeaconEntry",
    "BlockHeader",
    "BlockMessage",
    "ElectionProof",
    "EventEntry",
    "Message",
    "MsgMeta",
    "PoStProof",
    "Receipt",
    "SignedMessage",
    "StampedEvent",
    "StateRoot",
    "Ticket",
)
"""What `--as` knows: the records of the chain, by their names in Papyrus."""


def decode(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE|-|TEXT", help="A file, stdin, or hexadecimal or base64 text."),
    ],
    kind: Annotated[
        str | None, typer.Option("--as", help=f"Name the fields: {', '.join(TYPES)}.")
    ] = None,
    network: Annotated[
        str, typer.Option(help="Letter that addresses begin with: f (mainnet) or t.")
    ] = "f",
    json: JsonOption = False,  # noqa: ARG001 - what it prints is JSON in any case
) -> None:
    r"""Show one CBOR object as JSON.

    Without --as, links are {"/": "<CID>"} and bytes are {"/": {"bytes": "<base64>"}}, as in
    DAG-JSON. With --as, the object has the field names and forms that Lotus gives it.

    \b
    Examples:
      papyrus decode block.cbor --as BlockHeader
      papyrus decode 82016474657374
      papyrus car get chain.car.zst bafy2bz... | papyrus decode - --as Message
    """
    show(read_value(source), kind, network)


def show(data: bytes, kind: str | None, network: str) -> None:
    """Print bytes as JSON, with the names of fields where a type is given."""
    if network not in ("f", "t"):
        raise typer.BadParameter(f"{network!r}: the letter is f or t")
    if kind is None:
        say_json(to_dag_json(dag_cbor.decode(data)))
        return
    names = {name.lower(): name for name in TYPES}
    if kind.lower() not in names:
        raise typer.BadParameter(f"{kind!r}: choose from {', '.join(TYPES)}")
    say_json(decode_as(names[kind.lower()], data, network))


def decode_as(name: str, data: bytes, network: str = "f") -> Any:
    """Return the JSON of a record of the chain; DecodeError where the bytes are not one."""
    from papyrus.types.json import to_json  # noqa: PLC0415 - keeps the help quick

    try:
        return to_json(record_type(name).from_cbor(data), network)
    except DecodeError as error:
        reason = str(error).removeprefix(f"{name}: ")
        raise DecodeError(f"this is no {name}: {reason}") from error


def record_type(name: str) -> Any:
    """Return the class of a record by one of the names in `TYPES`."""
    from papyrus.types import (  # noqa: PLC0415 - keeps the help quick
        actor,
        block,
        event,
        message,
        receipt,
        ticket,
    )

    for module in (block, message, receipt, event, actor, ticket):
        if hasattr(module, name):
            return getattr(module, name)
    raise LookupError(name)


def to_dag_json(value: Any) -> Any:
    """Return decoded DAG-CBOR in the DAG-JSON form of links and bytes."""
    if isinstance(value, Cid):
        return {"/": str(value)}
    if isinstance(value, bytes):
        return {"/": {"bytes": base64.b64encode(value).decode("ascii").rstrip("=")}}
    if isinstance(value, list):
        return [to_dag_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_dag_json(item) for key, item in value.items()}
    return value
