"""Blocks and files that others made: read, and written back byte for byte."""

import base64
import gzip
import io
import json

import pytest
import zstandard

from papyrus.ipld import dag_cbor
from papyrus.ipld.car import CarReader
from papyrus.ipld.car_index import IndexEntry, read_index, write_car_v2
from papyrus.ipld.cid import DAG_CBOR, SHA2_256, Cid
from papyrus.ipld.links import cids_in, scan_dag_cbor, scan_exactly
from papyrus.primitives.errors import DecodeError

BEFORE_GENESIS = Cid.from_string("bafyreiaqpwbbyjo4a42saasj36kkrpv4tsherf2e7bvezkert2a7dhonoi")
"""The parent of the genesis block, whose map keys are not in DAG-CBOR's order."""

GO_CAR_FILE = bytes.fromhex(
    "0aa16776657273696f6e020000000000000000000000000000000033000000000000001c010000000000004f01"
    "0000000000003aa265726f6f747381d82a582500017012200a344871dee6c754207f596cfc95ae29d4a0a21e70"
    "23925a5d6125206dd4aab46776657273696f6e013001551220a948904f2f0f479b8f8197694b30184b0d2ed1c1"
    "cd2a1ec0fb85d299a192a44768656c6c6f20776f726c640a5901701220cbce123869f855af03cc49752c1b0583"
    "2020b7b8ac1ceb7c8e4acb671df67981122f0a2401551220a948904f2f0f479b8f8197694b30184b0d2ed1c1cd"
    "2a1ec0fb85d299a192a4471205622e747874180c0a02080155017012200a344871dee6c754207f596cfc95ae29"
    "d4a0a21e7023925a5d6125206dd4aab4122b0a2401701220cbce123869f855af03cc49752c1b05832020b7b8ac"
    "1ceb7c8e4acb671df6798112016118000a02080181080100000012000000000000000100000028000000780000"
    "00000000000a344871dee6c754207f596cfc95ae29d4a0a21e7023925a5d6125206dd4aab4c600000000000000"
    "a948904f2f0f479b8f8197694b30184b0d2ed1c1cd2a1ec0fb85d299a192a4473b00000000000000cbce123869"
    "f855af03cc49752c1b05832020b7b8ac1ceb7c8e4acb671df679816c00000000000000"
)
"""`v2/testdata/sample-unixfs-v2.car` of go-car: three blocks and a multihash index."""


def _check(cid, data):
    """Return whether the block is canonical, having checked all that follows from it."""
    if cid.codec != DAG_CBOR or cid == BEFORE_GENESIS:
        return False
    assert dag_cbor.encode(dag_cbor.decode(data)) == data
    if BEFORE_GENESIS not in cids_in(data):
        assert scan_dag_cbor(data) == scan_exactly(data)
    return True


def test_file_of_go_car_is_written_as_it_was():
    reader = CarReader(io.BytesIO(GO_CAR_FILE))
    sections = list(reader.sections())
    assert (reader.version, len(reader.roots), len(sections)) == (2, 1, 3)

    stream = io.BytesIO()
    write_car_v2(stream, reader.roots, [(section.cid, section.data) for section in sections])
    assert stream.getvalue() == GO_CAR_FILE

    stream.seek(reader.v2.index_offset)
    assert list(read_index(stream)) == sorted(
        IndexEntry(SHA2_256, section.cid.digest, section.offset) for section in sections
    )


@pytest.mark.parametrize("actor", ["fil_10_multisig", "fil_10_storagepower"])
def test_blocks_of_a_vector_are_canonical(shared, actor):
    vector = min((shared / "vectors" / "nv18" / actor).rglob("*.json"))
    archive = gzip.decompress(base64.b64decode(json.loads(vector.read_text())["car"]))
    assert sum(_check(cid, data) for cid, data in CarReader(io.BytesIO(archive))) > 40


@pytest.mark.parametrize("chain", ["eth-contract-invocation", "remove-datacap"])
def test_blocks_of_a_chain_are_canonical(shared, chain):
    with (shared / "chains" / chain / "chain.car.zst").open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file)
        assert sum(_check(cid, data) for cid, data in CarReader(stream)) > 200


def test_block_before_genesis_is_walked_but_not_decoded(shared):
    with (shared / "chains" / "remove-datacap" / "chain.car.zst").open("rb") as file:
        blocks = dict(CarReader(zstandard.ZstdDecompressor().stream_reader(file)))
    data = blocks[BEFORE_GENESIS]
    assert cids_in(data) == []
    with pytest.raises(DecodeError, match="keys out of order"):
        dag_cbor.decode(data)
