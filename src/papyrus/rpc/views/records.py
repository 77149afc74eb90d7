"""An actor's state, parameters and answers as Lotus' JSON, and parameters back into CBOR.

Which record it is, the actor's code says, and for parameters and answers the method's number.
Records are read as today's actors write them.
"""

from dataclasses import dataclass
from types import NoneType
from typing import Any

from papyrus.ipld import dag_cbor, lenient
from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.views.actor_methods import MethodTypes, method_types, state_of
from papyrus.rpc.views.record_forms import form_of
from papyrus.rpc.views.state_at import StateAt
from papyrus.rules.actor_codes import known_codes
from papyrus.types.actor import EMPTY_STATE, ActorState
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import codec_of

_NOTHING: dict[str, Any] = {}
"""How Lotus writes parameters of a method that takes none."""


@dataclass(frozen=True, slots=True)
class ActorRecord:
    """An actor with its decoded state, in Lotus' ActorState."""

    balance: TokenAmount
    code: Cid
    state: Any
    """None for an actor that keeps nothing."""


def actor_record(state: StateAt, address: Address) -> ActorRecord:
    """Return an actor and what it keeps; RpcError where its code is not known here."""
    actor = state.actor(address)
    name = _kind_of(state, actor)
    kind = None if name is None else state_of(name)
    if name is None or (kind is None and actor.head != EMPTY_STATE):
        raise RpcError(
            ErrorCode.GENERIC,
            sentence(
                "dumping actor state (a:{}): state type for actor {} not found", address, actor.code
            ),
        )
    found = None
    if kind is not None:
        data = load(state.store, actor.head)
        try:
            found = decoded(kind, data, state.network.address_prefix)
        except DecodeError as error:
            raise LocalFault(
                sentence(
                    "the state of {} is not that of today's {} actor: {}", address, name, error
                )
            ) from error
    return ActorRecord(actor.balance, actor.code, found)


def decode_params(state: StateAt, address: Address, method: int, params: bytes) -> Any:
    """Return what a message to an actor says; RpcError where it says nothing that can be read."""
    types = _types(state, state.actor(address), method)
    try:
        return decoded(types.params, params, state.network.address_prefix)
    except DecodeError as error:
        raise _unreadable("parameters", error) from error


def decode_return(state: StateAt, address: Address, method: int, data: bytes) -> Any:
    """Return what a method answered; its bytes where the actor or the method is not known."""
    name = _kind_of(state, state.actor(address))
    types = None if name is None else method_types(name, method)
    network = state.network.address_prefix
    if types is None:
        return form_of(bytes).write(data, network)
    try:
        return decoded(types.returns, data, network)
    except DecodeError as error:
        raise _unreadable("answer", error) from error


def encode_params(state: StateAt, code: Cid, method: int, value: Any) -> bytes:
    """Return the CBOR of parameters for an actor of a code; RpcError where they do not fit."""
    name = state.manifest().names.get(code) or known_codes().get(code)
    types = None if name is None else method_types(name, method)
    if types is None:
        raise _unknown(method, code)
    if _is_nothing(types.params):
        return b""
    try:
        codec = codec_of(types.params)
        return dag_cbor.encode(codec.to_ipld(form_of(types.params).read(value)))
    except (DecodeError, TypeError, ValueError) as error:
        raise RpcError(ErrorCode.GENERIC, f"json unmarshal: {error}") from error


def decoded(kind: Any, data: bytes, network: str) -> Any:
    """Return the JSON of a value of a kind; DecodeError where the bytes are none."""
    if _is_nothing(kind):
        return _NOTHING
    return form_of(kind).write(lenient.read_all(codec_of(kind).read, data), network)


def _is_nothing(kind: Any) -> bool:
    return kind is NoneType or kind == Block | None


def _types(state: StateAt, actor: ActorState, method: int) -> MethodTypes:
    name = _kind_of(state, actor)
    types = None if name is None else method_types(name, method)
    if types is None:
        raise _unknown(method, actor.code)
    return types


def _kind_of(state: StateAt, actor: ActorState) -> str | None:
    return state.kind_of(actor) or known_codes().get(actor.code)


def _unknown(method: int, code: Cid) -> RpcError:
    return RpcError(
        ErrorCode.GENERIC,
        f"getting params type: unknown method {method} for actor {code}: actor metadata not found",
    )


def _unreadable(what: str, error: DecodeError) -> RpcError:
    return RpcError(ErrorCode.GENERIC, f"the {what} cannot be read: {error}")
