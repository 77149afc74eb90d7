"""`papyrus state check` on sound, damaged, old and unknown states."""

import json

import pytest
from whole_states import MINER, WholeState

from papyrus.actors.checks import state as checks
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.system.state import State as SystemState
from papyrus.chain.snapshot_format import SnapshotMetadata
from papyrus.cli import state_check
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.storage import bundle_manifests, bundles
from papyrus.storage.bundle_manifests import PinnedBundle
from papyrus.types.actor import StateRoot
from papyrus.types.tipset import TipsetKey


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path / "home"))


@pytest.fixture
def whole():
    return WholeState()


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a state, or what leads to it, to a file."""
    return lambda whole, *roots: whole.save(tmp_path / "state.car.zst", *roots)


def test_a_sound_state_is_told_to_people(papyrus, whole, write):
    result = papyrus("state", "check", write(whole))
    assert result.exit_code == 0
    root = str(whole.write())
    counts = (
        "18: 5 account, 1 cron, 1 datacap, 1 eam, 1 ethaccount, 1 init, 2 multisig, 1 reward, "
        "1 storagemarket, 1 storageminer, 1 storagepower, 1 system, 1 verifiedregistry"
    )
    assert result.stdout.splitlines() == [
        f"state    {root}",
        "epoch    genesis",
        f"actors   {counts}",
        "rules    devnet, actors v18",
        "balance  2000000000 FIL",
        "power    4096 bytes, 40960 by quality",
        "faulty   0 bytes",
        "deals    2",
        "datacap  0 allocations, 2 claims",
        "",
        "nothing is wrong",
    ]


def test_what_is_wrong_is_told_and_is_a_failure(papyrus, whole, write):
    whole.change(MINER, MinerState, fee_debt=TokenAmount(-1))
    whole.change_actor(101, balance=TokenAmount(5))
    path = write(whole)
    result = papyrus("state", "check", path)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-3:] == [
        "f01000 (storageminer): miner fee debt is less than zero: -1",
        f"total token balance is {TOTAL_SUPPLY + 5}, expected {TOTAL_SUPPLY}",
        "wrong in 2 ways",
    ]
    limited = papyrus("state", "check", path, "--limit", 1)
    assert limited.exit_code == 1
    assert limited.stdout.endswith("wrong in 1 ways at least: the check has ended there\n")


def test_json_has_all_of_it(papyrus, whole, write):
    whole.change(MINER, MinerState, fee_debt=TokenAmount(-1))
    whole.change_actor(101, balance=TokenAmount(5))
    result = papyrus("state", "check", write(whole), "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told.pop("actors_by_name")["account"] == 5
    assert told.pop("findings") == [
        {
            "actor": "f01000",
            "type": "storageminer",
            "sentence": "miner fee debt is less than zero: -1",
        },
        {
            "actor": None,
            "type": None,
            "sentence": f"total token balance is {TOTAL_SUPPLY + 5}, expected {TOTAL_SUPPLY}",
        },
    ]
    assert told == {
        "state_root": str(whole.write()),
        "epoch": -1,
        "actors_version": 18,
        "build": "devnet",
        "whole": True,
        "actors": 18,
        "balance": str(TOTAL_SUPPLY + 5),
        "raw_power": "4096",
        "quality_adjusted_power": "40960",
        "faulty_raw_power": "0",
        "deals": 2,
        "allocations": 0,
        "claims": 2,
    }


def test_the_epoch_is_that_of_the_parents_of_the_tipset(papyrus, whole, write):
    first = whole.header(0, [Cid.of(b"nothing")])
    second = whole.header(1, [first])
    third = whole.header(4, [second])
    path = write(whole, third)
    for height in ("0", "1"):
        result = papyrus("state", "check", path, "--state", height)
        assert (result.exit_code, "genesis" in result.stdout) == (0, True)
    for chosen in ((), ("--state", "4")):
        result = papyrus("state", "check", path, *chosen)
        assert result.exit_code == 1
        assert "epoch    after 1\n" in result.stdout
        assert "f02 (reward): reward state epoch 0 does not match prior_epoch+1 2" in result.stdout
    by_root = papyrus("state", "check", path, "--state", whole.write())
    assert (by_root.exit_code, "genesis" in by_root.stdout) == (0, True)


def test_a_snapshot_of_either_version_leads_to_its_heads_state(papyrus, whole, write):
    head = whole.header(1, [whole.header(0, [Cid.of(b"nothing")])])
    metadata = SnapshotMetadata(TipsetKey((head,))).to_cbor()
    described = Cid.of(metadata)
    whole.store.put(described, metadata)
    told = [papyrus("state", "check", write(whole, root)) for root in (head, described)]
    assert [one.exit_code for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout
    assert json.loads(papyrus("car", "tree", write(whole, described), "--json").stdout)


def test_without_the_parents_the_epoch_is_the_states_own(papyrus, whole, write):
    lone = whole.header(4, [Cid.of(b"pruned")])
    result = papyrus("state", "check", write(whole, lone))
    assert (result.exit_code, "genesis" in result.stdout) == (0, True)
    orphan = whole.header(4)
    assert papyrus("state", "check", write(whole, orphan)).exit_code == 0


def test_the_state_must_be_there(papyrus, whole, write, tmp_path):
    path = write(whole)
    for chosen, reason in (
        (("--state", "7"), "holds no tipset of height 7"),
        (("--state", str(Cid.of(b"x"))), "is missing"),
        (("--state", "nonsense"), "nonsense"),
        (("--state", str(whole.actors[1].head)), "is not a state tree of today"),
    ):
        result = papyrus("state", "check", path, *chosen)
        assert (result.exit_code, result.stdout) == (1, "")
        assert reason in result.stderr
    assert papyrus("state", "check", tmp_path / "none.car").exit_code == 1


def test_usage_is_checked(papyrus, whole, write):
    path = write(whole)
    unknown = papyrus("state", "check", path, "--network", "nowhere")
    assert unknown.exit_code == 2
    assert "--network: known are mainnet" in unknown.stderr
    assert papyrus("state", "check", path, "--limit", 0).exit_code == 2
    assert papyrus("state", "check").exit_code == 2


def test_a_state_tree_of_long_ago_is_refused(papyrus, whole, write):
    top = StateRoot.from_cbor(whole.store.get(whole.write()))
    old = put_cbor(whole.store, [4, top.actors, top.info])
    result = papyrus("state", "check", write(whole, old))
    assert result.exit_code == 1
    assert "is a state tree of version 4, before nv18" in result.stderr


def rename(whole):
    """Give all actors codes of no known release; return the list of them."""
    codes = {name: Cid.of(name.encode()) for name in whole.codes}
    names = {code: name for name, code in whole.codes.items()}
    for actor_id, actor in whole.actors.items():
        whole.change_actor(actor_id, code=codes[names[actor.code]])
    listed = put_cbor(whole.store, [[name, code] for name, code in codes.items()])
    whole.change(0, SystemState, builtin_actors=listed)
    return listed


def test_actors_of_an_unknown_release_need_a_network(papyrus, whole, write):
    rename(whole)
    path = write(whole)
    result = papyrus("state", "check", path)
    assert result.exit_code == 1
    assert "actors of no release that is known here" in result.stderr
    assert "--network" in result.stderr
    told = papyrus("state", "check", path, "--network", "devnet")
    assert told.exit_code == 0
    assert "rules    devnet, no known release\n" in told.stdout
    # Another network's rules find other things wrong.
    assert papyrus("state", "check", path, "--network", "mainnet").exit_code == 1


@pytest.mark.parametrize("version", [16, 17])
def test_actors_of_an_imported_bundle_are_known(
    papyrus, whole, write, car_bytes, monkeypatch, tmp_path, version
):
    listed = rename(whole)
    manifest = put_cbor(whole.store, [1, listed])
    rows = (PinnedBundle(version, "devnet", f"v{version}.0.0", manifest, False),)
    for module in (bundle_manifests, bundles):
        monkeypatch.setattr(module, "PINNED_BUNDLES", rows)
    blocks = [(cid, whole.store.get(cid)) for cid in (manifest, listed)]
    blocks += [(Cid.of(name.encode()), name.encode()) for name in whole.codes]
    (tmp_path / "actors.car").write_bytes(car_bytes([manifest], blocks))
    assert papyrus("bundle", "import", tmp_path / "actors.car").exit_code == 0
    result = papyrus("state", "check", write(whole))
    if version == 16:
        assert result.exit_code == 1
        assert "has actors v16: states are checked from v17 on" in result.stderr
    else:
        assert result.exit_code == 0
        assert "rules    devnet, actors v17\n" in result.stdout


def test_progress_reaches_the_bar():
    heard = []

    class Bar:
        def advance(self, amount, what=""):
            heard.append((amount, what))

        def reach(self, done, total):
            heard.append((done, total))

    tell = state_check._told(Bar())
    tell(3, 20)
    assert heard == [(3, checks.SHARES), (0, "checking, 20 actors")]
