"""Block stores: what is found where, and what a flush moves."""

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import (
    BufferedBlockstore,
    LayeredBlockstore,
    MemoryBlockstore,
    get_cbor,
    load,
    put_cbor,
)
from papyrus.ipld.cid import (
    BLAKE2B_256,
    CBOR,
    CHAIN_PREFIX,
    DAG_CBOR,
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    IDENTITY,
    POSEIDON_BLS12_381_A2_FC1,
    RAW,
    SHA2_256,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.primitives.errors import DecodeError, LocalFault


def _raw(store, data):
    cid = Cid.of(data, RAW)
    store.put(cid, data)
    return cid


@pytest.fixture
def base():
    return MemoryBlockstore()


@pytest.fixture
def buffered(base):
    return BufferedBlockstore(base)


def test_memory_store_keeps_blocks(base):
    cid = put_cbor(base, [1, "a"])
    assert cid == Cid.of(dag_cbor.encode([1, "a"]))
    assert (base.has(cid), len(base)) == (True, 1)
    assert get_cbor(base, cid) == [1, "a"]
    assert base.get(Cid.of(b"other")) is None


def test_missing_block_is_a_local_fault(base):
    cid = Cid.of(b"nowhere")
    with pytest.raises(LocalFault, match=f"block {cid} is missing"):
        load(base, cid)
    with pytest.raises(LocalFault):
        get_cbor(base, cid)


def test_block_that_is_not_cbor_is_a_decode_error(base):
    with pytest.raises(DecodeError):
        get_cbor(base, _raw(base, b"\xff"))


def test_writes_stay_in_the_buffer_until_flushed(base, buffered):
    cid = put_cbor(buffered, 8)
    assert (base.has(cid), buffered.has(cid)) == (False, True)
    assert get_cbor(buffered, cid) == 8
    buffered.flush(cid)
    assert get_cbor(base, cid) == get_cbor(buffered, cid) == 8
    assert buffered.buffer == {}


def test_reads_go_through_to_the_base(base, buffered):
    cid = put_cbor(base, 1)
    assert buffered.has(cid)
    assert get_cbor(buffered, cid) == 1
    assert buffered.get(Cid.of(b"other")) is None


def test_flush_moves_what_the_root_reaches_and_nothing_else(base, buffered):
    """The shape of ref-fvm's own test: links of every kind that state may hold."""
    leaf = put_cbor(buffered, ["value", 8])
    raw = _raw(buffered, b"opaque")
    opaque_child = put_cbor(buffered, "behind plain CBOR")
    plain = Cid.of(dag_cbor.encode([opaque_child]), CBOR)
    buffered.put(plain, dag_cbor.encode([opaque_child]))
    inlined_child = put_cbor(buffered, "behind an identity CID")
    inline = Cid.of_digest(dag_cbor.encode([inlined_child, 1]), DAG_CBOR, IDENTITY)
    node = put_cbor(
        buffered,
        {
            "array": leaf,
            "identity": Cid.of_digest(b"\x00", CBOR, IDENTITY),
            "inline": inline,
            "plain": plain,
            "raw": raw,
            "sealed": Cid.of_digest(bytes(32), FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1),
            "unsealed": Cid.of_digest(bytes(32), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED),
        },
    )
    root = put_cbor(buffered, [node, 1, node])
    unreachable = put_cbor(buffered, 27)

    buffered.flush(root)

    assert set(base.blocks) == {root, node, leaf, raw, plain, inlined_child}
    assert set(buffered.buffer) == {unreachable, opaque_child}


def test_flush_stops_at_blocks_that_are_not_buffered(base, buffered):
    child = put_cbor(buffered, 1)
    known = Cid.of(dag_cbor.encode([child]))
    root = put_cbor(buffered, [known])
    buffered.flush(root)
    assert set(base.blocks) == {root}


def test_flush_moves_a_block_whose_cid_stands_behind_bytes_that_look_like_one(base, buffered):
    child = put_cbor(buffered, 1)
    root = put_cbor(buffered, [CHAIN_PREFIX, child, CHAIN_PREFIX + bytes(3)])
    buffered.flush(root)
    assert set(base.blocks) == {root, child}


def test_flush_tells_codecs_of_one_digest_apart(base, buffered):
    data = dag_cbor.encode([put_cbor(buffered, 1)])
    linked, other = Cid.of(data, RAW), Cid.of(data)
    buffered.put(linked, data)
    buffered.put(other, data)
    root = put_cbor(buffered, [linked])
    buffered.flush(root)
    assert set(base.blocks) == {root, linked}


@pytest.mark.parametrize(
    "link",
    [
        Cid.of(b"x", 0x70),
        Cid.of(b"x", DAG_CBOR, SHA2_256),
        Cid.of_digest(bytes(20), DAG_CBOR, BLAKE2B_256),
    ],
)
def test_flush_passes_over_links_that_state_cannot_hold(base, buffered, link):
    root = put_cbor(buffered, [put_cbor(buffered, 1), link])
    buffered.flush(root)
    assert len(base) == 2


def test_flush_all_moves_everything(base, buffered):
    cids = {put_cbor(buffered, value) for value in range(3)}
    buffered.flush_all()
    assert set(base.blocks) == cids
    assert buffered.buffer == {}


def test_layers_are_read_in_turn_and_the_first_is_written():
    writer, first, second = MemoryBlockstore(), MemoryBlockstore(), MemoryBlockstore()
    layered = LayeredBlockstore(writer, first, second)
    low = put_cbor(second, "low")
    both = put_cbor(second, "both")
    first.put(both, b"\x01")
    new = put_cbor(layered, "new")
    assert set(writer.blocks) == {new}
    assert get_cbor(layered, low) == "low"
    assert layered.get(both) == b"\x01"
    assert layered.get(Cid.of(b"other")) is None
    assert [layered.has(cid) for cid in (new, low, Cid.of(b"other"))] == [True, True, False]
