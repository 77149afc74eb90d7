from dataclasses import replace

import pytest

from papyrus.chain.head_changes import (
    HeadChange,
    Notification,
    NotificationKind,
    check_fork,
    current,
    notifications_of,
    path_between,
)
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.verdicts import Fault
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.types.tipset import Tipset


@pytest.fixture
def source(forge):
    return StoredChain(forge.store)


def test_notifications_are_in_the_order_to_follow(forge):
    ours, theirs = forge.line(forge.genesis, 2), forge.line(forge.genesis, 2, miners=(1001,))
    change = HeadChange((ours[1], ours[0]), (theirs[0], theirs[1]))
    assert [(str(each.kind), each.tipset) for each in notifications_of(change)] == [
        ("revert", ours[1]), ("revert", ours[0]), ("apply", theirs[0]), ("apply", theirs[1]),
    ]  # fmt: skip
    assert current(ours[0]) == [Notification(NotificationKind.CURRENT, ours[0])]


def test_path_leads_over_the_last_common_ancestor(forge, source):
    trunk = forge.line(forge.genesis, 3)
    left = forge.line(trunk[-1], 2)
    right = [forge.tipset(trunk[-1], 9, miners=(1001,))]
    assert path_between(source, left[-1], right[-1]) == HeadChange((left[1], left[0]), (right[0],))
    assert path_between(source, right[-1], left[-1]) == HeadChange((right[0],), tuple(left))
    assert path_between(source, trunk[0], trunk[2]) == HeadChange((), (trunk[1], trunk[2]))
    assert path_between(source, trunk[2], trunk[0]) == HeadChange((trunk[2], trunk[1]), ())
    assert path_between(source, trunk[2], trunk[2]) == HeadChange((), ())


def test_chains_of_two_geneses_have_no_path(forge, source):
    header = replace(forge.genesis.blocks[0], timestamp=77)
    forge.store.put(header.cid, header.to_cbor())
    other = Tipset.of([header])
    start, end = forge.tipset(forge.genesis), forge.tipset(other)
    with pytest.raises(Invalid) as broken:
        path_between(source, start, end)
    assert broken.value.fault == Fault.OTHER_GENESIS
    with pytest.raises(Invalid) as broken:
        check_fork(source, start, end, None)
    assert broken.value.fault == Fault.OTHER_GENESIS


def test_missing_header_ends_the_walk(forge, source):
    first, second = forge.line(forge.genesis, 2)
    del forge.store.blocks[first.key.cids[0]]
    with pytest.raises(LocalFault, match="is missing from the store"):
        path_between(source, second, forge.genesis)


def test_going_ahead_is_no_fork_however_far(forge, source):
    line = forge.line(forge.genesis, 1000)
    check_fork(source, forge.genesis, line[-1], None)
    check_fork(source, line[3], line[-1], line[3].key)
