"""What both clients write and read: a call as JSON, and its answer as a value or an error."""

import json
from typing import Any

import httpx

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rpc.api_info import ApiInfo
from papyrus.rpc.declarations import Declaration
from papyrus.rpc.errors import ErrorCode, RpcError

TRIES = 4
"""How often a question is asked before a node that cannot be reached is given up."""

DELAYS = (0.1, 0.4, 1.6)
"""Seconds between them."""

SECONDS = 60.0
"""An answer is waited for, unless its method waits by nature."""

_MAX_SHOWN = 200


class Unreachable(LocalFault):
    """No node answers where one is expected."""


def request(declaration: Declaration, call_id: int, args: Any, kwargs: Any) -> dict[str, Any]:
    """Return a call as JSON, with every parameter in its place, defaults too, as Lotus wants it.

    Raises TypeError for arguments that the declaration does not have.
    """
    kwargs = {name.lstrip("_"): value for name, value in kwargs.items()}
    values = dict(zip((parameter.name for parameter in declaration.parameters), args, strict=False))
    if len(args) > len(declaration.parameters) or values.keys() & kwargs.keys():
        raise TypeError(f"{declaration.name} takes {len(declaration.parameters)} arguments")
    values |= kwargs
    written = []
    for parameter in declaration.parameters:
        if parameter.name not in values and parameter.is_required:
            raise TypeError(f"{declaration.name} needs its argument {parameter.name}")
        value = values.pop(parameter.name, parameter.default)
        is_absent = value is None and not parameter.is_required
        written.append(None if is_absent else parameter.codec.write(value, "f"))
    if values:
        raise TypeError(f"{declaration.name} has no argument {next(iter(values))}")
    return {"jsonrpc": "2.0", "id": call_id, "method": declaration.name, "params": written}


def outcome(declaration: Declaration, answer: Any) -> Any:
    """Return the value that an answer holds.

    Raises RpcError for one that is an error, DecodeError for what the declaration does not promise.
    """
    if not isinstance(answer, dict):
        raise DecodeError(f"{declaration.name}: the answer is not an object")
    error = answer.get("error")
    if error is not None:
        raise rpc_error(error)
    try:
        return declaration.result.read(answer.get("result"))
    except DecodeError as fault:
        raise DecodeError(f"{declaration.name}: the answer: {fault}") from fault


def rpc_error(error: Any) -> RpcError:
    """Return the error that an answer tells of."""
    if not isinstance(error, dict) or type(error.get("code")) is not int:
        return RpcError(ErrorCode.GENERIC, f"an error without a code: {str(error)[:_MAX_SHOWN]}")
    return RpcError(error["code"], str(error.get("message", "")), error.get("data"))


def body_of(response: httpx.Response, url: str) -> Any:
    """Return the JSON of a response, whatever its status: Lotus sends errors with 500.

    Raises LocalFault where it holds none.
    """
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise LocalFault(
            f"{url} answers HTTP {response.status_code} and no JSON: is it a Filecoin node?"
        ) from error


def unreachable(url: str, error: Exception) -> Unreachable:
    """Return what is told of a node that cannot be reached."""
    why = str(error) or type(error).__name__
    return Unreachable(f"cannot reach a node at {url}: {why}; is it running?")


def verification(info: ApiInfo) -> bool:
    """Return whether certificates are looked at: reading the known ones takes a while, for http."""
    return info.base.startswith("https:")


def tries(declaration: Declaration) -> int:
    """Return how often a call may be made: a change only once, for it may have happened."""
    return TRIES if declaration.is_repeatable else 1


def seconds(declaration: Declaration, most: float) -> float | None:
    """Return how long an answer is waited for, None for as long as it takes."""
    return None if declaration.waits else most
