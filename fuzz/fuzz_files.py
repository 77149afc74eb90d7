"""CAR streams of both versions, their indexes, and the files of actor bundles."""

import io
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import zstandard

from fuzz.harness import fuzz, one_of
from papyrus.ipld import dag_cbor
from papyrus.ipld.car import CarReader, write_car
from papyrus.ipld.car_index import read_index, write_car_v2, write_index
from papyrus.ipld.cid import IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.bundle_files import read_bundles

SCRATCH = Path(tempfile.mkdtemp(prefix="papyrus-fuzz-"))


def car(data: bytes) -> None:
    """Read every section of a CAR stream."""
    for _ in CarReader(io.BytesIO(data)).sections():
        pass


def index(data: bytes) -> None:
    """Read every entry of an index."""
    for _ in read_index(io.BytesIO(data)):
        pass


def bundle(data: bytes) -> None:
    """Read a bundle file: plain, compressed, or an archive of several."""
    path = SCRATCH / "bundle"
    path.write_bytes(data)
    try:
        for _ in read_bundles(path):
            pass
    except LocalFault:
        # A bundle whose manifest is not an official one is refused so.
        return


def seeds() -> Iterator[bytes]:
    """Yield a file for each parser."""
    blocks = [(Cid.of(data, RAW, SHA2_256), data) for data in (b"one", b"two" * 100)]
    blocks.append((Cid.of(b"in itself", RAW, IDENTITY), b"in itself"))
    first, second, entries = io.BytesIO(), io.BytesIO(), io.BytesIO()
    written = write_car(first, [blocks[0][0]], blocks)
    write_car_v2(second, [blocks[0][0]], blocks)
    write_index(entries, written)
    yield from (b"\0" + first.getvalue(), b"\0" + second.getvalue(), b"\1" + entries.getvalue())
    manifest = dag_cbor.encode([1, Cid.of(dag_cbor.encode([["system", blocks[0][0]]]))])
    actors = dag_cbor.encode([["system", blocks[0][0]]])
    bundle_blocks = [(Cid.of(manifest), manifest), (Cid.of(actors), actors), blocks[0]]
    file = io.BytesIO()
    write_car(file, [Cid.of(manifest)], bundle_blocks)
    yield b"\2" + file.getvalue()
    yield b"\2" + zstandard.compress(file.getvalue())
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("builtin-actors-mainnet.car")
        member.size = len(file.getvalue())
        tar.addfile(member, io.BytesIO(file.getvalue()))
    yield b"\2" + archive.getvalue()
    yield b"\2" + zstandard.compress(archive.getvalue())


if __name__ == "__main__":
    fuzz(one_of((car, index, bundle)), seeds())
