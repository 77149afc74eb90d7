"""A made-up bundle that the table of official ones is made to list."""

import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from papyrus.ipld import dag_cbor
from papyrus.ipld.car import write_car
from papyrus.ipld.cid import RAW, Cid
from papyrus.storage import bundle_download, bundle_manifests, bundles
from papyrus.storage.bundle_manifests import PinnedBundle


@dataclass(frozen=True)
class MadeUpBundle:
    row: PinnedBundle
    code: dict[str, bytes]
    car: bytes
    blocks: list[tuple[Cid, bytes]]
    entries: Cid


def make_bundle(version: int, network: str, seed: bytes) -> MadeUpBundle:
    code = {name: name.encode() + seed * 3000 for name in ("system", "init", "account")}
    pairs = [(Cid.of(data, RAW), data) for data in code.values()]
    entries = dag_cbor.encode([[name, Cid.of(data, RAW)] for name, data in code.items()])
    manifest = dag_cbor.encode([1, Cid.of(entries)])
    blocks = [(Cid.of(manifest), manifest), (Cid.of(entries), entries), *pairs]
    stream = io.BytesIO()
    write_car(stream, [Cid.of(manifest)], blocks)
    row = PinnedBundle(version, network, f"v{version}.0.0", Cid.of(manifest), superseded=False)
    return MadeUpBundle(row, code, stream.getvalue(), blocks, Cid.of(entries))


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> MadeUpBundle:
    """Return a bundle of actors v90 for a network `tiny`; v91 has the same manifest."""
    bundle = make_bundle(90, "tiny", b"a")
    other = make_bundle(92, "tiny", b"b")
    twin = PinnedBundle(91, "tiny", "v90.0.0", bundle.row.manifest, superseded=False)
    table = (bundle.row, twin, other.row)
    for module in (bundle_manifests, bundles, bundle_download):
        monkeypatch.setattr(module, "PINNED_BUNDLES", table)
    return bundle


@pytest.fixture
def other_bundle(made_up: MadeUpBundle) -> MadeUpBundle:
    """Return a bundle of actors v92, which the table lists beside the made-up one."""
    assert made_up.row.version == 90
    return make_bundle(92, "tiny", b"b")


@pytest.fixture
def archive() -> Callable[[dict[str, bytes]], bytes]:
    """Return a function that makes a tar archive of files by name."""

    def make(files: dict[str, bytes]) -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return stream.getvalue()

    return make
