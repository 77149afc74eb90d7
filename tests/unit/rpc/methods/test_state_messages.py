"""Messages found, replayed and tried over JSON-RPC, on chains that Lotus made."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rpc_node import message as make_message
from state_node import EVERYONE, Waiting, key_of, link, state_node

from papyrus.chain.messages import receipts_of, tipset_messages
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.ipld.cid import Cid
from papyrus.node.message_search import MessageSearch
from papyrus.primitives.address import Address
from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.json_codecs import codec_of
from papyrus.rpc.methods.state_messages import StateMessages
from papyrus.rpc.registry import Registry
from papyrus.rpc.views.invocations import ComputedState, InvocationResult
from papyrus.types.json import to_json
from papyrus.types.message import SignedMessage
from papyrus.types.receipt import Receipt
from papyrus.vm.state_tree import StateTree

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

NOT_RECORDED = {"Duration", "tt"}
"""What differs from run to run, and is left out of the recorded traces."""


@pytest.fixture(scope="module")
def multisig(shared):
    """Return a node over the chain of Lotus' multisig test."""
    with state_node(shared, "multisig") as node:
        yield node


@pytest.fixture(scope="module")
def contracts(shared):
    """Return a node over a chain with contracts."""
    with state_node(shared, "fevm-basic") as node:
        yield node


@pytest.fixture(scope="module")
def ledger(shared):
    """Return a node over a chain with failures of many kinds."""
    with state_node(shared, "ledger") as node:
        yield node


def executed(node):
    """Return (message, its tipset, the child, its receipt, its place) for all on the chain."""
    found = []
    for tipset, child in node.file.pairs:
        messages = tipset_messages(node.chain.blocks, tipset, node.network)
        receipts = receipts_of(node.chain.blocks, child.parent_message_receipts)
        for message, receipt in zip(messages, receipts, strict=True):
            found.append((message, tipset, child, receipt))
    return found


def recorded(node, *tipsets):
    """Return what Lotus said of each message of some tipsets, by CID."""
    records = node.file.records({tipset.height for tipset in tipsets})
    return {each["MsgCid"]["/"]: each for record in records.values() for each in record.messages}


def without(value, names=frozenset(NOT_RECORDED)):
    """Return JSON without some keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if key not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("chain", ["multisig", "contracts"])
def test_replay_says_of_every_message_what_lotus_said(chain, request):
    node = request.getfixturevalue(chain)
    known = recorded(node, *node.file.tipsets)
    for sent, tipset, _, receipt in executed(node):
        told = node.ask("StateReplay", key_of(tipset), link(sent.cid))
        expected = known[str(sent.cid)]
        assert without(told) == expected
        assert told["MsgRct"] == to_json(receipt)
        assert told["Duration"] > 0
        assert {charge["tt"] for charge in told["ExecutionTrace"]["GasCharges"]} == {0}
        read = codec_of(InvocationResult).read(told)
        assert read.msg_rct == receipt
        calls = told["ExecutionTrace"]["Subcalls"] or []
        assert len(read.execution_trace.subcalls) == len(calls)


def test_replay_finds_the_tipset_by_itself(multisig):
    message, tipset, _, _ = executed(multisig)[-1]
    found = multisig.ask("StateReplay", [], link(message.cid))
    assert without(found) == without(multisig.ask("StateReplay", key_of(tipset), link(message.cid)))


def test_replay_of_what_is_not_there_says_so(multisig):
    first, *_, (_, tipset, _, _) = executed(multisig)
    code, words = multisig.refusal("StateReplay", key_of(tipset), link(first[0].cid))
    assert (code, words) == (1, "given message not found in tipset")
    _, words = multisig.refusal("StateReplay", None, link(Cid.of(b"nowhere")))
    assert words.startswith("there is no message bafy")


def test_failures_are_worded_as_by_lotus(ledger):
    failed, kinds = [], Counter()
    for message, tipset, _, receipt in executed(ledger):
        if receipt.exit_code and kinds[receipt.exit_code] == 0:
            kinds[receipt.exit_code] += 1
            failed.append((message, tipset))
    known = recorded(ledger, *(tipset for _, tipset in failed))
    worded = 0
    for message, tipset in failed:
        told = ledger.ask("StateReplay", key_of(tipset), link(message.cid))
        expected = known[str(message.cid)]
        assert without(told, NOT_RECORDED | {"Error"}) == without(expected, {"Error"})
        ours, theirs = told["Error"], expected["Error"]
        if "caused by" in theirs:
            ours, theirs = ours.splitlines()[0], theirs.splitlines()[0]
        assert ours == theirs
        worded += 1
    assert worded >= 10


def test_compute_says_of_a_tipset_what_lotus_said(multisig):
    _, tipset, child, _ = executed(multisig)[0]
    told = multisig.ask("StateCompute", tipset.height, [], key_of(tipset))
    assert told["Root"] == link(child.parent_state_root)
    expected = multisig.file.records({tipset.height})[tipset.height].messages
    assert without(told["Trace"]) == list(expected)
    read = codec_of(ComputedState).read(told)
    assert len(read.trace) == len(expected)
    assert read.trace[-1].gas_cost.message is None


def test_compute_puts_messages_on_top(multisig):
    message, tipset, child, _ = executed(multisig)[-1]
    store = multisig.chain.blocks
    tree = StateTree(store, child.parent_state_root)
    nonce = tree.get(tree.resolve(message.unsigned.sender)).nonce
    more = to_json(replace(message.unsigned, nonce=nonce, method=0, params=b""))
    told = multisig.ask("StateCompute", tipset.height + 2, [more], key_of(tipset))
    assert told["Trace"][-1]["Msg"]["Nonce"] == nonce
    assert told["Root"] != link(child.parent_state_root)
    far = tipset.height + 10**6
    code, words = multisig.refusal("StateCompute", far, [], key_of(tipset))
    assert code == 1
    assert "epochs above" in words


def test_call_answers_without_any_message_being_sent(multisig):
    message, tipset, _, _ = executed(multisig)[0]
    ask = {"To": "f04", "From": str(message.unsigned.sender), "Method": 9}
    told = multisig.ask("StateCall", ask, key_of(tipset))
    assert told["MsgRct"]["ExitCode"] == 0
    assert told["MsgRct"]["Return"]
    assert told["GasCost"] == {
        "Message": None,
        "GasUsed": "0",
        "BaseFeeBurn": "0",
        "OverEstimationBurn": "0",
        "MinerPenalty": "0",
        "MinerTip": "0",
        "Refund": "0",
        "TotalCost": "0",
    }
    assert told["Msg"]["GasLimit"] == (2**63 - 1) // 2
    assert told["Msg"]["CID"] == told["MsgCid"]
    assert (told["Error"], told["ExecutionTrace"]["Msg"]["To"]) == ("", "f04")
    failed = multisig.ask("StateCall", {**ask, "Method": 2}, key_of(tipset))
    assert failed["MsgRct"]["ExitCode"] == 16
    assert failed["Error"].endswith("method expects arguments (16)\n (RetCode=16)")
    code, words = multisig.refusal("StateCall", {**ask, "From": "f0987654"})
    assert code == 11
    assert "sender f0987654 not found on chain" in words


def test_search_finds_every_message_where_it_was_executed(multisig):
    for message, tipset, child, receipt in executed(multisig):
        told = multisig.ask("StateSearchMsg", [], link(message.cid), -1, True)
        assert told == {
            "Message": link(message.cid),
            "Receipt": to_json(receipt),
            "ReturnDec": None,
            "TipSet": key_of(child),
            "Height": child.height,
        }
        same = ("StateSearchMsgLimited", link(message.cid), -1)
        assert multisig.ask("StateSearchMsg", link(message.cid), version=0) == told
        assert multisig.ask(*same, version=0) == told
        assert multisig.ask("StateGetReceipt", link(message.cid), [], version=0) == told["Receipt"]
        assert multisig.ask("StateSearchMsg", key_of(tipset), link(message.cid)) is None
        early = multisig.ask("StateGetReceipt", link(message.cid), key_of(tipset), version=0)
        assert early is None
        limited = multisig.ask("StateSearchMsgLimited", link(message.cid), 0, version=0)
        assert limited in (None, told)


def test_wait_answers_with_what_was_returned(multisig, contracts):
    decoded = Counter()
    for node in (multisig, contracts):
        for message, _, child, receipt in executed(node):
            told = node.ask("StateWaitMsg", link(message.cid), 0, -1, True)
            assert told["TipSet"] == key_of(child)
            if receipt.return_data:
                decoded[type(told["ReturnDec"])] += 1
            else:
                assert told["ReturnDec"] is None
            assert node.ask("StateWaitMsg", link(message.cid), 0, version=0) == told
            assert node.ask("StateWaitMsgLimited", link(message.cid), 0, -1, version=0) == told
    # Of multisigs and of contracts' maker come objects, of contracts bytes.
    assert decoded[dict] >= 4
    assert decoded[str] >= 1
    message = executed(multisig)[0][0]
    _, words = multisig.refusal("StateWaitMsg", link(message.cid), 901)
    assert "0 to 900 allowed" in words


class Growing:
    """A chain on which one message is about to be executed, and what answers about it."""

    def __init__(self, node):
        self.node, forge = node, node.forge
        node.pool = Waiting()
        opened = node.opened
        node.search = MessageSearch(opened.index.path, opened.store.blocks, opened.network)
        self.done = make_message(5)
        self.dearer, self.other = make_message(5, premium=7), make_message(5, value=1)
        for each in (self.dearer, self.other):
            forge.store.put(each.cid, each.to_cbor())
        self.receipt = Receipt(0, b"", 1000)
        receipts = amt_root(forge.store, [self.receipt.to_ipld()])
        self.holder = forge.tipset(forge.genesis, messages=forge.messages([self.done]))
        self.child = forge.tipset(self.holder, parent_message_receipts=receipts)
        self.later = forge.line(self.child, 3)
        self.dispatcher = Dispatcher(Registry(StateMessages), node, network="t")

    async def asked(self, method, *params):
        body = {"id": 1, "method": f"Filecoin.{method}", "params": list(params)}
        return json.loads(await self.dispatcher.answer(json.dumps(body), EVERYONE))


@pytest.fixture
def growing(node):
    """Return a chain that grows."""
    found = Growing(node)
    yield found
    node.search.close()


def test_wait_goes_on_until_the_chain_is_long_enough(growing):
    growing.node.keep(growing.holder)

    async def waits():
        async with asyncio.timeout(5):
            asked = asyncio.create_task(growing.asked("StateWaitMsg", link(growing.done.cid), 2))
            for tipset in (growing.child, *growing.later[:2]):
                await asyncio.sleep(0.02)
                assert not asked.done()
                growing.node.keep(tipset)
            return await asked

    result = asyncio.run(waits())["result"]
    assert (result["Height"], result["TipSet"]) == (growing.child.height, key_of(growing.child))
    assert result["Receipt"]["GasUsed"] == 1000
    assert set(growing.node.expected) == {growing.child.height + 2}
    assert growing.node.chain._observers == [growing.node.opened.follower.follow]


def test_replacement_answers_where_it_is_allowed(growing):
    for tipset in (growing.holder, growing.child):
        growing.node.keep(tipset)

    def ask(method, *params):
        return asyncio.run(growing.asked(method, *params))

    dearer, other = link(growing.dearer.cid), link(growing.other.cid)
    assert ask("StateSearchMsg", [], dearer)["result"]["Message"] == link(growing.done.cid)
    assert ask("StateSearchMsg", [], dearer, -1, False)["result"] is None
    assert "was replaced" in ask("StateSearchMsg", [], other)["error"]["message"]
    assert ask("StateWaitMsg", dearer, 0)["result"]["Message"] == link(growing.done.cid)
    assert "was replaced" in ask("StateWaitMsg", other, 0)["error"]["message"]


def test_message_that_waits_is_known_once_asked_for(multisig):
    message, *_ = executed(multisig)[-1]
    unsent = replace(message.unsigned, nonce=10**6)
    signed = SignedMessage(unsent, Signature(SignatureType.SECP256K1, bytes(65)))
    _, words = multisig.refusal("StateSearchMsg", [], link(signed.cid))
    assert words.startswith(f"there is no message {signed.cid} here: no block of this chain has it")
    multisig.pool.messages[signed.cid] = SimpleNamespace(signed=signed)
    assert multisig.ask("StateSearchMsg", [], link(signed.cid)) is None
    assert multisig.chain.blocks.has(unsent.cid)


def test_messages_are_listed_by_sender_and_receiver(multisig):
    head = multisig.chain.head
    everything = executed(multisig)
    sender = everything[0][0].unsigned.sender
    of_sender = [
        link(message.cid)
        for tipset in sorted({t.height: t for _, t, _, _ in everything}.items(), reverse=True)
        for message, at, _, _ in everything
        if at is tipset[1] and message.unsigned.sender == sender
    ]
    assert of_sender
    told = multisig.ask("StateListMessages", {"From": str(sender)}, key_of(head), 0)
    assert told == of_sender
    assert multisig.ask("StateListMessages", {"From": str(sender)}, [], head.height) == []
    to = everything[0][0].unsigned.to
    both = multisig.ask("StateListMessages", {"From": str(sender), "To": str(to)}, [], 0)
    assert link(everything[0][0].cid) in both
    assert multisig.ask("StateListMessages", {"To": "f0987654"}, [], 0) == []
    code, words = multisig.refusal("StateListMessages", {}, [], 0)
    assert (code, words) == (1, "must specify at least To or From in message filter")


def test_transfers_of_a_tipset_explain_its_balances(multisig):
    store = multisig.chain.blocks
    internal = 0
    for tipset, child in {t.key: (t, c) for _, t, c, _ in executed(multisig)}.values():
        told = multisig.ask("Papyrus.StateTransfers", key_of(tipset))
        balances = Counter()
        for message in told:
            for each in message["Transfers"]:
                internal += each["Kind"] == "internal"
                balances[Address.from_string(each["From"]).id] -= int(each["Value"])
                balances[Address.from_string(each["To"]).id] += int(each["Value"])
        before, after = (
            Counter({actor_id: int(actor.balance) for actor_id, actor in tree.items()})
            for tree in (
                StateTree(store, tipset.parent_state_root),
                StateTree(store, child.parent_state_root),
            )
        )
        for actor_id in before.keys() | after.keys():
            assert after[actor_id] - before[actor_id] == balances[actor_id]
        assert {message["IsImplicit"] for message in told} == {True, False}
    assert internal > 0
