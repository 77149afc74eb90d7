"""A copy of a snapshot's blocks that is broken off and gone on with."""

import os
import shutil

import pytest

from papyrus.chain import snapshot_copy
from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_import import ImportProgress, import_snapshot
from papyrus.ipld import dag_cbor
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage import block_sorter
from papyrus.storage.car_files import open_car
from papyrus.storage.database import IMPORT_FOLDER


class StoppedError(Exception):
    pass


@pytest.fixture
def path(shared):
    """Return a small chain of Lotus."""
    found = shared / "chains" / "fevm-basic" / "chain.car.zst"
    if not found.is_file():
        pytest.skip("no chain fevm-basic among the reference data")
    return found


def cids_of(path):
    return {cid for cid, _ in open_car(path).blocks()}


class Kept:
    """Hears each time that a copy is made durable, and may break it off."""

    def __init__(self, monkeypatch, stop_at=0):
        self.sections = []
        self.added = 0
        note, add = snapshot_copy.note_fact, block_sorter.BlockSorter.add

        def noting(notes, name, value):
            note(notes, name, value)
            if value is not None:
                self.sections.append(dag_cbor.decode(value)[1])
                if len(self.sections) == stop_at:
                    raise StoppedError

        def adding(sorter, cid, data):
            self.added += 1
            add(sorter, cid, data)

        monkeypatch.setattr(snapshot_copy, "_KEPT_BYTES", 10_000)
        monkeypatch.setattr(snapshot_copy, "note_fact", noting)
        monkeypatch.setattr(block_sorter.BlockSorter, "add", adding)


def test_broken_off_copy_goes_on_where_it_was(path, folder, monkeypatch):
    with monkeypatch.context() as patch:
        kept = Kept(patch, stop_at=5)
        with pytest.raises(StoppedError):
            import_snapshot(folder / "a", path, LOTUS_ITEST)
    done = kept.sections[-1]
    assert done == kept.added > 4
    kept = Kept(monkeypatch)
    import_snapshot(folder / "a", path, LOTUS_ITEST)
    assert kept.added == len(list(open_car(path).blocks())) - done
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        assert chain.store.head.key.cids == open_car(path).roots
        assert {cid for cid, _ in chain.database.blocks.blocks()} == cids_of(path)
    assert not (folder / "a" / IMPORT_FOLDER).exists()


@pytest.mark.parametrize("parts", [0, 1, 3])
def test_copy_goes_on_with_the_parts_that_are_not_stored(path, folder, monkeypatch, parts):
    monkeypatch.setattr(block_sorter, "PART_SIZE", 20_000)
    heard = []

    def stop(done, of):
        heard.append((done, of))
        if len(heard) > parts:
            raise StoppedError

    with pytest.raises(StoppedError):
        import_snapshot(folder / "a", path, LOTUS_ITEST, progress=ImportProgress(storing=stop))
    left = len(list((folder / "a" / IMPORT_FOLDER).iterdir()))
    assert left > 2
    kept = Kept(monkeypatch)
    again = []
    progress = ImportProgress(storing=lambda done, of: again.append((done, of)))
    import_snapshot(folder / "a", path, LOTUS_ITEST, progress=progress)
    assert (kept.added, len(again)) == (0, left)
    assert again[-1][0] == again[-1][1] == heard[0][1] - heard[-1][0]
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        assert {cid for cid, _ in chain.database.blocks.blocks()} == cids_of(path)


def test_other_file_is_copied_from_its_beginning(path, folder, monkeypatch):
    copy = folder / "copy.car.zst"
    shutil.copy(path, copy)
    with monkeypatch.context() as patch:
        Kept(patch, stop_at=5)
        with pytest.raises(StoppedError):
            import_snapshot(folder / "a", copy, LOTUS_ITEST)
    os.utime(copy, (1, 1))
    kept = Kept(monkeypatch)
    import_snapshot(folder / "a", copy, LOTUS_ITEST)
    assert kept.added == len(list(open_car(path).blocks()))


@pytest.mark.parametrize("damage", [shutil.rmtree, lambda copy: next(copy.iterdir()).unlink()])
def test_copy_begins_anew_where_what_was_kept_is_gone(path, folder, monkeypatch, damage):
    with monkeypatch.context() as patch:
        Kept(patch, stop_at=5)
        with pytest.raises(StoppedError):
            import_snapshot(folder / "a", path, LOTUS_ITEST)
    damage(folder / "a" / IMPORT_FOLDER)
    kept = Kept(monkeypatch)
    import_snapshot(folder / "a", path, LOTUS_ITEST)
    assert kept.added == len(list(open_car(path).blocks()))
