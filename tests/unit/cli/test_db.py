import json
from pathlib import Path

import lmdb
import pytest
from chain_forge import Forge

from papyrus.chain.opening import hold_chain, open_chain
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import RAW, Cid
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage.block_sorter import BlockSorter
from papyrus.storage.car_files import save_car
from papyrus.storage.chain_index import IndexedTipset, TipsetEntry, apply
from papyrus.storage.chain_index_file import open_index
from papyrus.storage.database import BLOCKS_FOLDER, INDEX_FILE, LAYERS_FOLDER, open_database
from papyrus.storage.lmdb_store import LmdbBlockstore
from papyrus.types.tipset import TipsetKey

BODIES = [b"%d" % number * 200 for number in range(2000)]
CIDS = [Cid.of(data, RAW) for data in BODIES]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a database of some blocks, a layer, and an index that is not of them."""
    with open_database(tmp_path) as database:
        database.blocks.put_many(zip(CIDS, BODIES, strict=True))
    save_car(tmp_path / LAYERS_FOLDER / "old.car.zst", [], [(CIDS[0], BODIES[0])])
    return tmp_path


@pytest.fixture
def damaged(folder: Path) -> Path:
    env = lmdb.open(str(folder / BLOCKS_FOLDER), map_size=1 << 30)
    with env.begin(write=True) as transaction:
        transaction.put(CIDS[7], b"damaged")
    env.close()
    return folder


def test_sound_database_passes(papyrus, folder: Path) -> None:
    result = papyrus("db", "check", "--folder", folder)
    assert result.exit_code == 0
    assert "blocks: 2,000, 1.4 MB" in result.stdout
    assert "old.car.zst: 1 blocks" in result.stdout
    assert result.stdout.endswith("everything is sound\n")
    found = json.loads(papyrus("db", "check", "--folder", folder, "--json").stdout)
    assert (found["ok"], found["blocks"], found["damaged"], found["index"]) == (
        True,
        2000,
        [],
        None,
    )


def test_damaged_block_is_named_and_removed_if_asked(papyrus, damaged: Path) -> None:
    result = papyrus("db", "check", "--folder", damaged)
    assert result.exit_code == 1
    assert f"damaged: {CIDS[7]}" in result.stdout
    assert "--repair" in result.stderr
    result = papyrus("db", "check", "--folder", damaged, "--repair", "--json")
    assert (result.exit_code, json.loads(result.stdout)["removed"]) == (0, 1)
    with LmdbBlockstore(damaged / BLOCKS_FOLDER) as store:
        assert [cid for cid in CIDS if not store.has(cid)] == [CIDS[7]]
    assert papyrus("db", "check", "--folder", damaged).exit_code == 0


def test_damaged_layer_is_told(papyrus, folder: Path) -> None:
    layer = folder / LAYERS_FOLDER / "new.car.zst"
    save_car(layer, [], zip(CIDS, BODIES, strict=True))
    layer.write_bytes(layer.read_bytes()[:-5])
    result = papyrus("db", "check", "--folder", folder, "--json")
    assert result.exit_code == 1
    found, sound = json.loads(result.stdout)["layers"]
    assert found["error"].startswith(f"{layer} is damaged: truncated")
    assert (sound["blocks"], sound["error"]) == (1, None)


def test_index_is_checked_against_the_blocks(
    papyrus, folder: Path, chain: tuple[Cid, MemoryBlockstore]
) -> None:
    head = chain[0]
    index = open_index(folder / INDEX_FILE)
    apply(index, [], [TipsetEntry(IndexedTipset(3, TipsetKey((head,))))])
    index.close()
    found = papyrus("db", "check", "--folder", folder, "--json")
    assert found.exit_code == 1
    assert f"block {head} is missing" in json.loads(found.stdout)["index"]["problems"][0]
    (folder / INDEX_FILE).write_bytes(b"no database" * 1000)
    result = papyrus("db", "check", "--folder", folder)
    assert result.exit_code == 1
    assert "delete it, and it is made anew" in result.stdout


def test_stats_say_what_there_is(papyrus, folder: Path) -> None:
    index = open_index(folder / INDEX_FILE)
    apply(index, [], [TipsetEntry(IndexedTipset(3, TipsetKey((CIDS[0],))))])
    index.close()
    text = papyrus("db", "stats", "--folder", folder)
    assert text.exit_code == 0
    for part in ("2,000", "old.car.zst", "to height 3", "1 tipsets, 0 messages"):
        assert part in text.stdout
    found = json.loads(papyrus("db", "stats", "--folder", folder, "--json").stdout)
    assert found["blocks"]["count"] == 2000
    assert found["blocks"]["file_size"] >= found["blocks"]["used_size"] > 1_400_000
    assert found["index"]["rows"]["tipset"] == 1
    assert [layer["compressed"] for layer in found["layers"]] == [True]


def test_stats_tell_of_an_import_that_was_broken_off(papyrus, folder: Path) -> None:
    assert "broken off" not in papyrus("db", "stats", "--folder", folder).stderr
    sorter = BlockSorter(folder / "import", 4)
    for number in range(100):
        sorter.add(Cid.of(b"%d" % number), bytes(1000))
    sorter.keep()
    told = papyrus("db", "stats", "--folder", folder).stderr
    assert f"an import was broken off, and {folder / 'import'} holds 104.3 kB of it" in told
    found = json.loads(papyrus("db", "stats", "--folder", folder, "--json").stdout)
    assert found["import_begun"] == 100 * (5 + 38 + 1000)


def test_compact_gives_room_back(papyrus, folder: Path) -> None:
    with LmdbBlockstore(folder / BLOCKS_FOLDER) as store:
        store.remove(CIDS[10:])
        result = papyrus("db", "compact", "--folder", folder)
        assert result.exit_code == 1
        assert "stop the node" in result.stderr
    open_index(folder / INDEX_FILE).close()
    assert "before" in papyrus("db", "compact", "--folder", folder).stdout
    result = papyrus("db", "compact", "--folder", folder, "--json")
    found = json.loads(result.stdout)
    assert found["blocks"]["size_before"] == found["blocks"]["size_after"] < 100_000
    with LmdbBlockstore(folder / BLOCKS_FOLDER) as store:
        assert [cid for cid in CIDS if store.has(cid)] == CIDS[:10]


@pytest.mark.parametrize("command", ["check", "stats", "compact"])
def test_folder_without_a_database_is_told(papyrus, tmp_path, monkeypatch, command: str) -> None:
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    result = papyrus("db", command)
    assert result.exit_code == 1
    assert f"no node has a database in {tmp_path}: name one with --folder" in result.stderr
    told = papyrus("db", command, "--folder", tmp_path).stderr
    assert f"there is no database in {tmp_path}: name a node's with --chain" in told
    assert papyrus("db", command, "--folder", tmp_path, "--chain", "devnet").exit_code == 2


def test_database_of_a_node_is_found(papyrus, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    for name in ("devnet", "calibnet"):
        with open_database(tmp_path / name / "datastore") as database:
            database.blocks.put_many([(CIDS[0], BODIES[0])])
        found = json.loads(papyrus("db", "stats", "--chain", name, "--json").stdout)
        assert found["folder"] == str(tmp_path / name / "datastore")
        if name == "devnet":
            for command in ("check", "stats", "compact"):
                only = json.loads(papyrus("db", command, "--json").stdout)
                assert only["folder"] == found["folder"]
    told = papyrus("db", "check").stderr
    assert "calibnet" in told
    assert "devnet: choose with --chain" in told


@pytest.fixture
def chain_folder(tmp_path: Path) -> Path:
    """Return the folder of a chain of four tipsets."""
    forge = Forge()
    with open_chain(tmp_path, LOTUS_ITEST, forge.genesis_blocks) as chain:
        line = forge.line(forge.genesis, 3)
        chain.database.blocks.put_many(forge.store.blocks.items())
        chain.store.set_head(line[-1])
    return tmp_path


def test_damaged_index_is_made_anew(papyrus, chain_folder: Path) -> None:
    index = chain_folder / INDEX_FILE
    assert papyrus("db", "check", "--folder", chain_folder).exit_code == 0
    index.write_bytes(b"damaged" * 1000)
    assert papyrus("db", "check", "--folder", chain_folder).exit_code == 1
    result = papyrus("db", "reindex", "--folder", chain_folder)
    assert (result.exit_code, result.stdout) == (0, "index: 4 tipsets\n")
    assert papyrus("db", "check", "--folder", chain_folder).exit_code == 0
    result = papyrus("db", "reindex", "--folder", chain_folder, "--json")
    assert json.loads(result.stdout) == {"folder": str(chain_folder), "tipsets": 4}


def test_chain_in_use_is_not_indexed_anew(papyrus, chain_folder: Path) -> None:
    with hold_chain(chain_folder):
        result = papyrus("db", "reindex", "--folder", chain_folder)
    assert result.exit_code == 1
    assert "another process has the chain" in result.stderr


def test_folder_without_a_chain_is_not_indexed(papyrus, folder: Path) -> None:
    result = papyrus("db", "reindex", "--folder", folder)
    assert result.exit_code == 1
    assert "there is no record of the chain" in result.stderr
