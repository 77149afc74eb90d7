"""Chain files and what lies beside them."""

import json

import pytest
import zstandard

from papyrus.conformance.chain_files import (
    ChainFile,
    ChainRules,
    KnownTipsets,
    TipsetRecord,
    read_records,
)
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import CALIBNET, LOTUS_ITEST, LOTUS_ITEST_DAILY_FEES
from papyrus.storage.car_files import save_car
from papyrus.types.block import BlockHeader
from papyrus.types.ticket import ElectionProof, Ticket
from papyrus.types.tipset import Tipset, TipsetKey

EMPTY = Cid.of(b"\x80")
META = {"network_name": "testing", "upgrades": [{"Height": -1, "Network": 28}], "lotus_ms": 1.5}


def header(height: int, parents: tuple[Cid, ...], miner: int = 1000) -> BlockHeader:
    return BlockHeader(
        miner=Address.from_id(miner),
        ticket=Ticket(bytes([height, miner % 256])),
        election_proof=ElectionProof(1, b""),
        beacon_entries=(),
        win_post_proof=(),
        parents=parents,
        parent_weight=TokenAmount(0),
        height=height,
        parent_state_root=EMPTY,
        parent_message_receipts=EMPTY,
        messages=EMPTY,
        bls_aggregate=None,
        timestamp=1_700_000_000 + 30 * height,
        block_sig=Signature(SignatureType.BLS, b""),
        fork_signaling=0,
        parent_base_fee=TokenAmount(100),
    )


@pytest.fixture
def chain(tmp_path):
    """Write a chain of heights 0, 1 and 3, the last with two blocks, and return its file."""
    store = MemoryBlockstore({EMPTY: b"\x80"})
    parents: tuple[Cid, ...] = ()
    for height, miners in ((0, (1000,)), (1, (1000,)), (3, (1000, 1001))):
        tipset = Tipset.of(header(height, parents, miner) for miner in miners)
        for block in tipset.blocks:
            store.put(block.cid, block.to_cbor())
        parents = tipset.key.cids
    path = tmp_path / "chain.car"
    save_car(path, parents, store.blocks.items())
    (tmp_path / "meta.json").write_text(json.dumps(META))
    return path


def test_a_chain_is_read_from_genesis_to_head(chain):
    opened = ChainFile.open(chain, ChainRules())
    assert [tipset.height for tipset in opened.tipsets] == [0, 1, 3]
    assert [len(tipset.blocks) for tipset in opened.tipsets] == [1, 1, 2]
    assert opened.source.tipset(opened.tipsets[2].parents) == opened.tipsets[1]
    assert opened.network.name == LOTUS_ITEST.name
    assert opened.network.genesis == opened.tipsets[0].blocks[0].cid
    assert opened.network.genesis_timestamp == 1_700_000_000
    assert opened.traces is None


def test_meta_json_says_by_which_rules(chain):
    meta = META | {"upgrades": [{"Height": 10, "Network": 25}, {"Height": -1, "Network": 24}]}
    chain.with_name("meta.json").write_text(json.dumps(meta | {"test": "TestDailyFees"}))
    network = ChainFile.open(chain, ChainRules()).network
    assert network.teep_reserve == LOTUS_ITEST_DAILY_FEES.teep_reserve
    assert [network.schedule.version_at(height) for height in (0, 10, 11)] == [24, 24, 25]


def test_the_user_may_say_by_which_rules(chain):
    chain.with_name("meta.json").unlink()
    network = ChainFile.open(chain, ChainRules("calibnet", ((5, 23), (-1, 22)))).network
    assert network.name == CALIBNET.name
    assert [network.schedule.version_at(height) for height in (0, 6)] == [22, 23]
    assert ChainFile.open(chain, ChainRules("calibnet")).network.schedule == CALIBNET.schedule


def test_upgrades_from_the_user_go_before_those_of_meta_json(chain):
    network = ChainFile.open(chain, ChainRules(upgrades=((-1, 27),))).network
    assert network.schedule.version_at(5) == 27


def test_a_chain_of_unknown_rules_asks_for_them(chain):
    chain.with_name("meta.json").unlink()
    with pytest.raises(LocalFault, match=r"no meta\.json beside .* give --network"):
        ChainFile.open(chain, ChainRules())


@pytest.mark.parametrize(
    ("meta", "error", "message"),
    [
        ("{", DecodeError, "not JSON"),
        ("[]", DecodeError, r"meta\.json is not an object"),
        ("{}", DecodeError, "network_name is not a string"),
        ('{"network_name": "moonnet"}', LocalFault, "names the network 'moonnet', which is unk"),
        (
            '{"network_name": "testing", "upgrades": [{"Height": -5}]}',
            DecodeError,
            "an upgrade's height is -5",
        ),
        (
            '{"network_name": "testing", "upgrades": [{"Height": 1, "Network": 1.5}]}',
            DecodeError,
            "network version is not a whole number",
        ),
    ],
)
def test_a_meta_json_with_a_fault_is_refused(chain, meta, error, message):
    chain.with_name("meta.json").write_text(meta)
    with pytest.raises(error, match=message):
        ChainFile.open(chain, ChainRules())


def test_roots_that_are_no_tipset_are_no_chain(tmp_path):
    path = tmp_path / "state.car"
    save_car(path, [EMPTY], [(EMPTY, b"\x80")])
    with pytest.raises(DecodeError, match="is not a chain: its roots are no tipset"):
        ChainFile.open(path, ChainRules("calibnet"))
    save_car(path, [Cid.of(b"\x81\x01")], [(EMPTY, b"\x80")])
    with pytest.raises(DecodeError, match=r"its roots are no tipset: block .* missing"):
        ChainFile.open(path, ChainRules("calibnet"))


def test_heights_must_fall_towards_genesis(tmp_path):
    low = header(5, ())
    high = header(5, (low.cid,), 1001)
    path = tmp_path / "chain.car"
    save_car(path, [high.cid], [(block.cid, block.to_cbor()) for block in (high, low)])
    with pytest.raises(DecodeError, match="is not a chain: height 5 comes twice"):
        ChainFile.open(path, ChainRules("calibnet"))


def test_a_chain_may_begin_after_genesis(tmp_path):
    block = header(7, (EMPTY,))
    path = tmp_path / "chain.car"
    save_car(path, [block.cid], [(block.cid, block.to_cbor())])
    opened = ChainFile.open(path, ChainRules("calibnet"))
    assert [tipset.height for tipset in opened.tipsets] == [7]
    assert opened.network.genesis == CALIBNET.genesis


def test_an_unknown_tipset_is_this_machines_fault():
    key = TipsetKey((EMPTY,))
    with pytest.raises(LocalFault, match="holds no tipset"):
        KnownTipsets(()).tipset(key)


def line(epoch: int) -> dict:
    return {
        "circ": {"FilVested": "12", "FilReserveDisbursed": "-7"},
        "epoch": epoch,
        "out": {"Root": {"/": str(EMPTY)}, "Trace": [{"MsgCid": None}] if epoch else None},
    }


@pytest.mark.parametrize("packed", [False, True])
def test_records_are_read_by_epoch(tmp_path, packed):
    text = b"".join(json.dumps(line(epoch)).encode() + b"\n" for epoch in (3, 1, 0))
    path = tmp_path / "traces.jsonl"
    path.write_bytes(zstandard.compress(text) if packed else text)
    supply = {"FilVested": 12, "FilReserveDisbursed": -7}
    assert read_records(path, (0, 3), with_messages=True) == {
        3: TipsetRecord(3, EMPTY, supply, ({"MsgCid": None},)),
        0: TipsetRecord(0, EMPTY, supply, ()),
    }
    assert read_records(path, (3,), with_messages=False)[3].messages == ()


def test_a_line_that_is_no_record_is_refused(tmp_path):
    path = tmp_path / "traces.jsonl"
    path.write_text('{"epoch": 1}\n')
    with pytest.raises(DecodeError, match="circ is not an object"):
        read_records(path, (1,), with_messages=False)


def test_traces_beside_the_chain_are_found(chain):
    traces = chain.with_name("traces.jsonl")
    traces.write_text("")
    assert ChainFile.open(chain, ChainRules()).traces == traces
