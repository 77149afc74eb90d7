"""Long JSON is read and written as short JSON is, and what is text already goes out as it is."""

import asyncio
import json
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpc_node import EVERYONE, call, plain_http, served

from papyrus.rpc.declarations import READ, method
from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.json_codecs import is_long
from papyrus.rpc.json_text import LONG, read, read_long, write, write_long, written
from papyrus.rpc.registry import Registry

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@method("Told", READ)
async def told(_context: object, number: int) -> list[int]:
    """Return a list as its text."""
    return written(list, f"[{number},  2]")


@method("Lengths", READ)
async def lengths(_context: object, texts: list[str]) -> dict[str, int]:
    """Return how long each text is, and where it was measured."""
    return {text: len(text) for text in texts}


class Telling:
    """The methods."""

    told = told
    lengths = lengths


def test_text_stands_in_the_answer_as_it_is():
    dispatcher = Dispatcher(Registry(Telling), None)
    assert call(dispatcher, "Filecoin.Told", 7)["result"] == [7, 2]
    body = json.dumps({"id": "a", "method": "Filecoin.Told", "params": [1]})
    answer = asyncio.run(dispatcher.answer(body, EVERYONE))
    assert answer == '{"id":"a","jsonrpc":"2.0","result":[1,  2]}'
    batch = asyncio.run(dispatcher.answer(f"[{body},{body}]", EVERYONE))
    assert [each["result"] for each in json.loads(batch)] == [[1, 2], [1, 2]]


@given(VALUES)
def test_long_json_is_written_and_read_as_any_is(value):
    assert write_long(value) == write(value)
    assert read_long(write(value)) == value == read(write(value))


@pytest.mark.parametrize("text", ["[1e999]", "[NaN]", "[Infinity]", "[1,]", '{"a":}', "", "[1] 2"])
def test_what_is_not_json_is_refused_at_any_length(text):
    for reader in (read, read_long):
        with pytest.raises(ValueError, match=r"."):
            reader(text)
        with pytest.raises(ValueError, match=r"."):
            reader(f"[{'0,' * LONG}{text}]")


def test_long_body_is_answered_as_a_short_one_is():
    dispatcher = Dispatcher(Registry(Telling), None)
    texts = [f"{number:x}" for number in range(LONG // 4)]
    assert call(dispatcher, "Filecoin.Lengths", texts)["result"] == {
        text: len(text) for text in texts
    }
    refused = call(dispatcher, "Filecoin.Lengths", [*texts, 1])["error"]
    assert refused["message"].endswith(f"item {len(texts)}: expected text")
    body = '{"method":"Filecoin.Lengths","params":[[' + '"a",' * LONG + "]]}"
    told = json.loads(asyncio.run(dispatcher.answer(body, EVERYONE)))
    assert told["error"]["code"] == -32700


def test_long_answer_arrives_whole():
    texts = [f"{number:064x}" for number in range(40_000)]

    async def ask():
        async with served(None, Telling) as info, plain_http() as http:
            body = {"id": 1, "method": "Filecoin.Lengths", "params": [texts]}
            answer = await http.post(info.http_url(), json=body, headers=info.headers)
            return answer.headers["content-length"], answer.content

    length, content = asyncio.run(ask())
    assert int(length) == len(content) > 1 << 20
    assert json.loads(content)["result"] == dict.fromkeys(texts, 64)


ROWS = [{"a": number, "b": ["c"]} for number in range(60_000)]


@pytest.mark.parametrize(("work", "value"), [(read_long, json.dumps(ROWS)), (write_long, ROWS)])
def test_other_threads_go_on_while_long_json_is_worked_on(work, value):
    """The library's own reader and writer let none of them in."""
    worker = threading.Thread(target=work, args=(value,))
    worker.start()
    turns = 0
    while worker.is_alive():
        time.sleep(0.001)
        turns += 1
    worker.join()
    assert turns > 10


def test_what_may_be_of_any_length_is_known_by_its_type(sample):
    known = {item.bare_name: item.is_long for item in sample.registry.declarations(1)}
    assert known["Add"] is False
    assert is_long(list[int])
    assert is_long(dict[str, int] | None)
    assert not is_long(int | None)
