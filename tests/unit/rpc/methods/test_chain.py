import asyncio
import base64

import pytest
from rpc_node import call, message, served, signed

from papyrus.chain.snapshot_export import export_snapshot
from papyrus.ipld.amt import amt_root
from papyrus.ipld.cid import Cid
from papyrus.rpc.client import AsyncClient
from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.errors import RpcError
from papyrus.rpc.methods.chain import ChainMethods
from papyrus.rpc.registry import Registry
from papyrus.types.event import ActorEvent, EventEntry, StampedEvent
from papyrus.types.json import to_json
from papyrus.types.receipt import EVENTS_BIT_WIDTH, Receipt
from papyrus.types.tipset import Tipset, TipsetKey


@pytest.fixture
def ask(node):
    """Return what asks a node's chain, and gives the result or the error."""

    def asking(method, *params, version=1):
        dispatcher = Dispatcher(Registry(ChainMethods), node, version=version, network="t")
        found = call(dispatcher, f"Filecoin.{method}", *params)
        return found["result"] if "result" in found else found["error"]

    return asking


def cid_of(tipset):
    return to_json(tipset.key)[0]


def test_head_and_genesis(ask, node):
    assert ask("ChainHead") == ask("ChainGetGenesis") == to_json(node.forge.genesis, "t")
    head = node.grow(2)
    assert ask("ChainHead") == to_json(head, "t")
    assert ask("ChainHead", version=0)["Height"] == 2
    assert ask("ChainGetGenesis")["Height"] == 0


def test_tipset_by_key_and_the_head_without_one(ask, node):
    first = node.grow()
    head = node.grow()
    assert ask("ChainGetTipSet", to_json(first.key)) == to_json(first, "t")
    for params in ([], [None], [[]]):
        assert ask("ChainGetTipSet", *params) == to_json(head, "t")
    assert ask("ChainGetTipSet", [{"/": str(Cid.of(b"absent"))}])["code"] == 1


def test_tipset_by_height_passes_over_null_rounds(ask, node):
    node.grow()
    node.keep(node.forge.tipset(node.chain.head, 5))
    heights = {
        (name, epoch): ask(name, epoch, None)["Height"]
        for name in ("ChainGetTipSetByHeight", "ChainGetTipSetAfterHeight")
        for epoch in (0, 1, 3, 5)
    }
    assert [heights["ChainGetTipSetByHeight", epoch] for epoch in (0, 1, 3, 5)] == [0, 1, 1, 5]
    assert [heights["ChainGetTipSetAfterHeight", epoch] for epoch in (0, 1, 3, 5)] == [0, 1, 5, 5]


def test_tipset_by_height_looks_below_the_key(ask, node):
    first = node.grow()
    node.grow(3)
    assert ask("ChainGetTipSetByHeight", 1, to_json(first.key)) == to_json(first, "t")
    error = ask("ChainGetTipSetByHeight", 2, to_json(first.key))
    assert error == {
        "code": 1,
        "message": "looking for tipset with height greater than start point: 2 > 1",
    }
    assert ask("ChainGetTipSetByHeight", -1)["code"] == 1


def test_method_that_v0_lacks(ask):
    for name in ("ChainGetTipSetAfterHeight", "ChainGetFinalizedTipSet", "ChainGetEvents"):
        assert ask(name, 1, version=0)["code"] == -32601


def test_finalized_tipset_of_a_young_chain_is_genesis(ask, node):
    node.grow(2)
    assert ask("ChainGetFinalizedTipSet")["Height"] == 0


def test_weight_is_text(ask, node):
    head = node.grow()
    assert ask("ChainTipSetWeight") == str(node.chain.weight(head))
    genesis = node.forge.genesis
    assert ask("ChainTipSetWeight", to_json(genesis.key)) == str(node.chain.weight(genesis))


def test_path_between_two_forks(ask, node):
    forge = node.forge
    left = forge.tipset(forge.genesis, miners=(1000,))
    right = forge.tipset(forge.genesis, miners=(1001, 1002))
    node.keep(left)
    node.keep(right)
    path = ask("ChainGetPath", to_json(left.key), to_json(right.key))
    assert [(step["Type"], step["Val"]["Cids"]) for step in path] == [
        ("revert", to_json(left.key)),
        ("apply", to_json(right.key)),
    ]
    assert ask("ChainGetPath", to_json(left.key), to_json(left.key)) == []


def test_head_is_set_by_hand(ask, node):
    first = node.grow()
    node.grow(3)
    assert ask("ChainSetHead", to_json(first.key)) is None
    assert node.chain.head == first


def test_block_and_its_messages(ask, node):
    bls, others = [message(0), message(1)], [signed(2)]
    head = node.grow(messages=node.forge.messages(bls, others))
    block = {"/": str(head.blocks[0].cid)}
    assert ask("ChainGetBlock", block) == to_json(head.blocks[0], "t")
    assert ask("ChainGetBlockMessages", block) == {
        "BlsMessages": [to_json(each, "t") for each in bls],
        "SecpkMessages": [to_json(each, "t") for each in others],
        "Cids": [{"/": str(each.cid)} for each in (*bls, *others)],
    }


@pytest.mark.parametrize("name", ["ChainGetBlock", "ChainGetBlockMessages", "ChainGetMessage"])
def test_what_is_not_there_or_something_else_is_told(ask, node, name):
    absent = ask(name, {"/": str(Cid.of(b"absent"))})
    other = ask(name, {"/": str(node.forge.state)})
    assert [error["code"] for error in (absent, other)] == [1, 1]
    assert "missing from the store" in absent["message"]
    assert "is not a " in other["message"]


def test_messages_of_a_tipset_are_told_once_each_with_their_cids(ask, node):
    forge = node.forge
    shared, own, letter = message(0), message(1), signed(2)
    blocks = [
        forge.on(node.chain.head, miner=1000, messages=forge.messages([shared], [])),
        forge.on(node.chain.head, miner=1001, messages=forge.messages([shared, own], [letter])),
    ]
    below = Tipset.of(blocks)
    node.keep(below)
    receipts = [Receipt(exit_code=0, return_data=b"", gas_used=number, events_root=None)
                for number in range(3)]  # fmt: skip
    root = amt_root(forge.store, [receipt.to_ipld() for receipt in receipts])
    head = node.grow(parent_message_receipts=root)
    expected = {str(each.cid) for each in (shared, own, letter)}
    for name, params in (
        ("ChainGetParentMessages", [cid_of(head)]),
        ("ChainGetMessagesInTipset", [to_json(below.key)]),
    ):
        found = ask(name, *params)
        assert {item["Cid"]["/"] for item in found} == expected
        assert found[-1]["Message"]["CID"]["/"] == str(letter.message.cid)
    told = ask("ChainGetParentReceipts", cid_of(head))
    assert told == [to_json(receipt) for receipt in receipts]


def test_genesis_has_no_parent_and_no_messages(ask, node):
    genesis = cid_of(node.forge.genesis)
    assert ask("ChainGetParentMessages", genesis) == []
    assert ask("ChainGetParentReceipts", genesis) == []
    assert ask("ChainGetMessagesInTipset", [genesis]) == []


def test_message_is_found_with_and_without_its_signature(ask, node):
    node.grow(messages=node.forge.messages([message(0)], [signed(1)]))
    assert ask("ChainGetMessage", {"/": str(message(0).cid)}) == to_json(message(0), "t")
    assert ask("ChainGetMessage", {"/": str(signed(1).cid)}) == to_json(signed(1).message, "t")


def test_events_by_their_root(ask, node):
    events = [StampedEvent(9, ActorEvent((EventEntry(3, "t1", 0x55, b"v"),)))]
    root = amt_root(
        node.forge.store, [event.to_ipld() for event in events], EVENTS_BIT_WIDTH, version=3
    )
    node.grow()
    assert ask("ChainGetEvents", {"/": str(root)}) == [to_json(event) for event in events]
    assert ask("ChainGetEvents", {"/": str(node.forge.state)})["code"] == 1


def test_objects_are_kept_and_read(ask):
    data = b"\x81\x01"
    cid = {"/": str(Cid.of(data))}
    assert ask("ChainHasObj", cid) is False
    assert ask("ChainReadObj", cid)["message"].startswith("blockstore get: ipld: could not find")
    assert ask("ChainPutObj", base64.b64encode(data).decode()) is None
    assert ask("ChainHasObj", cid) is True
    assert ask("ChainReadObj", cid) == base64.b64encode(data).decode()


def test_size_of_an_object_counts_each_block_once(ask, node):
    messages = node.forge.messages([message(0)], [])
    more = node.forge.messages([message(0), message(1)], [])
    node.grow()
    whole = ask("ChainStatObj", {"/": str(more)})
    assert whole["Links"] == 5  # two arrays, two messages, and what names the arrays
    beyond = ask("ChainStatObj", {"/": str(more)}, {"/": str(messages)})
    assert beyond["Links"] == 3  # the empty array and the first message are known
    assert beyond["Size"] < whole["Size"] - len(message(0).to_cbor())
    assert ask("ChainStatObj", {"/": str(Cid.of(b"absent"))}, None)["code"] == 1


def test_head_changes_are_heard_over_a_reorganisation(node):
    async def run():
        forge = node.forge
        async with served(node, ChainMethods) as info, AsyncClient(info) as client:
            changes = client.chain_notify()
            heard = [await anext(changes)]
            one = forge.tipset(forge.genesis, miners=(1000,))
            other = forge.tipset(forge.genesis, miners=(1001,))
            for tipset in (one, other):
                node.keep(tipset)
                heard.append(await anext(changes))
            await changes.aclose()
            return (
                one,
                Tipset.of([*one.blocks, *other.blocks]),
                [[(s.type, s.tipset) for s in steps] for steps in heard],
            )

    one, both, heard = asyncio.run(run())
    assert heard == [
        [("current", node.forge.genesis)],
        [("apply", one)],
        [("revert", one), ("apply", both)],
    ]
    assert len(node.chain._observers) == 1  # the index's own


def exported(node, *params):
    async def run():
        async with served(node, ChainMethods) as info, AsyncClient(info) as client:
            return [piece async for piece in client.chain_export(*params)]

    return asyncio.run(run())


def test_export_comes_in_pieces_and_ends_with_an_empty_one(node, tmp_path):
    head = node.grow(2)
    *pieces, last = exported(node, 900, True)
    export_snapshot(node.chain.blocks, head, tmp_path / "x.car", recent=900, version=1)
    assert (b"".join(pieces), last) == ((tmp_path / "x.car").read_bytes(), b"")


def test_export_that_cannot_be_is_refused_before_a_channel_is_opened(node):
    node.grow(1)
    for params, words in (
        ((899, True), '^"recent-stateroots" has to be greater than 900'),
        ((1, False), '^"recent-stateroots" has to be greater than 900'),
        ((900, True, TipsetKey((Cid.of(b"absent"),))), "absent|missing|not"),
    ):
        with pytest.raises(RpcError, match=words) as refused:
            exported(node, *params)
        assert refused.value.code == 1
