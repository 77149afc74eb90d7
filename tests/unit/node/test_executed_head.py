"""The executed head keeps following, whatever happens while it waits and whoever cannot follow."""

import pytest
from devnet_desk import devnet_desk

from papyrus.primitives.errors import LocalFault


@pytest.fixture
def desk():
    with devnet_desk() as opened:
        opened.mine(4)
        yield opened


def test_head_set_back_while_a_tipset_is_executed_is_followed(desk, monkeypatch):
    node, chain = desk.node, desk.node.chain
    parent = chain.tipset(chain.head.parents)
    lower = chain.tipset(parent.parents)
    after = node.states.after
    told = []

    async def slowly(tipset):
        found = await after(tipset)
        if tipset.key == parent.key:
            chain.set_head(lower, forget_above=True)
        return found

    async def follow():
        monkeypatch.setattr(node.executed._states, "after", slowly)
        chain.set_head(parent, forget_above=True)
        await node.executed.catch_up()

    node.executed.subscribe(told.append)
    desk.run(follow())
    assert node.executed.head == chain.head == lower
    assert [change.reverted[-1].parents for change in told] == [lower.key]
    monkeypatch.undo()
    desk.mine()
    assert node.executed.head == chain.head


def test_one_who_cannot_follow_keeps_nobody_else_from_it(desk, caplog):
    told = []

    def fail(_change):
        raise LocalFault("the file is gone")

    desk.node.executed.subscribe(fail)
    desk.node.executed.subscribe(told.append)
    desk.mine(2)
    assert [change.applied[-1].key for change in told][-1] == desk.node.chain.head.key
    assert "was not taken up" in caplog.text
    [following] = [task for task in desk.node._tasks if task.get_name() == "head"]
    assert not following.done()
