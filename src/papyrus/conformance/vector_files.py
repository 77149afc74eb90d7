"""The files of the official test vectors (filecoin-project/test-vectors, schema/schema.go).

A vector is one JSON object. It holds a state, as a gzipped CAR in base64, what to apply to it
(messages, or tipsets of messages), under which circumstances (its variants: epoch and network
version), and what must come out. Extracted vectors hold only the part of the state that their
message touches.

A file is read in two steps, because what decides whether a vector is to be run at all must be
known before the rest of it makes sense: older corpora have randomness rules of another shape.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from papyrus.conformance import json_fields as fields
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.storage.compression import open_file

MAX_FILE_SIZE = 256 << 20
"""Bytes of a vector file; the largest official one has 1.3 million."""
MAX_CAR_SIZE = 256 << 20
"""Bytes of the state within, unpacked; the largest official one has 1.6 million."""

DEFAULT_BASE_FEE = TokenAmount(100)
"""What holds where a vector names no base fee."""
DEFAULT_CIRCULATING_SUPPLY = TokenAmount.from_fil(2_000_000_000)
"""What holds where a vector names no circulating supply: all of it."""

_GZIP = 31
"""zlib's window bits for a gzip wrapper."""
_DIGEST_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Variant:
    """One set of circumstances to run a vector under."""

    id: str
    epoch: int
    network_version: int


@dataclass(frozen=True, slots=True)
class VectorHeader:
    """What says whether and how often a vector is to be run."""

    id: str
    vector_class: str
    """"message" or "tipset"."""
    selector: dict[str, str]
    hints: tuple[str, ...]
    variants: tuple[Variant, ...]
    content: dict[str, Any]
    """The whole file, for the second step."""


@dataclass(frozen=True, slots=True)
class RandomnessRule:
    """What the chain answers to one request for randomness."""

    kind: str
    """"chain" or "beacon"."""
    epoch: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """One block of a tipset to apply."""

    miner: Address
    win_count: int
    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class VectorTipset:
    """One tipset to apply."""

    epoch_offset: int
    base_fee: TokenAmount
    blocks: tuple[VectorBlock, ...]


@dataclass(frozen=True, slots=True)
class ExpectedReceipt:
    """What a message must give."""

    exit_code: int
    return_data: bytes
    gas_used: int


@dataclass(frozen=True, slots=True)
class Vector:
    """The state of a vector, what to apply to it, and what must come out."""

    pre_root: Cid
    post_root: Cid
    base_fee: TokenAmount
    circulating_supply: TokenAmount
    randomness: tuple[RandomnessRule, ...]
    messages: tuple[bytes, ...]
    """Unsigned messages in CBOR; of a vector of class "message"."""
    tipsets: tuple[VectorTipset, ...]
    """Of a vector of class "tipset"."""
    receipts: tuple[ExpectedReceipt, ...]
    receipts_roots: tuple[Cid, ...]
    car: bytes
    """The state as a CAR file, unpacked."""
    traces: tuple[dict[str, Any], ...]
    """Lotus' execution traces of the messages, where the vector carries them."""


def read_header(path: Path) -> VectorHeader:
    """Return the header of a vector file; DecodeError where it is none, LocalFault unread."""
    with open_file(path) as file:
        data = file.read(MAX_FILE_SIZE + 1)
    if len(data) > MAX_FILE_SIZE:
        raise DecodeError(f"a vector has at most {MAX_FILE_SIZE} bytes")
    return parse_header(data)


def parse_header(data: bytes) -> VectorHeader:
    """Return the header of a vector, or raise DecodeError."""
    content = fields.mapping(fields.parse(data), "the vector")
    meta = fields.mapping(content.get("_meta") or {}, "_meta")
    vector_class = fields.text(content.get("class"), "class")
    if vector_class not in ("message", "tipset"):
        raise DecodeError(f"class {vector_class!r} is neither message nor tipset")
    selector = fields.mapping(content.get("selector") or {}, "selector")
    before = fields.mapping(content.get("preconditions"), "preconditions")
    variants = fields.sequence(before.get("variants"), "variants")
    if not variants:
        raise DecodeError("the vector has no variants")
    return VectorHeader(
        id=fields.text(meta.get("id", ""), "_meta.id"),
        vector_class=vector_class,
        selector={key: fields.text(value, f"selector {key}") for key, value in selector.items()},
        hints=tuple(
            fields.text(hint, "a hint") for hint in fields.sequence(content.get("hints"), "hints")
        ),
        variants=tuple(_variant(value) for value in variants),
        content=content,
    )


def parse_body(header: VectorHeader) -> Vector:
    """Return the rest of a vector of actors v8 and later, or raise DecodeError."""
    content = header.content
    before = fields.mapping(content.get("preconditions"), "preconditions")
    after = fields.mapping(content.get("postconditions"), "postconditions")
    rules = fields.sequence(content.get("randomness"), "randomness")
    messages = fields.sequence(content.get("apply_messages"), "apply_messages")
    tipsets = fields.sequence(content.get("apply_tipsets"), "apply_tipsets")
    receipts = fields.sequence(after.get("receipts"), "receipts")
    roots = fields.sequence(after.get("receipts_roots"), "receipts_roots")
    return Vector(
        pre_root=_state_root(before, "preconditions"),
        post_root=_state_root(after, "postconditions"),
        base_fee=_amount(before.get("basefee"), "basefee", DEFAULT_BASE_FEE),
        circulating_supply=_amount(
            before.get("circ_supply"), "circ_supply", DEFAULT_CIRCULATING_SUPPLY
        ),
        randomness=tuple(_randomness_rule(rule) for rule in rules),
        messages=tuple(_message(message) for message in messages),
        tipsets=tuple(_tipset(tipset) for tipset in tipsets),
        receipts=tuple(_receipt(receipt) for receipt in receipts),
        receipts_roots=tuple(fields.cid(root, "a receipts root") for root in roots),
        car=_unpack(fields.base64_bytes(content.get("car"), "car"), "car"),
        traces=_traces(content.get("diagnostics")),
    )


def _variant(value: Any) -> Variant:
    entry = fields.mapping(value, "a variant")
    return Variant(
        id=fields.text(entry.get("id", ""), "a variant's id"),
        epoch=fields.number(entry.get("epoch"), "a variant's epoch"),
        network_version=fields.number(entry.get("nv"), "a variant's nv", highest=2**32 - 1),
    )


def _state_root(conditions: dict[str, Any], where: str) -> Cid:
    tree = fields.mapping(conditions.get("state_tree"), f"{where}.state_tree")
    return fields.cid(tree.get("root_cid"), f"{where}.state_tree.root_cid")


def _amount(value: Any, where: str, default: TokenAmount) -> TokenAmount:
    if value is None:
        return default
    return TokenAmount(fields.number(value, where, highest=2**256))


def _randomness_rule(value: Any) -> RandomnessRule:
    rule = fields.mapping(value, "a randomness rule")
    on = fields.sequence(rule.get("on"), "a randomness rule's request")
    if len(on) != 2 or on[0] not in ("chain", "beacon"):
        raise DecodeError("a randomness rule is not for a kind (chain or beacon) and an epoch")
    digest = fields.base64_bytes(rule.get("ret"), "a randomness rule's answer")
    if len(digest) != _DIGEST_LENGTH:
        raise DecodeError(f"a randomness rule answers {len(digest)} bytes, not {_DIGEST_LENGTH}")
    epoch = fields.number(on[1], "a randomness rule's epoch", lowest=-(2**63))
    return RandomnessRule(on[0], epoch, digest)


def _message(value: Any) -> bytes:
    entry = fields.mapping(value, "a message to apply")
    return fields.base64_bytes(entry.get("bytes"), "a message to apply")


def _tipset(value: Any) -> VectorTipset:
    entry = fields.mapping(value, "a tipset to apply")
    blocks = fields.sequence(entry.get("blocks"), "a tipset's blocks")
    return VectorTipset(
        epoch_offset=fields.number(entry.get("epoch_offset", 0), "a tipset's epoch_offset"),
        base_fee=_amount(entry.get("basefee"), "a tipset's basefee", DEFAULT_BASE_FEE),
        blocks=tuple(_block(block) for block in blocks),
    )


def _block(value: Any) -> VectorBlock:
    entry = fields.mapping(value, "a block")
    messages = fields.sequence(entry.get("messages"), "a block's messages")
    return VectorBlock(
        miner=Address.from_string(fields.text(entry.get("miner_addr"), "a block's miner_addr")),
        win_count=fields.number(entry.get("win_count"), "a block's win_count"),
        messages=tuple(fields.base64_bytes(message, "a block's message") for message in messages),
    )


def _receipt(value: Any) -> ExpectedReceipt:
    entry = fields.mapping(value, "a receipt")
    return ExpectedReceipt(
        exit_code=fields.number(entry.get("exit_code"), "a receipt's exit_code", lowest=-(2**63)),
        return_data=fields.base64_bytes(entry.get("return"), "a receipt's return"),
        gas_used=fields.number(entry.get("gas_used"), "a receipt's gas_used"),
    )


def _traces(value: Any) -> tuple[dict[str, Any], ...]:
    """Return the traces of a vector's diagnostics, which some generated vectors carry."""
    if value is None:
        return ()
    entry = fields.mapping(value, "diagnostics")
    if entry.get("format") != "Lotus-ExecutionTrace-V1":
        return ()
    wrapped = fields.base64_bytes(entry.get("data"), "diagnostics")
    try:
        packed = fields.base64_bytes(wrapped.decode("ascii"), "diagnostics")
    except UnicodeDecodeError as error:
        raise DecodeError(f"diagnostics are not base64 twice: {error}") from error
    # Quirk: the tool that made them left out the end of the gzip stream in most files.
    traces = fields.parse(_unpack(packed, "diagnostics", whole=False))
    return tuple(fields.mapping(trace, "a trace") for trace in fields.sequence(traces, "traces"))


def _unpack(data: bytes, where: str, *, whole: bool = True) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        content = unpacker.decompress(data, MAX_CAR_SIZE)
    except zlib.error as error:
        raise DecodeError(f"{where} is not gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise DecodeError(f"{where} unpacks to more than {MAX_CAR_SIZE} bytes")
    if whole and not unpacker.eof:
        raise DecodeError(f"{where} is cut short")
    return content
