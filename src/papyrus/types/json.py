"""The JSON that Lotus speaks, for every record of the chain.

Field names are Lotus' own. Amounts are decimal text, bytes are base64, a CID is an object with one
key "/", and an empty byte string or list is null, because Go writes an absent slice so. Messages
carry their CID as an extra field, which is not read back. Addresses take the letter of their
network. Reading raises DecodeError and nothing else.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount, TooBig, encode_bigint
from papyrus.primitives.errors import DecodeError
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, BlockMessage, MsgMeta
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket
from papyrus.types.tipset import Tipset, TipsetKey

T = TypeVar("T")

_MAX_AMOUNT_DIGITS = 400
"""More than a big integer of 128 bytes has, so that no longer text is parsed."""
_AMOUNT = re.compile(rf"-?[0-9]{{1,{_MAX_AMOUNT_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one field crosses: to JSON with a network letter, and back."""

    write: Callable[[Any, str], Any]
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one record crosses: (name in JSON, attribute, kind) in Lotus' order."""

    fields: tuple[tuple[str, str, _Kind], ...]


def to_json(record: object, network: str = "f") -> Any:
    """Return a record as Lotus would write it; TypeError for what is not a chain record."""
    if isinstance(record, Tipset):
        return {
            "Cids": to_json(record.key),
            "Blocks": [to_json(block, network) for block in record.blocks],
            "Height": record.height,
        }
    if isinstance(record, TipsetKey):
        return [cid_to_json(cid) for cid in record.cids]
    if isinstance(record, StampedEvent):
        entries = [to_json(entry, network) for entry in record.event.entries]
        return {"Emitter": record.emitter, "Entries": entries or None}
    shape = _SHAPES.get(type(record))
    if shape is None:
        raise TypeError(f"{type(record).__name__} has no JSON form")
    value = {
        name: kind.write(getattr(record, attribute), network)
        for name, attribute, kind in shape.fields
    }
    if isinstance(record, (Message, SignedMessage)):
        value["CID"] = cid_to_json(record.cid)
    return value


def from_json(cls: type[T], value: Any) -> T:
    """Return the record that Lotus' JSON stands for; raises DecodeError.

    A receipt is taken to be of version 1, which JSON does not tell.
    """
    found: Any
    if cls is Tipset:
        found = Tipset.of(
            from_json(BlockHeader, block) for block in _items(_member(value, "Blocks"))
        )
    elif cls is TipsetKey:
        found = TipsetKey(tuple(cid_from_json(cid) for cid in _items(value)))
    elif cls is StampedEvent:
        entries = tuple(from_json(EventEntry, entry) for entry in _items(_member(value, "Entries")))
        found = StampedEvent(_read_number(_member(value, "Emitter")), ActorEvent(entries))
        _check_bounds(found)
    else:
        shape = _SHAPES.get(cls)
        if shape is None:
            raise TypeError(f"{cls.__name__} has no JSON form")
        found = cls(
            **{attribute: _read_member(value, name, kind) for name, attribute, kind in shape.fields}
        )
        _check_bounds(found)
    return found  # type: ignore[no-any-return]  # each branch makes a value of cls


def json_fields(cls: type) -> tuple[tuple[str, str], ...]:
    """Return (name in JSON, attribute) of each field, in Lotus' order; none without a JSON form.

    Tipsets, their keys and stamped events are not written field by field, and have none either.
    """
    shape = _SHAPES.get(cls)
    return tuple((name, attribute) for name, attribute, _ in shape.fields) if shape else ()


def cid_to_json(cid: Cid) -> dict[str, str]:
    """Return a CID as Lotus writes it."""
    return {"/": str(cid)}


def cid_from_json(value: Any) -> Cid:
    """Return the CID of a one-key object; raises DecodeError."""
    text = _member(value, "/")
    if not isinstance(text, str):
        raise DecodeError("a CID in JSON is text")
    return Cid.from_string(text)


def bytes_to_json(data: bytes) -> str | None:
    """Return bytes as base64, and no bytes as null."""
    return base64.b64encode(data).decode("ascii") if data else None


def bytes_from_json(value: Any) -> bytes:
    """Return the bytes of base64 or null; raises DecodeError."""
    if value is None:
        return b""
    try:
        return base64.b64decode(value.encode("ascii"), validate=True)
    except (AttributeError, UnicodeEncodeError, binascii.Error) as error:
        raise DecodeError("bytes in JSON are base64 text or null") from error


def amount_from_json(value: Any) -> TokenAmount:
    """Return the amount of decimal text in attoFIL; raises DecodeError."""
    if not isinstance(value, str) or _AMOUNT.fullmatch(value) is None:
        raise DecodeError("an amount in JSON is decimal text")
    amount = int(value)
    try:
        encode_bigint(amount)
    except TooBig as error:
        raise DecodeError(str(error)) from error
    return TokenAmount(amount)


def signature_to_json(signature: Signature) -> dict[str, Any]:
    """Return a signature as Lotus writes it."""
    return {"Type": int(signature.type), "Data": bytes_to_json(signature.data)}


def signature_from_json(value: Any) -> Signature:
    """Return the signature of a type and data; raises DecodeError."""
    kind = _read_number(_member(value, "Type"))
    if not 0 <= kind <= 255:
        raise DecodeError(f"unknown signature type {kind}")
    return Signature.from_bytes(bytes((kind,)) + bytes_from_json(_member(value, "Data")))


def _member(value: Any, name: str) -> Any:
    if not isinstance(value, dict) or name not in value:
        raise DecodeError(f"expected an object with a field {name!r}")
    return value[name]


def _check_bounds(record: Any) -> None:
    """Refuse a record that has no wire form, for JSON numbers have no width."""
    try:
        record.to_ipld()
    except (TypeError, ValueError) as error:
        raise DecodeError(str(error)) from error


def _read_member(value: Any, name: str, kind: _Kind) -> Any:
    try:
        return kind.read(_member(value, name))
    except DecodeError as error:
        raise DecodeError(f"{name}: {error}") from error


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise DecodeError("expected a list or null")
    return value


def _read_number(value: Any) -> int:
    if type(value) is not int:
        raise DecodeError("expected an integer")
    return value


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise DecodeError("expected text")
    return value


def _optional(kind: _Kind) -> _Kind:
    return _Kind(
        lambda value, network: None if value is None else kind.write(value, network),
        lambda value: None if value is None else kind.read(value),
    )


def _list(kind: _Kind) -> _Kind:
    return _Kind(
        lambda value, network: [kind.write(item, network) for item in value] or None,
        lambda value: tuple(kind.read(item) for item in _items(value)),
    )


def _record(cls: type[object]) -> _Kind:
    return _Kind(to_json, lambda value: from_json(cls, value))


_NUMBER = _Kind(lambda value, _: int(value), _read_number)
_TEXT = _Kind(lambda value, _: value, _read_text)
_AMOUNT_TEXT = _Kind(lambda value, _: str(int(value)), amount_from_json)
_BYTES = _Kind(lambda value, _: bytes_to_json(value), bytes_from_json)
_CID = _Kind(lambda value, _: cid_to_json(value), cid_from_json)
_ADDRESS = _Kind(
    lambda value, network: value.to_string(network),
    lambda value: Address.from_string(_read_text(value)),
)
_SIGNATURE = _Kind(
    lambda value, _: signature_to_json(value),
    signature_from_json,
)


_SHAPES: dict[type, _Shape] = {
    Message: _Shape(
        (
            ("Version", "version", _NUMBER),
            ("To", "to", _ADDRESS),
            ("From", "sender", _ADDRESS),
            ("Nonce", "nonce", _NUMBER),
            ("Value", "value", _AMOUNT_TEXT),
            ("GasLimit", "gas_limit", _NUMBER),
            ("GasFeeCap", "gas_fee_cap", _AMOUNT_TEXT),
            ("GasPremium", "gas_premium", _AMOUNT_TEXT),
            ("Method", "method", _NUMBER),
            ("Params", "params", _BYTES),
        )
    ),
    SignedMessage: _Shape(
        (("Message", "message", _record(Message)), ("Signature", "signature", _SIGNATURE))
    ),
    Receipt: _Shape(
        (
            ("ExitCode", "exit_code", _NUMBER),
            ("Return", "return_data", _BYTES),
            ("GasUsed", "gas_used", _NUMBER),
            ("EventsRoot", "events_root", _optional(_CID)),
        )
    ),
    EventEntry: _Shape(
        (
            ("Flags", "flags", _NUMBER),
            ("Key", "key", _TEXT),
            ("Codec", "codec", _NUMBER),
            ("Value", "value", _BYTES),
        )
    ),
    Ticket: _Shape((("VRFProof", "vrf_proof", _BYTES),)),
    ElectionProof: _Shape((("WinCount", "win_count", _NUMBER), ("VRFProof", "vrf_proof", _BYTES))),
    BeaconEntry: _Shape((("Round", "round", _NUMBER), ("Data", "data", _BYTES))),
    PoStProof: _Shape(
        (("PoStProof", "post_proof", _NUMBER), ("ProofBytes", "proof_bytes", _BYTES))
    ),
    BlockHeader: _Shape(
        (
            ("Miner", "miner", _ADDRESS),
            ("Ticket", "ticket", _optional(_record(Ticket))),
            ("ElectionProof", "election_proof", _optional(_record(ElectionProof))),
            ("BeaconEntries", "beacon_entries", _list(_record(BeaconEntry))),
            ("WinPoStProof", "win_post_proof", _list(_record(PoStProof))),
            ("Parents", "parents", _list(_CID)),
            ("ParentWeight", "parent_weight", _AMOUNT_TEXT),
            ("Height", "height", _NUMBER),
            ("ParentStateRoot", "parent_state_root", _CID),
            ("ParentMessageReceipts", "parent_message_receipts", _CID),
            ("Messages", "messages", _CID),
            ("BLSAggregate", "bls_aggregate", _optional(_SIGNATURE)),
            ("Timestamp", "timestamp", _NUMBER),
            ("BlockSig", "block_sig", _optional(_SIGNATURE)),
            ("ForkSignaling", "fork_signaling", _NUMBER),
            ("ParentBaseFee", "parent_base_fee", _AMOUNT_TEXT),
        )
    ),
    MsgMeta: _Shape(
        (("BlsMessages", "bls_messages", _CID), ("SecpkMessages", "secp_messages", _CID))
    ),
    BlockMessage: _Shape(
        (
            ("Header", "header", _record(BlockHeader)),
            ("BlsMessages", "bls_messages", _list(_CID)),
            ("SecpkMessages", "secp_messages", _list(_CID)),
        )
    ),
    ActorState: _Shape(
        (
            ("Code", "code", _CID),
            ("Head", "head", _CID),
            ("Nonce", "nonce", _NUMBER),
            ("Balance", "balance", _AMOUNT_TEXT),
            ("DelegatedAddress", "delegated_address", _optional(_ADDRESS)),
        )
    ),
    StateRoot: _Shape(
        (("Version", "version", _NUMBER), ("Actors", "actors", _CID), ("Info", "info", _CID))
    ),
}
