"""`papyrus state tree`, `actor`, `get` and `diff` on a small network's states."""

import json
from dataclasses import replace

import pytest
from genesis import worker
from whole_states import MINER, WholeState

from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.power.state import CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.actor import StateRoot

CLAIM = "window_post_proof_type 10, raw_byte_power 4096, quality_adjusted_power 40960"
NULL_ADDRESS = "f410faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaonc6iji"
STRANGER = "f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za"


@pytest.fixture
def whole():
    return WholeState()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a state, or what leads to it, to a file."""
    return lambda whole, *roots: whole.save(tmp_path / "state.car.zst", *roots)


@pytest.fixture
def file(whole, write):
    return write(whole)


@pytest.fixture
def told(papyrus):
    """Return a function that gives the JSON document of a command."""

    def run(*arguments):
        result = papyrus("state", *arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    return run


@pytest.fixture
def refused(papyrus):
    """Return a function that gives the words with which a command fails."""

    def run(*arguments, code=1):
        result = papyrus("state", *arguments)
        assert (result.exit_code, result.stdout) == (code, "")
        return result.stderr

    return run


# tree


def test_tree_lists_every_actor(told, whole, file):
    found = told("tree", file)
    assert found["state_root"] == str(whole.write())
    rows = {row["id"]: row for row in found["actors"]}
    assert rows.keys() == {str(Address.from_id(actor_id)) for actor_id in whole.actors}
    null = whole.actors[1001]
    assert rows["f01001"] == {
        "id": "f01001",
        "type": "ethaccount",
        "balance": "0",
        "balance_fil": "0 FIL",
        "nonce": 0,
        "delegated_address": NULL_ADDRESS,
        "code": str(null.code),
        "head": str(null.head),
    }


def test_tree_is_a_table_for_people(papyrus, whole, file):
    lines = papyrus("state", "tree", file).stdout.splitlines()
    assert lines[0].split() == ["ID", "TYPE", "BALANCE", "NONCE", "DELEGATED", "HEAD"]
    assert lines[-1] == f"18 actors of the state {whole.write()}"
    assert lines[-2] == ""
    (reward,) = (line for line in lines if line.startswith("f02 "))
    assert reward.split() == ["f02", "reward", "1100000000", "FIL", "0", str(whole.actors[2].head)]


def test_tree_can_be_limited_to_a_type_and_a_number(told, papyrus, file):
    for name in ("miner", "storageminer"):
        assert [row["id"] for row in told("tree", file, "--type", name)["actors"]] == ["f01000"]
    assert told("tree", file, "--type", "evm")["actors"] == []
    assert len(told("tree", file, "--limit", 3)["actors"]) == 3
    assert len(told("tree", file, "--type", "account", "--limit", 2)["actors"]) == 2
    assert papyrus("state", "tree", file, "--type", "evm").stdout.startswith("ID  TYPE")


def test_tree_refuses_what_is_no_type_or_number(refused, file):
    assert "--type: 'minor' is no built-in actor: there are system, init, " in refused(
        "tree", file, "--type", "minor", code=2
    )
    refused("tree", file, "--limit", 0, code=2)
    refused("tree", code=2)


def test_a_type_without_a_name_is_shown_by_its_code(told, whole, write):
    code = Cid.of(b"code")
    whole.change_actor(102, code=code)
    rows = {row["id"]: row for row in told("tree", write(whole))["actors"]}
    assert rows["f0102"]["type"] == str(code)


# which state


def test_a_state_is_found_by_height_by_root_and_as_the_heads(told, whole, write):
    first_root = whole.write()
    first = whole.header(0)
    whole.change_actor(101, balance=TokenAmount(7))
    second = whole.header(3, [first])
    path = write(whole, second)
    assert told("tree", path)["state_root"] == str(whole.write())
    assert told("tree", path, "--state", 3)["state_root"] == str(whole.write())
    assert told("tree", path, "--state", 0)["state_root"] == str(first_root)
    assert told("tree", path, "--state", first_root)["state_root"] == str(first_root)
    assert told("actor", path, "f0101", "--state", "0")["balance"] == "0"
    assert told("actor", path, "f0101")["balance"] == "7"


def test_a_state_that_is_not_there_is_refused(refused, whole, write, tmp_path, car_bytes):
    path = write(whole, whole.header(3))
    assert "holds no tipset of height 2" in refused("tree", path, "--state", 2)
    assert "holds no tipset of height 9" in refused("tree", path, "--state", 9)
    assert "is missing" in refused("tree", path, "--state", Cid.of(b"x"))
    assert "nonsense" in refused("tree", path, "--state", "nonsense")
    info = put_cbor(whole.store, [])
    assert "is not the root of a state tree of today" in refused("tree", path, "--state", info)
    assert "there is no file" in refused("tree", tmp_path / "none.car")
    rootless = tmp_path / "rootless.car"
    rootless.write_bytes(car_bytes([], []))
    assert "names no root: choose a state with --state CID" in refused("tree", rootless)
    (tmp_path / "text.car").write_text("hello")
    assert refused("tree", tmp_path / "text.car")


def test_an_older_state_tree_is_refused(refused, whole, write):
    top = StateRoot.from_cbor(whole.store.get(whole.write()))
    old = put_cbor(whole.store, [4, top.actors, top.info])
    assert "has version 4; only version 5 (nv18 and later)" in refused("tree", write(whole, old))


# actor


def test_actor_shows_one_by_any_of_its_addresses(told, whole, file):
    by_id = told("actor", file, "f0100")
    assert by_id == told("actor", file, str(worker(0).address))
    assert (by_id["id"], by_id["type"]) == ("f0100", "account")
    assert by_id["balance"] == str(int(whole.actors[100].balance))
    assert by_id["methods"]["2"] == "PubkeyAddress"
    assert told("actor", file, NULL_ADDRESS)["id"] == "f01001"
    assert told("actor", file, "t0100") == by_id


def test_actor_is_shown_to_people_field_by_field(papyrus, whole, file):
    lines = papyrus("state", "actor", file, "f0100").stdout.splitlines()
    assert lines[0] == "id                 f0100"
    assert lines[1] == "type               account"
    assert "delegated address  nothing" in lines
    assert lines[-2] == f"head               {whole.actors[100].head}"
    assert lines[-1].startswith("methods  Constructor (1), PubkeyAddress (2)")


def test_actor_without_known_methods_is_shown_without(papyrus, told, whole, write):
    whole.put(200, "evm", Cid.of(b"state"))
    path = write(whole)
    assert told("actor", path, "f0200")["methods"] == {}
    assert "methods" not in papyrus("state", "actor", path, "f0200").stdout


def test_an_unknown_actor_is_refused(refused, whole, file):
    for command in ("actor", "get"):
        for address in ("f0555", STRANGER):
            reason = f"there is no actor {address} in the state {whole.write()}"
            assert reason in refused(command, file, address)
        assert refused(command, file, "miner")


# get


def test_get_shows_a_whole_state(told, whole, file):
    state = whole.state(80, MultisigState)
    assert told("get", file, "f080") == {
        "signers": [str(state.signers[0])],
        "approvals_threshold": 1,
        "next_transaction_id": 0,
        "initial_balance": "0",
        "start_epoch": 0,
        "unlock_duration": 0,
        "pending": {"/": str(state.pending)},
    }


def test_get_shows_a_state_to_people(papyrus, whole, file):
    state = whole.state(80, MultisigState)
    assert papyrus("state", "get", file, "f080").stdout.splitlines() == [
        "signers",
        f"  0: {state.signers[0]}",
        "approvals_threshold: 1",
        "next_transaction_id: 0",
        "initial_balance: 0",
        "start_epoch: 0",
        "unlock_duration: 0",
        f"pending: {state.pending}",
    ]
    power = papyrus("state", "get", file, "f04", "claims").stdout.splitlines()
    assert power == [
        "f01000",
        "  window_post_proof_type: 10",
        "  raw_byte_power: 4096",
        "  quality_adjusted_power: 40960",
    ]
    assert papyrus("state", "get", file, "f04", "proof_validation_batch").stdout == "nothing\n"
    assert papyrus("state", "get", file, "f080", "pending").stdout == ""
    shown = papyrus("state", "get", file, "f01000", "deadlines.due.0.partitions_posted").stdout
    assert shown == "nothing\n"
    assert papyrus("state", "get", file, "f01000", "info.multiaddrs").stdout == ""
    assert "multiaddrs: []\n" in papyrus("state", "get", file, "f01000", "info").stdout


def test_get_goes_down_a_path_through_links(told, file):
    assert told("get", file, "f04", "claims.f01000.raw_byte_power") == "4096"
    assert told("get", file, "f01000", "info.owner") == "f0100"
    assert told("get", file, "f01000", "deadlines.due.0.live_sectors") == 2
    assert told("get", file, "f01000", "sectors.1.sector_number") == 1
    assert told("get", file, "f080", "") == told("get", file, "f080")


def test_get_follows_links_as_deep_as_asked(told, file):
    flat = told("get", file, "f04")
    assert flat["claims"].keys() == {"/"}
    deep = told("get", file, "f04", "--depth", 1)
    assert deep["claims"]["f01000"]["raw_byte_power"] == "4096"
    assert told("get", file, "f01000", "deadlines")["due"][0].keys() == {"/"}
    below = told("get", file, "f01000", "deadlines", "--depth", 2)
    assert below["due"][0]["live_sectors"] == 2


def test_get_shows_no_more_entries_than_asked(told, papyrus, file):
    shown = told("get", file, "f01000", "sectors", "--limit", 1)
    assert shown.keys() == {"0", "..."}
    assert shown["..."] == "more than 1"
    assert (
        "...: more than 1\n"
        in papyrus("state", "get", file, "f01000", "sectors", "--limit", 1).stdout
    )


def test_get_says_where_a_path_ends(refused, file):
    assert "f04: the state has no 'claim': it has total_raw_byte_power, " in refused(
        "get", file, "f04", "claim"
    )
    assert "f04: claims has no 'f05': it begins with f01000" in refused(
        "get", file, "f04", "claims.f05"
    )
    assert "f080: pending has no '0': it is empty" in refused("get", file, "f080", "pending.0")
    refused("get", file, "f04", "--depth", "-1", code=2)


def test_get_refuses_a_state_without_names(refused, whole, write):
    whole.put(200, "evm", Cid.of(b"state"))
    whole.change_actor(102, code=Cid.of(b"code"))
    path = write(whole)
    assert "f0200 is of type evm, whose state has no names here" in refused("get", path, "f0200")
    assert "papyrus car get FILE" in refused("get", path, "f0102")
    assert "f010 is of type eam, whose state has no names here" in refused("get", path, "f010")


def test_get_refuses_a_state_of_other_actors(refused, whole, write):
    head = put_cbor(whole.store, [1, 2])
    whole.change_actor(80, head=head)
    told = refused("get", write(whole), "f080")
    assert f"the state {head} is not that of a multisig actor of today" in told
    assert f"papyrus car get FILE {head} | papyrus decode -" in told


# diff


@pytest.fixture
def two(whole, write):
    """Return a file with a state, and one after it in which much has changed."""
    first = whole.header(0)
    old = whole.write()
    whole.change_actor(101, balance=TokenAmount.from_fil(2), nonce=3)
    whole.change(80, MultisigState, approvals_threshold=2)
    whole.change(MINER, MinerState, fee_debt=TokenAmount(5))
    claims = CLAIMS.open(whole.store, whole.state(4, PowerState).claims)
    claims.set(Address.from_id(7), claims.get(Address.from_id(MINER)))
    whole.change(4, PowerState, claims=claims.flush())
    whole.put(200, "evm", Cid.of(b"state"))
    del whole.actors[102]
    new = whole.write()
    return write(whole, whole.header(1, [first]), old, new), old, new


def test_diff_tells_actor_by_actor_what_changed(papyrus, two):
    path, _, _ = two
    result = papyrus("state", "diff", path, 0, 1)
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "f04 (storagepower): has changed",
        f"  state.claims.f07: nothing -> {CLAIM}",
        "f080 (multisig): has changed",
        "  state.approvals_threshold: 1 -> 2",
        "f0101 (account): has changed",
        "  nonce: 0 -> 3",
        "  balance: 0 FIL -> 2 FIL",
        "f0102 (account): is gone",
        "f0200 (evm): is new",
        "f01000 (storageminer): has changed",
        "  state.fee_debt: 0 FIL -> 0.000000000000000005 FIL",
        "6 actors differ",
    ]


def test_diff_is_one_document(told, two):
    path, old, new = two
    found = told("diff", path, old, new)
    assert (found["old"], found["new"]) == (str(old), str(new))
    rows = {row["id"]: row for row in found["actors"]}
    assert rows["f080"] == {
        "id": "f080",
        "type": "multisig",
        "what": "has changed",
        "changes": [{"path": "state.approvals_threshold", "old": 1, "new": 2}],
    }
    assert (rows["f0102"]["what"], rows["f0102"]["changes"]) == ("is gone", [])
    assert rows["f0200"]["what"] == "is new"
    assert found == told("diff", path, 0, 1)


def test_diff_of_one_actor(papyrus, told, refused, two):
    path, _, _ = two
    rows = told("diff", path, 0, 1, "--actor", "f080")["actors"]
    assert [row["id"] for row in rows] == ["f080"]
    assert papyrus("state", "diff", path, 0, 1, "--actor", "f02").stdout == (
        "the states do not differ\n"
    )
    assert "there is no actor f0555 in the state" in refused("diff", path, 0, 1, "--actor", "f0555")


def test_diff_of_an_actor_that_is_gone(told, two):
    path, _, _ = two
    (row,) = told("diff", path, 0, 1, "--actor", "f0102")["actors"]
    assert row["what"] == "is gone"


def test_diff_of_a_state_with_itself(papyrus, told, two):
    path, old, _ = two
    assert papyrus("state", "diff", path, 0, old).stdout == "the states do not differ\n"
    assert told("diff", path, old, old)["actors"] == []


def test_diff_says_what_it_cannot_look_into(told, papyrus, whole, write):
    old = whole.write()
    heads = {actor_id: whole.actors[actor_id].head for actor_id in (80, 1001)}
    other = put_cbor(whole.store, [1, 2])
    for actor_id in heads:
        whole.change_actor(actor_id, head=other)
    whole.change_actor(102, code=whole.codes["evm"])
    path = write(whole, old, whole.write())
    rows = {row["id"]: row["changes"] for row in told("diff", path, old, whole.write())["actors"]}
    for actor_id, head in heads.items():
        assert rows[str(Address.from_id(actor_id))] == [
            {"path": "state", "old": str(head), "new": str(other)}
        ]
    assert rows["f0102"] == [{"path": "type", "old": "account", "new": "evm"}]
    assert (
        f"  state: {heads[80]} -> {other}\n"
        in papyrus("state", "diff", path, old, whole.write()).stdout
    )


def test_diff_cuts_long_values_for_people_only(papyrus, told, whole, write):
    old = whole.write()
    info = MinerInfo.from_cbor(whole.store.get(whole.state(MINER, MinerState).info))
    long = replace(info, multiaddrs=(bytes(200),))
    whole.change(MINER, MinerState, info=put_cbor(whole.store, long.to_ipld()))
    path = write(whole, old, whole.write())
    (row,) = told("diff", path, old, whole.write())["actors"]
    assert row["changes"][0]["new"] == [bytes(200).hex()]
    line = papyrus("state", "diff", path, old, whole.write()).stdout.splitlines()[1]
    assert line.startswith('  state.info.multiaddrs: [] -> ["0000')
    assert line.endswith("0...")
    assert len(line) < 200


def test_diff_needs_both_states(refused, two):
    path, old, _ = two
    refused("diff", path, 0, code=2)
    assert "holds no tipset of height 7" in refused("diff", path, 0, 7)
    assert "is missing" in refused("diff", path, old, Cid.of(b"x"))
