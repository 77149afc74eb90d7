import asyncio

import pytest

from papyrus.rpc.errors import SlowReader
from papyrus.rpc.feeds import Feed


async def rest(feed):
    return [item async for item in feed]


def test_items_come_in_order_and_end():
    async def run():
        feed = Feed()
        for number in range(3):
            feed.publish(number)
        feed.end()
        feed.publish(3)
        return await rest(feed)

    assert asyncio.run(run()) == [0, 1, 2]


def test_reader_waits_for_the_next_item():
    async def run():
        feed = Feed()
        reading = asyncio.create_task(anext(feed))
        await asyncio.sleep(0)
        assert not reading.done()
        feed.publish("late")
        return await reading

    assert asyncio.run(run()) == "late"


def test_full_feed_tells_its_reader_and_forgets_the_rest():
    async def run():
        feed = Feed(2)
        for number in range(3):
            feed.publish(number)
        with pytest.raises(SlowReader, match="2 items are unread"):
            await anext(feed)
        feed.publish(4)
        with pytest.raises(SlowReader):
            await anext(feed)

    asyncio.run(run())


def test_reader_that_keeps_up_is_never_cut():
    async def run():
        feed = Feed(1)
        for number in range(100):
            feed.publish(number)
            assert await anext(feed) == number

    asyncio.run(run())
