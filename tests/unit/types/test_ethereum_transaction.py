"""Ethereum transactions and their messages (figures of Lotus' chain/types/ethtypes tests)."""

from dataclasses import replace

import pytest

from papyrus.crypto import secp256k1
from papyrus.crypto.delegated import account_address
from papyrus.crypto.hashing import keccak_256
from papyrus.crypto.signatures import Signature, SignatureType, sign
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.types import rlp
from papyrus.types.ethereum_transaction import (
    ADDRESS_MANAGER,
    METHOD_CREATE_EXTERNAL,
    METHOD_INVOKE_CONTRACT,
    EthereumTransaction,
    Form,
    read_transaction,
    transaction_of,
    unsigned_transaction,
)
from papyrus.types.message import Message, SignedMessage

CHAIN = 314
SECRET = bytes(31) + b"\x2a"
SENDER = account_address(secp256k1.public_key(SECRET))
RECIPIENT = Address.from_ethereum(bytes(range(20)))
CALL = bytes.fromhex("f8b2cb4f000000000000000000000000ff00000000000000000000000000000000000064")

EIP1559 = [  # the raw transaction; then value, gas limit, fee cap, premium, input and nonce
    (
        (
            "02f86282013a8080808094ff000000000000000000000000000000000003ec8080c080a0f411a73e33523b40c1"
            "a916e79e67746bd01a4a4fb4ecfa87b441375a215ddfb4a0551692c1553574fab4c227ca70cb1c121dc3a2ef82"
            "179a9c984bd7acc0880a38"
        ),
        (0, 0, 0, 0, b"", 0),
        "02df82013a8080808094ff000000000000000000000000000000000003ec8080c0",
    ),
    (
        (
            "02f88b82013a81c88082ea6082ea6094ff000000000000000000000000000000000003ec80a4f8b2cb4f000000"
            "000000000000000000ff00000000000000000000000000000000000064c001a0c5a545f2d94e719068d9a43b01"
            "879bcb46b56e236dd378dd26ef3b8e4ec8314aa04024b9936960b9b156405e4f3e0b6562518df8778324a92738"
            "1e380b23f47fb8"
        ),
        (0, 60000, 60000, 0, CALL, 200),
        None,
    ),
    (
        (
            "02f89582013a81c882ea6082ea6082ea6094ff000000000000000000000000000000000003ec880de0b6b3a764"
            "0000a4f8b2cb4f000000000000000000000000ff00000000000000000000000000000000000064c001a0c991c8"
            "1705a4c53a9255e72beb8243638c68f10c63b082755972bbbe15245d12a014f6852ae34c92882559e6810d4372"
            "109930a23b522368fdef2c85ce04e27839"
        ),
        (10**18, 60000, 60000, 60000, CALL, 200),
        (
            "02f85282013a81c882ea6082ea6082ea6094ff000000000000000000000000000000000003ec880de0b6b3a764"
            "0000a4f8b2cb4f000000000000000000000000ff00000000000000000000000000000000000064c0"
        ),
    ),
]
HOMESTEAD = (
    "f8718301efc58506fc23ac008305161594104994f45d9d697ca104e5704a7b77d7fec3537c890821878651a4d7000080"
    "1ba051222d91a379452395d0abaff981af4cfcc242f25cfaf947dea8245a477731f9a03a997c910b4701cca5d933fb26"
    "064ee5af7fe3236ff0ef2b58aa50b25aff8ca5"
)
EIP155 = (
    "f86680843b9aca00835dc1ba94c2dca9a18d4a4057921d1bcb22da05e68e46b1d06480820297a0f91ee69c4603c4f21131"
    "467ee9e06ad4a96d0a29fa8064db61f3adaea0eb6e92a07181e306bb8f773d94cc3b75e9835de00c004e072e6630c0c469"
    "71d38706bb01"
)
CALIBNET_SENT = (
    "02f8758401df5e7680832c8411832c8411830767f89452963ef50e27e06d72d59fcb4f3c2a687be3cfef880de0b6b3a764"
    "000080c080a094b11866f453ad85a980e0e8a2fc98cbaeb4409618c7734a7e12ae2f66fd405da042dbfb1b37af10202383"
    "0ceeee0e703ffba0b8b3afeb8fe59f405eca9ed61072"
)


def transaction(form: Form = Form.EIP1559, **fields: object) -> EthereumTransaction:
    """Return an unsigned transaction."""
    values: dict[str, object] = {
        "form": form,
        "chain_id": 0 if form is Form.HOMESTEAD else CHAIN,
        "nonce": 7,
        "max_priority_fee": 1000,
        "max_fee": 1000,
        "gas_limit": 2_000_000,
        "to": RECIPIENT.to_ethereum(),
        "value": 10**18,
        "input": CALL,
    }
    return EthereumTransaction(**(values | fields))  # type: ignore[arg-type]


def signed(unsigned: EthereumTransaction) -> EthereumTransaction:
    """Return it signed by the tests' account."""
    data = sign(SignatureType.DELEGATED, SECRET, unsigned.signing_bytes).data
    first_v = {Form.EIP1559: 0, Form.HOMESTEAD: 27, Form.EIP155: 35 + 2 * unsigned.chain_id}
    return replace(
        unsigned,
        r=int.from_bytes(data[:32], "big"),
        s=int.from_bytes(data[32:64], "big"),
        v=first_v[unsigned.form] + data[64],
    )


@pytest.mark.parametrize(("raw", "expected", "unsigned"), EIP1559)
def test_lotus_eip_1559_figures(raw: str, expected: tuple[object, ...], unsigned: str) -> None:
    found = read_transaction(bytes.fromhex(raw), CHAIN)
    message = found.to_signed_message().message
    assert found.form is Form.EIP1559
    assert (
        message.value,
        message.gas_limit,
        message.gas_fee_cap,
        message.gas_premium,
        found.input,
        message.nonce,
    ) == expected
    assert message.to == Address.from_id(1004)
    assert found.signed_bytes.hex() == raw
    assert found.hash == keccak_256(bytes.fromhex(raw))
    assert transaction_of(found.to_signed_message(), CHAIN) == found
    if unsigned is not None:
        assert found.signing_bytes.hex() == unsigned


def test_lotus_homestead_figure() -> None:
    found = read_transaction(bytes.fromhex(HOMESTEAD), CHAIN)
    sender = Address.from_ethereum(bytes.fromhex("32Be343B94f860124dC4fEe278FDCBD38C102D88"))
    message = found.to_signed_message()
    assert (found.form, found.form.type, found.chain_id) == (Form.HOMESTEAD, 0, 0)
    assert found.sender == message.message.sender == sender
    assert message.message == Message(
        version=0,
        to=Address.from_ethereum(bytes.fromhex("104994f45d9d697ca104e5704a7b77d7fec3537c")),
        sender=sender,
        nonce=0x1EFC5,
        value=TokenAmount(0x821878651A4D70000),
        gas_limit=0x51615,
        gas_fee_cap=TokenAmount(0x6FC23AC00),
        gas_premium=TokenAmount(0x6FC23AC00),
        method=METHOD_INVOKE_CONTRACT,
        params=b"",
    )
    assert message.signature.data[:1] == b"\x01"
    assert len(message.signature.data) == 66
    # The hash by which Etherscan lists it.
    assert found.hash.hex() == "c55e2b90168af6972193c1f86fa4d7d7b31a29c156665d15b9cd48618b5177ef"
    assert transaction_of(message, CHAIN) == found


def test_lotus_eip_155_figure() -> None:
    found = read_transaction(bytes.fromhex(EIP155), CHAIN)
    sender = Address.from_ethereum(bytes.fromhex("A2BBB73aC59b256415e91A820b224dbAF2C268FA"))
    message = found.to_signed_message()
    assert (found.form, found.form.type, found.v) == (Form.EIP155, 0, 0x297)
    assert found.sender == sender
    assert (message.message.nonce, message.message.value, message.message.gas_limit) == (
        0,
        100,
        6_144_442,
    )
    assert (message.message.gas_fee_cap, message.message.gas_premium) == (10**9, 10**9)
    assert message.message.params == b""
    assert message.signature.data[:1] == b"\x02"
    assert message.signature.data[-2:] == b"\x02\x97"
    assert found.signed_bytes.hex() == EIP155
    assert transaction_of(message, CHAIN) == found


def test_lotus_sender_on_another_network() -> None:
    found = read_transaction(bytes.fromhex(CALIBNET_SENT), 0x01DF5E76)
    assert str(found.sender) == "f410fkkld55ioe7qg24wvt7fu6pbknb56ht7pt4zamxa"


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("to", [RECIPIENT, Address.from_id(1004), None], ids=str)
@pytest.mark.parametrize("data", [b"", CALL, bytes(300)], ids=len)
def test_a_transaction_and_its_message_say_the_same(
    form: Form, to: Address | None, data: bytes
) -> None:
    made = signed(transaction(form, to=None if to is None else to.to_ethereum(), input=data))
    message = made.to_signed_message()
    assert message.message.sender == SENDER
    assert message.message.to == (ADDRESS_MANAGER if to is None else to)
    assert message.message.method == (
        METHOD_CREATE_EXTERNAL if to is None else METHOD_INVOKE_CONTRACT
    )
    assert transaction_of(message, CHAIN) == made
    assert read_transaction(made.signed_bytes, CHAIN) == made
    assert SignedMessage.from_cbor(message.to_cbor()) == message


def test_a_wallet_signs_what_the_chain_checks() -> None:
    message = transaction().to_message(SENDER)
    unsigned = unsigned_transaction(message, CHAIN)
    assert unsigned == transaction()
    signature = sign(SignatureType.DELEGATED, SECRET, unsigned.signing_bytes)
    assert transaction_of(SignedMessage(message, signature), CHAIN).sender == SENDER


def test_a_sender_may_be_written_as_its_id() -> None:
    message = transaction().to_message(Address.from_id(101))
    assert unsigned_transaction(message, CHAIN) == transaction()


CREATION = {"to": ADDRESS_MANAGER, "method": METHOD_CREATE_EXTERNAL}
BAD_MESSAGES = {
    "another version": ({"version": 1}, "version 1"),
    "a sender with a key of Filecoin's": (
        {"sender": Address.secp256k1(bytes(65))},
        "has no Ethereum address",
    ),
    "a sender in another namespace": (
        {"sender": Address.delegated(11, bytes(20))},
        "has no Ethereum address",
    ),
    "a sender that reads as a masked ID": (
        {"sender": Address.delegated(10, b"\xff" + bytes(19))},
        "has no Ethereum address",
    ),
    "a recipient without an Ethereum address": (
        {"to": Address.actor(b"x")},
        "has no Ethereum address",
    ),
    "a plain transfer": ({"method": 0}, "calls method 0"),
    "another method of the address manager": (CREATION | {"method": 3}, "method 3 of"),
    "a call of the address manager": (
        CREATION | {"method": METHOD_INVOKE_CONTRACT},
        "of the Ethereum address manager",
    ),
    "parameters that are a number": ({"params": b"\x01"}, "a CBOR byte string"),
    "parameters that are text": ({"params": b"\x61a"}, "a CBOR byte string"),
    "an empty byte string": ({"params": b"\x40"}, "no input are left out"),
    "bytes after the parameters": ({"params": b"\x41ab"}, "1 trailing"),
    "parameters cut off": ({"params": b"\x42a"}, "end"),
}


@pytest.mark.parametrize(("fields", "reason"), BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_other_messages_stand_for_no_transaction(fields: dict[str, object], reason: str) -> None:
    message = replace(transaction().to_message(SENDER), **fields)
    with pytest.raises(DecodeError, match=reason):
        unsigned_transaction(message, CHAIN)


BAD_SIGNATURES = {
    "64 bytes": (bytes(64), "64 bytes"),
    "66 bytes that begin with two": (b"\x02" + bytes(65), "begins with 02"),
    "67 bytes that begin with one": (b"\x01" + bytes(66), "begins with 01"),
    "67 bytes that begin with three": (b"\x03" + bytes(66), "begins with 03"),
    "68 bytes": (b"\x02" + bytes(67), "68 bytes"),
    "homestead with v 26": (b"\x01" + bytes(64) + b"\x1a", "v is 26"),
    "homestead with v 29": (b"\x01" + bytes(64) + b"\x1d", "v is 29"),
    "EIP-155 of chain 313": (b"\x02" + bytes(64) + b"\x02\x96", "v is 662"),
    "EIP-155 of chain 315": (b"\x02" + bytes(64) + b"\x02\x99", "v is 665"),
}


@pytest.mark.parametrize(("data", "reason"), BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_other_signatures_are_of_no_form(data: bytes, reason: str) -> None:
    message = transaction().to_message(SENDER)
    signature = Signature(SignatureType.DELEGATED, data)
    with pytest.raises(DecodeError, match=reason):
        transaction_of(SignedMessage(message, signature), CHAIN)


def test_only_delegated_signatures_make_a_transaction() -> None:
    message = transaction().to_message(SENDER)
    signature = Signature(SignatureType.SECP256K1, bytes(65))
    with pytest.raises(DecodeError, match="no delegated signature"):
        transaction_of(SignedMessage(message, signature), CHAIN)
    with pytest.raises(DecodeError, match="delegated signature"):
        transaction().with_signature(signature)


@pytest.mark.parametrize(
    ("chain_id", "lengths"), [(1, {66}), (109, {66}), (110, {66, 67}), (314, {67}), (1 << 40, {71})]
)
def test_an_eip_155_signature_is_as_long_as_its_chain_number_makes_it(
    chain_id: int, lengths: set[int]
) -> None:
    found = set()
    for last in (0, 1):
        made = replace(transaction(Form.EIP155), chain_id=chain_id, v=35 + 2 * chain_id + last)
        found.add(len(made.signature.data))
        message = SignedMessage(made.to_message(SENDER), made.signature)
        assert transaction_of(message, chain_id) == made
    assert found == lengths


def test_v_may_be_longer_than_it_needs_where_both_lengths_are_known() -> None:
    made = replace(transaction(Form.EIP155), chain_id=110, v=255)
    data = made.signature.data
    assert len(data) == 66
    longer = Signature(SignatureType.DELEGATED, data[:-1] + b"\x00\xff")
    assert transaction_of(SignedMessage(made.to_message(SENDER), longer), 110) == made


def _list(raw: bytes) -> list[rlp.Item]:
    items = rlp.decode(raw[1:] if raw[0] == 2 else raw)
    assert isinstance(items, list)
    return items


def _bad_raw() -> dict[str, tuple[bytes, str]]:
    modern = signed(transaction()).signed_bytes
    legacy = signed(transaction(Form.EIP155)).signed_bytes

    def changed(raw: bytes, place: int, item: rlp.Item) -> bytes:
        items = _list(raw)
        items[place] = item
        return (b"\x02" if raw is modern else b"") + rlp.encode(items)

    return {
        "nothing": (b"", "no Ethereum transaction"),
        "a type nobody knows": (b"\x03" + modern[1:], "no Ethereum transaction"),
        "a blob transaction's byte": (b"\x7f", "no Ethereum transaction"),
        "EIP-2930": (b"\x01" + modern[1:], "EIP-2930"),
        "a string": (b"\x83abc", "list of 9 items"),
        "eleven items": (b"\x02" + rlp.encode(_list(modern)[:11]), "list of 12 items"),
        "eight items": (rlp.encode(_list(legacy)[:8]), "list of 9 items"),
        "bytes after it": (modern + b"\x00", "ends after"),
        "another chain": (changed(modern, 0, b"\x01"), "chain 1, not 314"),
        "an access list": (changed(modern, 8, [b"x"]), "empty access list"),
        "no access list": (changed(modern, 8, b""), "empty access list"),
        "v of 27 in EIP-1559": (changed(modern, 9, b"\x1b"), "27, 1 at most"),
        "a recipient of 19 bytes": (changed(modern, 5, bytes(19)), "19 bytes"),
        "a nonce above 64 bits": (changed(modern, 1, b"\x01" + bytes(8)), "at most"),
        "gas above 63 bits": (changed(modern, 4, b"\x80" + bytes(7)), "at most"),
        "a leading zero": (changed(modern, 1, b"\x00\x07"), "begins with a zero"),
        "a list as input": (changed(modern, 7, []), "list where bytes"),
        "a list as a number": (changed(modern, 6, []), "list where a number"),
        "v of another chain": (changed(legacy, 6, b"\x25"), "v is 37"),
        "v of 0 in a legacy form": (changed(legacy, 6, b""), "v is 0"),
        "v of 35": (changed(legacy, 6, b"\x23"), "v is 35"),
    }


@pytest.mark.parametrize(("raw", "reason"), _bad_raw().values(), ids=_bad_raw())
def test_other_bytes_are_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        read_transaction(raw, CHAIN)


def test_r_above_32_bytes_has_no_signature() -> None:
    with pytest.raises(DecodeError, match="32 bytes"):
        _ = replace(signed(transaction()), r=1 << 256).signature


def test_a_recipient_beyond_all_ids_has_no_message() -> None:
    with pytest.raises(DecodeError, match="no actor has the ID"):
        transaction(to=b"\xff" + bytes(11) + b"\x80" + bytes(7)).to_message(SENDER)


@pytest.mark.parametrize("form", Form)
def test_a_changed_signature_is_somebody_elses(form: Form) -> None:
    made = signed(transaction(form))
    assert made.sender == SENDER
    assert replace(made, s=made.s - 1).sender != SENDER
    assert replace(made, value=1).sender != SENDER
