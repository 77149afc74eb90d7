"""Reading released bundles: one CAR file, or a tar archive of one for each network.

The builtin-actors project releases `builtin-actors-<network>.car`; Lotus keeps them together as
`vNN.tar.zst`. Either is taken, plain or compressed. A bundle comes out of here only when its root
is an official manifest, every block of it hashes to its CID, and no code that the manifest names
is missing; one fault refuses the whole file, so a damaged archive is never half taken.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from papyrus.ipld import dag_cbor
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError
from papyrus.storage.bundle_manifests import pinned_by_manifest
from papyrus.storage.compression import open_plain

MAX_BUNDLE_SIZE = 32 << 20
"""Bytes of one bundle CAR: four times the largest released so far."""
MAX_ARCHIVE_SIZE = 256 << 20
"""Bytes of all files of an archive: over twice the largest so far, of actors v16."""
MAX_MEMBERS = 64
"""Files in one archive: Lotus packs at most a dozen."""

MAX_PADDING_BLOCKS = 1024
"""Blocks of 512 bytes after an archive's end mark; tar pads to 20."""

_MANIFEST_VERSION = 1
_TAR_BLOCK = 512
_TAR_MAGIC = slice(257, 262)
_TAR_REGULAR_FILE = (b"0", b"\0")
_CODE_LEVEL = 6
"""Compression of code: a quarter of its size, at a few hundredths of a second a module."""


@dataclass(frozen=True, slots=True)
class VerifiedBundle:
    """One bundle, checked whole."""

    manifest: Cid
    manifest_block: bytes
    entries: Cid
    """The list of names and code, by its CID."""
    entries_block: bytes
    code: dict[Cid, bytes]
    """Each module by its CID, compressed with zstandard."""


def read_bundles(
    path: Path, progress: Callable[[int, str], None] | None = None
) -> list[VerifiedBundle]:
    """Return every bundle of the file; `progress` hears of bytes checked and whose they were.

    Raises DecodeError where the file is damaged, truncated, or not an official bundle.
    """
    compressor = zstandard.ZstdCompressor(level=_CODE_LEVEL)
    code: dict[Cid, bytes] = {}
    bundles = []
    for name, data in _car_files(path):
        bundles.append(_read_bundle(data, name, code, compressor))
        if progress is not None:
            progress(len(data), name)
    if not bundles:
        raise DecodeError(f"{path.name} holds no bundle: no file in it ends in .car")
    return bundles


def _car_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each CAR: the file itself, or the members of the archive."""
    stream, _ = open_plain(path)
    with stream:
        start = _read(stream, _TAR_BLOCK, path.name)
        if not start:
            raise DecodeError(f"{path.name} is empty")
        if start[_TAR_MAGIC] == b"ustar":
            yield from _tar_members(start, stream, path.name)
            return
        data = start + _read(stream, MAX_BUNDLE_SIZE, path.name)
        if len(data) > MAX_BUNDLE_SIZE:
            raise DecodeError(f"{path.name} is too large for a bundle ({MAX_BUNDLE_SIZE} bytes)")
        yield path.name, data


def _tar_members(header: bytes, stream: BinaryIO, archive: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each CAR in a tar archive (POSIX.1-1988, `ustar`)."""
    seen = total = 0
    while header != bytes(_TAR_BLOCK):
        if len(header) < _TAR_BLOCK:
            raise DecodeError(f"{archive} is truncated: the archive has no end mark")
        size = _octal(header[124:136], archive)
        checksum = sum(header[:148]) + 8 * ord(" ") + sum(header[156:])
        if checksum != _octal(header[148:156], archive):
            raise DecodeError(f"{archive} is damaged: a header's checksum is wrong")
        name = header[:100].partition(b"\0")[0].decode(errors="replace").rpartition("/")[2]
        seen += 1
        total += size
        if size > MAX_BUNDLE_SIZE or total > MAX_ARCHIVE_SIZE or seen > MAX_MEMBERS:
            raise DecodeError(f"{archive} is too large for an archive of bundles, at {name!r}")
        data = _read(stream, -(-size // _TAR_BLOCK) * _TAR_BLOCK, archive)
        if len(data) < size:
            raise DecodeError(f"{archive} is truncated, in {name!r}")
        if name.endswith(".car") and header[156:157] in _TAR_REGULAR_FILE:
            yield name, data[:size]
        header = _read(stream, _TAR_BLOCK, archive)
    while _read(
        stream, _TAR_BLOCK, archive
    ):  # what follows the end mark is padding, but must be whole
        seen += 1
        if seen > MAX_PADDING_BLOCKS:
            raise DecodeError(f"{archive} goes on after its end mark")


def _read(stream: BinaryIO, size: int, name: str) -> bytes:
    """Return the next bytes, fewer at the end; a fault in the compression is told with the name."""
    try:
        return stream.read(size)
    except DecodeError as error:
        raise DecodeError(f"{name} is damaged: {error}") from error


def _octal(field: bytes, archive: str) -> int:
    """Return the number of a tar header field."""
    digits = field.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise DecodeError(f"{archive} is damaged: a header holds {field!r} where a number belongs")
    return int(digits, 8)


def _read_bundle(
    data: bytes, name: str, code: dict[Cid, bytes], compressor: zstandard.ZstdCompressor
) -> VerifiedBundle:
    """Return the bundle that a CAR holds, adding to `code` the modules that were not there yet."""
    try:
        car = CarReader(io.BytesIO(data))
    except DecodeError as error:
        raise DecodeError(f"{name} is neither a bundle nor an archive of them: {error}") from error
    if len(car.roots) != 1:
        raise DecodeError(f"{name} is not a bundle: it has {len(car.roots)} roots, not one")
    manifest = car.roots[0]
    if not pinned_by_manifest(manifest):
        raise DecodeError(
            f"{name} is not an official bundle: no release of builtin-actors has the manifest "
            f"{manifest}"
        )
    try:
        blocks = dict(car)
    except DecodeError as error:
        raise DecodeError(f"{name} is damaged or truncated: {error}") from error
    manifest_block = _needed(blocks, manifest, name)
    entries = manifest_link(manifest_block)
    entries_block = _needed(blocks, entries, name)
    named = manifest_entries(entries_block)
    for cid in named.values():
        if cid not in code:
            code[cid] = compressor.compress(_needed(blocks, cid, name))
    return VerifiedBundle(
        manifest=manifest,
        manifest_block=manifest_block,
        entries=entries,
        entries_block=entries_block,
        code={cid: code[cid] for cid in named.values()},
    )


def manifest_link(manifest_block: bytes) -> Cid:
    """Return the link to the list of actors that a manifest block holds."""
    match dag_cbor.decode(manifest_block):
        case [int(version), Cid() as entries] if version == _MANIFEST_VERSION:
            return entries
    raise DecodeError("the manifest is not a pair of the number 1 and a link")


def manifest_entries(entries_block: bytes) -> dict[str, Cid]:
    """Return the code by actor name, in the manifest's order."""
    pairs = dag_cbor.decode(entries_block)
    entries: dict[str, Cid] = {}
    if not isinstance(pairs, list):
        raise DecodeError("the manifest's list of actors is not a list")
    for pair in pairs:
        match pair:
            case [str(name), Cid() as code] if name not in entries:
                entries[name] = code
            case _:
                raise DecodeError("the manifest's list of actors has an entry that is no new pair")
    return entries


def _needed(blocks: dict[Cid, bytes], cid: Cid, name: str) -> bytes:
    """Return a block that the bundle cannot do without."""
    block = blocks.get(cid)
    if block is None:
        raise DecodeError(f"{name} is not a whole bundle: block {cid} is missing")
    return block
