"""@zondax/izari-filecoin 1.2.6: what the Ledger applications' makers use. It posts to /rpc/v1."""

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount


@pytest.fixture(scope="module")
def found(javascript):
    """Return what izari-filecoin found."""
    return javascript("izari_filecoin.mjs")


def test_keys_of_the_mnemonic_are_those_of_the_devnet(found, facts):
    accounts = facts["accounts"]
    assert found["addresses"] == [account["filecoin"] for account in accounts]
    assert found["keys"] == [account["filecoinKey"] for account in accounts]
    assert found["delegated"] == [account["delegated"] for account in accounts]


def test_payment_is_prepared_signed_broadcast_and_executed(found, ours):
    payment = found["payment"]
    message = ours.chain_get_message(Cid.from_string(payment["cid"]))
    assert message.value == TokenAmount.parse("2 FIL")
    assert (message.nonce, message.gas_limit) == (0, payment["message"]["GasLimit"])
    assert payment["isVerified"] is True
    assert payment["lookup"]["Receipt"]["ExitCode"] == 0


def test_send_of_its_account_pays_both_worlds_of_addresses(found):
    assert found["send"]["Receipt"]["ExitCode"] == 0
    assert found["ethereumSend"]["Receipt"]["ExitCode"] == 0


def test_balance_and_nonce_tell_of_the_payments(found):
    assert int(found["balanceAfter"]) == int(found["balance"]) + TokenAmount.parse("3 FIL")
    assert (found["nonce"], found["nonceAfter"]) == (0, 3)


def test_states_are_read(found, facts):
    assert found["accountState"]["State"] == {"Address": facts["accounts"][3]["filecoin"]}
    assert found["multisigState"]["State"]["NumApprovalsThreshold"] == 1
    assert found["minerState"]["State"]["PreCommitDeposits"] == "0"
    assert found.refusal("unknown") == "actor not found"


def test_miners_are_found(found, facts):
    assert found["miners"] == facts["miners"]
    assert found["minerInfo"]["SectorSize"] == 2048


def test_it_asks_for_prices_by_a_method_that_lotus_no_longer_has(found):
    """ClientQueryAsk went with Lotus' own market; its OpenRPC document has no Client methods."""
    assert found.refusal("ask") == "method 'Filecoin.ClientQueryAsk' not found"


def test_its_network_is_the_letter_of_addresses(found):
    """A limitation of its own: a devnet has to be its "butterfly" or "calibration"."""
    assert found.refusal("foreign") == "address belongs to f network while rpc allows t"


def test_it_derives_no_bls_key(found):
    """A limitation of its own, which says so."""
    assert found.refusal("blsKeys") == "not supported yet"
