"""What can be told of Lotus' chains without executing them: encodings, fees, supply, selection."""

import pytest

from papyrus.consensus.base_fee import next_base_fee
from papyrus.consensus.randomness import beacon_entry
from papyrus.consensus.selection import messages_of, select_messages
from papyrus.consensus.supply import circulating_supply
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.amt import Amt, amt_root
from papyrus.ipld.blockstore import MemoryBlockstore, load
from papyrus.ipld.hamt import Hamt
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader
from papyrus.types.event import StampedEvent
from papyrus.types.json import from_json, to_json
from papyrus.types.message import Message
from papyrus.types.receipt import EVENTS_BIT_WIDTH, Receipt
from papyrus.vm.state_tree import StateTree

SHORT = (
    "consensus-fault",
    "fevm",
    "ledger",
    "market",
    "migration-nv21-nv22",
    "migration-nv22-nv23",
    "miner",
    "pledge",
    "real-proofs-pledge",
)
every_chain = pytest.mark.parametrize("lotus_chain", SHORT, indirect=True)


@every_chain
def test_blocks_and_messages_encode_to_their_cids(lotus_chain):
    store = lotus_chain.store
    for tipset in lotus_chain.tipsets:
        for cid, block in zip(tipset.key.cids, tipset.blocks, strict=True):
            assert block.cid == cid
            assert from_json(BlockHeader, to_json(block)) == block
            for message in messages_of(store, block):
                assert store.get(message.cid) == message.to_cbor()


@every_chain
def test_receipts_and_events_make_the_roots_of_the_chain(lotus_chain):
    store, scratch = lotus_chain.store, MemoryBlockstore()
    for tipset in lotus_chain.tipsets:
        root = tipset.parent_message_receipts
        receipts = [Receipt.from_ipld(value) for _, value in Amt(store, root, version=0).items()]
        assert amt_root(scratch, [receipt.to_ipld() for receipt in receipts]) == root
        for receipt in receipts:
            if receipt.events_root is not None:
                entries = Amt(store, receipt.events_root).items()
                events = [StampedEvent.from_ipld(value).to_ipld() for _, value in entries]
                found = amt_root(scratch, events, EVENTS_BIT_WIDTH, version=3)
                assert found == receipt.events_root


@every_chain
def test_actors_encode_as_they_stand_in_the_state(lotus_chain):
    for tipset in lotus_chain.tipsets[::100]:
        root = StateRoot.from_cbor(load(lotus_chain.store, tipset.parent_state_root))
        values = [value for _, value in Hamt(lotus_chain.store, root.actors).items()]
        assert [ActorState.from_ipld(value).to_ipld() for value in values] == values


@every_chain
def test_traced_messages_and_receipts_are_lotus_json(lotus_chain):
    for trace in lotus_chain.traces.values():
        for applied in trace["out"]["Trace"] or []:
            assert to_json(from_json(Message, applied["Msg"])) == applied["Msg"]
            assert to_json(from_json(Receipt, applied["MsgRct"])) == applied["MsgRct"]


@every_chain
def test_each_base_fee_follows_from_the_parent(lotus_chain):
    for child, tipset in zip(lotus_chain.tipsets, lotus_chain.tipsets[1:], strict=False):
        blocks = [messages_of(lotus_chain.store, block) for block in tipset.blocks]
        heights = lotus_chain.network.base_fee
        fee = next_base_fee(heights, tipset.height, tipset.parent_base_fee, blocks)
        assert fee == child.parent_base_fee


@pytest.mark.parametrize(
    "lotus_chain",
    [*SHORT, pytest.param("migration-nv24-nv26", marks=pytest.mark.slow)],
    indirect=True,
)
def test_supply_and_its_parts_are_what_lotus_counted(lotus_chain):
    checked = 0
    for tipset in lotus_chain.tipsets[:: 1 + len(lotus_chain.tipsets) // 300]:
        if tipset.height not in lotus_chain.traces:
            continue
        tree = StateTree(lotus_chain.store, tipset.parent_state_root)
        supply = circulating_supply(lotus_chain.network, tipset.height, tree)
        expected = lotus_chain.traces[tipset.height]["circ"]
        assert expected == {
            "FilVested": str(supply.vested),
            "FilMined": str(supply.mined),
            "FilBurnt": str(supply.burnt),
            "FilLocked": str(supply.locked),
            "FilCirculating": str(supply.circulating),
            "FilReserveDisbursed": str(supply.reserve_disbursed),
        }
        checked += 1
    assert checked > 10


@every_chain
def test_the_messages_that_count_are_those_lotus_applied(lotus_chain):
    for tipset in lotus_chain.tipsets[:-1]:
        tree = StateTree(lotus_chain.store, tipset.parent_state_root)
        selected = select_messages(lotus_chain.store, tipset, tree, lotus_chain.network)
        # The head has no trace: nothing was built on it.
        trace = lotus_chain.traces.get(tipset.height, {"out": {"Trace": None}})["out"]["Trace"]
        if trace is not None:
            expected = [one["MsgCid"]["/"] for one in trace if one["Msg"]["From"] != "f00"]
            assert [str(m.cid) for block in selected for m in block.messages] == expected


@every_chain
def test_every_epoch_with_blocks_has_its_mock_beacon_entry(lotus_chain):
    for tipset in lotus_chain.tipsets[:-1]:
        entry = beacon_entry(lotus_chain.source, tipset, tipset.height, lotus_chain.network)
        assert entry.data == blake2b_256(entry.round.to_bytes(8, "big"))
