import base64

import pytest
from rpc_node import KEY, call, message

from papyrus.crypto.signatures import verify
from papyrus.primitives.address import Address
from papyrus.rpc.dispatch import Dispatcher
from papyrus.rpc.methods.wallet import WalletMethods
from papyrus.rpc.registry import Registry
from papyrus.types.json import from_json, to_json
from papyrus.types.message import SignedMessage

TEXT = KEY.address.to_string("t")
DATA = base64.b64encode(b"what is signed").decode()


@pytest.fixture
def ask(node):
    """Return what asks a node's wallet, and gives the result or the error."""

    def asking(method, *params):
        dispatcher = Dispatcher(Registry(WalletMethods), node, network="t")
        found = call(dispatcher, f"Filecoin.{method}", *params)
        return found["result"] if "result" in found else found["error"]

    return asking


@pytest.mark.parametrize(
    ("kind", "start"),
    [("secp256k1", "t1"), ("bls", "t3"), ("delegated", "t410f"), (1, "t1"), (2, "t3")],
)
def test_key_is_made_of_each_kind_by_name_and_number(ask, kind, start):
    address = ask("WalletNew", kind)
    assert address.startswith(start)
    assert ask("WalletHas", address) is True
    assert sorted(ask("WalletList")) == sorted([TEXT, address])


@pytest.mark.parametrize("kind", ["ledger", "", 4, True, None, {}])
def test_other_kinds_are_refused(ask, kind):
    assert ask("WalletNew", kind)["code"] == -32602


def test_default_address_is_set(ask):
    assert ask("WalletDefaultAddress") == TEXT
    other = ask("WalletNew", "bls")
    assert ask("WalletDefaultAddress") == TEXT
    assert ask("WalletSetDefault", other) is None
    assert ask("WalletDefaultAddress") == other


def test_signature_is_verified(ask):
    signature = ask("WalletSign", TEXT, DATA)
    assert signature["Type"] == 1
    assert ask("WalletVerify", TEXT, DATA, signature) is True
    assert ask("WalletVerify", TEXT, base64.b64encode(b"else").decode(), signature) is False
    assert ask("WalletVerify", "t01", DATA, signature) is False


def test_message_is_signed_as_it_is(ask):
    written = to_json(message(4), "t")
    found = from_json(SignedMessage, ask("WalletSignMessage", TEXT, written))
    assert found.message == message(4)
    assert verify(found.signature, KEY.address, bytes(found.message.cid))


def test_unknown_address_does_not_sign(ask):
    for name, params in (("WalletSign", [DATA]), ("WalletSignMessage", [to_json(message(1))])):
        error = ask(name, Address.secp256k1(bytes(65)).to_string("t"), *params)
        assert error["code"] == 1
        assert "key not found" in error["message"]


def test_id_that_nobody_has_does_not_sign(ask):
    assert ask("WalletSign", "t0123456", DATA)["code"] == 1


def test_key_leaves_and_comes_back(ask):
    exported = ask("WalletExport", TEXT)
    assert exported == {"Type": "secp256k1", "PrivateKey": base64.b64encode(KEY.secret).decode()}
    assert ask("WalletDelete", TEXT) is None
    assert ask("WalletList") == []
    assert ask("WalletImport", exported) == TEXT
    assert ask("WalletImport", exported)["message"].startswith("key already exists")


def test_wrong_key_is_refused_without_repeating_it(ask):
    secret = base64.b64encode(b"too short").decode()
    error = ask("WalletImport", {"Type": "secp256k1", "PrivateKey": secret})
    assert error["code"] == -32602
    assert secret not in error["message"]


def test_balance_is_that_at_the_head_and_zero_for_nobody(ask):
    assert ask("WalletBalance", "t0100") == str(10**18)
    assert ask("WalletBalance", "t099999") == "0"
    assert ask("WalletBalance", TEXT) == "0"


def test_address_is_checked(ask):
    assert ask("WalletValidateAddress", "f0100") == "t0100"
    error = ask("WalletValidateAddress", TEXT[:-1] + ("a" if TEXT[-1] != "a" else "b"))
    assert error["code"] == -32602
