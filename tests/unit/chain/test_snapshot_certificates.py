"""Snapshots of version 2 with finality certificates: taken in, kept, and written again."""

from contextlib import closing

import pytest
from finality_certificates import encoded, make_certificates

from papyrus.chain.finality_certificates import kept_certificates
from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_export import export_snapshot
from papyrus.chain.snapshot_format import SnapshotMetadata
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.ipld.car import CarReader
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage import chain_index
from papyrus.storage.car_files import open_car, save_car
from papyrus.storage.chain_notes import open_notes
from papyrus.storage.compression import open_plain
from papyrus.storage.database import CERTIFICATES_FOLDER, NOTES_FILE


@pytest.fixture
def chain_file(shared):
    path = shared / "chains" / "fevm-basic" / "chain.car.zst"
    if not path.is_file():
        pytest.skip("no chain fevm-basic among the reference data")
    return path


@pytest.fixture
def tipsets(chain_file, folder):
    """Return the heights and keys of a chain, lowest first."""
    import_snapshot(folder / "first", chain_file, LOTUS_ITEST)
    with open_chain(folder / "first", LOTUS_ITEST) as chain:
        return [(each.height, each.key) for each in chain_index.tipsets(chain.index)]


def version_2(chain_file, made, head, content, *, second=None):
    """Write the chain as a snapshot of version 2 with certificates."""
    cid = Cid.of(content, RAW)
    metadata = SnapshotMetadata(head, cid).to_cbor()
    first = [(Cid.of(metadata), metadata), second or (cid, content)]
    save_car(made, [Cid.of(metadata)], [*first, *open_car(chain_file).blocks()])
    return made


def second_section(path):
    stream, _ = open_plain(path)
    with stream:
        reader = CarReader(stream)
        next(iter(reader))
        cid, pieces = reader.long_section()
        return cid, b"".join(pieces)


def kept_in(folder):
    with closing(open_notes(folder / NOTES_FILE)) as notes:
        return kept_certificates(folder / CERTIFICATES_FOLDER, notes)


@pytest.mark.parametrize("as_layer", [False, True])
@pytest.mark.parametrize(
    ("name", "signature"), [("out.car", 96), ("out.car.zst", 96), ("out.car.zst", 2 << 20)]
)
def test_certificates_go_out_as_they_came_in(
    chain_file, folder, tipsets, as_layer, name, signature
):
    header, made = make_certificates(tipsets[3:-2], signature=bytes(signature))
    content = encoded(header, made)
    path = version_2(chain_file, folder / "v2.car", tipsets[-1][1], content)
    imported = import_snapshot(folder / "a", path, LOTUS_ITEST, as_layer=as_layer)
    assert (imported.version, imported.instances) == (2, (0, len(made) - 1))
    certificates = kept_in(folder / "a")
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        assert not chain.database.blocks.has(certificates.cid)
        for version, file in ((2, name), (1, f"v1-{name}")):
            export_snapshot(
                chain.store.blocks, chain.store.head, folder / file,
                recent=None, version=version, certificates=certificates,
            )  # fmt: skip
    assert second_section(folder / name) == (Cid.of(content, RAW), content)
    again = import_snapshot(folder / "b", folder / name, LOTUS_ITEST)
    assert again == imported
    assert b"".join(kept_in(folder / "b").pieces()) == content
    first = import_snapshot(folder / "b", folder / f"v1-{name}", LOTUS_ITEST)
    assert (first.head, first.version, first.instances) == (imported.head, 1, None)
    assert kept_in(folder / "b") is None
    assert list((folder / "b" / CERTIFICATES_FOLDER).iterdir()) == []


def test_export_is_the_same_byte_for_byte_after_a_round(chain_file, folder, tipsets):
    content = encoded(*make_certificates(tipsets))
    path = version_2(chain_file, folder / "v2.car", tipsets[-1][1], content)
    for place in ("one", "two"):
        import_snapshot(folder / place, path, LOTUS_ITEST)
        path = folder / f"{place}.car"
        with open_chain(folder / place, LOTUS_ITEST) as chain:
            export_snapshot(
                chain.store.blocks, chain.store.head, path,
                recent=None, certificates=kept_in(folder / place),
            )  # fmt: skip
    assert (folder / "one.car").read_bytes() == (folder / "two.car").read_bytes()


@pytest.mark.parametrize("as_layer", [False, True])
def test_certificates_of_another_chain_are_refused(chain_file, folder, tipsets, as_layer):
    epoch, _ = tipsets[4]
    content = encoded(*make_certificates([*tipsets[:4], (epoch, tipsets[9][1]), *tipsets[5:]]))
    path = version_2(chain_file, folder / "v2.car", tipsets[-1][1], content)
    words = f"of another chain: at epoch {epoch} they finalize a tipset that it does not have"
    with pytest.raises(LocalFault, match=words):
        import_snapshot(folder / "a", path, LOTUS_ITEST, as_layer=as_layer)
    assert list((folder / "a" / CERTIFICATES_FOLDER).iterdir()) == []
    assert kept_in(folder / "a") is None


def test_certificates_may_reach_beyond_the_head(chain_file, folder, tipsets):
    beyond = (tipsets[-1][0] + 9, tipsets[0][1])
    header, made = make_certificates([*tipsets, beyond])
    path = version_2(chain_file, folder / "v2.car", tipsets[-1][1], encoded(header, made))
    found = import_snapshot(folder / "a", path, LOTUS_ITEST)
    assert found.instances == (0, header.latest_instance)


def test_failed_import_leaves_the_certificates_before_it(chain_file, folder, tipsets):
    content = encoded(*make_certificates(tipsets))
    head = tipsets[-1][1]
    path = version_2(chain_file, folder / "v2.car", head, content)
    import_snapshot(folder / "a", path, LOTUS_ITEST)
    for bad, second in (
        (encoded(*make_certificates(tipsets[:-5])), (Cid.of(b"else", RAW), b"else")),
        (content[:-1], None),
        (content[:-1] + b"x", (Cid.of(content, RAW), content[:-1] + b"x")),
    ):
        broken = version_2(chain_file, folder / "broken.car", head, bad, second=second)
        with pytest.raises(LocalFault, match=r"no whole snapshot: .*finality certificates"):
            import_snapshot(folder / "a", broken, LOTUS_ITEST)
        assert b"".join(kept_in(folder / "a").pieces()) == content
        assert len(list((folder / "a" / CERTIFICATES_FOLDER).iterdir())) == 1


def test_export_refuses_certificates_that_are_damaged(chain_file, folder, tipsets):
    content = encoded(*make_certificates(tipsets))
    path = version_2(chain_file, folder / "v2.car", tipsets[-1][1], content)
    import_snapshot(folder / "a", path, LOTUS_ITEST)
    certificates = kept_in(folder / "a")
    certificates.path.write_bytes(bytes(len(content)))
    with (
        open_chain(folder / "a", LOTUS_ITEST) as chain,
        pytest.raises(LocalFault, match="is damaged: import the snapshot again"),
    ):
        export_snapshot(
            chain.store.blocks, chain.store.head, folder / "x.car",
            recent=None, certificates=certificates,
        )  # fmt: skip
    assert not (folder / "x.car").exists()
