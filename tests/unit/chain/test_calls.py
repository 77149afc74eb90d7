"""Messages executed again, or tried, on chains that Lotus made, beside what Lotus said of them."""

from collections import Counter
from dataclasses import replace
from time import perf_counter

import pytest
from lotus_chains import lotus_chain

from papyrus.chain.calls import IMPLICIT_GAS_LIMIT, call, compute, replay, without_migration
from papyrus.chain.messages import receipts_of, tipset_messages
from papyrus.chain.transfers import TransferKind, transfers
from papyrus.consensus.chain import tipset_at
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.types.message import Message
from papyrus.vm.state_tree import StateTree

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")


@pytest.fixture
def multisig(shared):
    """Return the chain of Lotus' multisig test."""
    return lotus_chain(shared, "multisig")


def busy(chain):
    """Return the tipsets that have messages, each with its child."""
    world = chain.world()
    return [
        (tipset, child)
        for tipset, child in chain.pairs
        if tipset_messages(world.store, tipset, chain.network)
    ]


def actor_at(store, root, address):
    tree = StateTree(store, root)
    return tree.get(tree.resolve(address))


def balances(store, root):
    return {actor_id: actor.balance for actor_id, actor in StateTree(store, root).items()}


@pytest.mark.parametrize("name", ["multisig", "fevm-basic", "paych-vouchers"])
def test_replayed_message_has_the_receipt_and_the_trace_of_lotus(shared, name):
    chain = lotus_chain(shared, name)
    found = 0
    for tipset, child in busy(chain):
        world = chain.world()
        messages = tipset_messages(world.store, tipset, chain.network)
        receipts = receipts_of(world.store, child.parent_message_receipts)
        record = chain.records({tipset.height})[tipset.height]
        traces = {each["MsgCid"]["/"]: each["ExecutionTrace"] for each in record.messages}
        for message, receipt in zip(messages, receipts, strict=True):
            again = replay(world, tipset, message.cid, perf_counter)
            assert again.applied.cid == message.cid
            assert again.applied.message == message.unsigned
            assert again.applied.result.receipt == receipt
            assert again.trace.to_lotus() == traces[str(message.cid)]
            assert again.seconds > 0
            found += 1
    assert found >= 4


def test_replay_of_a_message_that_is_elsewhere_finds_nothing(multisig):
    tipset, _ = busy(multisig)[0]
    assert replay(multisig.world(), tipset, Cid.of(b"elsewhere"), perf_counter) is None


def test_computed_tipset_has_the_state_of_its_child_and_every_message(multisig):
    tipset, child = busy(multisig)[1]
    done = compute(multisig.world(), tipset, tipset.height, [], perf_counter)
    assert done.state_root == child.parent_state_root
    record = multisig.records({tipset.height})[tipset.height]
    assert [str(each.applied.cid) for each in done.invocations] == [
        each["MsgCid"]["/"] for each in record.messages
    ]
    assert [each.trace.to_lotus() for each in done.invocations] == [
        each["ExecutionTrace"] for each in record.messages
    ]


def test_messages_on_top_of_a_computed_tipset_change_the_state(multisig):
    tipset, child = busy(multisig)[1]
    world = multisig.world()
    payer = tipset_messages(world.store, tipset, multisig.network)[0].unsigned.sender
    actor = actor_at(world.store, child.parent_state_root, payer)
    send = Message(
        version=0,
        to=Address.from_id(99),
        sender=payer,
        nonce=actor.nonce,
        value=TokenAmount(17),
        gas_limit=10_000_000,
        gas_fee_cap=tipset.parent_base_fee,
        gas_premium=ZERO,
        method=0,
        params=b"",
    )
    wrong = replace(send, nonce=actor.nonce + 9)
    done = compute(world, tipset, tipset.height + 3, [send, wrong], perf_counter)
    sent, refused = done.invocations[-2:]
    assert sent.applied.result.receipt.exit_code == 0
    assert (refused.applied.result.receipt.exit_code, refused.trace) == (2, None)
    assert done.state_root != child.parent_state_root
    before = balances(world.store, child.parent_state_root)
    after = balances(world.store, done.state_root)
    burnt = sum(each.value for each in transfers(sent) if each.kind is TransferKind.BURN)
    assert after[99] - before[99] == 17 + burnt


def test_call_runs_for_nothing_on_the_state_the_tipset_stands_on(multisig):
    tipset, _ = busy(multisig)[1]
    world = multisig.world()
    sender = tipset_messages(world.store, tipset, multisig.network)[0].unsigned.sender
    ask = Message(
        version=0,
        to=Address.from_id(4),
        sender=sender,
        nonce=77,
        value=ZERO,
        gas_limit=0,
        gas_fee_cap=ZERO,
        gas_premium=ZERO,
        method=9,
        params=b"",
    )
    seen, where = call(world, tipset, ask, perf_counter)
    assert where == tipset
    ran = seen.applied.message
    assert ran.gas_limit == IMPLICIT_GAS_LIMIT
    assert seen.applied.is_implicit
    messages = tipset_messages(world.store, tipset, multisig.network)
    own = sum(each.unsigned.sender == sender for each in messages)
    assert ran.nonce == actor_at(world.store, tipset.parent_state_root, sender).nonce + own
    assert seen.applied.result.receipt.exit_code == 0
    assert seen.applied.result.receipt.gas_used > 0
    assert transfers(seen) == []
    # It may even be an actor without a key, which no message could come from.
    other, _ = call(world, tipset, replace(ask, sender=Address.from_id(1)), perf_counter)
    assert other.applied.result.receipt.exit_code == 0


def test_call_and_compute_begin_with_genesis(multisig):
    genesis, world = multisig.tipsets[0], multisig.world()
    to, sender = Address.from_id(4), Address.from_id(100)
    ask = Message(0, to, sender, 0, ZERO, 0, ZERO, ZERO, 9, b"")
    seen, where = call(world, genesis, ask, perf_counter)
    assert (seen.applied.result.receipt.exit_code, where) == (0, genesis)
    done = compute(world, genesis, 0, [], perf_counter)
    assert (done.state_root, done.invocations) == (genesis.parent_state_root, ())


def test_call_of_a_sender_that_nobody_is_says_so(multisig):
    to, stranger = Address.from_id(4), Address.from_id(123456)
    lost = Message(0, to, stranger, 0, ZERO, 0, ZERO, ZERO, 9, b"")
    with pytest.raises(Invalid, match="sender f0123456 not found on chain"):
        call(multisig.world(), multisig.tipsets[-1], lost, perf_counter)


def test_call_goes_back_before_an_upgrade_that_rewrites_the_state(shared):
    chain = lotus_chain(shared, "migration-nv22-nv23")
    world = chain.world()
    height = next(row.height for row in chain.network.schedule.upgrades if row.height > 0)
    top = chain.tipsets[-1]
    after = tipset_at(world.source, top, height + 1, before_null=False)
    later = tipset_at(world.source, top, after.height + 1, before_null=False)
    at = tipset_at(world.source, top, height, before_null=True)
    assert without_migration(world, later) == later
    for tipset in (after, at):
        before = without_migration(world, tipset)
        assert before.height < height
        assert before.key == (at.parents if at.height == height else at.key)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("multisig", {"message", "internal", "burn", "tip"}),
        ("fevm-selfdestruct", {"internal", "burn", "tip"}),
        ("paych-vouchers", {"message", "internal", "burn", "tip"}),
    ],
)
def test_transfers_explain_every_change_of_every_balance(shared, name, kinds):
    chain = lotus_chain(shared, name)
    seen = Counter()
    for tipset, child in busy(chain):
        world = chain.world()
        done = compute(world, tipset, tipset.height, [], perf_counter)
        assert done.state_root == child.parent_state_root
        expected = Counter(balances(world.store, tipset.parent_state_root))
        for invocation in done.invocations:
            for each in transfers(invocation):
                assert each.value > 0
                seen[str(each.kind)] += 1
                expected[each.sender] -= each.value
                expected[each.receiver] += each.value
        after = balances(world.store, done.state_root)
        assert {k: v for k, v in expected.items() if v} == {k: v for k, v in after.items() if v}
    assert set(seen) == kinds
