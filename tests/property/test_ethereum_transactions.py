"""Laws of RLP and of Ethereum transactions."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from papyrus.crypto.signatures import Signature, SignatureType, address_of, sign
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.types import rlp
from papyrus.types.ethereum_transaction import (
    EthereumTransaction,
    Form,
    read_transaction,
    transaction_of,
)
from papyrus.types.message import SignedMessage

SECRET = bytes(31) + b"\x17"
SENDER = address_of(SignatureType.DELEGATED, SECRET)

ITEMS = st.recursive(
    st.binary(max_size=70), lambda items: st.lists(items, max_size=12), max_leaves=20
)
AMOUNTS = st.integers(0, 2**128)
U256 = st.integers(0, 2**256 - 1)
CHAINS = st.sampled_from((1, 109, 110, 314, 314_159, 31_415_926))


@st.composite
def transactions(draw: Any) -> EthereumTransaction:
    """Return an unsigned transaction that a message can stand for."""
    form = draw(st.sampled_from(Form))
    fee = draw(AMOUNTS)
    to = draw(
        st.none()
        | st.binary(min_size=20, max_size=20)
        | st.integers(0, 2**63 - 1).map(lambda n: Address.from_id(n).to_ethereum())
    )
    if to is not None and Address.from_ethereum(to) == Address.from_id(10):
        to = None
    return EthereumTransaction(
        form=form,
        chain_id=draw(CHAINS),
        nonce=draw(st.integers(0, 2**64 - 1)),
        max_priority_fee=draw(AMOUNTS) if form is Form.EIP1559 else fee,
        max_fee=fee,
        gas_limit=draw(st.integers(0, 2**63 - 1)),
        to=to,
        value=draw(AMOUNTS),
        input=draw(st.binary(max_size=300)),
    )


@given(ITEMS)
def test_rlp_reads_what_it_writes(item: rlp.Item) -> None:
    assert rlp.decode(rlp.encode(item)) == item


@given(
    st.binary(max_size=40)
    | ITEMS.map(rlp.encode).flatmap(
        lambda data: st.integers(0, len(data) - 1).flatmap(
            lambda at: st.integers(0, 255).map(
                lambda byte: data[:at] + bytes((byte,)) + data[at + 1 :]
            )
        )
    )
)
def test_rlp_has_one_encoding_of_each_item(data: bytes) -> None:
    with suppress(DecodeError):
        assert rlp.encode(rlp.decode(data)) == data


@given(transactions(), U256, U256, st.booleans())
def test_transactions_messages_and_raw_bytes_stand_for_each_other(
    unsigned: EthereumTransaction, r: int, s: int, odd: bool
) -> None:
    chain = unsigned.chain_id
    first_v = {Form.EIP1559: 0, Form.HOMESTEAD: 27, Form.EIP155: 35 + 2 * chain}[unsigned.form]
    transaction = replace(
        unsigned,
        chain_id=0 if unsigned.form is Form.HOMESTEAD else chain,
        r=r,
        s=s,
        v=first_v + odd,
    )
    assert read_transaction(transaction.signed_bytes, chain) == transaction
    message = transaction.to_message(SENDER)
    assert transaction_of(SignedMessage(message, transaction.signature), chain) == transaction


@given(transactions())
def test_a_signed_transaction_gives_up_its_sender(unsigned: EthereumTransaction) -> None:
    modern = replace(unsigned, form=Form.EIP1559)
    signature = sign(SignatureType.DELEGATED, SECRET, modern.signing_bytes)
    transaction = modern.with_signature(signature)
    assert transaction.sender == SENDER
    assert transaction.to_signed_message().message.sender == SENDER
    assert transaction.to_signed_message().signature == signature


@given(st.binary(max_size=70), CHAINS.filter(lambda chain: chain != 110))
def test_any_signature_is_a_forms_or_refused(data: bytes, chain: int) -> None:
    """Chain 110 is left out: there v takes one byte or two, and may be written in two anyway."""
    message = EthereumTransaction(Form.EIP1559, chain, 0, 0, 0, 1, None, 0, b"").to_message(SENDER)
    signature = Signature(SignatureType.DELEGATED, data)
    with suppress(DecodeError):
        assert transaction_of(SignedMessage(message, signature), chain).signature == signature


@given(st.binary(max_size=120))
def test_any_bytes_are_a_transaction_or_refused(data: bytes) -> None:
    with suppress(DecodeError):
        assert read_transaction(data, 314).signed_bytes == data
