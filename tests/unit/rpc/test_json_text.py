"""Results that are text already reach the client as they are."""

import asyncio
import json

from rpc_node import EVERYONE, call

from papyrus.rpc.declarations import READ, method
from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.json_text import written
from papyrus.rpc.registry import Registry


@method("Told", READ)
async def told(_context: object, number: int) -> list[int]:
    """Return a list as its text."""
    return written(list, f"[{number},  2]")


class Telling:
    """The method."""

    told = told


def test_text_stands_in_the_answer_as_it_is():
    dispatcher = Dispatcher(Registry(Telling), None)
    assert call(dispatcher, "Filecoin.Told", 7)["result"] == [7, 2]
    body = json.dumps({"id": "a", "method": "Filecoin.Told", "params": [1]})
    answer = asyncio.run(dispatcher.answer(body, EVERYONE))
    assert answer == '{"id":"a","jsonrpc":"2.0","result":[1,  2]}'
    batch = asyncio.run(dispatcher.answer(f"[{body},{body}]", EVERYONE))
    assert [each["result"] for each in json.loads(batch)] == [[1, 2], [1, 2]]
