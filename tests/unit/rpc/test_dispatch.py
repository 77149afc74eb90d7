import asyncio
import json
import logging

import pytest
from rpc_node import EVERYONE, call
from rpc_sample import SampleMethods, SampleNode

from papyrus.rpc.auth import ANYONE
from papyrus.rpc.declarations import Permission
from papyrus.rpc.dispatch import Caller, Dispatcher, dispatchers
from papyrus.rpc.limits import Limits
from papyrus.rpc.registry import Registry
from papyrus.rpc.traffic import Traffic


def answer(dispatcher, body, caller=EVERYONE):
    """Return the answer to a body, decoded; None where there is none."""
    text = asyncio.run(dispatcher.answer(body, caller))
    return None if text is None else json.loads(text)


def limited(**limits):
    return Dispatcher(Registry(SampleMethods), SampleNode(), traffic=Traffic(Limits(**limits)))


def test_call_is_answered(sample):
    assert call(sample, "Filecoin.Add", 2, 3) == {"jsonrpc": "2.0", "id": 1, "result": 5}


@pytest.mark.parametrize(
    "call_id", [0, 1, -1, 2**40, 1_790_000_000_123, 2**64, "4f9c", "", "ü", None, 1.5]
)
def test_id_comes_back_as_it_was(sample, call_id):
    found = call(sample, "Filecoin.Add", 1, 2, id=call_id)
    assert found["id"] == call_id
    assert type(found["id"]) is type(call_id)


@pytest.mark.parametrize("call_id", [True, [], {}, [1], "x" * 257])
def test_id_of_another_type_is_refused(sample, call_id):
    found = call(sample, "Filecoin.Add", 1, 2, id=call_id)
    assert (found["id"], found["error"]["code"]) == (None, -32600)


@pytest.mark.parametrize(
    "body",
    [
        '{"id":1,"method":"Filecoin.KeyText"}',
        '{"id":1,"method":"Filecoin.KeyText","params":null}',
        '{"id":1,"method":"Filecoin.KeyText","params":[]}',
        '{"id":1,"method":"Filecoin.KeyText","params":{}}',
        '{"id":1,"method":"Filecoin.KeyText","params":[null]}',
        '{"id":1,"method":"Filecoin.KeyText","params":[[]]}',
        b'\xef\xbb\xbf {"id":1,"method":"Filecoin.KeyText"}\n',
    ],
)
def test_absent_null_and_empty_parameters_mean_the_head(sample, body):
    assert answer(sample, body)["result"] == "head"


def test_key_names_its_blocks(sample):
    cid = "bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4"
    assert call(sample, "Filecoin.KeyText", [{"/": cid}])["result"] == f"{{{cid}}}"


def test_parameters_may_be_named(sample):
    assert call(sample, "Filecoin.Add", params={"left": 4})["result"] == 14
    found = call(sample, "Filecoin.Add", params={"right": 4})
    assert found["error"]["message"] == "wrong param count (method 'Filecoin.Add'): 1 != 1 to 2"


@pytest.mark.parametrize(("params", "told"), [([], "0 != 1 to 2"), ([1, 2, 3], "3 != 1 to 2")])
def test_wrong_count_is_told_in_the_words_of_lotus(sample, params, told):
    error = call(sample, "Filecoin.Add", *params)["error"]
    assert error == {
        "code": -32602,
        "message": f"wrong param count (method 'Filecoin.Add'): {told}",
    }


@pytest.mark.parametrize(
    ("method", "params", "told"),
    [
        ("Add", ["1"], "parameter 1 (left): expected an integer"),
        ("Add", [True], "parameter 1 (left): expected an integer"),
        ("Add", [1.0], "parameter 1 (left): expected an integer"),
        ("Add", [1, 2**64], "parameter 2 (right): an integer does not fit 64 bits"),
        ("KeyText", [{"/": "b"}], "parameter 1 (key): expected a list or null"),
        ("Typed", ["f01", {"/": "x"}, {}], "parameter 2 (cid): "),
        (
            "Pushed",
            [{"To": "f01", "From": "f02", "Value": 1}],
            "parameter 1 (message): Value: an amount in JSON is decimal text",
        ),
        ("Pushed", [{"From": "f02"}], "parameter 1 (message): To: expected an object with a field"),
        ("Pushed", ["x"], "parameter 1 (message): "),
    ],
)
def test_wrong_parameter_is_named(sample, method, params, told):
    error = call(sample, f"Filecoin.{method}", *params)["error"]
    assert error["code"] == -32602
    assert error["message"].startswith(f"Filecoin.{method}: {told}")


def test_unknown_members_are_ignored(sample):
    cid = {"/": "bafy2bzacea3wsdh6y3a36tb3skempjoxqpuyompjbmfeyf34fi3uy6uue42v4", "x": 1}
    options = {"MaxFee": "7", "MsgUuid": "u", "hardfork": "london", "networkId": 1}
    found = call(sample, "Filecoin.Typed", "t01", cid, options, meta={"SpanContext": "x"})
    assert found["result"] == ["f01", cid["/"], "7", "u"]


def test_message_may_leave_out_what_go_takes_for_zero(sample):
    found = call(sample, "Filecoin.Pushed", {"To": "f01", "From": "t02", "CID": {"/": "x"}})
    assert found["result"] | {"CID": None} == {
        "Version": 0, "To": "t01", "From": "t02", "Nonce": 0, "Value": "0", "GasLimit": 0,
        "GasFeeCap": "0", "GasPremium": "0", "Method": 0, "Params": None, "CID": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("actor", {"code": 11, "message": "actor not found"}),
        ("gas", {"code": 2, "message": "call ran out of gas"}),
        ("revert", {"code": 3, "message": "message execution failed", "data": "0x08c3"}),
        ("null", {"code": 12, "message": "requested epoch was a null round (77)", "data": 77}),
        ("local", {"code": 1, "message": "the disk is full"}),
        ("lookup", {"code": 1, "message": "nothing of that name"}),
        (
            "invalid",
            {
                "code": 1,
                "message": "some-fault: it breaks a rule",
                "data": {"fault": "some-fault"},
            },
        ),
    ],
)
def test_foreseen_errors_have_the_codes_of_lotus(sample, how, error):
    assert call(sample, "Filecoin.Fail", how)["error"] == error


@pytest.mark.parametrize(
    ("method", "params"), [("Fail", ["key"]), ("Fail", ["value"]), ("NotJson", [])]
)
def test_unforeseen_error_is_told_in_the_log_alone(sample, caplog, method, params):
    with caplog.at_level(logging.ERROR, "papyrus.rpc"):
        error = call(sample, f"Filecoin.{method}", *params)["error"]
    assert error == {
        "code": 1,
        "message": f"Filecoin.{method} failed inside the node; its log has the reason",
    }
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("name", ["eth_fillTransaction", "Filecoin.Nothing", "", "x" * 500])
def test_unknown_method_is_not_found(sample, name):
    error = call(sample, name)["error"]
    assert error["code"] == -32601
    assert len(error["message"]) < 120


def test_method_of_another_version_is_not_found():
    first, second = dispatchers(Registry(SampleMethods), SampleNode(), Limits())
    assert call(first, "Filecoin.KeyText")["error"]["code"] == -32601
    assert call(second, "Filecoin.KeyText")["result"] == "head"


def test_alias_is_the_method(sample):
    assert call(sample, "test_sleep", 0)["result"] == "slept"


def test_subscription_needs_a_socket(sample):
    error = call(sample, "Filecoin.Hear")["error"]
    assert error["code"] == -32601
    assert "no out channel support" in error["message"]


@pytest.mark.parametrize(
    "body",
    ["", " ", "{", "nul", b"\xff\xfe", "[1", '{"id":NaN}', '{"id":1e999}', "[" * 100_000,
     '{"a":' * 100_000, '{"id":' + "9" * 5000 + "}", "\x00"],
)  # fmt: skip
def test_what_is_not_json_is_a_parse_error(sample, body):
    found = answer(sample, body)
    assert (found["error"]["code"], found["id"]) == (-32700, None)


@pytest.mark.parametrize(
    "body", ["1", "null", '"x"', "{}", '{"id":3}', '{"method":1,"id":3}', "[]"]
)
def test_json_that_is_no_request_is_invalid(sample, body):
    assert answer(sample, body)["error"]["code"] == -32600


def test_invalid_request_keeps_an_id_that_it_has(sample):
    assert answer(sample, '{"id":3}')["id"] == 3


def test_parameters_of_another_type_are_refused(sample):
    found = answer(sample, '{"id":3,"method":"Filecoin.Add","params":"x"}')
    assert (found["id"], found["error"]["code"]) == (3, -32602)


def test_deep_parameter_is_refused_or_returned(sample):
    deep = "[" * 900 + "]" * 900
    found = answer(sample, f'{{"id":1,"method":"Filecoin.Add","params":[{deep}]}}')
    assert found["error"]["code"] in (-32602, -32700)


def test_notification_has_no_answer(sample, caplog):
    assert answer(sample, '{"method":"Filecoin.Add","params":[1]}') is None
    assert answer(sample, '{"method":"Filecoin.Nothing"}') is None
    assert caplog.text == ""


def test_batch_is_answered_in_order(sample):
    batch = [
        {"id": "a", "method": "Filecoin.Add", "params": [1]},
        {"method": "Filecoin.Add", "params": [1]},
        7,
        {"id": 2, "method": "Filecoin.Nothing"},
    ]
    found = answer(sample, json.dumps(batch))
    assert [item["id"] for item in found] == ["a", None, 2]
    assert found[0]["result"] == 11
    assert [item["error"]["code"] for item in found[1:]] == [-32600, -32601]


def test_batch_of_notifications_has_no_answer(sample):
    assert answer(sample, '[{"method":"Filecoin.Add","params":[1]}]') is None


def test_batch_is_bounded():
    one = {"id": 1, "method": "Filecoin.Add", "params": [1]}
    sample = limited(batch=3)
    assert len(answer(sample, json.dumps([one] * 3))) == 3
    error = answer(sample, json.dumps([one] * 4))["error"]
    assert error == {"code": -32005, "message": "a batch of 4 requests, 3 at most"}


def test_answers_of_a_batch_are_bounded():
    one = {"id": 1, "method": "Filecoin.Echo", "params": ["x" * 100]}
    found = answer(limited(answer=250), json.dumps([one] * 4))
    assert ["result" in item for item in found] == [True, True, False, False]
    assert found[3]["error"]["code"] == -32005


def test_call_that_takes_too_long_is_ended():
    sample = limited(call_seconds=0.02)
    error = call(sample, "Filecoin.Sleep", 5)["error"]
    assert error == {"code": -32005, "message": "Filecoin.Sleep took over 0.02 s"}
    assert sample._node.cancelled == ["Sleep"]


def test_method_that_waits_by_nature_may():
    assert call(limited(call_seconds=0.01), "Filecoin.Wait", 0.05)["result"] == "waited"


def test_calls_at_once_are_bounded():
    sample = limited(calls=2)

    async def many():
        body = '{"id":1,"method":"Filecoin.Sleep","params":[0.05]}'
        return await asyncio.gather(*(sample.answer(body, EVERYONE) for _ in range(4)))

    found = [json.loads(text) for text in asyncio.run(many())]
    assert ["result" in item for item in found] == [True, True, False, False]
    assert found[2]["error"]["code"] == -32005
    assert sample.traffic.calls == 0


def test_requests_a_second_are_bounded_for_each_address():
    now = [0.0]
    traffic = Traffic(Limits(requests_a_second=2), lambda: now[0])
    sample = Dispatcher(Registry(SampleMethods), SampleNode(), traffic=traffic)

    def codes(address, times):
        caller = Caller(ANYONE, address)
        found = [call(sample, "Filecoin.Add", 1, caller=caller) for _ in range(times)]
        return [item.get("error", {}).get("code", 0) for item in found]

    assert codes("a", 3) == [0, 0, -32005]
    assert codes("b", 1) == [0]
    now[0] = 0.5
    assert codes("a", 2) == [0, -32005]


def test_observer_hears_of_each_call():
    heard = []
    registry = Registry(SampleMethods)
    sample = Dispatcher(registry, SampleNode(), observe=lambda *told: heard.append(told))
    call(sample, "Filecoin.Add", 1)
    call(sample, "Filecoin.Fail", "null")
    call(sample, "nothing_at_all")
    assert [(name, code) for name, _, code in heard] == [
        ("Filecoin.Add", 0),
        ("Filecoin.Fail", 12),
        ("", -32601),
    ]
    assert all(seconds >= 0 for _, seconds, _ in heard)


METHODS = {"Add": "read", "Typed": "write", "Pushed": "sign", "Stop": "admin"}


@pytest.mark.parametrize("shown", list(Permission))
@pytest.mark.parametrize("method", METHODS)
def test_method_needs_its_own_permission(sample, method, shown):
    """One permission does not include another, as in Lotus."""
    found = call(sample, f"Filecoin.{method}", caller=Caller(frozenset({shown})))
    needed = METHODS[method]
    refused = {
        "code": 1,
        "message": f"missing permission to invoke '{method}' (need '{needed}')",
    }
    assert (found.get("error") == refused) is (shown != needed)


def test_caller_without_permissions_may_nothing(sample):
    found = call(sample, "Filecoin.Add", 1, caller=Caller(frozenset()))
    assert found["error"]["message"] == "missing permission to invoke 'Add' (need 'read')"
