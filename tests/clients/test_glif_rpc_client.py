"""@glif/filecoin-rpc-client 4.0.0: a thin one that sends whatever method it is told, as Lotus'."""

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount


@pytest.fixture(scope="module")
def found(javascript):
    """Return what the client of Glif found."""
    return javascript("glif_rpc_client.mjs")


def test_head_and_a_tipset_by_height(found, facts):
    assert found["head"]["Height"] >= facts["height"]
    assert found["tipset"]["Cids"] == [{"/": facts["genesis"]}]
    assert found["networkName"] == "papyrus-devnet"


def test_both_versions_of_the_interface_answer(found):
    assert found["oldVersion"]["APIVersion"] == 0x010500
    assert found["oldVersion"]["BlockDelay"] == 4
    assert found["oldLookup"] == found["payment"]["lookup"]


def test_payment_is_estimated_signed_by_the_node_pushed_and_executed(found, ours):
    payment = found["payment"]
    message = ours.chain_get_message(Cid.from_string(payment["cid"]["/"]))
    assert message.nonce == found["nonce"] == 0
    assert message.value == TokenAmount.parse("1 FIL")
    assert payment["lookup"]["Receipt"]["ExitCode"] == 0
    assert found["found"] == payment["lookup"]


def test_node_fills_in_and_signs_what_is_only_wished(found):
    assert found["pushed"]["Receipt"]["ExitCode"] == 0
    assert int(found["balanceAfter"]) == int(found["balance"]) + TokenAmount.parse("2 FIL")


def test_message_and_receipt_are_read_back(found):
    payment = found["payment"]
    assert found["message"]["Nonce"] == payment["message"]["Nonce"]
    assert {"Cid": payment["cid"], "Message": found["message"]} in found["messages"]
    assert payment["lookup"]["Receipt"] in found["receipts"]


def test_states_are_read(found):
    assert found["actor"]["Balance"] == found["balanceAfter"]
    assert found["state"]["State"]["FeeDebt"] == "0"
    assert found["minerInfo"]["SectorSize"] == 2048
    assert found["minerPower"]["HasMinPower"] is True


def test_error_is_the_sentence_of_lotus(found):
    assert found.refusal("unknownMethod") == "method 'Filecoin.NoSuchMethod' not found"
