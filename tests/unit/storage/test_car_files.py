import gzip
import io
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from papyrus.ipld.car import write_car
from papyrus.ipld.car_index import write_car_v2
from papyrus.ipld.cid import IDENTITY, RAW, SHA2_256, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.car_files import CarSummary, open_car, save_car

BLOCKS = [
    (Cid.of(b"\x80"), b"\x80"),
    (Cid.of(b"raw" * 500, RAW), b"raw" * 500),
    (Cid.of(b"sha", RAW, SHA2_256), b"sha"),
    (Cid.of(b"within", RAW, IDENTITY), b"within"),
    (Cid.of(b"", RAW), b""),
]
ROOT = BLOCKS[0][0]


def car_bytes(writer: Callable[..., object] = write_car) -> bytes:
    stream = io.BytesIO()
    writer(stream, [ROOT], BLOCKS)
    return stream.getvalue()


SCRATCH = tempfile.TemporaryDirectory()

FORMS = {
    "v1": car_bytes(),
    "v2": car_bytes(write_car_v2),
    "v1.zst": zstandard.compress(car_bytes()),
    "v2.zst": zstandard.compress(car_bytes(write_car_v2)),
}


@pytest.fixture(params=FORMS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / f"file.{request.param}"
    file.write_bytes(FORMS[request.param])
    return file


@pytest.mark.parametrize("memory_bound", [0, 1000, 1 << 20])
def test_every_form_streams_and_finds_blocks(path: Path, memory_bound: int) -> None:
    with open_car(path, memory_bound=memory_bound) as car:
        assert car.roots == (ROOT,)
        assert car.version == (2 if "v2" in path.name else 1)
        assert car.compressed == path.name.endswith("zst")
        assert list(car.blocks()) == BLOCKS
        assert list(car.blocks()) == BLOCKS
        assert {cid: car.get(cid) for cid, _ in BLOCKS} == dict(BLOCKS)
        assert all(car.has(cid) for cid, _ in BLOCKS)
        absent = Cid.of(b"absent")
        assert (car.get(absent), car.has(absent), len(car)) == (None, False, len(BLOCKS))
        assert car.verify() == CarSummary(5, 5, sum(len(data) for _, data in BLOCKS), ())


def test_places_point_at_the_blocks(path: Path) -> None:
    raw = path.read_bytes()
    raw = zstandard.decompress(raw) if path.suffix == ".zst" else raw
    for section in open_car(path).sections():
        assert raw[section.data_offset :].startswith(section.data)


def test_file_is_read_only(path: Path) -> None:
    with pytest.raises(LocalFault, match="read-only"):
        open_car(path).put(ROOT, b"\x80")


def test_summary_counts_repeats_and_missing_roots(tmp_path: Path) -> None:
    missing = Cid.of(b"\x81\x01")
    save_car(tmp_path / "a.car", [ROOT, missing], [*BLOCKS, BLOCKS[1]])
    summary = open_car(tmp_path / "a.car").verify()
    assert (summary.blocks, summary.distinct, summary.missing_roots) == (6, 5, (missing,))


def test_progress_hears_of_large_files(tmp_path: Path) -> None:
    data = [bytes([number]) * 700_000 for number in range(5)]
    save_car(tmp_path / "a.car", [], [(Cid.of(each, RAW), each) for each in data])
    heard: list[int] = []
    open_car(tmp_path / "a.car").verify(heard.append)
    assert heard == [1_400_000, 1_400_000]


@pytest.mark.parametrize("name", ["a.car", "a.car.zst"])
def test_saved_file_opens_again(tmp_path: Path, name: str) -> None:
    save_car(tmp_path / name, [ROOT], BLOCKS)
    assert list(open_car(tmp_path / name).blocks()) == BLOCKS


def test_version_2_is_saved_plain_only(tmp_path: Path) -> None:
    save_car(tmp_path / "a.car", [ROOT], BLOCKS, version=2)
    assert open_car(tmp_path / "a.car").version == 2
    with pytest.raises(ValueError, match="do not compress"):
        save_car(tmp_path / "a.car.zst", [ROOT], BLOCKS, version=2)
    assert [each.name for each in tmp_path.iterdir()] == ["a.car"]


def test_interrupted_save_leaves_nothing(tmp_path: Path) -> None:
    def blocks() -> object:
        yield BLOCKS[0]
        raise DecodeError("the source broke off")

    for name in ("a.car", "a.car.zst"):
        with pytest.raises(DecodeError, match="broke off"):
            save_car(tmp_path / name, [ROOT], blocks())
    assert list(tmp_path.iterdir()) == []


def test_damaged_block_is_named_with_its_place(tmp_path: Path) -> None:
    raw = bytearray(FORMS["v1"])
    raw[raw.index(b"rawraw") + 7] ^= 1
    (tmp_path / "a.car").write_bytes(raw)
    car = open_car(tmp_path / "a.car")
    with pytest.raises(DecodeError, match=r"a\.car is damaged: section at byte \d+: .* not what"):
        list(car.blocks())
    with pytest.raises(LocalFault, match=r"a\.car is damaged"):
        car.get(ROOT)


def test_file_changed_while_open_gives_no_wrong_block(tmp_path: Path) -> None:
    path = tmp_path / "a.car"
    path.write_bytes(FORMS["v1"])
    car = open_car(path)
    car.get(ROOT)
    with path.open("r+b") as file:
        file.seek(FORMS["v1"].index(b"rawraw"))
        file.write(b"?")
    with pytest.raises(LocalFault, match="changed since it was opened"):
        car.get(BLOCKS[1][0])


@pytest.mark.parametrize("form", FORMS)
def test_every_truncation_is_told_or_ends_at_a_section(tmp_path: Path, form: str) -> None:
    raw = FORMS[form]
    path = tmp_path / "cut.car"
    whole = list(open_car_of(path, raw).blocks())
    for cut in (*range(0, len(raw), 11), len(raw) - 1):
        try:
            found = list(open_car_of(path, raw[:cut]).blocks())
        except DecodeError:
            continue
        assert form in ("v1", "v2")
        assert found == whole[: len(found)]
        assert form == "v1" or found == whole


def open_car_of(path: Path, raw: bytes):
    path.write_bytes(raw)
    return open_car(path)


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "but empty"),
        (b'{"a": 1}', "seems to be JSON"),
        (gzip.compress(b"x", mtime=0), "gunzip"),
        (b"\0asm\x01\0\0\0", "a Wasm module"),
        (zstandard.compress(b"PK\x03\x04"), "a zip archive"),
        (zstandard.compress(bytes(257) + b"ustar"), "papyrus bundle import"),
        (zstandard.compress(b"0" * 99)[:-3], "is damaged: truncated: the zstandard data"),
        (b"anything else", "is not a CAR file"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path: Path, content: bytes, hint: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DecodeError, match=hint):
        open_car(tmp_path / "file")


def test_missing_file_is_told() -> None:
    with pytest.raises(LocalFault, match="there is no file"):
        open_car("/nowhere/at/all.car")


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_mutated_files_raise_decode_error_alone(form: str, data: st.DataObject) -> None:
    raw = bytearray(FORMS[form])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    path = Path(SCRATCH.name) / "mutated.car"
    with suppress(DecodeError):
        for cid, block in open_car_of(path, bytes(raw)).blocks():
            assert cid.hash_code in (IDENTITY, SHA2_256) or Cid.of(block, cid.codec) == cid
