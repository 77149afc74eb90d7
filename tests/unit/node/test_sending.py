"""Sending for a wish: once, however often it is told, and wherever the node ended meanwhile."""

import asyncio
from uuid import UUID

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.primitives.errors import LocalFault


class Ended(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


def wish(desk, number, value="1"):
    alice, bob = desk.accounts[:2]
    spec = {"MaxFee": "0", "MsgUuid": str(UUID(int=number)), "MaximizeFeeCap": False}
    return "MpoolPushMessage", {"From": alice, "To": bob, "Value": value}, spec


def waiting(desk):
    return [signed["CID"] for signed in desk("MpoolPending", [])]


def test_wish_told_again_is_the_message_that_was_sent(desk):
    sent = desk(*wish(desk, 1))
    assert desk(*wish(desk, 1, "2")) == sent
    assert waiting(desk) == [sent["CID"]]
    desk.mine(2)
    assert desk(*wish(desk, 1)) == sent
    assert waiting(desk) == []


def test_wish_told_twice_at_once_is_sent_once(desk):
    async def both():
        return await asyncio.gather(desk.ask(*wish(desk, 2)), desk.ask(*wish(desk, 2)))

    first, second = desk.run(both())
    assert first == second
    assert waiting(desk) == [first["CID"]]
    desk.mine(2)


def test_node_that_ended_before_the_message_waited_sends_it_when_told_again(desk, monkeypatch):
    def end(_signed):
        raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(desk.node.pool, "push", end)
        with pytest.raises(Ended):
            desk(*wish(desk, 3))
    assert waiting(desk) == []
    sent = desk(*wish(desk, 3))
    assert waiting(desk) == [sent["CID"]]
    assert desk(*wish(desk, 3)) == sent
    desk.mine(2)
    assert waiting(desk) == []


def test_node_that_ended_before_its_client_heard_does_not_send_again(desk, monkeypatch):
    push = desk.node.pool.push

    def push_and_end(signed):
        push(signed)
        raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(desk.node.pool, "push", push_and_end)
        with pytest.raises(Ended):
            desk(*wish(desk, 4))
    (kept,) = waiting(desk)
    assert desk(*wish(desk, 4))["CID"] == kept
    assert waiting(desk) == [kept]
    desk.mine(2)


def test_wish_that_was_refused_may_be_told_in_another_way(desk, monkeypatch):
    def refuse(_signed):
        raise LocalFault("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(desk.node.pool, "push", refuse)
        with pytest.raises(Refused, match="the disk is full"):
            desk(*wish(desk, 5))
    sent = desk(*wish(desk, 5, "7"))
    assert sent["Message"]["Value"] == "7"
    assert waiting(desk) == [sent["CID"]]
    desk.mine(2)
