import pytest
from chain_forge import message

from papyrus.chain.indexing import IndexFollower
from papyrus.chain.snapshot_import import import_snapshot
from papyrus.ipld.amt import amt_root
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.storage import chain_index
from papyrus.storage.chain_index import find_tipset, messages_in
from papyrus.storage.chain_index_file import open_index
from papyrus.storage.database import INDEX_FILE, check_index
from papyrus.types.receipt import Receipt


def keys(index):
    return [found.key for found in chain_index.tipsets(index)]


def test_index_that_is_gone_is_made_anew(grown, forge):
    line = forge.line(forge.genesis, 5)
    for tipset in line:
        grown.take(tipset)
    grown.close()
    (grown.folder / INDEX_FILE).unlink()
    grown.open()
    assert keys(grown.chain.index) == [t.key for t in (forge.genesis, *line)]


def test_index_left_behind_catches_up_over_a_reorganisation(grown, forge, monkeypatch):
    ours = forge.line(forge.genesis, 4)
    for tipset in ours:
        grown.take(tipset)
    monkeypatch.setattr(IndexFollower, "follow", lambda _self, _change: None)
    grown.reopen()
    fork = forge.line(ours[1], 60, miners=(1001,))
    for tipset in fork:
        grown.take(tipset)
    assert chain_index.head(grown.chain.index).key == ours[-1].key
    index, follower = grown.chain.index, grown.chain.follower
    heard = []
    follower.catch_up(grown.store.head, lambda done, of: heard.append((done, of)))
    assert keys(index) == [t.key for t in (forge.genesis, ours[0], ours[1], *fork)]
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert heard[-1][0] == heard[-1][1]
    assert check_index(index, grown.store.blocks) == []


def test_index_of_another_chain_is_made_anew(grown, forge, folder):
    line = forge.line(forge.genesis, 3)
    for tipset in line:
        grown.take(tipset)
    other = forge.line(forge.genesis, 2, miners=(1005,))
    chain_index.rebuild(
        grown.chain.index,
        [
            chain_index.TipsetEntry(chain_index.IndexedTipset(tipset.height, tipset.key))
            for tipset in other
        ],
    )
    grown.reopen()
    assert keys(grown.chain.index) == [t.key for t in (forge.genesis, *line)]
    assert (folder / INDEX_FILE).is_file()


def test_change_that_does_not_fit_the_index_is_caught_up_with(grown, forge):
    line = forge.line(forge.genesis, 3)
    for tipset in line[:2]:
        grown.take(tipset)
    chain_index.apply(grown.chain.index, [line[1].key], [])
    grown.take(line[2])
    assert keys(grown.chain.index) == [t.key for t in (forge.genesis, *line)]


def test_tipset_is_found_by_its_cid_while_it_is_on_the_chain(grown, forge):
    first, second = forge.line(forge.genesis, 2)
    for tipset in (first, second):
        grown.take(tipset)
    index = grown.chain.index
    assert find_tipset(index, second.key.cid) == chain_index.IndexedTipset(2, second.key)
    grown.store.set_head(first)
    assert find_tipset(index, second.key.cid) is None


@pytest.mark.parametrize("told_by", ["child", "executor"])
def test_receipts_are_indexed_with_the_child_or_once_executed(grown, forge, told_by):
    receipt = Receipt(0, b"done", 7)
    root = amt_root(forge.store, [receipt.to_ipld()])
    holder = forge.tipset(forge.genesis, messages=forge.messages([message(0)]))
    grown.take(holder)
    index = grown.chain.index
    assert [found.receipt for found in messages_in(index, holder.key)] == [None]
    if told_by == "child":
        grown.take(forge.tipset(holder, parent_message_receipts=root))
    else:
        grown.chain.follower.record_outcomes(holder, root)
    assert [found.receipt for found in messages_in(index, holder.key)] == [receipt]


def test_index_that_follows_step_by_step_is_the_one_made_anew(shared, folder):
    """A chain of Lotus is taken down and up again, with its messages, receipts and events."""
    path = shared / "chains" / "fevm-basic" / "chain.car.zst"
    if not path.is_file():
        pytest.skip("no chain fevm-basic among the reference data")
    from papyrus.chain.opening import open_chain  # noqa: PLC0415

    import_snapshot(folder, path, LOTUS_ITEST)
    with open_chain(folder, LOTUS_ITEST) as chain:
        store = chain.store
        line = [store.tipset_at(height) for height in range(store.head.height + 1)]
        line = list(dict.fromkeys(line))

        def content():
            return [
                (found, messages_in(chain.index, found.key))
                for found in chain_index.tipsets(chain.index)
            ]

        whole = content()
        for tipset in (line[0], *line[1::3], line[3], line[-1]):
            store.set_head(tipset)
        assert content() == whole
        open_index(folder / INDEX_FILE, read_only=True).close()
