"""iso-filecoin 7.4.7: what wallets of the browser are built on. It posts to `/`."""

import pytest

from papyrus.crypto.signatures import SignatureType
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

ONE = TokenAmount.parse("1 FIL")


@pytest.fixture(scope="module")
def found(javascript):
    """Return what iso-filecoin found."""
    return javascript("iso_filecoin.mjs")


def test_keys_of_the_mnemonic_are_those_of_the_devnet(found, facts):
    accounts = facts["accounts"]
    assert found["addresses"] == [account["filecoin"] for account in accounts]
    assert found["keys"] == [account["filecoinKey"] for account in accounts]
    assert found["delegated"] == [account["delegated"] for account in accounts]
    assert found["bls"] == facts["bls"]["address"]


def test_the_chain_is_the_devnets(found, facts):
    assert found["networkName"] == "papyrus-devnet"
    assert found["genesis"] == facts["genesis"]
    assert found["head"] >= facts["height"]
    assert found["version"] == 0x020300


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ("payment", SignatureType.SECP256K1),
        ("blsPayment", SignatureType.BLS),
        ("ethereumPayment", SignatureType.SECP256K1),
    ],
)
def test_payment_is_estimated_signed_pushed_and_executed(found, ours, step, kind):
    """Its own wait asks for two confirmations, which a devnet that mines on demand gives."""
    payment = found[step]
    message = ours.chain_get_message(Cid.from_string(payment["cid"]))
    estimate = payment["estimate"]
    assert (message.value, message.nonce) == (ONE, payment["nonce"])
    assert message.gas_limit == estimate["GasLimit"]
    assert str(message.gas_fee_cap) == estimate["GasFeeCap"]
    assert str(message.gas_premium) == estimate["GasPremium"]
    assert payment["signature"]["Type"] == kind
    lookup = payment["lookup"]
    assert lookup["Receipt"]["ExitCode"] == 0
    assert lookup["Receipt"]["GasUsed"] <= estimate["GasLimit"]
    assert ours.chain_head().height >= lookup["Height"] + 2
    assert payment["nonceAfter"] == payment["nonce"] + 1


def test_balance_tells_of_the_payment(found):
    assert int(found["balanceAfter"]) == int(found["balanceBefore"]) + ONE


def test_addresses_are_looked_up(found, facts):
    first = facts["accounts"][0]
    assert found["lookupId"] == "t0100"
    assert found["accountKey"] == found["robustAddress"] == first["filecoin"]
    assert found["ethereumAddress"] == first["ethereum"].lower()


def test_state_is_read_by_the_call_of_any_method(found):
    assert found["actor"]["Nonce"] == 2
    assert found["minerInfo"]["SectorSize"] == 2048


def test_signature_of_bytes_is_that_of_our_wallet(found, facts, ours):
    account = Address.from_string(facts["accounts"][0]["filecoin"])
    assert found["signed"] == ours.wallet_sign(account, b"hello").to_bytes().hex()


def test_error_reaches_it_in_lotus_words(found):
    assert found.refusal("unknownActor") == "actor not found"


def test_its_networks_are_two_and_their_letter_is_checked_before_it_asks(found):
    """A limitation of its own: a devnet has to be its "testnet"."""
    assert found.refusal("foreignAddress") == "Address f01000 does not belong to testnet"


def test_it_takes_a_chain_whose_clock_runs_ahead_for_one_that_is_not_synced(found):
    """A limitation of its own, unless it is told `safety: "latest"`.

    Each epoch that is mined on demand takes the chain's time 4 seconds ahead of the wall's; it
    allows for 3. A devnet with `--block-time 4` keeps to the clock.
    """
    assert found.refusal("finalisedId") == "Chain is not synced"


def test_it_signs_for_no_ethereum_account(found):
    """A limitation of its own: it knows two types of signature, and delegated is none of them."""
    assert 'does not support "DELEGATED"' in found.refusal("delegatedKeys")
