import json
from pathlib import Path

import pytest

from papyrus.cli.car_check import round_trip
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import DecodeError
from papyrus.storage.car_files import open_car, save_car
from papyrus.types.block import BlockHeader


def test_info_shows_form_and_head(papyrus, chain_file: Path, chain) -> None:
    result = papyrus("car", "info", chain_file)
    assert result.exit_code == 0
    for fact in (
        "CAR version 1, zstandard",
        f"root    {chain[0]}",
        "tipset at height 3, 2020-08-24T22:01:30Z",
        "by f01000, 0 BLS and 0 other messages",
        "version 5, 2 actors, 1.5 FIL in all",
    ):
        assert fact in result.stdout


def test_info_as_json_is_one_object(papyrus, chain_file: Path, chain) -> None:
    found = json.loads(papyrus("car", "info", chain_file, "--json").stdout)
    assert found["blocks"] == len(chain[1])
    assert found["head"]["height"] == 3
    assert found["head"]["state"]["balance"] == "1500000000000000000"
    assert found["head"]["parent_receipts"]["count"] == 1


def test_ls_streams_every_block(papyrus, chain_file: Path, chain) -> None:
    cids = [str(cid) for cid in chain[1].blocks]
    assert papyrus("car", "ls", chain_file).stdout.split() == cids
    found = json.loads(papyrus("car", "ls", chain_file, "--json").stdout)
    assert [entry["cid"] for entry in found] == cids
    long = papyrus("car", "ls", "-l", chain_file).stdout.splitlines()
    assert long[0].split() == [cids[0], "dag-cbor", str(found[0]["size"]), str(found[0]["offset"])]


def test_ls_of_an_empty_file_is_an_empty_array(papyrus, tmp_path: Path) -> None:
    save_car(tmp_path / "a.car", [], [])
    assert json.loads(papyrus("car", "ls", tmp_path / "a.car", "--json").stdout) == []
    assert papyrus("car", "ls", tmp_path / "a.car").stdout == ""


def test_get_gives_the_bytes_or_json(papyrus, chain_file: Path, chain, tmp_path: Path) -> None:
    head, store = chain
    assert papyrus("car", "get", chain_file, head).stdout_bytes == store.blocks[head]
    papyrus("car", "get", chain_file, head, "-o", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == store.blocks[head]
    named = json.loads(papyrus("car", "get", chain_file, head, "--as", "BlockHeader").stdout)
    assert (named["Height"], named["Miner"]) == (3, "f01000")
    plain = json.loads(papyrus("car", "get", chain_file, head, "--json").stdout)
    assert plain[7] == 3


def test_get_of_an_absent_block_fails(papyrus, chain_file: Path) -> None:
    result = papyrus("car", "get", chain_file, Cid.of(b"absent"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "holds no block" in result.stderr


def test_tree_goes_back_from_the_head(papyrus, chain_file: Path) -> None:
    text = papyrus("car", "tree", chain_file, "--messages", "--actors").stdout
    assert text.index("height 3") < text.index("height 0")
    assert "f0100 -> f099  method 0  nonce 7  0.000000000000000001 FIL" in text
    assert "system" in text
    assert "account" in text
    limited = papyrus("car", "tree", chain_file, "--limit", "1").stdout
    assert "height 0" not in limited
    assert "... and earlier tipsets" in limited


def test_tree_as_json_lists_what_was_asked_for(papyrus, chain_file: Path) -> None:
    found = json.loads(
        papyrus("car", "tree", chain_file, "--json", "--actors", "--messages").stdout
    )
    assert [tipset["height"] for tipset in found["tipsets"]] == [3, 0]
    assert found["more"] is False
    rows = found["tipsets"][0]["state"]["listed"]
    assert [(row["address"], row["actor"]) for row in rows] == [
        ("f00", "system"),
        ("f0100", "account"),
    ]
    assert rows[1]["delegated_address"].startswith("f410f")
    listed = found["tipsets"][1]["blocks"][0]["messages"]["listed"]
    assert [message["nonce"] for message in listed] == [7, 7]


def test_tree_of_a_partial_file_says_what_is_missing(papyrus, chain, tmp_path: Path) -> None:
    head, store = chain
    save_car(tmp_path / "a.car", [head], [(head, store.blocks[head])])
    text = papyrus("car", "tree", tmp_path / "a.car").stdout
    assert "its messages are not in the file" in text
    assert "receipts of its parents" in text
    assert "is not in the file, or not whole" in text


def test_tree_of_a_state_root_lists_its_actors(papyrus, chain_file: Path, tmp_path: Path) -> None:
    car = open_car(chain_file)
    state = BlockHeader.from_cbor(car.get(car.roots[0])).parent_state_root
    papyrus("car", "extract", chain_file, tmp_path / "state.car", state)
    text = papyrus("car", "tree", tmp_path / "state.car", "--actors").stdout
    assert text.startswith(f"state tree {state}\n    version 5, 2 actors, 1.5 FIL in all\n")
    assert "f0100" in text


def test_tree_of_other_blocks_says_so(papyrus, tmp_path: Path) -> None:
    save_car(tmp_path / "a.car", [Cid.of(b"x", RAW)], [(Cid.of(b"x", RAW), b"x")])
    assert (
        "1 bytes, neither a block header nor" in papyrus("car", "tree", tmp_path / "a.car").stdout
    )


def test_verify_counts_and_encodes_again(papyrus, chain_file: Path, chain) -> None:
    found = json.loads(papyrus("car", "verify", chain_file, "--reencode", "--json").stdout)
    assert found["valid"] is True
    assert found["reencoded"] == {
        "blocks": len(chain[1]),
        "other_codecs": 0,
        "records": {
            "BlockHeader": 2,
            "MsgMeta": 2,
            "Receipt": 1,
            "StateRoot": 1,
            "ActorState": 2,
            "Message": 1,
            "SignedMessage": 1,
        },
    }
    assert "every block is what its CID names" in papyrus("car", "verify", chain_file).stdout


def test_verify_fails_where_a_root_is_missing(papyrus, tmp_path: Path) -> None:
    save_car(tmp_path / "a.car", [Cid.of(b"\x80")], [])
    result = papyrus("car", "verify", tmp_path / "a.car")
    assert result.exit_code == 1
    assert "lacks the block of its root" in result.stderr


def test_block_that_is_not_canonical_fails_the_round_trip(tmp_path: Path) -> None:
    data = b"\x18\x01"
    save_car(tmp_path / "a.car", [], [(Cid.of(data), data)])
    with pytest.raises(DecodeError):
        round_trip(open_car(tmp_path / "a.car"))


def test_extract_copies_all_or_what_a_cid_leads_to(papyrus, chain_file, tmp_path, chain) -> None:
    head, store = chain
    target = tmp_path / "new.car"
    result = papyrus("car", "extract", chain_file, target, "--json")
    assert json.loads(result.stdout)["blocks"] == len(store)
    assert dict(open_car(target).blocks()) == store.blocks
    meta = BlockHeader.from_cbor(store.blocks[head]).messages
    papyrus("car", "extract", chain_file, target, meta)
    part = open_car(target)
    assert (part.roots, len(part)) == ((meta,), 2)


def test_extract_to_a_folder_names_blocks_by_cid(papyrus, tmp_path: Path) -> None:
    blocks = [(Cid.of(b"\x80"), b"\x80"), (Cid.of(b"x", RAW), b"x")]
    save_car(tmp_path / "a.car", [], blocks)
    papyrus("car", "extract", tmp_path / "a.car", tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == {
        f"{blocks[0][0]}.cbor": b"\x80",
        f"{blocks[1][0]}.bin": b"x",
    }


def test_extract_of_an_absent_root_leaves_no_file(papyrus, chain_file, tmp_path: Path) -> None:
    result = papyrus("car", "extract", chain_file, tmp_path / "new.car", Cid.of(b"absent"))
    assert result.exit_code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["chain.car.zst"]


@pytest.mark.parametrize("command", ["info", "ls", "tree", "verify"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\x28\xb5\x2f\xfd", bytes(100)])
def test_bad_files_fail_in_one_sentence(papyrus, command, content, tmp_path: Path) -> None:
    (tmp_path / "bad.car").write_bytes(content)
    result = papyrus("car", command, tmp_path / "bad.car")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("papyrus: ")
    assert result.stderr.count("\n") == 1
    assert "bad.car" in result.stderr


@pytest.mark.parametrize(
    ("network", "actors"), [("mainnet", 37), ("calibnet", 18)], ids=["mainnet", "calibnet"]
)
def test_genesis_is_whole_and_holds_two_billion(papyrus, shared, network, actors) -> None:
    file = shared / "genesis" / f"{network}.car.zst"
    found = json.loads(papyrus("car", "verify", file, "--reencode", "--json").stdout)
    assert found["reencoded"]["records"] == {"BlockHeader": 1, "MsgMeta": 1, "ActorState": actors}
    assert found["reencoded"]["blocks"] + found["reencoded"]["other_codecs"] == found["blocks"]
    tree = json.loads(papyrus("car", "tree", file, "--actors", "--json").stdout)
    state = tree["tipsets"][0]["state"]
    assert (len(state["listed"]), state["balance"]) == (actors, str(2_000_000_000 * 10**18))
    assert state["complete"]


def test_hostile_contents_fail_cleanly(papyrus, chain, tmp_path: Path) -> None:
    """Every block of the chain is swapped for other valid CBOR, one at a time."""
    head, store = chain
    odd = dag_cbor.encode([1, Cid.of(b"x"), {"a": [b""]}])
    for cid in store.blocks:
        links = {cid: Cid.of(odd)}
        blocks, root = rewrite(store.blocks, head, links, odd)
        save_car(tmp_path / "a.car", [root], blocks.items())
        for command in (("info",), ("tree", "--actors", "--messages"), ("verify", "--reencode")):
            result = papyrus("car", command[0], tmp_path / "a.car", *command[1:])
            assert result.exit_code in (0, 1)


def rewrite(blocks: dict[Cid, bytes], root: Cid, links: dict[Cid, Cid], odd: bytes):
    """Return the blocks with some swapped and every link to them changed, and the new root."""
    made: dict[Cid, bytes] = {Cid.of(odd): odd}

    def changed(cid: Cid) -> Cid:
        if cid not in links:
            data = blocks.get(cid)
            if data is None:
                return cid
            new = dag_cbor.encode(relinked(dag_cbor.decode(data)))
            links[cid] = Cid.of(new)
            made[links[cid]] = new
        return links[cid]

    def relinked(value):
        if isinstance(value, Cid):
            return changed(value)
        if isinstance(value, list):
            return [relinked(item) for item in value]
        if isinstance(value, dict):
            return {key: relinked(item) for key, item in value.items()}
        return value

    return made, changed(root)
