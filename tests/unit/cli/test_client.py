"""`papyrus client commP`: the piece that a file is."""

import json
from pathlib import Path

from papyrus.cli import client
from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.proofs.commitments import zero_commitment
from papyrus.proofs.piece_data import commitment_to, piece_of

ZEROS = "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"
"""127 bytes of zeros."""


def test_piece_of_a_file_is_shown(papyrus, tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(bytes(127))
    told = papyrus("client", "commP", file)
    assert told.exit_code == 0
    assert told.stdout.splitlines() == [
        f"piece CID   {ZEROS}",
        "piece size  128 B (128 bytes padded)",
        "payload     127 bytes (127 B)",
    ]


def test_piece_of_stdin_is_that_of_the_file(papyrus) -> None:
    told = papyrus("client", "commP", "-", "--json", stdin=bytes(96))
    assert json.loads(told.stdout) == {
        "piece_cid": ZEROS, "piece_size": 128, "payload_size": 96,
    }  # fmt: skip


def test_large_file_is_hashed_part_by_part(papyrus, tmp_path: Path, monkeypatch) -> None:
    data = bytes(range(256)) * 500
    file = tmp_path / "data"
    file.write_bytes(data)
    monkeypatch.setattr(client, "PART", 127 << 3)
    told = json.loads(papyrus("client", "commP", file, "--jobs", "1", "--json").stdout)
    whole = piece_of([commitment_to(data)])
    assert told == {
        "piece_cid": str(whole.cid), "piece_size": whole.size, "payload_size": len(data),
    }  # fmt: skip


def test_workers_hash_the_parts_of_a_file(papyrus, tmp_path: Path) -> None:
    file = tmp_path / "data"
    with file.open("wb") as writing:
        writing.truncate(8 * client.PART + 1)
    told = papyrus("client", "commP", file, "--jobs", "2", "--json")
    zeros = Cid.of_digest(
        zero_commitment(64 << 20), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED
    )
    assert json.loads(told.stdout) == {
        "piece_cid": str(zeros), "piece_size": 64 << 20, "payload_size": 8 * client.PART + 1,
    }  # fmt: skip


def test_what_is_no_piece_is_told(papyrus, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.touch()
    for source, why in ((empty, "is empty"), (tmp_path, "is a folder"), ("no", "there is no file")):
        told = papyrus("client", "commP", source)
        assert (told.exit_code, told.stdout, why in told.stderr) == (1, "", True)
