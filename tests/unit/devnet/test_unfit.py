"""A message that this machine cannot execute is left out, and the chain goes on."""

import pytest
from devnet_desk import Refused, devnet_desk

EAM = "t010"
CREATE_EXTERNAL = 3


@pytest.fixture
def desk():
    with devnet_desk() as opened:
        opened.mine(2)
        yield opened


def signed(desk, sender, to, nonce, method=0, params=""):
    message = {
        "Version": 0, "To": to, "From": sender, "Nonce": nonce, "Value": "0",
        "GasLimit": 10**9, "GasFeeCap": "1000000000", "GasPremium": "100000",
        "Method": method, "Params": params,
    }  # fmt: skip
    return desk("WalletSignMessage", sender, message)


def test_message_to_an_actor_that_is_missing_stops_nothing(desk, caplog):
    alice, bob, carol = desk.accounts
    unfit = desk("MpoolPush", signed(desk, alice, EAM, 0, CREATE_EXTERNAL, "QAA="))
    later = desk("MpoolPush", signed(desk, alice, carol, 1))
    other = desk("MpoolPush", signed(desk, bob, carol, 0))
    height = desk("ChainHead")["Height"]
    desk.mine(2)
    assert desk("ChainHead")["Height"] >= height + 2
    assert desk("StateSearchMsg", [], other, -1, True)["Receipt"]["ExitCode"] == 0
    assert [one["CID"] for one in desk("MpoolPending", [])] == [later]
    assert desk("StateSearchMsg", [], unfit, -1, True) is None
    assert "cannot be executed here" in caplog.text
    # Its place is free again.
    desk("MpoolPush", signed(desk, alice, bob, 0))
    desk.mine(2)
    assert desk("MpoolPending", []) == []
    assert desk.findings() == ()


def test_message_that_only_fails_is_taken(desk):
    alice, *_ = desk.accounts
    sent = desk("MpoolPush", signed(desk, alice, "t01000", 0, 16, "gA=="))
    desk.mine(2)
    assert desk("StateSearchMsg", [], sent, -1, True)["Receipt"]["ExitCode"] != 0


def test_wish_for_it_is_refused_in_words(desk):
    alice, *_ = desk.accounts
    wish = {"From": alice, "To": EAM, "Value": "0", "Method": CREATE_EXTERNAL, "Params": "QAA="}
    with pytest.raises(Refused, match="not written in Python: `papyrus bundle fetch"):
        desk("MpoolPushMessage", wish, None)
