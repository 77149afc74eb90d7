"""A devnet that is ended after it signed a block takes that block up, and signs no other."""

import asyncio

import pytest
from devnet_desk import devnet_desk

from papyrus.node.block_intake import BlockIntake
from papyrus.primitives.errors import LocalFault


class Ended(Exception):  # noqa: N818 - what happens, not an error
    """The process ends here."""


def test_signed_block_is_taken_up_again(tmp_path, monkeypatch):
    with devnet_desk(tmp_path) as desk:
        desk.mine(2)
        alice, bob, _ = desk.accounts
        sent = desk("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
        head = desk.node.chain.head

        async def end(*_):
            raise Ended

        with monkeypatch.context() as patch:
            patch.setattr(BlockIntake, "take", end)
            with pytest.raises(Ended):
                desk.mine()
        [signed] = desk.node.slash_filter.reader.signed_above(head.height)
        assert desk.node.chain.head == head
    with devnet_desk(tmp_path) as desk:
        # Something else waits now, so that another block would be made in its place.
        desk("MpoolPushMessage", {"From": bob, "To": alice, "Value": "6"}, None)
        desk.mine()
        taken = desk.node.chain.tipset(desk.node.chain.head.parents)
        assert taken.key.cids == (signed,)
        assert taken.parents == head.key
        desk.mine()
        assert desk("MpoolPending", []) == []
        assert desk("StateSearchMsg", [], sent["CID"], -1, True)["Receipt"]["ExitCode"] == 0


def test_block_whose_place_was_taken_is_left_alone(tmp_path):
    with devnet_desk(tmp_path) as desk:
        desk.mine(3)
        parent = desk.node.chain.tipset(desk.node.chain.head.parents)
        header = desk.node.chain.head.blocks[0]
    with devnet_desk(tmp_path) as desk:
        desk.mine()
        assert desk.node.chain.tipset(desk.node.chain.head.parents).blocks[0] == header
        assert header.parents == parent.key.cids


def fail(_headers):
    raise LocalFault("the disk is full")


def go_away(_headers):
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("happens", "told"), [(fail, LocalFault), (go_away, asyncio.CancelledError)]
)
def test_tipset_that_broke_off_is_taken_up_without_a_restart(monkeypatch, happens, told):
    with devnet_desk() as desk:
        desk.mine(2)
        head = desk.node.chain.head
        with monkeypatch.context() as patch:
            patch.setattr(desk.node.chain, "take_up", happens)
            for _ in range(2):
                with pytest.raises(told):
                    desk.mine()
        [signed] = desk.node.slash_filter.reader.signed_above(head.height)
        alice, bob, _ = desk.accounts
        desk("MpoolPushMessage", {"From": alice, "To": bob, "Value": "5"}, None)
        desk.mine()
        assert desk.node.chain.tipset(desk.node.chain.head.parents).key.cids == (signed,)
        desk.mine()
        assert desk("MpoolPending", []) == []
