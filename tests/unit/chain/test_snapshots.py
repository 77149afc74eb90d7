import gzip
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from papyrus.chain.opening import open_chain
from papyrus.chain.snapshot_export import SnapshotProgress, export_snapshot, snapshot_pieces
from papyrus.chain.snapshot_format import SnapshotMetadata, read_metadata, walk_headers
from papyrus.chain.snapshot_import import ImportProgress, import_snapshot
from papyrus.chain.visited import VisitedCids
from papyrus.ipld import dag_cbor
from papyrus.ipld.car import write_car
from papyrus.ipld.cid import DAG_CBOR, IDENTITY, RAW, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import CALIBNET, LOTUS_ITEST
from papyrus.storage import chain_index
from papyrus.storage.car_files import open_car
from papyrus.storage.chain_notes import fact, open_notes
from papyrus.storage.database import LAYERS_FOLDER, NOTES_FILE
from papyrus.types.tipset import Tipset, TipsetKey


class StoppedError(Exception):
    pass


CHAINS = ("consensus-fault", "fevm-basic", "multisig", "migration-nv22-nv23")


def chain_file(shared: Path, name: str) -> Path:
    path = shared / "chains" / name / "chain.car.zst"
    if not path.is_file():
        pytest.skip(f"no chain {name} among the reference data")
    return path


def cids_of(path: Path) -> set[Cid]:
    return {cid for cid, _ in open_car(path).blocks()}


@pytest.fixture
def lotus_chain(shared, folder):
    """Return a small chain of Lotus, imported."""
    path = chain_file(shared, "fevm-basic")
    imported = import_snapshot(folder / "chain", path, LOTUS_ITEST)
    with open_chain(folder / "chain", LOTUS_ITEST) as chain:
        yield chain, path, imported


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("as_layer", [False, True])
def test_chain_of_lotus_is_imported_exported_and_imported_again(shared, folder, name, as_layer):
    path = chain_file(shared, name)
    first = import_snapshot(folder / "a", path, LOTUS_ITEST, as_layer=as_layer)
    assert first.head.key.cids == open_car(path).roots
    assert (first.version, first.states_from) == (1, 0)
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        assert chain.store.head == first.head
        assert chain.network.genesis == first.genesis
        tipsets = list(chain_index.tipsets(chain.index))
        assert len(tipsets) == first.tipsets
        for version, file in ((1, "v1.car"), (2, "v2.car.zst")):
            exported = export_snapshot(
                chain.database.store, first.head, folder / file, recent=None, version=version
            )
            assert exported.states_from == 1
    assert cids_of(folder / "v1.car") == cids_of(path)
    assert open_car(folder / "v1.car").roots == first.head.key.cids
    metadata = SnapshotMetadata(first.head.key).to_cbor()
    assert cids_of(folder / "v2.car.zst") == cids_of(path) | {Cid.of(metadata)}
    assert open_car(folder / "v2.car.zst").roots == (Cid.of(metadata),)
    for file, version in (("v1.car", 1), ("v2.car.zst", 2)):
        again = import_snapshot(folder / file[:2], folder / file, LOTUS_ITEST)
        assert (again.head, again.genesis, again.tipsets) == (
            first.head, first.genesis, first.tipsets,
        )  # fmt: skip
        assert again.version == version
        with open_chain(folder / file[:2], LOTUS_ITEST) as chain:
            assert chain.store.head == first.head
            assert list(chain_index.tipsets(chain.index)) == tipsets


def test_lite_snapshot_has_all_headers_and_recent_states_alone(shared, folder):
    path = chain_file(shared, "ledger")
    import_snapshot(folder / "a", path, LOTUS_ITEST)
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        head = chain.store.head
        kept = [
            chain_index.messages_in(chain.index, t.key) for t in chain_index.tipsets(chain.index)
        ]
        exported = export_snapshot(chain.database.store, head, folder / "lite.car.zst", recent=900)
        assert exported.states_from == head.height - 899
    lite = import_snapshot(folder / "b", folder / "lite.car.zst", LOTUS_ITEST)
    with open_chain(folder / "b", LOTUS_ITEST) as chain:
        store = chain.store
        lowest = store.tipset_at(exported.states_from, before_null=False)
        assert lite.states_from == lowest.height
        below = store.tipset(lowest.parents)
        assert not store.blocks.has(below.parent_state_root)
        assert store.blocks.has(store.genesis.parent_state_root)
        assert store.tipset_at(0) == store.genesis
        at = [entry.key for entry in chain_index.tipsets(chain.index)]
        assert len(at) == lite.tipsets
        messages = [chain_index.messages_in(chain.index, key) for key in at]
        recent = at.index(lowest.key)
        assert messages == [[]] * recent + kept[recent:]
        assert any(messages)
        assert any(kept[:recent])
        with pytest.raises(LocalFault, match="export the states of fewer epochs"):
            export_snapshot(chain.database.store, head, folder / "no.car", recent=None)
    assert not (folder / "no.car").exists()


def test_pieces_may_hold_the_messages_of_epochs_whose_states_they_lack(shared, folder):
    path = chain_file(shared, "ledger")
    import_snapshot(folder / "a", path, LOTUS_ITEST)
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        store, head = chain.database.store, chain.store.head
        found = {}
        for skipped in (True, False):
            made = folder / "x.car"
            made.write_bytes(b"".join(snapshot_pieces(store, head, 900, skip_old_messages=skipped)))
            found[skipped] = cids_of(made)
        headers = [links for tipset in walk_headers(store, head.key) for _, _, links in tipset]
    assert {links.messages for links in headers} <= found[False]
    old = {links.messages for links in headers if 0 < links.height <= head.height - 900}
    assert found[True] < found[False]
    assert not old <= found[True]
    states = {links.state_root for links in headers}
    assert states & found[True] == states & found[False] != states


def test_export_tells_how_far_it_is_and_is_there_whole_or_not(lotus_chain, folder, monkeypatch):
    chain, _, _ = lotus_chain
    monkeypatch.setattr("papyrus.chain.snapshot_export._TOLD_BLOCKS", 50)
    heard: list[SnapshotProgress] = []
    path = folder / "x.car"

    def listen(progress):
        heard.append(progress)
        assert not path.exists()

    exported = export_snapshot(
        chain.database.store, chain.store.head, path, recent=None, version=1, progress=listen
    )
    assert [each.blocks for each in heard] == list(range(50, exported.blocks, 50))
    assert heard[0].height == chain.store.head.height
    assert [each.height for each in heard] == sorted((e.height for e in heard), reverse=True)
    assert sum(len(data) for _, data in open_car(path).blocks()) == exported.size

    def stop(_):
        raise StoppedError

    with pytest.raises(StoppedError):
        export_snapshot(
            chain.database.store, chain.store.head, folder / "y.car", recent=None, progress=stop
        )
    assert [each.name for each in folder.iterdir() if "y.car" in each.name] == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"recent": 899}, '^"recent-stateroots" has to be greater than 900, not 899: '),
        ({"version": 3}, "version 1 or 2, not 3"),
    ],
)
def test_useless_snapshot_is_refused(grown, folder, fields, words):
    with pytest.raises(LocalFault, match=words):
        export_snapshot(grown.store.blocks, grown.store.head, folder / "x.car", **fields)


def test_snapshot_of_another_network_is_refused(lotus_chain, folder):
    _, path, _ = lotus_chain
    with pytest.raises(
        LocalFault,
        match=r"is a snapshot of another network: its head, at height [0-9]+, has the timestamp",
    ):
        import_snapshot(folder / "b", path, CALIBNET)


def test_genesis_of_another_network_is_refused_though_its_clock_is_the_same(lotus_chain, folder):
    chain, path, _ = lotus_chain
    other = LOTUS_ITEST.with_genesis(Cid.of(b"another"), chain.store.genesis.min_timestamp)
    with pytest.raises(LocalFault, match="is not that of lotus-itest"):
        import_snapshot(folder / "b", path, other)


def test_file_of_another_kind_is_told_what_it_is(folder):
    for content, words in (
        (gzip.compress(b"x"), "gzip data: unpack it first"),
        (b"", "but empty"),
        (b"{}", "what seems to be JSON"),
    ):
        (folder / "x.car").write_bytes(content)
        with pytest.raises(LocalFault, match=f"^{folder / 'x.car'} is not a CAR file .*{words}"):
            import_snapshot(folder / "a", folder / "x.car", LOTUS_ITEST)


def test_snapshot_of_another_chain_is_refused_by_the_folder(shared, folder):
    first = import_snapshot(folder / "a", chain_file(shared, "fevm-basic"), LOTUS_ITEST)
    other = chain_file(shared, "consensus-fault")
    with pytest.raises(LocalFault, match=r"holds the chain of the genesis .* use another folder"):
        import_snapshot(folder / "a", other, LOTUS_ITEST)
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        assert chain.store.head == first.head


def damaged(path: Path, folder: Path, change) -> Path:
    """Return a file whose blocks were changed, and its roots."""
    car = open_car(path)
    roots, blocks = change(list(car.roots), dict(car.blocks()))
    made = folder / "damaged.car"
    with made.open("wb") as file:
        write_car(file, roots, blocks.items())
    return made


def without(cid_of):
    def change(roots, blocks):
        del blocks[cid_of(roots, blocks)]
        return roots, blocks

    return change


def flipped(roots, blocks):
    cid = roots[0]
    blocks[cid] = blocks[cid][:-1] + bytes([blocks[cid][-1] ^ 1])
    return roots, blocks


def rootless(_, blocks):
    return [], blocks


def rooted_in_a_message(roots, blocks):
    return [cid for cid in blocks if cid not in roots][:1], blocks


def header(roots, blocks):
    return Tipset.of([_header(blocks, roots[0])]).blocks[0]


def _header(blocks, cid):
    from papyrus.types.block import BlockHeader  # noqa: PLC0415 - of this helper alone

    return BlockHeader.from_cbor(blocks[cid])


def later_version(_, blocks):
    data = dag_cbor.encode({"F3Data": None, "Version": 3, "HeadTipsetKey": []})
    return [Cid.of(data)], {Cid.of(data): data, **blocks}


@pytest.mark.parametrize("as_layer", [False, True])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (flipped, "not what .* names|not what its CID .* names"),
        (without(lambda roots, _: roots[0]), "a header, is missing"),
        (without(lambda roots, blocks: header(roots, blocks).parents[0]), "a header, is missing"),
        (without(lambda roots, blocks: header(roots, blocks).messages), "lacks the messages or"),
        (without(lambda roots, b: header(roots, b).parent_state_root), "lacks the messages or"),
        (rootless, "it has no roots"),
        (lambda roots, blocks: (roots * 2, blocks), "has one block twice"),
        (lambda roots, _: (roots, {}), "it has no blocks"),
        (rooted_in_a_message, "no whole snapshot"),
        (later_version, "has version 3, and this Papyrus knows 1 and 2"),
    ],
    ids=[
        "flipped",
        "head",
        "parent",
        "messages",
        "state",
        "rootless",
        "twice",
        "empty",
        "no header",
        "version 3",
    ],
)
def test_broken_snapshot_leaves_no_head_and_no_layer(shared, folder, change, words, as_layer):
    made = damaged(chain_file(shared, "fevm-basic"), folder, change)
    with pytest.raises(LocalFault, match=words):
        import_snapshot(folder / "a", made, LOTUS_ITEST, as_layer=as_layer)
    with closing(open_notes(folder / "a" / NOTES_FILE)) as notes:
        assert fact(notes, "head") is None
    assert not list((folder / "a").glob(f"{LAYERS_FOLDER}/*.car"))


def test_cut_file_is_refused(shared, folder):
    data = chain_file(shared, "fevm-basic").read_bytes()
    (folder / "cut.car.zst").write_bytes(data[: len(data) // 2])
    with pytest.raises(LocalFault, match=r"cut.car.zst is damaged: truncated: .*cut off"):
        import_snapshot(folder / "a", folder / "cut.car.zst", LOTUS_ITEST)


def test_import_tells_of_all_its_parts(shared, folder):
    read, stored, checked, indexed = [], [], [], []
    progress = ImportProgress(
        reading=lambda done, of: read.append((done, of)),
        storing=lambda done, of: stored.append((done, of)),
        checking=lambda done, of: checked.append((done, of)),
        indexing=lambda done, of: indexed.append((done, of)),
    )
    path = chain_file(shared, "fevm-basic")
    head = import_snapshot(folder / "a", path, LOTUS_ITEST, progress=progress).head
    assert checked[-1] == indexed[-1] == (head.height, head.height)
    assert read[-1] == (path.stat().st_size, path.stat().st_size)
    assert stored[-1][0] == stored[-1][1] > read[-1][0]


def test_layer_is_the_file_itself_and_stays_when_imported_again(shared, folder):
    path = folder / "chain.car.zst"
    shutil.copy(chain_file(shared, "fevm-basic"), path)
    for _ in range(2):
        import_snapshot(folder / "a", path, LOTUS_ITEST, as_layer=True)
        assert (folder / "a" / LAYERS_FOLDER / path.name).samefile(path)
    with open_chain(folder / "a", LOTUS_ITEST) as chain:
        assert len(chain.database.blocks) == 0
    other = folder / "b" / path.name
    other.parent.mkdir()
    shutil.copy(path, other)
    with pytest.raises(LocalFault, match="there is another layer"):
        import_snapshot(folder / "a", other, LOTUS_ITEST, as_layer=True)
    misnamed = folder / "chain.zst"
    shutil.copy(path, misnamed)
    with pytest.raises(LocalFault, match=r"a layer is named \.car or \.car\.zst"):
        import_snapshot(folder / "a", misnamed, LOTUS_ITEST, as_layer=True)


KEY = TipsetKey((Cid.of(b"a block"),))


def test_metadata_is_a_map_as_lotus_writes_it():
    data = SnapshotMetadata(KEY).to_cbor()
    link = bytes.fromhex("d82a582700") + KEY.cids[0]
    assert data == (b"\xa3\x66F3Data\xf6\x67Version\x02\x6dHeadTipsetKey\x81" + link)
    assert read_metadata(data) == SnapshotMetadata(KEY)
    named = SnapshotMetadata(KEY, Cid.of(b"certificates", RAW))
    assert read_metadata(named.to_cbor()) == named


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xa0", dag_cbor.encode({"Version": 2})])
def test_other_blocks_are_no_metadata(data):
    assert read_metadata(data) is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Version": 1}, "version 1"),
        ({"HeadTipsetKey": []}, "names no head"),
        ({"HeadTipsetKey": [1]}, "names no head"),
        ({"F3Data": Cid.of(b"x")}, "not raw"),
    ],
)
def test_senseless_metadata_is_refused(change, words):
    fields = {"F3Data": None, "Version": 2, "HeadTipsetKey": list(KEY.cids)} | change
    with pytest.raises(DecodeError, match=words):
        read_metadata(dag_cbor.encode(fields))


def test_visited_set_knows_each_cid_once():
    visited = VisitedCids()
    cids = [
        Cid.of(b"%d" % number, codec, *hash_code)
        for number in range(9000)
        for codec, hash_code in ((DAG_CBOR, ()), (RAW, ()), (RAW, (IDENTITY,)))
    ]
    assert all(visited.add(cid) for cid in cids)
    assert not any(visited.add(cid) for cid in cids)
    assert len(visited) == len(cids)
    zero = Cid.of_digest(bytes(32), DAG_CBOR, 0xB220)
    assert (visited.add(zero), visited.add(zero)) == (True, False)
