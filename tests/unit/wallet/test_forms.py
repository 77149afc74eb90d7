import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.crypto.signatures import Signature, SignatureType, verify
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.envelope import in_envelope
from papyrus.wallet.forms import Form, form_of, key_to_info, read_keys, write_key
from papyrus.wallet.keys import KIND_NAMES, Key, make_key, new_key

SECP256K1, BLS, DELEGATED = SignatureType

# What `lotus wallet export` printed, for which address, and what `lotus wallet sign` then made of
# a text without an envelope. From textileio/broker-core (signer), hugomrdias/filecoin
# (iso-signatures and iso-filecoin).
GOLDEN = json.loads((Path(__file__).parent / "lotus_exports.json").read_text())


@pytest.mark.parametrize("golden", GOLDEN)
def test_keys_of_lotus_sign_as_they_do_in_lotus(golden: dict[str, str]) -> None:
    (key,) = read_keys(golden["export"])
    data = golden["data"].encode()
    signature = bytes.fromhex(golden["signature"])
    assert str(key.address) == golden["address"]
    assert key.sign(data).to_bytes() == signature
    assert verify(Signature.from_bytes(signature), key.address, data)
    assert write_key(key, form_of(golden["export"])) == golden["export"]


def test_key_of_ethereum_is_read_as_lotus_reads_it() -> None:
    """The first account of Hardhat."""
    secret = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # noqa: S105 - everyone's
    for text in (secret, f"0x{secret}", f"  0X{secret.upper()}\n"):
        (key,) = read_keys(text)
        assert key.kind == DELEGATED
        assert key.address == Address.from_ethereum(
            bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
        )
    (other,) = read_keys(secret, Form.HEX_ETH, SECP256K1)
    assert other.address.protocol == 1
    assert write_key(other, Form.HEX_ETH) == write_key(key, Form.HEX_ETH) == f"0x{secret}"


def test_keys_of_go_filecoin_are_all_read() -> None:
    keys = [new_key(kind) for kind in SignatureType]
    listed = [
        {"PrivateKey": base64.b64encode(key.secret).decode(), "SigType": int(key.kind)}
        for key in keys
    ]
    assert list(read_keys(json.dumps({"KeyInfo": listed}))) == keys
    with pytest.raises(DecodeError, match="not written as gfc-json"):
        write_key(keys[0], Form.GFC_JSON)


@pytest.mark.parametrize("kind", SignatureType)
@pytest.mark.parametrize("form", [Form.HEX_LOTUS, Form.JSON_LOTUS])
def test_what_is_written_is_read(kind: SignatureType, form: Form) -> None:
    key = new_key(kind)
    text = write_key(key, form)
    assert read_keys(text) == read_keys(f"\n {text} \n", form) == (key,)


def test_ethereum_has_no_bls() -> None:
    key = new_key(BLS)
    with pytest.raises(DecodeError, match="Ethereum has no BLS"):
        write_key(key, Form.HEX_ETH)
    with pytest.raises(DecodeError, match="Ethereum has no BLS"):
        read_keys("11" * 32, Form.HEX_ETH, BLS)


def test_json_is_read_as_go_reads_it() -> None:
    key = make_key(SECP256K1, bytes(31) + b"\1")
    encoded = base64.b64encode(key.secret).decode()
    for text in (
        f'{{"type":"secp256k1","privatekey":"{encoded}"}}',
        f'{{"TYPE":1,"PRIVATEKEY":"{encoded}","Comment":[]}}',
        f' {{\n "PrivateKey" : "{encoded}" , "Type" : "secp256k1" }}',
    ):
        assert read_keys(text) == (key,)
        assert read_keys(text.encode().hex()) == (key,)


SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105 - nobody's


@pytest.mark.parametrize(
    ("text", "form", "found"),
    [
        ("", None, "no key in any form"),
        (f"my key is {SECRET}", None, "no key in any form"),
        (SECRET, Form.HEX_LOTUS, "is hexadecimal"),
        (SECRET, Form.HEX_ETH, "64 hexadecimal digits"),
        (SECRET.encode().hex(), None, "not a JSON object"),
        (f'{{"Type":"bls","PrivateKey":"{SECRET}"', None, "not a JSON object"),
        (f'["{SECRET}"]', Form.JSON_LOTUS, "not a JSON object"),
        (f'{{"Type":"bls","PrivateKey":"{SECRET}?"}}', None, "PrivateKey of a key is base64"),
        (f'{{"Type":"bls","PrivateKey":"{SECRET[:-4]}"}}', None, "a bls secret of 30 bytes"),
        (f'{{"Type":"bls","PrivateKey":"\xe4{SECRET}"}}', None, "is base64"),
        ('{"Type":"bls","PrivateKey":"/////////////////////////////////////////w=="}', None,
         "a bls secret of 31 bytes"),
        (f'{{"Type":"bls","PrivateKey":"{"/" * 42}8="}}', None, "below the group's order"),
        (f'{{"Type":"rsa","PrivateKey":"{SECRET}"}}', None, "secp256k1, bls or delegated"),
        (f'{{"Type":4,"PrivateKey":"{SECRET}"}}', None, "secp256k1, bls or delegated"),
        (f'{{"Type":true,"PrivateKey":"{SECRET}"}}', None, "secp256k1, bls or delegated"),
        (f'{{"PrivateKey":"{SECRET}"}}', None, "secp256k1, bls or delegated"),
        ('{"Type":"bls"}', None, "PrivateKey of a key is base64"),
        ('{"Type":"secp256k1-ledger","PrivateKey":""}', None, "in a Ledger"),
        ('{"KeyInfo":[]}', None, "list of keys"),
        (f'{{"KeyInfo":["{SECRET}"]}}', None, "object with the fields"),
        ("[" * 60_000, Form.JSON_LOTUS, "not a JSON object"),
        ("0" * 70_000, None, "70000 characters"),
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_and_not_repeated(text, form, found) -> None:
    with pytest.raises(DecodeError, match=found) as caught:
        read_keys(text, form)
    assert SECRET[:8] not in str(caught.value)
    # An error of Python's own, which holds the text, would hang on to it.
    assert caught.value.__context__ is None


@given(st.text(max_size=200))
def test_any_text_is_a_key_or_refused(text: str) -> None:
    try:
        keys = read_keys(text)
    except DecodeError:
        return
    assert all(isinstance(key, Key) for key in keys)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_json_is_a_key_or_refused(value: object) -> None:
    for document in ({"Type": value, "PrivateKey": value}, {"KeyInfo": value}):
        with pytest.raises(DecodeError):
            read_keys(json.dumps(document))


def test_info_is_what_the_rpc_of_lotus_speaks() -> None:
    key = make_key(DELEGATED, bytes(31) + b"\1")
    assert key_to_info(key) == {
        "Type": KIND_NAMES[DELEGATED],
        "PrivateKey": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=",
    }


def test_envelope_is_that_of_frc_0102() -> None:
    """The cases of Lotus' own test."""
    assert in_envelope(b"hello") == b"\x19Filecoin Signed Message:\n5hello"
    assert in_envelope(b"") == b"\x19Filecoin Signed Message:\n0"
    long = b"this is a longer test message"
    assert in_envelope(long) == b"\x19Filecoin Signed Message:\n29" + long
