"""Mpool and Gas: from a wish to a receipt, and what waits in between, on a devnet."""

import asyncio

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.primitives.address import Address
from papyrus.rpc.declarations import Context
from papyrus.rpc.methods.mpool import mpool_sub
from papyrus.types.json import from_json
from papyrus.types.message import Message

FIL = 10**18
LOST = Address.delegated(10, b"\x01\x02").to_string("t")
"""An address that no Ethereum account can have."""


@pytest.fixture(scope="module")
def desk():
    with devnet_desk() as opened:
        opened.mine()
        yield opened


def wish(sender, to, value="1", **fields):
    return {"From": sender, "To": to, "Value": value, **fields}


def signed(desk, message):
    """Return a message that is filled in, with its sender's signature."""
    return desk("WalletSignMessage", message["From"], message)


def test_sent_message_waits_and_is_executed(desk):
    alice, bob, _ = desk.accounts
    before = desk.balance(bob)
    sent = desk("MpoolPushMessage", wish(alice, bob, str(FIL)), None)
    assert desk("MpoolPending", []) == [sent]
    assert desk("MpoolGetNonce", alice) == sent["Message"]["Nonce"] + 1
    assert desk.receipt(sent["CID"])["ExitCode"] == 0
    assert desk.balance(bob) == before + FIL
    assert desk("MpoolPending", None) == []


def test_message_from_an_id_is_signed_by_its_key(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", wish(desk("StateLookupID", alice, []), bob), None)
    assert sent["Message"]["From"] == alice
    assert desk.receipt(sent["CID"])["ExitCode"] == 0


def test_wish_that_is_told_twice_is_sent_once(desk):
    alice, bob, _ = desk.accounts
    spec = {"MsgUuid": "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "MaxFee": "0"}
    first = desk("MpoolPushMessage", wish(alice, bob), spec)
    assert desk("MpoolPushMessage", wish(alice, bob), spec) == first
    desk.receipt(first["CID"])
    assert desk("MpoolPushMessage", wish(alice, bob), spec) == first
    assert desk("MpoolPending", []) == []


def test_dearer_message_takes_the_place_of_another(desk):
    alice, bob, carol = desk.accounts
    sent = desk("MpoolPushMessage", wish(alice, bob), None)["Message"]
    other = {**sent, "To": carol}
    with pytest.raises(Refused, match="replace by fee"):
        desk("MpoolPush", signed(desk, other))
    dearer = {**other, "GasPremium": str(int(sent["GasPremium"]) * 5 // 4)}
    cid = desk("MpoolPush", signed(desk, dearer))
    assert [one["CID"] for one in desk("MpoolPending", [])] == [cid]
    assert desk.receipt(cid)["ExitCode"] == 0


def test_batches_are_pushed_in_order(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolBatchPushMessage", [wish(alice, bob), wish(alice, bob, "2")], None)
    nonces = [one["Message"]["Nonce"] for one in sent]
    assert nonces == [nonces[0], nonces[0] + 1]
    desk.mine()
    more = [{**one["Message"], "Nonce": nonces[1] + step} for step, one in enumerate(sent, 1)]
    batch = [signed(desk, one) for one in more]
    assert desk("MpoolBatchPush", batch) == [one["CID"] for one in batch]
    desk.mine()
    again = [{**one, "Nonce": one["Nonce"] + 2} for one in more]
    batch = [signed(desk, one) for one in again]
    assert desk("MpoolBatchPushUntrusted", batch) == [one["CID"] for one in batch]
    desk.mine()
    assert desk("MpoolPending", []) == []


def test_stranger_may_leave_no_gap(desk):
    alice, bob, _ = desk.accounts
    message = desk("GasEstimateMessageGas", wish(alice, bob), None, [])
    nonce = desk("MpoolGetNonce", alice)
    ahead = signed(desk, {**message, "Nonce": nonce + 1})
    with pytest.raises(Refused, match="unfulfilled nonce gap"):
        desk("MpoolPushUntrusted", ahead)
    assert desk("MpoolPush", ahead) == ahead["CID"]
    cid = desk("MpoolPushUntrusted", signed(desk, {**message, "Nonce": nonce}))
    assert desk.receipt(cid)["ExitCode"] == 0


def test_selection_for_a_block_is_what_waits(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", wish(alice, bob), None)
    head = desk("ChainHead")["Cids"]
    assert desk("MpoolSelect", head, 0.5) == [sent]
    assert desk("MpoolSelect", [], 1) == [sent]
    with pytest.raises(Refused, match=r"from 0 to 1, not 1.5") as refused:
        desk("MpoolSelect", [], 1.5)
    assert refused.value.code == -32602
    desk.mine()


def test_pending_at_a_tipset_has_what_the_blocks_above_the_pool_took(desk):
    alice, bob, _ = desk.accounts
    parent = desk("ChainHead")["Cids"]
    sent = desk("MpoolPushMessage", wish(alice, bob), None)
    assert desk("MpoolPending", parent) == [sent]
    desk.mine()
    assert desk("MpoolPending", parent) == []
    assert desk("MpoolPending", desk("ChainHead")["Cids"]) == []


@pytest.mark.parametrize(
    ("message", "code", "words"),
    [
        ({"Value": str(FIL * 10**6)}, 3, r"exit=\[SysErrInsufficientFunds\(6\)\]"),
        ({"Nonce": 7}, 1, "MpoolPushMessage expects message nonce to be 0, was 7"),
        ({"From": "t0999999"}, 11, "actor not found"),
        ({"From": "t01"}, 1, "has no key"),
        (
            {"GasLimit": 10**9, "GasFeeCap": str(FIL), "GasPremium": "1"},
            1,
            "mpool push: not enough funds: [0-9]+ < 1000000000",
        ),
        ({"To": LOST}, 1, "not a valid Eth Address"),
        (
            {"GasLimit": 10**9, "GasFeeCap": "1", "GasPremium": "0", "Value": "0"},
            1,
            "gas fee cap too low",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused_in_the_words_of_lotus(desk, message, code, words):
    alice, bob, _ = desk.accounts
    spec = {"MaxFee": str(FIL * 10**18)}
    with pytest.raises(Refused, match=words) as refused:
        desk("MpoolPushMessage", {**wish(alice, bob), **message}, spec)
    assert refused.value.code == code


def test_sender_without_a_key_here_is_refused(desk):
    stranger = Address.secp256k1(b"\x04" + bytes(64)).to_string("t")
    desk("Papyrus.SetBalance", stranger, str(FIL))
    with pytest.raises(Refused, match="key not found"):
        desk("MpoolPushMessage", wish(stranger, desk.accounts[0]), None)


def test_subscriber_hears_of_what_comes_and_goes(desk):
    alice, bob, _ = desk.accounts

    async def listen():
        items = mpool_sub.handler(Context(desk.hosted, 1, frozenset(), dict))
        first = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0)
        sent = await desk.ask("MpoolPushMessage", wish(alice, bob), None)
        came = await first
        await desk.devnet.mine()
        went = await anext(items)
        await items.aclose()
        return sent, came, went

    sent, came, went = desk.run(listen())
    assert (came.type, came.message.cid) == (0, went.message.cid)
    assert went.type == 1
    assert came.message.message == from_json(Message, sent["Message"])


def test_settings_are_told_and_set(desk):
    config = desk("MpoolGetConfig")
    assert config["ReplaceByFeeRatio"] == 1.25
    assert config["PruneCooldown"] == 60 * 10**9
    alice = desk.accounts[0]
    changed = {**config, "PriorityAddrs": [alice], "ReplaceByFeeRatio": 1.5}
    assert desk("MpoolSetConfig", changed) is None
    assert desk("MpoolGetConfig") == changed
    with pytest.raises(Refused, match=r"'ReplaceByFeeRatio' is less than required 1.05 < 1.1"):
        desk("MpoolSetConfig", {**config, "ReplaceByFeeRatio": 1.05})
    with pytest.raises(Refused, match="ratio may only have two decimals"):
        desk("MpoolSetConfig", {**config, "ReplaceByFeeRatio": 1.255})
    desk("MpoolSetConfig", config)


def test_clearing_leaves_what_users_sent_unless_told(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", wish(alice, bob), None)
    desk("MpoolClear", False)
    assert desk("MpoolPending", []) == [sent]
    desk("MpoolClear", True)
    assert desk("MpoolPending", []) == []
    assert desk("MpoolGetNonce", alice) == sent["Message"]["Nonce"]


def test_nonce_of_nobody_is_no_nonce(desk):
    with pytest.raises(Refused, match=r"^actor not found$") as refused:
        desk("MpoolGetNonce", "t0999999")
    assert refused.value.code == 11


def codes(checks):
    return {check["Code"]: check for check in checks}


def test_checks_tell_what_speaks_against_a_message(desk):
    alice, bob, _ = desk.accounts
    good = desk("GasEstimateMessageGas", wish(alice, bob), None, [])
    [checks] = desk("MpoolCheckMessages", [{"Message": good, "ValidNonce": False}])
    assert [check["Code"] for check in checks] == [9, 11, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12]
    assert all(check["OK"] for check in checks)
    assert codes(checks)[9]["Hint"] == {"nonce": desk("MpoolGetNonce", alice)}
    poor = {**good, "GasFeeCap": "50", "GasPremium": "0", "GasLimit": 1, "Value": str(FIL * 10**9)}
    far = {"Message": {**poor, "Nonce": 10**6}, "ValidNonce": True}
    [checks] = desk("MpoolCheckMessages", [far])
    failed = {check["Code"]: check["Err"] for check in checks if not check["OK"]}
    nonce = desk("MpoolGetNonce", alice)
    assert failed == {
        4: "GasLimit less than epoch minimum gas",
        5: "GasFeeCap less than minimum base fee",
        10: f"message nonce doesn't match next nonce ({nonce})",
        12: "insufficient balance",
    }
    [checks] = desk(
        "MpoolCheckMessages", [{"Message": {**good, "Version": 1}, "ValidNonce": False}]
    )
    assert "syntactically invalid message" in codes(checks)[3]["Err"]
    unknown = {**good, "From": "t0999999"}
    [[check]] = desk("MpoolCheckMessages", [{"Message": unknown, "ValidNonce": False}])
    assert check["Err"] == "error retrieving state nonce: actor not found"


def test_checks_go_by_what_waits_and_what_would_replace_it(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", wish(alice, bob), None)["Message"]
    [checks] = desk("MpoolCheckPendingMessages", alice)
    assert all(check["OK"] for check in checks)
    assert codes(checks)[10]["Hint"] == {"nextNonce": sent["Nonce"]}
    costly = {**sent, "Value": str(FIL * 10**6)}
    [checks] = desk("MpoolCheckReplaceMessages", [costly])
    assert codes(checks)[12]["Err"] == "insufficient balance"
    prototype = {"Message": {**sent, "Nonce": sent["Nonce"] + 1}, "ValidNonce": True}
    [checks] = desk("MpoolCheckMessages", [prototype, prototype])[:1]
    assert all(check["OK"] for check in checks)
    assert desk("MpoolCheckPendingMessages", bob) == []
    desk("MpoolClear", True)


# Gas.


def test_gas_that_is_estimated_is_enough(desk):
    alice, bob, _ = desk.accounts
    filled = desk("GasEstimateMessageGas", wish(alice, bob), {"MaxFee": "0"}, [])
    limit = desk("GasEstimateGasLimit", wish(alice, bob), [])
    assert filled["GasLimit"] == int(limit * 1.25)
    assert int(filled["GasFeeCap"]) > int(filled["GasPremium"]) > 90_000
    receipt = desk.send(alice, bob, "1")
    assert receipt["ExitCode"] == 0
    # What the estimate fills in makes the message longer.
    assert limit < receipt["GasUsed"] < filled["GasLimit"]


def test_fee_stays_within_what_is_allowed(desk):
    alice, bob, _ = desk.accounts
    spec = {"MaxFee": str(10**12), "MaximizeFeeCap": True}
    filled = desk("GasEstimateMessageGas", wish(alice, bob), spec, [])
    assert int(filled["GasFeeCap"]) == 10**12 // filled["GasLimit"]


def test_offers_are_judged_by_the_tipset_asked_for(desk):
    alice, bob, _ = desk.accounts
    genesis, head = desk("ChainGetGenesis"), desk("ChainHead")
    message = wish(alice, bob, GasPremium="5")
    for tipset in (genesis, head):
        base_fee = int(tipset["Blocks"][0]["ParentBaseFee"])
        assert desk("GasEstimateFeeCap", message, 0, tipset["Cids"]) == str(base_fee + 5)
    assert desk("GasEstimateFeeCap", message, 0, []) != desk("GasEstimateFeeCap", message, 20, [])
    assert int(desk("GasEstimateGasPremium", 1, alice, 0, genesis["Cids"])) > 190_000
    assert 90_000 < int(desk("GasEstimateGasPremium", 10, alice, 0, genesis["Cids"])) < 110_000
    with pytest.raises(Refused, match="901 epochs: 900 at most"):
        desk("GasEstimateFeeCap", message, 901, [])


def test_older_interface_sends_as_well(desk):
    alice, bob, _ = desk.accounts
    sent = desk("MpoolPushMessage", wish(alice, bob), None, version=0)
    assert desk.receipt(sent["CID"])["ExitCode"] == 0
    with pytest.raises(Refused, match=r"method 'Filecoin.MpoolCheckMessages' not found"):
        desk("MpoolCheckMessages", [], version=0)
