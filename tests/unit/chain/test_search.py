from contextlib import closing
from itertools import pairwise

import pytest
from chain_forge import SENDER, message, signed

from papyrus.chain.messages import chain_message, receipt_at, receipts_of, tipset_messages
from papyrus.chain.opening import open_chain
from papyrus.chain.search import (
    NO_LIMIT,
    MessageLookup,
    MessageReplaced,
    MessageWait,
    search_message,
)
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage.chain_index_file import open_index
from papyrus.types.receipt import Receipt


@pytest.fixture
def lotus(folder, shared):
    """Return a chain of Lotus, its tipsets from genesis on, and an index that is empty."""
    path = shared / "chains" / "ledger" / "chain.car.zst"
    if not path.is_file():
        pytest.skip("no chain ledger among the reference data")
    import_snapshot(folder / "chain", path, LOTUS_ITEST)
    with (
        open_chain(folder / "chain", LOTUS_ITEST) as chain,
        closing(open_index(folder / "empty.sqlite")) as empty,
    ):
        tipsets = [chain.store.head]
        while tipsets[-1].height:
            tipsets.append(chain.store.tipset(tipsets[-1].parents))
        yield chain, tipsets[::-1], empty


def test_every_message_is_found_with_the_index_and_without(lotus):
    chain, tipsets, empty = lotus
    blocks = chain.store.blocks
    by_tipset = [tipset_messages(blocks, tipset, chain.network) for tipset in tipsets]
    # A message that may not even be charged leaves its nonce to another: the walk finds the last.
    last = {
        (each.unsigned.sender, each.unsigned.nonce): each.cid
        for messages in by_tipset
        for each in messages
    }
    found = 0
    for (_, child), messages in list(zip(pairwise(tipsets), by_tipset, strict=False))[::12]:
        receipts = receipts_of(blocks, child.parent_message_receipts)
        assert len(receipts) == len(messages)
        for position, (each, receipt) in enumerate(zip(messages, receipts, strict=True)):
            found += 1
            expected = MessageLookup(each.cid, child, receipt)
            is_last = last[each.unsigned.sender, each.unsigned.nonce] == each.cid
            for index in (chain.index, empty) if is_last else (chain.index,):
                where = search_message(chain.store, index, chain.network, each.cid)
                assert where == expected
            assert receipt_at(blocks, child.parent_message_receipts, position) == receipt
            assert chain_message(blocks, each.cid) == each
    assert found > 5
    assert len(last) < sum(map(len, by_tipset))


def test_search_looks_back_so_far_alone(lotus):
    chain, tipsets, empty = lotus
    store, network = chain.store, chain.network
    parent, child = next(
        pair
        for pair in zip(tipsets[-20:], tipsets[-19:], strict=False)
        if tipset_messages(store.blocks, pair[0], network)
    )
    cid = tipset_messages(store.blocks, parent, network)[0].cid
    depth = store.head.height - child.height
    for index, reach in ((chain.index, depth), (empty, depth + 1)):
        for lookback, is_found in ((0, False), (reach - 1, False), (reach, True), (NO_LIMIT, True)):
            where = search_message(store, index, network, cid, lookback=lookback)
            assert (where is not None) == is_found
    for index in (chain.index, empty):
        assert search_message(store, index, network, cid, base=child).tipset == child
        assert search_message(store, index, network, cid, base=parent) is None


def test_search_without_states_says_that_it_cannot_tell(lotus):
    chain, tipsets, empty = lotus
    store = chain.store
    parent = next(t for t in tipsets[20:] if tipset_messages(store.blocks, t, chain.network))
    cid = tipset_messages(store.blocks, parent, chain.network)[0].cid
    child = tipsets[tipsets.index(parent) + 1]
    chain.database.blocks.remove([tipsets[-3].parent_state_root])
    with pytest.raises(LocalFault, match="is missing from the store"):
        search_message(store, empty, chain.network, cid)
    assert search_message(store, chain.index, chain.network, cid).tipset == child


def test_message_that_nobody_has_is_not_searched(grown, forge):
    with pytest.raises(LocalFault, match=r"^there is no message bafy\w+ here: no block of this ch"):
        search_message(grown.store, grown.chain.index, grown.chain.network, Cid.of(b"absent"))
    other = put_cbor(forge.store, ["no message"])
    grown.put()
    with pytest.raises(DecodeError):
        chain_message(grown.store.blocks, other)


class Line:
    """A chain on which one message was executed, and two that it replaced."""

    def __init__(self, grown, forge):
        self.grown, self.forge = grown, forge
        self.done, self.dearer, self.other = message(5), message(5, premium=7), message(5, value=1)
        for each in (self.dearer, self.other):
            forge.store.put(each.cid, each.to_cbor())
        self.receipt = Receipt(0, b"done", 1000)
        receipts = amt_root(forge.store, [self.receipt.to_ipld()])
        self.holder = forge.tipset(forge.genesis, messages=forge.messages([self.done]))
        self.child = forge.tipset(self.holder, parent_message_receipts=receipts)
        self.later = forge.line(self.child, 3)
        for tipset in (self.holder, self.child, *self.later):
            grown.put(*tipset.blocks)
        self.lookup = MessageLookup(self.done.cid, self.child, self.receipt)

    def search(self, wanted, **how):
        grown = self.grown
        return search_message(
            grown.store, grown.chain.index, grown.chain.network, wanted.cid, **how
        )

    def wait(self, confidence, wanted=None, found=None, **how):
        return MessageWait(
            self.grown.store, self.grown.chain.network, (wanted or self.done).cid, confidence,
            found, **how,
        )  # fmt: skip


@pytest.fixture
def line(grown, forge):
    return Line(grown, forge)


@pytest.mark.parametrize("top", ["child", "later"])
def test_replacement_that_differs_in_gas_alone_answers_if_allowed(line, top):
    line.grown.store.set_head(line.child if top == "child" else line.later[-1])
    assert line.search(line.done, allow_replaced=False) == line.lookup
    assert line.search(line.dearer) == line.lookup
    for wanted, allowed in ((line.dearer, False), (line.other, True), (line.other, False)):
        with pytest.raises(MessageReplaced, match=f"message {wanted.cid} was replaced"):
            line.search(wanted, allow_replaced=allowed)


def test_message_of_the_head_is_not_executed_yet(line):
    line.grown.store.set_head(line.holder)
    assert line.search(line.done) is None


def test_wait_ends_when_the_message_is_deep_enough(line):
    store = line.grown.store
    wait = line.wait(2)
    store.subscribe(wait.on_head_change)
    for tipset, expected in (
        (line.holder, None),
        (line.child, None),
        (line.later[0], None),
        (line.later[1], line.lookup),
    ):
        store.set_head(tipset)
        assert wait.result == expected
    assert line.wait(0, found=line.lookup).result == line.lookup
    assert line.wait(2, found=line.lookup).result == line.lookup
    assert line.wait(3, found=line.lookup).result is None


def test_wait_begins_anew_when_the_message_is_reverted(line):
    store, forge = line.grown.store, line.forge
    store.set_head(line.later[0])
    wait = line.wait(2, found=line.lookup)
    store.subscribe(wait.on_head_change)
    fork = forge.line(forge.genesis, 6, miners=(1001,))
    for tipset in fork:
        line.grown.put(*tipset.blocks)
    store.set_head(fork[-1])
    assert wait.result is None
    store.set_head(line.child)
    assert wait.result is None
    store.set_head(line.later[-1])
    assert wait.result == line.lookup
    store.set_head(fork[-1])
    assert wait.result == line.lookup


def test_wait_hears_of_a_replacement(line):
    store = line.grown.store
    with pytest.raises(MessageReplaced):
        line.wait(0, line.other).on_head_change(store.set_head(line.child))
    store.set_head(line.holder)
    wait = line.wait(0, line.dearer)
    wait.on_head_change(store.set_head(line.child))
    assert wait.result == line.lookup


@pytest.mark.parametrize("confidence", [-1, 901])
def test_wait_for_a_senseless_depth_is_refused(line, confidence):
    with pytest.raises(LocalFault, match="0 to 900 allowed"):
        line.wait(confidence)


def test_signed_message_is_found_by_its_own_cid(grown, forge):
    first, second = signed(0), signed(1)
    receipts = [Receipt(0, b"", number) for number in range(2)]
    root = amt_root(forge.store, [receipt.to_ipld() for receipt in receipts])
    holder = forge.tipset(forge.genesis, messages=forge.messages([], [first, second]))
    child = forge.tipset(holder, parent_message_receipts=root)
    for tipset in (holder, child, *forge.line(child, 2)):
        grown.take(tipset)
    assert first.message.sender == SENDER
    for each, receipt in zip((first, second), receipts, strict=True):
        found = search_message(grown.store, grown.chain.index, grown.chain.network, each.cid)
        assert found == MessageLookup(each.cid, child, receipt)
