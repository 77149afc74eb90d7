"""Miner, Sync and Net: making a block by hand through the interface, and what is said of it."""

import asyncio
import base64

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.consensus.randomness import drawn_for_block
from papyrus.consensus.winning_sectors import as_scalar
from papyrus.ipld.cid import Cid
from papyrus.mining.base_info import mining_base_info
from papyrus.mining.producer import MiningBase, draw_ticket, run_election
from papyrus.primitives.address import Address
from papyrus.proofs.proof_types import winning_post_proof_of
from papyrus.proofs.statements import SectorInfo
from papyrus.rpc.declarations import Context
from papyrus.rpc.methods.miner import _world
from papyrus.rpc.methods.sync import sync_incoming_blocks
from papyrus.types.block import BlockHeader
from papyrus.types.json import from_json
from papyrus.vm.runtime import RandomnessPurpose

MINER = "t01000"
WINDOW_POST_2KIB = 10


@pytest.fixture(scope="module")
def lone():
    """Return a devnet of which nothing changes."""
    with devnet_desk() as opened:
        yield opened


@pytest.fixture
def desk():
    with devnet_desk() as opened:
        opened.mine(2)
        yield opened


def encoded(data):
    return base64.b64encode(data).decode()


def win(desk):
    """Return the template of a block over the head, made as a miner of its own would make it."""
    head = desk("ChainHead")
    base = desk.node.chain.head
    network = desk.node.network
    miner = Address.from_string(MINER)
    for nulls in range(20):
        epoch = head["Height"] + 1 + nulls
        info = desk("MinerGetBaseInfo", MINER, epoch, head["Cids"])
        drawn = desk.run(_mining_info(desk, miner, epoch, base))
        proof = run_election(miner, epoch, drawn, desk.node.wallet)
        if proof is not None:
            break
    ticket = draw_ticket(miner, MiningBase(base, nulls), drawn, network, desk.node.wallet)
    challenge = drawn_for_block(
        drawn.beacon, RandomnessPurpose.WINNING_POST_CHALLENGE_SEED, epoch, miner
    )
    sectors = [
        SectorInfo(
            sector["SealProof"],
            sector["SectorNumber"],
            Cid.from_string(sector["SealedCID"]["/"]),
        )
        for sector in info["Sectors"]
    ]
    [shown] = desk.devnet.prover.prove_winning_post(
        winning_post_proof_of(WINDOW_POST_2KIB), as_scalar(challenge), sectors, miner.id
    )
    return {
        "Miner": MINER,
        "Parents": head["Cids"],
        "Ticket": {"VRFProof": encoded(ticket.vrf_proof)},
        "Eproof": {"WinCount": proof.win_count, "VRFProof": encoded(proof.vrf_proof)},
        "BeaconValues": info["BeaconEntries"],
        "Messages": desk("MpoolSelect", head["Cids"], 0.9),
        "Epoch": epoch,
        "Timestamp": head["Blocks"][0]["Timestamp"] + network.block_delay * (nulls + 1),
        "WinningPoStProof": [
            {"PoStProof": shown.post_proof, "ProofBytes": encoded(shown.proof_bytes)}
        ],
    }


async def _mining_info(desk, miner, epoch, base):
    world = await _world(desk.hosted, base)
    return await desk.node.thread.run(mining_base_info, miner, epoch, base, world)


def test_block_made_by_hand_is_the_next_head(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
    by_bls = desk("MpoolPushMessage", {"From": desk.bls, "To": bob, "Value": "6"}, None)
    template = win(desk)
    block = desk("MinerCreateBlock", template)
    assert block["BlsMessages"] == [by_bls["CID"]]
    assert block["SecpkMessages"] == [sent["CID"]]
    desk.devnet.clock.advance_to(template["Timestamp"])
    before = desk.balance(bob)
    assert desk("SyncSubmitBlock", block) is None
    head = desk("ChainHead")
    assert head["Blocks"] == [block["Header"]]
    desk.run(desk.node.executed.catch_up())
    assert desk("MpoolPending", []) == []
    desk.mine()
    assert desk.balance(bob) == before + 11
    # The same block once more changes nothing; another in its place would be slashed.
    assert desk("SyncSubmitBlock", block) is None
    other = desk("MinerCreateBlock", {**template, "Messages": []})
    with pytest.raises(Refused, match="SLASH FILTER DETECTED FAULT due to witness"):
        desk("SyncSubmitBlock", other)


def test_block_from_the_future_is_refused_for_now(desk):
    desk.devnet.clock._offset -= 3600
    template = win(desk)
    block = desk("MinerCreateBlock", template)
    with pytest.raises(Refused, match="timestamp"):
        desk("SyncSubmitBlock", block)
    desk.devnet.clock.advance_to(template["Timestamp"])
    assert desk("SyncSubmitBlock", block) is None
    assert desk("ChainHead")["Blocks"] == [block["Header"]]


def test_block_that_breaks_a_rule_is_bad_from_then_on(desk):
    template = win(desk)
    template["WinningPoStProof"][0]["ProofBytes"] = encoded(bytes(192))
    block = desk("MinerCreateBlock", template)
    desk.devnet.clock.advance_to(template["Timestamp"])
    with pytest.raises(Refused) as refused:
        desk("SyncSubmitBlock", block)
    assert refused.value.data == {"fault": "winning-post"}
    with pytest.raises(Refused) as again:
        desk("SyncSubmitBlock", block)
    assert again.value.data == {"fault": "known-bad"}
    assert desk("SyncState")["ActiveSyncs"][-1]["Stage"] == 5
    cid = str(from_json(BlockHeader, block["Header"]).cid)
    assert desk("SyncCheckBad", {"/": cid}) == refused.value.message


def test_block_whose_messages_are_others_or_not_here_is_refused(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
    block = desk("MinerCreateBlock", win(desk))
    desk.devnet.clock.advance_to(block["Header"]["Timestamp"])
    with pytest.raises(Refused, match="provided messages did not match block"):
        desk("SyncSubmitBlock", {**block, "SecpkMessages": []})
    with pytest.raises(Refused, match="failed to load bls messages"):
        desk("SyncSubmitBlock", {**block, "SecpkMessages": [block["Header"]["Parents"][0]]})
    orphan = {**block, "Header": {**block["Header"], "Parents": []}}
    with pytest.raises(Refused, match="loading parent block"):
        desk("SyncSubmitBlock", orphan)
    assert sent["CID"] in block["SecpkMessages"]
    assert desk("SyncSubmitBlock", block) is None


def test_template_must_be_of_an_epoch_after_its_base(desk):
    template = win(desk)
    with pytest.raises(Refused, match="has the timestamp"):
        desk("MinerCreateBlock", {**template, "Timestamp": template["Timestamp"] + 1})
    with pytest.raises(Refused, match="is not after the tipset"):
        desk("MinerCreateBlock", {**template, "Epoch": 1})
    with pytest.raises(Refused, match="is not after the tipset"):
        desk("MinerGetBaseInfo", MINER, 10**9, desk("ChainHead")["Cids"])


def test_only_miners_have_something_to_mine_with(desk):
    head = desk("ChainHead")
    with pytest.raises(Refused):
        desk("MinerGetBaseInfo", "t01", head["Height"] + 1, head["Cids"])


def test_state_of_syncing_tells_what_came_in(desk):
    state = desk("SyncState")
    assert [sync["Stage"] for sync in state["ActiveSyncs"]] == [4, 4]
    last = state["ActiveSyncs"][-1]
    assert last["Target"] == desk("ChainHead")
    assert last["Base"]["Height"] < last["Height"]
    assert state["VMApplied"] == 0
    desk.send(desk.accounts[0], desk.accounts[1])
    assert desk("SyncState")["VMApplied"] == 1


def test_headers_are_heard_as_they_come(desk):
    async def listen():
        items = sync_incoming_blocks.handler(Context(desk.hosted, 1, frozenset(), dict))
        first = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        await desk.devnet.mine()
        header = await first
        await items.aclose()
        return header

    header = desk.run(listen())
    assert {"/": str(header.cid)} == desk("ChainHead")["Cids"][0]


def test_blocks_are_marked_and_judged_again(desk):
    head = desk("ChainHead")["Cids"]
    assert desk("SyncValidateTipset", head) is True
    assert desk("SyncValidateTipset", desk("ChainGetGenesis")["Cids"]) is True
    assert desk("SyncCheckBad", head[0]) == ""
    desk("SyncMarkBad", head[0])
    assert desk("SyncCheckBad", head[0]) == "manually marked bad"
    desk("SyncUnmarkBad", head[0])
    assert desk("SyncCheckBad", head[0]) == ""
    desk("SyncMarkBad", head[0])
    desk("SyncUnmarkAllBad")
    assert desk("SyncCheckBad", head[0]) == ""


def test_checkpoint_holds_the_chain(desk):
    head = desk("ChainHead")["Cids"]
    desk.mine()
    assert desk("SyncCheckpoint", head) is None
    assert desk.node.chain.checkpoint.key == desk.node.chain.head.parents


# Net.


def test_nobody_is_connected(lone):
    name = lone("ID")
    assert lone("NetAddrsListen") == {"ID": name, "Addrs": []}
    assert lone("NetPeers") == lone("NetPubsubScores") == lone("NetProtectList") == []
    assert lone("NetConnectedness", name) == 0
    assert lone("NetAgentVersion", name) == lone("Version")["Agent"]
    assert lone("NetPeerInfo", name)["Agent"] == lone("Version")["Agent"]
    with pytest.raises(Refused, match="item not found"):
        lone("NetAgentVersion", "12D3KooWother")
    assert lone("NetAutoNatStatus") == {"Reachability": 0, "PublicAddrs": []}
    assert lone("NetBandwidthStats") == {"TotalIn": 0, "TotalOut": 0, "RateIn": 0, "RateOut": 0}
    assert lone("NetBandwidthStatsByPeer") == lone("NetBandwidthStatsByProtocol") == {}
    assert lone("NetBlockList") == {"Peers": [], "IPAddrs": [], "IPSubnets": []}
    assert set(lone("NetStat", "all")) == {"System", "Transient"}
    assert set(lone("NetStat", "system")) == {"System"}
    with pytest.raises(Refused, match="invalid scope peer:"):
        lone("NetStat", "peer:x")
    assert lone("NetDisconnect", name) is None
    assert lone("NetListening") is True
    assert lone("NetVersion") == "31415926"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("NetConnect", [{"ID": "12D3", "Addrs": []}]),
        ("NetFindPeer", ["12D3"]),
        ("NetPing", ["12D3"]),
        ("NetBlockAdd", [{"Peers": [], "IPAddrs": [], "IPSubnets": []}]),
        ("NetBlockRemove", [{"Peers": [], "IPAddrs": [], "IPSubnets": []}]),
        ("NetProtectAdd", [[]]),
        ("NetProtectRemove", [[]]),
        ("NetLimit", ["system"]),
        ("NetSetLimit", ["system", {}]),
    ],
)
def test_what_needs_a_peer_is_refused_in_words(method, params, lone):
    with pytest.raises(Refused, match="does not speak libp2p yet"):
        lone(method, *params)
