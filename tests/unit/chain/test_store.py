from dataclasses import replace

import pytest
from chain_forge import message, signed

from papyrus.chain.head_changes import HeadChange
from papyrus.chain.opening import open_chain
from papyrus.consensus.selection import messages_of
from papyrus.consensus.verdicts import Fault
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage import chain_index
from papyrus.types.ticket import Ticket
from papyrus.types.tipset import Tipset


def faces(change):
    """Return a change by its keys."""
    return [t.key for t in change.reverted], [t.key for t in change.applied]


def test_new_chain_ends_in_its_genesis(grown, forge):
    assert grown.store.head == forge.genesis
    assert grown.store.genesis == forge.genesis
    assert grown.store.checkpoint is None
    assert chain_index.head(grown.chain.index).key == forge.genesis.key


def test_child_of_the_head_becomes_the_head(grown, forge):
    child = forge.tipset(forge.genesis)
    assert grown.take(child) == HeadChange((), (child,))
    assert grown.store.head == child
    assert grown.heard == [HeadChange((), (child,))]
    assert chain_index.head(grown.chain.index).key == child.key


def test_head_is_there_when_opened_again(grown, forge):
    line = forge.line(forge.genesis, 3)
    for tipset in line:
        grown.take(tipset)
    grown.reopen()
    assert grown.store.head == line[-1]


def test_block_is_not_considered_before_it_is_put(grown, forge):
    with pytest.raises(LocalFault, match="considered before its blocks are put"):
        grown.store.consider(forge.tipset(forge.genesis))


def test_block_waits_for_its_messages_and_state(grown, forge):
    header = forge.on(forge.genesis)
    for field, words in (("messages", "messages"), ("parent_state_root", "parent state")):
        lacking = replace(header, **{field: Cid.of(b"absent")})
        with pytest.raises(LocalFault, match=f"the {words} .* must be kept before it"):
            grown.store.put_block(lacking)
        assert not grown.store.has_block(lacking)


def test_messages_are_kept_under_the_cid_of_their_header(grown, forge):
    bls, others = [message(0), message(1)], [signed(2)]
    cid = grown.store.put_messages(bls, others)
    header = forge.on(forge.genesis, messages=forge.messages(bls, others))
    assert header.messages == cid
    assert messages_of(grown.store.blocks, header) == (*bls, *others)


def test_blocks_of_one_height_make_one_tipset_one_by_one(grown, forge):
    blocks = [forge.on(forge.genesis, miner=miner) for miner in (1000, 1001, 1002)]
    for count in (1, 2, 3):
        grown.take(Tipset.of([blocks[count - 1]]))
        assert grown.store.head == Tipset.of(blocks[:count])
    assert [faces(change) for change in grown.heard] == [
        ([], [Tipset.of(blocks[:1]).key]),
        ([Tipset.of(blocks[:1]).key], [Tipset.of(blocks[:2]).key]),
        ([Tipset.of(blocks[:2]).key], [Tipset.of(blocks).key]),
    ]


def test_lighter_tipset_changes_nothing(grown, forge):
    first, second = forge.line(forge.genesis, 2)
    grown.take(first)
    grown.take(second)
    other = forge.tipset(forge.genesis, miners=(1001,), wins=2)
    assert grown.take(other) is None
    assert grown.store.head == second


def test_heavier_fork_is_followed_over_its_common_ancestor(grown, forge):
    ours = forge.line(forge.genesis, 3)
    for tipset in ours:
        grown.take(tipset)
    theirs = forge.line(ours[0], 3, miners=(1001, 1002))
    changes = [grown.take(tipset) for tipset in theirs]
    assert changes[0] is None
    assert changes[1] == HeadChange((ours[2], ours[1]), (theirs[0], theirs[1]))
    assert changes[2] == HeadChange((), (theirs[2],))
    indexed = [entry.key for entry in chain_index.tipsets(grown.chain.index)]
    assert indexed == [t.key for t in (forge.genesis, ours[0], *theirs)]


def test_smaller_ticket_breaks_a_tie_whoever_comes_first(grown, forge):
    tied = [forge.on(forge.genesis, 1, 1000), forge.on(forge.genesis, 1, 1000)]
    a = forge.tipset(forge.genesis, 1, miners=(1000,))
    b = forge.tipset(a, 3, miners=(1000,))
    c = forge.tipset(a, 4, miners=(1001,))
    assert tied[0] == tied[1]
    small, large = sorted((b, c), key=lambda tipset: tipset.ticket_digest)
    grown.take(a)
    assert grown.take(large).applied == (large,)
    assert grown.take(small) == HeadChange((large,), (small,))
    assert grown.take(large) is None
    assert grown.store.weight(small) == grown.store.weight(large)


def test_same_tickets_leave_the_head_as_it_is(grown, forge):
    first = Tipset.of([forge.on(forge.genesis, 1, 1000, ticket=b"same")])
    second = Tipset.of([forge.on(forge.genesis, 2, 1001, ticket=b"same")])
    grown.take(first)
    assert grown.take(second) is None
    assert grown.store.head == first


def test_equivocation_takes_all_blocks_of_its_miner_away(grown, forge):
    honest, cheat = forge.on(forge.genesis, miner=1000), forge.on(forge.genesis, miner=1001)
    both = Tipset.of([honest, cheat])
    grown.take(both)
    twin = replace(cheat, ticket=Ticket(b"another"))
    forge.store.put(twin.cid, twin.to_cbor())
    assert grown.take(Tipset.of([twin])) == HeadChange((both,), (Tipset.of([honest]),))


def test_chain_falls_back_where_an_equivocator_made_all_of_the_head(grown, forge):
    first = forge.tipset(forge.genesis)
    second = forge.tipset(first, miners=(1001,))
    grown.take(first)
    grown.take(second)
    twin = replace(second.blocks[0], ticket=Ticket(b"another"))
    forge.store.put(twin.cid, twin.to_cbor())
    assert grown.take(Tipset.of([twin])) == HeadChange((second,), ())
    grown.reopen()
    assert grown.store.head == first


def test_equivocated_head_loses_to_one_it_only_beat_by_its_ticket(grown, forge):
    left, right = (forge.tipset(forge.genesis, 1, miners=(1000,)), forge.tipset(forge.genesis, 2))
    tied = [forge.tipset(parent, 4, miners=(miner,)) for parent, miner in ((left, 1), (right, 2))]
    best, other = sorted(tied, key=lambda tipset: tipset.ticket_digest)
    for tipset in (left, right, best, other):
        grown.take(tipset)
    assert grown.store.weight(best) == grown.store.weight(other)
    assert grown.store.head == best
    twin = replace(best.blocks[0], ticket=Ticket(b"another"))
    forge.store.put(twin.cid, twin.to_cbor())
    grown.take(Tipset.of([twin]))
    assert grown.store.head == other


def test_fork_blocks_are_known_after_a_restart(grown, forge):
    left, right = forge.on(forge.genesis, miner=1000), forge.on(forge.genesis, miner=1001)
    other = forge.on(forge.genesis, 2, miner=1002)
    grown.take(Tipset.of([left]))
    grown.put(right, other)
    grown.reopen()
    assert grown.store.tipsets_at(1) == (Tipset.of([left, right]),)
    assert grown.store.tipsets_at(2) == (Tipset.of([other]),)
    assert grown.store.consider(Tipset.of([right])).applied == (Tipset.of([left, right]),)


def test_unjudged_headers_take_no_part(grown, forge):
    heavy = forge.tipset(forge.genesis, miners=(1000, 1001))
    grown.store.put_headers(heavy.blocks)
    assert grown.store.tipset(heavy.key) == heavy
    assert grown.store.tipsets_at(1) == ()


def test_fork_before_the_checkpoint_is_refused_in_words(grown, forge):
    ours = forge.line(forge.genesis, 3)
    for tipset in ours:
        grown.take(tipset)
    assert grown.store.set_checkpoint(ours[1]) is None
    theirs = forge.line(ours[0], 3, miners=(1001, 1002))
    assert grown.take(theirs[0]) is None
    with pytest.raises(Invalid, match="leaves the chain before the checkpoint at 2") as refused:
        grown.take(theirs[1])
    assert refused.value.fault == Fault.FORK_BEFORE_CHECKPOINT
    grown.reopen()
    assert grown.store.checkpoint == ours[1]
    assert grown.store.head == ours[2]
    grown.store.remove_checkpoint()
    assert grown.store.consider(theirs[1]).applied == (theirs[0], theirs[1])


def test_refused_fork_does_not_stand_in_the_way_of_the_chain(grown, forge):
    """A heavier tipset of the same height, which may not be followed, is passed over."""
    ours = forge.line(forge.genesis, 4)
    for tipset in ours[:3]:
        grown.take(tipset)
    grown.store.set_checkpoint(ours[1])
    theirs = forge.line(ours[0], 3, miners=(1001, 1002))
    for tipset in theirs[1:]:
        with pytest.raises(Invalid):
            grown.take(tipset)
    assert grown.take(ours[3]) == HeadChange((), (ours[3],))


def test_equivocation_does_not_undo_a_checkpoint(grown, forge):
    first = forge.tipset(forge.genesis)
    second = forge.tipset(first, miners=(1001,))
    grown.take(first)
    grown.take(second)
    grown.store.set_checkpoint(second)
    twin = replace(second.blocks[0], ticket=Ticket(b"another"))
    forge.store.put(twin.cid, twin.to_cbor())
    assert grown.take(Tipset.of([twin])) is None
    assert grown.store.head == second


def test_checkpoint_off_the_chain_becomes_the_head(grown, forge):
    """The steps of Lotus' TestChainCheckpoint."""
    line = forge.line(forge.genesis, 4)
    for tipset in line:
        grown.take(tipset)
    store = grown.store
    store.set_head(line[2])
    assert store.set_checkpoint(line[3]).applied == (line[3],)
    fork = forge.line(line[2], 4, miners=(1001,))
    for tipset in fork:  # the first shares its parents with the checkpoint, and would enlarge it
        with pytest.raises(Invalid, match="before the checkpoint"):
            grown.take(tipset)
    assert store.head == line[3]
    store.remove_checkpoint()
    store.consider(fork[-1])
    assert store.head == fork[-1]
    store.set_checkpoint(line[3])
    assert store.head == line[3]


def test_head_set_by_hand_stays_and_ends_the_checkpoint(grown, forge):
    line = forge.line(forge.genesis, 3)
    for tipset in line:
        grown.take(tipset)
    grown.store.set_checkpoint(line[2])
    assert grown.store.set_head(line[0]) == HeadChange((line[2], line[1]), ())
    assert (grown.store.head, grown.store.checkpoint) == (line[0], None)
    grown.reopen()
    assert grown.store.head == line[0]
    assert chain_index.head(grown.chain.index).key == line[0].key


def test_rewound_chain_takes_other_blocks_of_the_same_miner(grown, forge):
    line = forge.line(forge.genesis, 3)
    for tipset in line:
        grown.take(tipset)
    grown.store.set_head(line[0], forget_above=True)
    again = forge.tipset(line[0], ticket=b"second try")
    assert grown.take(again) == HeadChange((), (again,))


def test_fork_of_a_finality_is_refused(grown, forge):
    trunk = forge.tipset(forge.genesis)
    ours = [trunk, *forge.line(trunk, 900)]
    grown.put(*(block for tipset in ours for block in tipset.blocks))
    grown.store.set_head(ours[-1])
    longest = [ours[1], *forge.line(ours[1], 900, miners=(1003, 1004))]
    too_long = forge.line(trunk, 901, miners=(1001, 1002))
    for fork in (too_long, longest):
        grown.store.put_headers(block for tipset in fork for block in tipset.blocks)
    with pytest.raises(Invalid, match="900 tipsets or more") as refused:
        grown.take(too_long[-1])
    assert refused.value.fault == Fault.FORK_TOO_LONG
    assert len(grown.take(longest[-1]).reverted) == 899


def test_what_lies_a_finality_back_is_forgotten(grown, forge):
    line = forge.line(forge.genesis, 905)
    grown.put(*(block for tipset in line for block in tipset.blocks))
    grown.store.consider(line[-1])
    assert grown.store.tipsets_at(4) == ()
    assert grown.store.tipsets_at(5) == (line[4],)
    grown.reopen()
    assert grown.store.tipsets_at(4) == ()
    assert grown.store.tipsets_at(5) == (line[4],)
    assert grown.store.head == line[-1]


def test_observers_hear_changes_in_order_also_those_they_cause(grown, forge):
    first, second = forge.line(forge.genesis, 2)
    heard = []

    def drive(change):
        if change.applied == (first,):
            grown.take(second)
        heard.append(("driver", change.applied))

    grown.store.subscribe(drive)
    grown.store.subscribe(lambda change: heard.append(("later", change.applied)))
    grown.take(first)
    assert heard == [
        ("driver", (first,)), ("later", (first,)), ("driver", (second,)), ("later", (second,)),
    ]  # fmt: skip


def test_observer_that_fails_keeps_nobody_from_hearing(grown, forge):
    def fail(_change):
        raise LocalFault("no room")

    heard = []
    grown.store.subscribe(fail)
    end = grown.store.subscribe(heard.append)
    child = forge.tipset(forge.genesis)
    with pytest.raises(LocalFault, match="no room"):
        grown.take(child)
    assert heard == [HeadChange((), (child,))]
    assert grown.store.head == child
    end()
    with pytest.raises(LocalFault):
        grown.take(forge.tipset(child))
    assert len(heard) == 1


def test_head_must_be_in_the_store(grown, forge):
    child = forge.tipset(forge.genesis)
    with pytest.raises(LocalFault, match="is not in the store"):
        grown.store.set_head(child)


def test_tipset_of_a_height_is_found_on_the_chain_and_on_forks(grown, forge):
    low = forge.line(forge.genesis, 30)
    gap = forge.tipset(low[-1], 45)
    high = [gap, *forge.line(gap, 60)]
    fork = forge.line(low[-1], 70, miners=(1001,))
    for tipset in (*low, *high, *fork):
        grown.put(*tipset.blocks)
    store = grown.store
    store.set_head(high[-1])
    for top, line in ((high[-1], [forge.genesis, *low, *high]), (fork[-1], [*low, *fork])):
        for height in range(line[0].height, top.height + 1):
            before = max((t for t in line if t.height <= height), key=lambda t: t.height)
            after = min((t for t in line if t.height >= height), key=lambda t: t.height)
            assert store.tipset_at(height, top) == before
            assert store.tipset_at(height, top, before_null=False) == after
    for height in (-1, high[-1].height + 1):
        with pytest.raises(LookupError):
            store.tipset_at(height)
    assert store.is_ancestor(low[3], fork[-1])
    assert not store.is_ancestor(high[3], fork[-1])
    assert not store.is_ancestor(fork[-1], fork[-1])
    assert store.path(high[0].key, fork[0].key) == HeadChange((high[0],), (fork[0],))


def test_another_genesis_is_refused_in_words(grown, forge):
    other = type(forge)()
    header = replace(other.genesis.blocks[0], timestamp=77)
    other.store.put(header.cid, header.to_cbor())
    other.genesis = Tipset.of([header])
    grown.close()
    with (
        pytest.raises(LocalFault, match=r"holds the chain of the genesis .*use another folder"),
        open_chain(grown.folder, LOTUS_ITEST, other.genesis_blocks),
    ):
        pass
    grown.open(forge.genesis_blocks)
    assert grown.store.head == forge.genesis


def test_folder_without_a_chain_wants_a_genesis(folder):
    with (
        pytest.raises(LocalFault, match="give a genesis, or import a snapshot"),
        open_chain(folder, LOTUS_ITEST),
    ):
        pass


def test_chain_is_open_once(grown):
    with (
        pytest.raises(LocalFault, match="another process has the chain"),
        open_chain(grown.folder, LOTUS_ITEST),
    ):
        pass
