import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.cli.decode import TYPES, decode_as, record_type, to_dag_json
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError


def test_links_and_bytes_are_as_in_dag_json(papyrus, cbor_block) -> None:
    found = json.loads(papyrus("decode", cbor_block[1].hex()).stdout)
    assert found == {
        "link": {"/": str(Cid.of(b""))},
        "bytes": {"/": {"bytes": "AQI"}},
        "n": [1, None, True],
    }


def test_every_source_is_read(papyrus, cbor_block, tmp_path: Path) -> None:
    data = cbor_block[1]
    texts = {"raw": data, "hex": data.hex().encode() + b"\n", "b64": base64.b64encode(data)}
    shown = papyrus("decode", f"hex:{data.hex()}").stdout
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
        assert papyrus("decode", tmp_path / name).stdout == shown
        assert papyrus("decode", "-", stdin=content).stdout == shown
    for text in (data.hex(), f"0x{data.hex()}", f"base64:{base64.b64encode(data).decode()}"):
        assert papyrus("decode", text).stdout == shown


def test_fields_are_named_as_lotus_does(papyrus, chain, tmp_path: Path) -> None:
    head, store = chain
    (tmp_path / "block").write_bytes(store.blocks[head])
    found = json.loads(papyrus("decode", tmp_path / "block", "--as", "blockheader").stdout)
    assert (found["Height"], found["Miner"], found["ParentBaseFee"]) == (3, "f01000", "100")
    testnet = papyrus("decode", tmp_path / "block", "--as", "BlockHeader", "--network", "t")
    assert json.loads(testnet.stdout)["Miner"] == "t01000"


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("80", "--as", "Message"), 1, "this is no Message: expected an array of 10 items"),
        (("80", "--as", "Massage"), 2, "choose from ActorState"),
        (("80", "--network", "x"), 2, "the letter is f or t"),
        (("8080",), 1, "trailing"),
        (("hex:8",), 1, "is not hexadecimal"),
        (("base64:*",), 1, "is not base64"),
        (("no/such/file.cbor",), 1, "is no file, and neither hexadecimal nor base64"),
        (("x" * 9999,), 1, "..."),
        (("fb3ff0000000000000",), 1, ""),
    ],
)
def test_what_cannot_be_decoded_is_told(papyrus, arguments, code: int, reason: str) -> None:
    result = papyrus("decode", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert reason in result.stderr
    assert len(result.stderr) < 500


@given(st.sampled_from(TYPES), st.binary(max_size=200))
def test_any_bytes_are_a_record_or_a_decode_error(name: str, data: bytes) -> None:
    try:
        shown = decode_as(name, data)
    except DecodeError:
        return
    assert json.dumps(shown)


def test_every_type_has_a_record() -> None:
    for name in TYPES:
        assert record_type(name).__name__ == name
    with pytest.raises(LookupError):
        record_type("Nothing")


def test_deep_value_is_shown() -> None:
    data = b"\x81" * 200 + b"\x80"
    assert json.dumps(to_dag_json(dag_cbor.decode(data))).count("[") == 201
