"""The official code of the built-in actors, kept on this machine (FIP-0030).

A bundle is a CAR file: its root is the manifest, a pair of the number 1 and a link; the link leads
to the list of pairs of actor name and code CID; each code CID names a Wasm module. Nothing of it
is part of Papyrus: a user imports the released files, and every block is checked against its CID
and the root against the table of official manifests before anything is kept.

In the folder, `code/<code CID>.wasm.zst` is one module, shared by all bundles that name it, and
`manifests/<CID>.cbor` are the two small blocks above it. The manifest is written after all that it
names, so a bundle whose manifest is there is whole. Files are only ever added, whole and
under the name of their content, so any number of processes may read and import at once.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import zstandard

from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.bundle_files import (
    MAX_BUNDLE_SIZE,
    VerifiedBundle,
    manifest_entries,
    manifest_link,
    read_bundles,
)
from papyrus.storage.bundle_manifests import (
    PINNED_BUNDLES,
    PinnedBundle,
    pinned,
    pinned_by_manifest,
)
from papyrus.storage.files import clear_stale_parts, write_atomic
from papyrus.storage.home import home

_CODE_SUFFIX = ".wasm.zst"
_MANIFEST_SUFFIX = ".cbor"


@dataclass(frozen=True, slots=True)
class BundleInfo:
    """A bundle that is kept here, and the release it is."""

    version: int
    network: str
    release: str
    """The tag of builtin-actors."""
    manifest: Cid
    superseded: bool
    """True where the network replaced this bundle within the same version."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """The actors of one bundle, ready to be run."""

    info: BundleInfo
    manifest: Cid
    manifest_data: Cid
    """The list of actors, which the system actor's state links to."""
    actors: dict[str, Cid]
    """Code by actor name, in the manifest's order, which is consensus."""
    store: Blockstore
    """Finds the manifest, the list and the code; read-only."""


class BundleStore:
    """The bundles kept in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use the folder, `$PAPYRUS_PATH/bundles` unless told; it need not exist yet."""
        self.folder = folder if folder is not None else home() / "bundles"
        self._manifests = self.folder / "manifests"
        self._code = self.folder / "code"

    def list(self) -> tuple[BundleInfo, ...]:
        """Return what is kept, by version and network."""
        kept = [_info(row) for row in PINNED_BUNDLES if self._is_kept(row)]
        return tuple(sorted(kept, key=lambda info: (info.version, info.network, info.superseded)))

    def has(self, version: int, network: str) -> bool:
        """Return whether the bundle in force for this version and network is kept."""
        return self._is_kept(pinned(version, network))

    def load(self, version: int, network: str, release: str | None = None) -> Bundle:
        """Return the bundle in force for this version and network, or that release of it.

        Raises LocalFault, with the command to run, where it is not kept.
        """
        row = pinned(version, network, release)
        if not self._is_kept(row):
            wanted = row.release if row.superseded else version
            raise LocalFault(
                f"the actors v{version} of {network} ({row.release}) are not in {self.folder}: run "
                f"`papyrus bundle fetch {wanted} --network {network}`, or `papyrus bundle import "
                f"v{version}.tar.zst` with that file from Lotus' build/actors"
            )
        return self._load(row)

    def load_manifest(self, manifest: Cid) -> Bundle:
        """Return a kept bundle by the CID of its manifest; LocalFault where it is not kept."""
        rows = pinned_by_manifest(manifest)
        if not rows or not self._is_kept(rows[0]):
            raise LocalFault(f"no bundle with the manifest {manifest} is in {self.folder}")
        return self._load(rows[0])

    def import_file(
        self, path: Path, progress: Callable[[int, str], None] | None = None
    ) -> tuple[BundleInfo, ...]:
        """Keep every bundle of a released file, plain or archive, and return what they are.

        Nothing is kept of a file with a fault (DecodeError). `progress` hears how many bytes were
        checked and of what file.
        """
        return self.keep(read_bundles(path, progress))

    def keep(self, bundles: Iterable[VerifiedBundle]) -> tuple[BundleInfo, ...]:
        """Write verified bundles, durably, and return what they are."""
        added: list[BundleInfo] = []
        clear_stale_parts(self._code)
        clear_stale_parts(self._manifests)
        for bundle in bundles:
            for cid, compressed in bundle.code.items():
                if not self._code_is_whole(cid):
                    write_atomic(self._code_path(cid), compressed)
            write_atomic(self._manifest_path(bundle.entries), bundle.entries_block)
            write_atomic(self._manifest_path(bundle.manifest), bundle.manifest_block)
            added += [_info(row) for row in pinned_by_manifest(bundle.manifest)]
        return tuple(added)

    def code_store(self) -> Blockstore:
        """Return a read-only store of all that is kept, which reads a module when asked for it.

        A bundle that comes after it was made is not looked for.
        """
        return _KeptBlocks(self)

    def kept_cids(self) -> frozenset[Cid]:
        """Return the CIDs of every module, manifest and list of actors kept."""
        found = set()
        for folder, ending in ((self._code, _CODE_SUFFIX), (self._manifests, _MANIFEST_SUFFIX)):
            for path in folder.glob(f"*{ending}"):
                with suppress(DecodeError):  # a stranger's file is no business of ours
                    found.add(Cid.from_string(path.name.removesuffix(ending)))
        return frozenset(found)

    def read_block(self, cid: Cid) -> bytes | None:
        """Return a kept module, manifest or list of actors by its CID, or None where it is not.

        Raises LocalFault where the file is not what its name says.
        """
        is_code = cid.codec == RAW
        path = self._code_path(cid) if is_code else self._manifest_path(cid)
        try:
            data = path.read_bytes()
            if is_code:
                data = zstandard.ZstdDecompressor().decompress(
                    data, max_output_size=MAX_BUNDLE_SIZE
                )
        except FileNotFoundError:
            return None
        except (OSError, zstandard.ZstdError) as error:
            raise _damaged(path) from error
        if Cid.of(data, cid.codec) != cid:
            raise _damaged(path)
        return data

    def _load(self, row: PinnedBundle) -> Bundle:
        store = self.code_store()
        manifest_data = manifest_link(load(store, row.manifest))
        return Bundle(
            info=_info(row),
            manifest=row.manifest,
            manifest_data=manifest_data,
            actors=manifest_entries(load(store, manifest_data)),
            store=store,
        )

    def _is_kept(self, row: PinnedBundle) -> bool:
        return self._manifest_path(row.manifest).is_file()

    def _code_is_whole(self, cid: Cid) -> bool:
        """Return whether the module is kept and is what its name says: if not, it is replaced."""
        try:
            return self.read_block(cid) is not None
        except LocalFault:
            return False

    def _code_path(self, cid: Cid) -> Path:
        return self._code / f"{cid}{_CODE_SUFFIX}"

    def _manifest_path(self, cid: Cid) -> Path:
        return self._manifests / f"{cid}{_MANIFEST_SUFFIX}"


class _KeptBlocks:
    """The blocks of every kept bundle, as a read-only store."""

    __slots__ = ("_bundles", "_cids")

    def __init__(self, bundles: BundleStore) -> None:
        self._bundles = bundles
        self._cids = bundles.kept_cids()

    def get(self, cid: Cid) -> bytes | None:
        """Return the block, read from its file and checked, or None."""
        return self._bundles.read_block(cid) if cid in self._cids else None

    def put(self, cid: Cid, data: bytes) -> None:
        """Refuse: bundles come in whole, by import."""
        raise LocalFault(f"block {cid} of {len(data)} bytes cannot be put among the bundles")

    def has(self, cid: Cid) -> bool:
        """Return whether a kept bundle holds the block."""
        return cid in self._cids


def _info(row: PinnedBundle) -> BundleInfo:
    return BundleInfo(row.version, row.network, row.release, row.manifest, row.superseded)


def _damaged(path: Path) -> LocalFault:
    return LocalFault(f"{path} is damaged: delete it and import its bundle again")
