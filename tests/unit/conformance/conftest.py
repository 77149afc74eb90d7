"""A small vector of our own, whose state names actors that no bundle holds."""

import base64
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.car import write_car
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.message import Message

NAMES = ("system", "init", "account", "placeholder", "eam", "ethaccount")


def small_state() -> tuple[MemoryBlockstore, Cid]:
    """Return a state of the system actor alone."""
    store = MemoryBlockstore()
    manifest = put_cbor(store, [[name, Cid.of(name.encode(), RAW)] for name in NAMES])
    head = put_cbor(store, [manifest])
    system = ActorState(Cid.of(b"system", RAW), head, 0, ZERO, None)
    hamt = Hamt(store)
    hamt.set(Address.from_id(0), system.to_ipld())
    root = StateRoot(version=5, actors=hamt.flush(), info=put_cbor(store, []))
    return store, put_cbor(store, root.to_ipld())


def pack(store: MemoryBlockstore, roots: list[Cid]) -> str:
    """Return a CAR of the store as a vector holds it."""
    buffer = io.BytesIO()
    write_car(buffer, roots, store.blocks.items())
    return base64.b64encode(gzip.compress(buffer.getvalue(), mtime=0)).decode()


@pytest.fixture
def content() -> dict[str, Any]:
    """Return the JSON of a well-formed vector."""
    store, root = small_state()
    message = Message(
        version=0,
        to=Address.from_id(100),
        sender=Address.from_id(101),
        nonce=0,
        value=ZERO,
        gas_limit=10**9,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=0,
        params=b"",
    )
    return {
        "class": "message",
        "selector": {"min_protocol_version": "ohsnap"},
        "_meta": {"id": "small"},
        "car": pack(store, [root]),
        "preconditions": {
            "variants": [{"id": "hygge", "epoch": 2798471, "nv": 18}],
            "state_tree": {"root_cid": {"/": str(root)}},
            "basefee": 186036647,
            "circ_supply": 463950067116374242605324867,
        },
        "apply_messages": [{"bytes": base64.b64encode(message.to_cbor()).decode()}],
        "postconditions": {
            "state_tree": {"root_cid": {"/": str(root)}},
            "receipts": [{"exit_code": 0, "return": "g4CCAIBA", "gas_used": 63437443}],
        },
        "randomness": [
            {"on": ["chain", 2798000], "ret": base64.b64encode(bytes(32)).decode()},
            {"on": ["chain", 2798000], "ret": base64.b64encode(b"\1" * 32).decode()},
            {"on": ["beacon", -1], "ret": base64.b64encode(b"\2" * 32).decode()},
        ],
    }


@pytest.fixture
def write(tmp_path: Path):
    """Return a function that writes a vector and returns its file."""

    def write_vector(content: Any, name: str = "small.json") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write_vector
