"""What clients hear of the head: each change in its turn, and none that a kill could undo."""

import asyncio
from concurrent.futures import Future

import pytest
from rpc_node import chain_node

from papyrus.chain.head_changes import HeadChange
from papyrus.node.announced_head import AnnouncedHead
from papyrus.primitives.errors import LocalFault


class Disk:
    """A disk that takes what it is told to when the test says so."""

    def __init__(self) -> None:
        self.flushes: list[Future[None]] = []

    def flush(self) -> "Future[None]":
        self.flushes.append(Future())
        return self.flushes[-1]


@pytest.fixture
def node():
    with chain_node() as opened:
        yield opened


def test_change_is_told_when_it_is_on_the_disk(node) -> None:
    async def run() -> None:
        disk, heard = Disk(), list[HeadChange]()
        announced = AnnouncedHead(node.chain, disk.flush)
        announced.subscribe(heard.append)
        genesis = node.chain.head
        first, second = node.grow(), node.grow()
        assert (announced.head, heard) == (genesis, [])
        disk.flushes[0].set_result(None)
        await asyncio.sleep(0)
        assert (announced.head, [change.applied for change in heard]) == (first, [(first,)])
        disk.flushes[1].set_result(None)
        await asyncio.sleep(0)
        assert (announced.head, heard[-1].applied) == (second, (second,))

    asyncio.run(run())


def test_head_that_could_not_be_written_is_told_of_with_the_next(node) -> None:
    async def run() -> None:
        disk, heard = Disk(), list[HeadChange]()
        announced = AnnouncedHead(node.chain, disk.flush)
        announced.subscribe(heard.append)
        first = node.grow()
        disk.flushes[0].set_exception(LocalFault("the disk is full"))
        await asyncio.sleep(0)
        assert heard == []
        second = node.grow()
        disk.flushes[1].set_result(None)
        await asyncio.sleep(0)
        assert [change.applied for change in heard] == [(first,), (second,)]

    asyncio.run(run())


def test_head_that_goes_back_is_told_of_too(node) -> None:
    async def run() -> None:
        disk = Disk()
        announced = AnnouncedHead(node.chain, disk.flush)
        genesis = node.chain.head
        node.grow()
        node.chain.set_head(genesis, forget_above=True)
        for flush in disk.flushes:
            flush.set_result(None)
        await asyncio.sleep(0)
        assert announced.head == genesis

    asyncio.run(run())
