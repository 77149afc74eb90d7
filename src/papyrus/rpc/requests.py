"""What a client sends, as JSON-RPC 2.0 has it and as clients really write it.

Leniency where clients need it: `jsonrpc` may be missing, `params` may be absent, null, a list or an
object by name, and an id may be text, any number or null, which is answered as it came. A call
without an id is a notification and gets no answer.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from papyrus.rpc import json_text
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.json_text import LONG, JsonText

MAX_ID_LENGTH = 256
"""Characters of an id that is text; it comes back in the answer."""

_MAX_SHOWN = 80
"""Characters of a name that an error repeats."""


class _Absent:
    """The type of `NOTIFICATION`."""


NOTIFICATION = _Absent()
"""The id of a call that has none."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one method."""

    id: Any
    method: str
    parameters: list[Any] | dict[str, Any]
    is_long: bool = False
    """Whether its parameters may take a while to read."""


async def parse(body: bytes | str) -> Any:
    """Return the JSON of a body; RpcError for what is not JSON, or nested beyond all need."""
    try:
        if len(body) < LONG:
            return json_text.read(_text(body))
        return await asyncio.to_thread(lambda: json_text.read_long(_text(body)))
    except (ValueError, RecursionError) as error:
        raise RpcError(ErrorCode.PARSE_ERROR, "Parse error: the body is not JSON") from error


def call_of(value: Any, *, is_long: bool = False) -> Call:
    """Return the call that a JSON value is, from a body long or not; RpcError where it is none."""
    if not isinstance(value, dict):
        raise invalid_request("a request is an object")
    method = value.get("method")
    if not isinstance(method, str):
        raise invalid_request("a request names its method as text")
    parameters = value.get("params")
    if parameters is None:
        parameters = []
    if not isinstance(parameters, (list, dict)):
        raise RpcError(ErrorCode.INVALID_PARAMETERS, "params is a list, an object or null")
    return Call(id_of(value), method, parameters, is_long)


def id_of(value: Any) -> Any:
    """Return a request's id, or NOTIFICATION; RpcError for an id that cannot be echoed."""
    if not isinstance(value, dict) or "id" not in value:
        return NOTIFICATION
    found = value["id"]
    if isinstance(found, str) and len(found) <= MAX_ID_LENGTH:
        return found
    if found is None or (isinstance(found, (int, float)) and not isinstance(found, bool)):
        return found
    raise invalid_request(f"an id is a number, null, or text of up to {MAX_ID_LENGTH} characters")


def known_id(value: Any) -> Any:
    """Return the id an error is answered with: null where there is none that can be echoed."""
    try:
        found = id_of(value)
    except RpcError:
        return None
    return None if found is NOTIFICATION else found


def invalid_request(why: str) -> RpcError:
    """Return the error for JSON that is no request."""
    return RpcError(ErrorCode.INVALID_REQUEST, f"Invalid request: {why}")


def shown(name: str) -> str:
    """Return a name as an error may repeat it."""
    return name if len(name) <= _MAX_SHOWN else name[:_MAX_SHOWN] + "..."


def answer(call_id: Any, result: Any) -> str:
    """Return the text of an answer to a call, which to a notification is nothing."""
    if call_id is NOTIFICATION:
        return ""
    if isinstance(result, JsonText):
        return f'{{"id":{json_text.write(call_id)},"jsonrpc":"2.0","result":{result.text}}}'
    return json_text.write({"id": call_id, "jsonrpc": "2.0", "result": result})


def refusal(call_id: Any, error: RpcError) -> str:
    """Return the text of an error that answers a call; an unknown id is null."""
    known = None if call_id is NOTIFICATION else call_id
    return json_text.write({"error": error.to_json(), "id": known, "jsonrpc": "2.0"})


def notification(method: str, parameters: list[Any]) -> str:
    """Return the text of a notification to a client."""
    texts = ",".join(
        each.text if isinstance(each, JsonText) else json_text.write(each) for each in parameters
    )
    return f'{{"jsonrpc":"2.0","method":{json_text.write(method)},"params":[{texts}]}}'


def _text(body: bytes | str) -> str:
    return body if isinstance(body, str) else body.decode("utf-8-sig")
