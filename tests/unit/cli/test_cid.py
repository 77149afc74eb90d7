import json
from pathlib import Path

import pytest

from papyrus.ipld.cid import IDENTITY, RAW, SHA2_256, Cid

MANIFEST = "bafy2bzacedxsqapxwj5znwy4leem5gsuenhhfyqcntews3yis5iek67thy6lc"


def test_parts_are_shown(papyrus) -> None:
    found = json.loads(papyrus("cid", MANIFEST, "--json").stdout)
    cid = Cid.from_string(MANIFEST)
    assert found == {
        "cid": MANIFEST,
        "version": 1,
        "codec": "dag-cbor",
        "hash": "blake2b-256",
        "digest": cid.digest.hex(),
        "bytes": cid.hex(),
    }
    assert "codec    dag-cbor" in papyrus("cid", f"/ipfs/{MANIFEST}").stdout


def test_unknown_codes_are_shown_as_numbers(papyrus) -> None:
    cid = Cid.of_digest(bytes(20), 0x9999, 0x14)
    found = json.loads(papyrus("cid", cid, "--json").stdout)
    assert (found["codec"], found["hash"]) == ("0x9999", "0x14")


@pytest.mark.parametrize(
    ("name", "code"), [("blake2b-256", None), ("sha2-256", SHA2_256), ("identity", IDENTITY)]
)
def test_cid_of_a_file_and_of_stdin(papyrus, tmp_path: Path, name: str, code: int | None) -> None:
    (tmp_path / "file").write_bytes(b"data")
    expected = Cid.of(b"data", RAW) if code is None else Cid.of(b"data", RAW, code)
    for source, stdin in ((tmp_path / "file", None), ("-", b"data")):
        result = papyrus("cid", source, "--codec", "raw", "--hash", name, stdin=stdin)
        assert result.stdout == f"{expected}\n"


def test_long_data_has_no_identity_cid(papyrus) -> None:
    result = papyrus("cid", "-", "--codec", "raw", "--hash", "identity", stdin=bytes(65))
    assert result.exit_code == 1
    assert "at most 64 bytes" in result.stderr


@pytest.mark.parametrize("arguments", [("--codec", "x"), ("--codec", "raw", "--hash", "x")])
def test_unknown_names_are_wrong_usage(papyrus, arguments: tuple[str, ...]) -> None:
    result = papyrus("cid", "-", *arguments, stdin=b"")
    assert result.exit_code == 2
    assert "choose from" in result.stderr


def test_what_is_no_cid_says_how_to_compute_one(papyrus) -> None:
    result = papyrus("cid", "block.cbor")
    assert result.exit_code == 1
    assert "to compute the CID of a file, add --codec" in result.stderr
