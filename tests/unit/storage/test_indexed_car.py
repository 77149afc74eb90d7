import io
import random
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from papyrus.ipld.car import write_car
from papyrus.ipld.car_index import write_car_v2
from papyrus.ipld.cid import IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage import car_index_file, zstd_frames
from papyrus.storage.car_files import open_car, save_car
from papyrus.storage.car_index_file import index_path
from papyrus.storage.indexed_car import IndexedCar

BLOCKS = [
    (Cid.of(b"\x80"), b"\x80"),
    (Cid.of(b"raw" * 5000, RAW), b"raw" * 5000),
    (Cid.of(b"sha", RAW, SHA2_256), b"sha"),
    (Cid.of(b"within" * 5 + b"it..", RAW, IDENTITY), b"within" * 5 + b"it.."),
    (Cid.of(b"", RAW), b""),
    (Cid.of(b"\x80"), b"\x80"),
]
ABSENT = Cid.of(b"absent")
SKIPPED = struct.pack("<II", 0x184D2A5E, 3) + b"..."


def car_bytes(writer: Callable[..., object], blocks: object = BLOCKS) -> bytes:
    stream = io.BytesIO()
    writer(stream, [BLOCKS[0][0]], blocks)
    return stream.getvalue()


def frames(content: bytes, size: int) -> bytes:
    """Compress content in frames that heed no section, of each of the forms that are written."""
    compressors = (
        zstandard.ZstdCompressor(),
        zstandard.ZstdCompressor(write_checksum=True, write_content_size=False),
    )
    parts = [content[at : at + size] for at in range(0, len(content), size)]
    return SKIPPED + b"".join(
        compressors[number % 2].compress(part) + (SKIPPED if number % 3 == 0 else b"")
        for number, part in enumerate(parts)
    )


FORMS = {
    "v1": car_bytes(write_car),
    "v2": car_bytes(write_car_v2),
    "v1.zst": frames(car_bytes(write_car), 1000),
    "v2.zst": frames(car_bytes(write_car_v2), 100),
    "one.zst": zstandard.compress(car_bytes(write_car)),
}


@pytest.fixture(params=FORMS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / f"file.{request.param}"
    file.write_bytes(FORMS[request.param])
    return file


def test_every_form_is_found_through_an_index_that_is_kept(path: Path) -> None:
    for _ in range(2):
        with open_car(path, index_from=0) as car:
            assert isinstance(car.ready(), IndexedCar)
            assert {cid: car.get(cid) for cid, _ in BLOCKS} == dict(BLOCKS)
            assert all(car.has(cid) for cid, _ in BLOCKS)
            assert (car.get(ABSENT), car.has(ABSENT), len(car)) == (None, False, len(dict(BLOCKS)))
    assert index_path(path).is_file()


def test_index_is_not_made_before_it_is_needed(path: Path) -> None:
    with open_car(path, index_from=0) as car:
        assert len(list(car.blocks())) == len(BLOCKS)
    assert list(path.parent.iterdir()) == [path]


def test_kept_index_spares_the_pass_over_the_file(path: Path) -> None:
    heard: list[int] = []
    large = [(Cid.of(data, RAW), data) for data in (bytes([n]) * 600_000 for n in range(4))]
    save_car(path, [], large)
    with open_car(path, index_from=0) as car:
        car.ready(heard.append)
    assert heard == [1_200_000, 1_200_000]
    with open_car(path, index_from=0) as car:
        assert car.ready(heard.append).get(large[3][0]) == large[3][1]
    assert len(heard) == 2


def test_small_file_gets_no_index(path: Path) -> None:
    with open_car(path) as car:
        assert car.get(BLOCKS[0][0]) == b"\x80"
    assert list(path.parent.iterdir()) == [path]


def test_index_of_another_file_is_made_anew(path: Path) -> None:
    with open_car(path, index_from=0) as car:
        car.ready()
    kept = index_path(path).read_bytes()
    path.write_bytes(car_bytes(write_car, [(ABSENT, b"absent")]))
    with open_car(path, index_from=0) as car:
        assert [car.get(ABSENT), car.get(BLOCKS[1][0])] == [b"absent", None]
    assert index_path(path).read_bytes() != kept


@pytest.mark.parametrize("length", [0, 40, 80, -8])
def test_index_that_is_cut_short_is_made_anew(path: Path, length: int) -> None:
    with open_car(path, index_from=0) as car:
        car.ready()
    kept = index_path(path).read_bytes()
    index_path(path).write_bytes(kept[:length])
    with open_car(path, index_from=0) as car:
        assert car.get(BLOCKS[1][0]) == BLOCKS[1][1]
    assert index_path(path).read_bytes() == kept


def test_index_that_lies_is_found_out(path: Path) -> None:
    with open_car(path, index_from=0) as car:
        car.ready()
    kept = bytearray(index_path(path).read_bytes())
    sections = int.from_bytes(kept[64:72], "little")
    for place in range(80 + 8 * sections, 80 + 16 * sections, 8):
        kept[place : place + 8] = (10**6).to_bytes(8, "little")
    index_path(path).write_bytes(kept)
    with open_car(path, index_from=0) as car, pytest.raises(LocalFault, match="has changed"):
        car.get(BLOCKS[1][0])


def test_file_whose_index_cannot_be_kept_is_usable(path: Path) -> None:
    index_path(path).mkdir()
    with open_car(path, index_from=0) as car:
        assert {cid: car.get(cid) for cid, _ in BLOCKS} == dict(BLOCKS)
    assert sorted(path.parent.iterdir()) == [path, index_path(path)]


def test_sections_of_one_key_are_told_apart(path: Path, monkeypatch) -> None:
    monkeypatch.setattr(car_index_file, "_key", lambda _: 7)
    with open_car(path, index_from=0) as car:
        assert {cid: car.get(cid) for cid, _ in BLOCKS} == dict(BLOCKS)
        assert (car.get(ABSENT), len(car)) == (None, len(dict(BLOCKS)))


def test_large_index_is_sorted_through_the_disk(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(car_index_file, "_BUCKET_ROOM", 4)
    blocks = [(Cid.of(data, RAW), data) for data in (b"%d" % n for n in range(3000))]
    save_car(tmp_path / "a.car.zst", [], blocks)
    with open_car(tmp_path / "a.car.zst", index_from=0) as car:
        assert all(car.get(cid) == data for cid, data in blocks)
        assert len(car) == 3000


def test_damaged_file_is_told(path: Path) -> None:
    """On opening, where the damage lies in what is read of the file then."""
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) * 2 // 3])
    with (
        pytest.raises((LocalFault, DecodeError), match=rf"^{path} is damaged: (?!.* is damaged)"),
        open_car(path, index_from=0) as car,
    ):
        car.get(ABSENT)
    assert list(path.parent.iterdir()) == [path]


def test_file_that_changes_while_open_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "a.car"
    path.write_bytes(FORMS["v1"])
    with open_car(path, index_from=0) as car:
        car.ready()
        place = FORMS["v1"].index(b"raw" * 5000)
        with path.open("r+b") as file:
            file.seek(place)
            file.write(b"RAW")
        with pytest.raises(LocalFault, match="has changed"):
            car.get(BLOCKS[1][0])


@pytest.mark.parametrize("name", ["v1.zst", "v2.zst", "one.zst"])
@pytest.mark.parametrize(("limit", "most"), [("LARGEST_FRAME", 10), ("LARGEST_CONTENT", 90)])
def test_long_frames_are_read_from_the_front(
    tmp_path: Path, monkeypatch, name: str, limit: str, most: int
) -> None:
    """Whether they are seen to be long at the start, or on the way through the file."""
    monkeypatch.setattr(zstd_frames, limit, most)
    (tmp_path / name).write_bytes(FORMS[name])
    with open_car(tmp_path / name, index_from=0) as car:
        assert not isinstance(car.ready(), IndexedCar)
        assert {cid: car.get(cid) for cid, _ in BLOCKS} == dict(BLOCKS)


def test_threads_share_a_file(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(zstd_frames, "_KEPT_CONTENT", 300_000)
    blocks = [(Cid.of(data, RAW), data) for data in (b"%d" % n * 3000 for n in range(200))]
    save_car(tmp_path / "a.car.zst", [], blocks)

    def read(seed: int) -> bool:
        order = random.Random(seed).sample(blocks, len(blocks))  # noqa: S311 - any order
        return all(car.get(cid) == data for cid, data in order)

    with open_car(tmp_path / "a.car.zst", index_from=0) as car, ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, range(8)))


def test_closed_file_says_so(path: Path) -> None:
    store = IndexedCar(path, compressed=path.suffix == ".zst")
    store.close()
    with pytest.raises(LocalFault, match="is closed"):
        store.get(BLOCKS[1][0])


def test_saved_file_is_in_frames_that_end_with_sections(tmp_path: Path) -> None:
    blocks = [(Cid.of(data, RAW), data) for data in (b"%d" % n * 5000 for n in range(100))]
    save_car(tmp_path / "a.car.zst", [], blocks)
    raw = (tmp_path / "a.car.zst").read_bytes()
    assert raw.count(b"\x28\xb5\x2f\xfd") >= 7
    with open_car(tmp_path / "a.car.zst") as car:
        assert list(car.blocks()) == blocks


@given(
    st.lists(st.binary(max_size=300), max_size=30),
    st.integers(1, 2000),
    st.sampled_from((write_car, write_car_v2)),
    st.booleans(),
)
def test_indexed_file_equals_a_dict(
    tmp_path_factory, bodies: list[bytes], size: int, writer: Callable[..., object], plain: bool
) -> None:
    blocks = [(Cid.of(data, RAW), data) for data in bodies]
    content = car_bytes(writer, blocks)
    path = tmp_path_factory.mktemp("car") / "a"
    path.write_bytes(content if plain else frames(content, size))
    with open_car(path, index_from=0) as car:
        assert isinstance(car.ready(), IndexedCar)
        assert {cid: car.get(cid) for cid, _ in blocks} == dict(blocks)
        assert len(car) == len(dict(blocks))
