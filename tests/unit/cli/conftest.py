"""Running the command line in this process, and a small chain to run it on."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from papyrus.cli import main
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld import dag_cbor
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.car import write_car
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.storage.car_files import save_car
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import Message, SignedMessage
from papyrus.types.receipt import Receipt


@pytest.fixture
def papyrus() -> Callable[..., Result]:
    """Return a function that runs `papyrus` with arguments and gives exit code and output."""
    runner = CliRunner()

    def run(*args: object, stdin: bytes | None = None) -> Result:
        result = runner.invoke(main.app, [str(arg) for arg in args], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


@pytest.fixture(scope="session")
def chain() -> tuple[Cid, MemoryBlockstore]:
    """Return the head of a chain of two blocks, with two actors, two messages and a receipt."""
    store = MemoryBlockstore()
    wasm = b"\0asm"
    code = Cid.of(wasm, RAW)
    listed = put_cbor(store, [["system", code], ["account", Cid.of(b"account", RAW)]])
    system = ActorState(code, put_cbor(store, [listed]), 0, TokenAmount(0), None)
    account = ActorState(
        Cid.of(b"account", RAW),
        put_cbor(store, [b"key"]),
        7,
        TokenAmount(1_500_000_000_000_000_000),
        Address.from_ethereum(bytes(range(20))),
    )
    actors = Hamt(store)
    for number, actor in ((0, system), (100, account)):
        actors.set(bytes(Address.from_id(number)), actor.to_ipld())
    state = put_cbor(store, StateRoot(5, actors.flush(), put_cbor(store, [])).to_ipld())

    message = Message(
        0, Address.from_id(99), Address.from_id(100), 7, TokenAmount(1), 1000,
        TokenAmount(2), TokenAmount(1), 0, b"",
    )  # fmt: skip
    signed = SignedMessage(message, Signature(SignatureType.SECP256K1, bytes(65)))
    bls = amt_root(store, [put_cbor(store, message.to_ipld())], version=0)
    secp = amt_root(store, [put_cbor(store, signed.to_ipld())], version=0)
    messages = put_cbor(store, MsgMeta(bls, secp).to_ipld())
    no_messages = put_cbor(
        store, MsgMeta(amt_root(store, [], version=0), amt_root(store, [], version=0)).to_ipld()
    )
    receipts = amt_root(store, [Receipt(0, b"", 5).to_ipld()], version=0)
    no_receipts = amt_root(store, [], version=0)

    def block(height: int, parents: tuple[Cid, ...], receipts_root: Cid, meta: Cid) -> Cid:
        header = BlockHeader(
            Address.from_id(1000), None, None, (), (), parents, 0, height, state, receipts_root,
            meta, None, 1_598_306_400 + 30 * height, None, 0, TokenAmount(100),
        )  # fmt: skip
        return put_cbor(store, header.to_ipld())

    genesis = block(0, (Cid.of(b"nothing"),), no_receipts, messages)
    return block(3, (genesis,), receipts, no_messages), store


@pytest.fixture
def chain_file(chain: tuple[Cid, MemoryBlockstore], tmp_path: Path) -> Path:
    head, store = chain
    path = tmp_path / "chain.car.zst"
    save_car(path, [head], store.blocks.items())
    return path


@pytest.fixture
def car_bytes() -> Callable[..., bytes]:
    """Return a function that makes a CAR of roots and blocks."""

    def make(roots: list[Cid], blocks: list[tuple[Cid, bytes]]) -> bytes:
        stream = io.BytesIO()
        write_car(stream, roots, blocks)
        return stream.getvalue()

    return make


@pytest.fixture
def cbor_block() -> tuple[Cid, bytes]:
    data = dag_cbor.encode({"link": Cid.of(b""), "bytes": b"\x01\x02", "n": [1, None, True]})
    return Cid.of(data), data
