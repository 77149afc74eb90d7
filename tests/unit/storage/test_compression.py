import io
import os
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.storage.compression import ZstdReader, open_file, open_plain

CONTENT = os.urandom(3000) + b"a" * 400_000 + os.urandom(50)
SKIPPED = b"\x50\x2a\x4d\x18\x03\x00\x00\x00abc"


def read_all(data: bytes) -> bytes:
    return io.BufferedReader(ZstdReader(io.BytesIO(data))).read()


def frame(data: bytes, level: int = 3, **options: bool) -> bytes:
    return zstandard.ZstdCompressor(level=level, **options).compress(data)


@pytest.mark.parametrize("checksum", [False, True])
@pytest.mark.parametrize("size", [False, True])
@pytest.mark.parametrize("level", [1, 19])
def test_frames_in_a_row_are_one_content(level: int, size: bool, checksum: bool) -> None:
    options = {"write_content_size": size, "write_checksum": checksum}
    data = (
        frame(CONTENT, level, **options)
        + frame(b"", level, **options)
        + SKIPPED
        + frame(b"end", level, **options)
    )
    assert read_all(data) == CONTENT + b"end"


def test_every_cut_but_between_frames_is_told() -> None:
    parts = [frame(CONTENT), SKIPPED, frame(b"end", write_checksum=True)]
    data = b"".join(parts)
    whole = {0, len(parts[0]), len(parts[0]) + len(parts[1])}
    for cut in (*range(200), *range(len(data) - 200, len(data))):
        if cut in whole:
            read_all(data[:cut])
            continue
        with pytest.raises(DecodeError, match=r"truncated|damaged"):
            read_all(data[:cut])


@given(st.data())
def test_changed_bytes_raise_decode_error_or_nothing(data: st.DataObject) -> None:
    raw = bytearray(frame(b"some text, " * 300, write_checksum=True))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(DecodeError):
        assert read_all(bytes(raw)) == b"some text, " * 300


def test_bomb_is_read_in_small_pieces() -> None:
    reader = ZstdReader(io.BytesIO(frame(bytes(200 << 20))))
    assert len(reader.read(1000)) == 1000


def test_plain_and_compressed_files_open_alike(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(CONTENT)
    (tmp_path / "packed").write_bytes(frame(CONTENT))
    for name, compressed in (("plain", False), ("packed", True)):
        stream, found = open_plain(tmp_path / name)
        with stream:
            assert (stream.read(), found) == (CONTENT, compressed)


def test_unreadable_paths_are_named(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="there is no file"):
        open_file(tmp_path / "absent")
    with pytest.raises(LocalFault, match="is a folder"):
        open_file(tmp_path)
