from pathlib import Path

import lmdb
import pytest

from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.car_files import save_car
from papyrus.storage.database import (
    BLOCKS_FOLDER,
    LAYERS_FOLDER,
    check_blocks,
    open_database,
)


def block(data: bytes) -> tuple[Cid, bytes]:
    return Cid.of(data, RAW), data


A, B, C = block(b"a" * 700_000), block(b"b" * 700_000), block(b"c")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    layers = tmp_path / LAYERS_FOLDER
    save_car(layers / "1.car", [], [A])
    save_car(layers / "2.car.zst", [], [A, B])
    (layers / "notes.txt").write_text("read by nobody")
    return tmp_path


def test_layers_are_read_and_never_written(folder: Path) -> None:
    before = {path: path.read_bytes() for path in (folder / LAYERS_FOLDER).iterdir()}
    with open_database(folder) as database:
        assert [layer.path.name for layer in database.layers] == ["1.car", "2.car.zst"]
        assert [database.store.get(cid) for cid, _ in (A, B, C)] == [A[1], B[1], None]
        database.store.put(*C)
        assert len(database.blocks) == 1
    with open_database(folder, read_only=True) as database:
        assert load(database.store, C[0]) == b"c"
    assert {path: path.read_bytes() for path in (folder / LAYERS_FOLDER).iterdir()} == before


def test_batch_reads_the_layers_and_is_kept_as_a_whole(folder: Path) -> None:
    with open_database(folder) as database:
        with database.batch() as store:
            store.put(*C)
            assert [store.get(cid) for cid, _ in (A, B, C)] == [A[1], B[1], b"c"]
            assert not database.store.has(C[0])
        assert database.blocks.has(C[0])


def test_file_that_is_no_layer_is_told(folder: Path) -> None:
    (folder / LAYERS_FOLDER / "3.car").write_bytes(b"{}")
    with (
        pytest.raises(LocalFault, match=r"3.car is not a CAR file but .* move it away"),
        open_database(folder),
    ):
        pass
    with open_database(folder.parent / "other") as database:
        assert database.layers == ()


def test_check_names_damaged_and_unknown_blocks(tmp_path: Path) -> None:
    unknown = Cid.of_digest(bytes(32), RAW, 0x1E)
    with open_database(tmp_path) as database:
        database.blocks.put_many([A, B, C, (unknown, b"hashed by blake3")])
        heard: list[int] = []
        assert check_blocks(database.blocks, heard.append).damaged == ()
        assert len(heard) == 1
        assert 1_400_000 <= heard[0] <= 1_400_017  # in the order of the CIDs
    env = lmdb.open(str(tmp_path / BLOCKS_FOLDER), map_size=1 << 30)
    with env.begin(write=True) as transaction:
        transaction.put(B[0], b"damaged")
    env.close()
    with open_database(tmp_path) as database:
        found = check_blocks(database.blocks)
        assert (found.blocks, found.damaged, found.unknown) == (4, (B[0],), (unknown,))
        assert found.data_size == len(A[1]) + len(b"damaged") + 1 + 16
