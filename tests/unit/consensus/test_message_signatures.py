"""Whether a message is its sender's: every kind of signature, made right and made wrong."""

from dataclasses import replace

import pytest

from papyrus.consensus.message_signatures import check_signature
from papyrus.consensus.verdicts import Fault
from papyrus.crypto.signatures import Signature, SignatureType, address_of, sign
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.rules.versions import NV18, NV21, NV22, NV23, NV28, Rules
from papyrus.types.ethereum_transaction import METHOD_INVOKE_CONTRACT, Form, unsigned_transaction
from papyrus.types.message import Message, SignedMessage

CHAIN = 314
SECRET, OTHER_SECRET = bytes(31) + b"\x07", bytes(31) + b"\x08"
BLS_SECRET = (9).to_bytes(32, "little")
RECIPIENT = Address.from_ethereum(bytes(range(20)))
KINDS = {
    SignatureType.SECP256K1: SECRET,
    SignatureType.BLS: BLS_SECRET,
    SignatureType.DELEGATED: SECRET,
}
ETHEREUM = address_of(SignatureType.DELEGATED, SECRET)


def message(sender: Address, **fields: object) -> Message:
    values: dict[str, object] = {
        "version": 0,
        "to": RECIPIENT,
        "sender": sender,
        "nonce": 1,
        "value": TokenAmount(5),
        "gas_limit": 1_000_000,
        "gas_fee_cap": TokenAmount(100),
        "gas_premium": TokenAmount(100),
        "method": METHOD_INVOKE_CONTRACT,
        "params": b"",
    }
    return Message(**(values | fields))  # type: ignore[arg-type]


def by_key(kind: SignatureType) -> SignedMessage:
    """Return a message signed over its CID."""
    unsigned = message(address_of(kind, KINDS[kind]))
    return SignedMessage(unsigned, sign(kind, KINDS[kind], unsigned.cid))


def by_transaction(
    form: Form, sender: Address = ETHEREUM, chain: int = CHAIN, **fields: object
) -> SignedMessage:
    """Return a message signed as an Ethereum transaction of a form."""
    unsigned = message(sender, **fields)
    transaction = replace(
        unsigned_transaction(unsigned, chain),
        form=form,
        chain_id=0 if form is Form.HOMESTEAD else chain,
    )
    data = sign(SignatureType.DELEGATED, SECRET, transaction.signing_bytes).data
    first_v = {Form.EIP1559: 0, Form.HOMESTEAD: 27, Form.EIP155: 35 + 2 * chain}[form]
    signed = replace(
        transaction,
        r=int.from_bytes(data[:32], "big"),
        s=int.from_bytes(data[32:64], "big"),
        v=first_v + data[64],
    )
    return SignedMessage(unsigned, signed.signature)


def check(signed: SignedMessage, key: Address | None = None, rules: Rules = NV28) -> None:
    check_signature(signed, signed.message.sender if key is None else key, rules, CHAIN)


def fault_of(signed: SignedMessage, key: Address | None = None, rules: Rules = NV28) -> str:
    with pytest.raises(Invalid) as caught:
        check(signed, key, rules)
    return caught.value.fault


@pytest.mark.parametrize("kind", [SignatureType.SECP256K1, SignatureType.BLS])
def test_a_key_signs_the_cid(kind: SignatureType) -> None:
    signed = by_key(kind)
    check(signed)
    changed = SignedMessage(replace(signed.message, nonce=2), signed.signature)
    assert fault_of(changed) is Fault.MESSAGE_SIGNATURE
    cut = replace(signed, signature=Signature(kind, signed.signature.data[:-1]))
    assert fault_of(cut) is Fault.MESSAGE_SIGNATURE
    other = address_of(kind, OTHER_SECRET if kind is SignatureType.SECP256K1 else bytes(32))
    assert fault_of(signed, other) is Fault.MESSAGE_SIGNATURE


@pytest.mark.parametrize("form", Form)
def test_an_account_signs_a_transaction(form: Form) -> None:
    signed = by_transaction(form)
    check(signed)
    other = address_of(SignatureType.DELEGATED, OTHER_SECRET)
    assert fault_of(signed, other) is Fault.MESSAGE_SIGNATURE
    for changed in ({"value": TokenAmount(6)}, {"nonce": 2}, {"gas_limit": 1_000_001}):
        broken = SignedMessage(replace(signed.message, **changed), signed.signature)
        assert fault_of(broken) is Fault.MESSAGE_SIGNATURE


@pytest.mark.parametrize("form", Form)
def test_an_account_may_send_under_its_id(form: Form) -> None:
    check(by_transaction(form, Address.from_id(101)), ETHEREUM)


@pytest.mark.parametrize("form", [Form.HOMESTEAD, Form.EIP155])
def test_legacy_transactions_have_one_price(form: Form) -> None:
    signed = by_transaction(form, gas_premium=TokenAmount(99))
    assert fault_of(signed) is Fault.ETHEREUM_TRANSACTION
    check(by_transaction(Form.EIP1559, gas_premium=TokenAmount(99)))


@pytest.mark.parametrize("rules", [NV18, NV21, NV22], ids=lambda rules: rules.name)
def test_legacy_transactions_begin_with_nv23(rules: Rules) -> None:
    check(by_transaction(Form.EIP1559), rules=rules)
    for form in (Form.HOMESTEAD, Form.EIP155):
        check(by_transaction(form), rules=NV23)
        assert fault_of(by_transaction(form), rules=rules) is Fault.ETHEREUM_TRANSACTION


BAD_TRANSACTIONS = {
    "another method": {"method": 2},
    "a plain transfer": {"method": 0},
    "a recipient that Ethereum cannot name": {"to": Address.actor(b"x")},
    "a sender that Ethereum cannot name": {"sender": address_of(SignatureType.SECP256K1, SECRET)},
    "parameters that are no bytes": {"params": b"\x80"},
    "parameters for no input": {"params": b"\x40"},
    "another version": {"version": 1},
}


@pytest.mark.parametrize("fields", BAD_TRANSACTIONS.values(), ids=BAD_TRANSACTIONS)
def test_messages_that_no_transaction_stands_for(fields: dict[str, object]) -> None:
    signed = by_transaction(Form.EIP1559)
    broken = SignedMessage(replace(signed.message, **fields), signed.signature)
    assert fault_of(broken) is Fault.ETHEREUM_TRANSACTION


def test_parameters_have_one_encoding() -> None:
    check(by_transaction(Form.EIP1559, params=b"\x41\x01"))
    signed = by_transaction(Form.EIP1559, params=b"\x41\x01")
    longer = SignedMessage(replace(signed.message, params=b"\x58\x01\x01"), signed.signature)
    assert fault_of(longer) is Fault.ETHEREUM_TRANSACTION


def test_another_networks_transaction_is_not_signed_here() -> None:
    assert fault_of(by_transaction(Form.EIP1559, chain=315)) is Fault.MESSAGE_SIGNATURE
    assert fault_of(by_transaction(Form.EIP155, chain=315)) is Fault.ETHEREUM_TRANSACTION
    check(by_transaction(Form.HOMESTEAD, chain=315))


@pytest.mark.parametrize("kind", SignatureType)
def test_a_signature_of_another_type_is_not_the_senders(kind: SignatureType) -> None:
    signed = by_key(SignatureType.SECP256K1)
    if kind is SignatureType.SECP256K1:
        check(signed)
        return
    broken = replace(signed, signature=Signature(kind, signed.signature.data))
    assert fault_of(broken) is (
        Fault.MESSAGE_SIGNATURE if kind is SignatureType.BLS else Fault.ETHEREUM_TRANSACTION
    )


def test_an_id_is_no_key() -> None:
    for signed in (by_key(SignatureType.SECP256K1), by_transaction(Form.EIP1559)):
        assert fault_of(signed, Address.from_id(101)) is Fault.MESSAGE_SIGNATURE
