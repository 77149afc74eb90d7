"""Ethereum transactions, and the messages they stand for (FIP-0054, FIP-0055, FIP-0091).

An Ethereum account signs an Ethereum transaction. On chain there is a message with a delegated
signature instead, from which everyone rebuilds the transaction: a call is `InvokeContract` of the
recipient, a creation is `CreateExternal` of the address manager, the input is the parameters as one
CBOR byte string. Three forms are known: EIP-1559, which began with nv18, and since nv23 the two
legacy forms, with (EIP-155) and without (homestead) the chain's number in the signature. The length
of the signature and its first byte tell them apart.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from papyrus.crypto.delegated import recover_account
from papyrus.crypto.hashing import keccak_256
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import ETHEREUM_ADDRESS_LENGTH, Address, Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.sentences import sentence
from papyrus.types import rlp
from papyrus.types.message import MESSAGE_VERSION, Message, SignedMessage

ADDRESS_MANAGER = Address.from_id(10)
METHOD_CREATE_EXTERNAL = 4
"""Of the Ethereum address manager: a contract is created by an account."""
METHOD_INVOKE_CONTRACT = 3_844_450_837
"""Of a contract, an account or anything else that Ethereum calls: the hash of its name."""

_EIP1559_TYPE = 0x02
_EIP2930_TYPE = 0x01
_FIRST_LEGACY_BYTE = 0x80
"""A legacy transaction is an RLP list and has no type before it."""
_HOMESTEAD_MARK = b"\x01"
_EIP155_MARK = b"\x02"
_HOMESTEAD_V = 27
_EIP155_V = 35

_WORD = 32
_EIP1559_SIGNATURE_LENGTH = 65
_HOMESTEAD_SIGNATURE_LENGTH = 66
_EIP1559_FIELDS = 12
_LEGACY_FIELDS = 9
_MAX_ID = 2**63 - 1
_MAX_U64 = 2**64 - 1
_MAX_I64 = 2**63 - 1
_BYTE_STRING = 2
"""The CBOR major type."""


class Form(Enum):
    """How a transaction is written and signed."""

    EIP1559 = "EIP-1559"
    HOMESTEAD = "legacy"
    EIP155 = "EIP-155"

    @property
    def type(self) -> int:
        """Ethereum's number for it: 2, or 0 for both legacy forms."""
        return _EIP1559_TYPE if self is Form.EIP1559 else 0


@dataclass(frozen=True, slots=True)
class EthereumTransaction:
    """A transaction; v, r and s are zero where it is not signed."""

    form: Form
    chain_id: int
    """The network's EIP-155 number; zero in the homestead form, which is good on any."""
    nonce: int
    max_priority_fee: int
    """attoFIL for each unit of gas; the gas price in the legacy forms."""
    max_fee: int
    """attoFIL for each unit of gas; the gas price in the legacy forms."""
    gas_limit: int
    to: bytes | None
    """20 bytes; None where a contract is created."""
    value: int
    input: bytes
    v: int = 0
    r: int = 0
    s: int = 0

    @property
    def signing_bytes(self) -> bytes:
        """What its sender signs; DecodeError where a number is negative."""
        if self.form is Form.EIP1559:
            return bytes((_EIP1559_TYPE,)) + rlp.encode(self._fields())
        extra = [rlp.encode_integer(self.chain_id), b"", b""] if self.form is Form.EIP155 else []
        return rlp.encode([*self._fields(), *extra])

    @property
    def signed_bytes(self) -> bytes:
        """The transaction as Ethereum sends it around; DecodeError where a number is negative."""
        signature = [rlp.encode_integer(number) for number in (self.v, self.r, self.s)]
        data = rlp.encode([*self._fields(), *signature])
        return bytes((_EIP1559_TYPE,)) + data if self.form is Form.EIP1559 else data

    @property
    def hash(self) -> bytes:
        """The 32 bytes that Ethereum knows it by."""
        return keccak_256(self.signed_bytes)

    @property
    def signature(self) -> Signature:
        """The signature as it stands on chain; DecodeError where its form cannot have it."""
        point = _word(self.r) + _word(self.s)
        _check_v(self)
        if self.form is Form.EIP1559:
            data = point + bytes((self.v,))
        elif self.form is Form.HOMESTEAD:
            data = _HOMESTEAD_MARK + point + bytes((self.v,))
        else:
            data = _EIP155_MARK + point + rlp.encode_integer(self.v)
        return Signature(SignatureType.DELEGATED, data)

    @property
    def recoverable_signature(self) -> bytes:
        """The 65 bytes from which the sender's key can be recovered; DecodeError for another v."""
        _check_v(self)
        return _word(self.r) + _word(self.s) + bytes((self.v - _first_v(self.form, self.chain_id),))

    @property
    def sender(self) -> Address:
        """The f410 address of the account that signed it; DecodeError where nobody could have."""
        return recover_account(self.recoverable_signature, self.signing_bytes)

    def with_signature(self, signature: Signature) -> Self:
        """Return it signed as a delegated signature says.

        DecodeError where the signature is not one of this form for this chain.
        """
        if signature.type != SignatureType.DELEGATED:
            raise DecodeError("an Ethereum transaction has a delegated signature")
        if len(signature.data) not in _signature_lengths(self.form, self.chain_id):
            raise DecodeError(
                f"a signature of {len(signature.data)} bytes for a transaction of form "
                f"{self.form.value}"
            )
        data = signature.data if self.form is Form.EIP1559 else signature.data[1:]
        r, s, v = data[:_WORD], data[_WORD : 2 * _WORD], data[2 * _WORD :]
        signed = replace(
            self,
            r=int.from_bytes(r, "big"),
            s=int.from_bytes(s, "big"),
            v=int.from_bytes(v, "big"),
        )
        _check_v(signed)
        return signed

    def to_message(self, sender: Address) -> Message:
        """Return the message of a sender that it stands for.

        DecodeError where the recipient is an ID that no actor can have.
        """
        if self.to is None:
            recipient, method = ADDRESS_MANAGER, METHOD_CREATE_EXTERNAL
        else:
            recipient, method = Address.from_ethereum(self.to), METHOD_INVOKE_CONTRACT
            if recipient.protocol is Protocol.ID and recipient.id > _MAX_ID:
                raise DecodeError(f"no actor has the ID {recipient.id}")
        return Message(
            version=MESSAGE_VERSION,
            to=recipient,
            sender=sender,
            nonce=self.nonce,
            value=TokenAmount(self.value),
            gas_limit=self.gas_limit,
            gas_fee_cap=TokenAmount(self.max_fee),
            gas_premium=TokenAmount(self.max_priority_fee),
            method=method,
            params=dag_cbor.encode(self.input) if self.input else b"",
        )

    def to_signed_message(self) -> SignedMessage:
        """Return the message that goes on chain; DecodeError where the signature is nobody's."""
        return SignedMessage(self.to_message(self.sender), self.signature)

    def _fields(self) -> list[rlp.Item]:
        number = rlp.encode_integer
        common: list[rlp.Item] = [
            number(self.gas_limit),
            self.to or b"",
            number(self.value),
            self.input,
        ]
        if self.form is not Form.EIP1559:
            return [number(self.nonce), number(self.max_fee), *common]
        fees = number(self.max_priority_fee), number(self.max_fee)
        return [number(self.chain_id), number(self.nonce), *fees, *common, []]


def read_transaction(data: bytes, chain_id: int) -> EthereumTransaction:
    """Return the signed transaction that Ethereum's bytes are; DecodeError where they are none.

    It must be of one of the three forms, without an access list, and for the chain. Numbers with
    leading zeros are refused: Lotus reads them, and then finds another sender than who signed.
    """
    first = data[0] if data else 0
    if first == _EIP2930_TYPE:
        raise DecodeError("EIP-2930 transactions are not supported")
    if first == _EIP1559_TYPE:
        return _read_eip1559(data[1:], chain_id)
    if first < _FIRST_LEGACY_BYTE:
        raise DecodeError("the bytes are no Ethereum transaction of a supported type")
    return _read_legacy(data, chain_id)


def transaction_of(signed: SignedMessage, chain_id: int) -> EthereumTransaction:
    """Return the transaction that a message with a delegated signature stands for.

    DecodeError where there is none. What it returns need not stand for the same message: that has
    to be asked for, and whether the signature is the sender's too.
    """
    signature, message = signed.signature, signed.message
    if signature.type != SignatureType.DELEGATED:
        raise DecodeError("the message has no delegated signature")
    form = _form_of(signature.data, chain_id)
    unsigned = replace(
        unsigned_transaction(message, chain_id),
        form=form,
        chain_id=0 if form is Form.HOMESTEAD else chain_id,
    )
    if form is not Form.EIP1559:
        unsigned = replace(unsigned, max_priority_fee=unsigned.max_fee)
    return unsigned.with_signature(signature)


def unsigned_transaction(message: Message, chain_id: int) -> EthereumTransaction:
    """Return the EIP-1559 transaction that an Ethereum account signs for a message.

    DecodeError where none stands for it: another sender, recipient, method or encoding.
    """
    if message.sender.to_ethereum() is None:
        raise DecodeError(sentence("the sender {} has no Ethereum address", message.sender))
    data = _input_of(message.params)
    if message.version != MESSAGE_VERSION:
        raise DecodeError(f"a message of version {message.version}")
    return EthereumTransaction(
        form=Form.EIP1559,
        chain_id=chain_id,
        nonce=message.nonce,
        max_priority_fee=message.gas_premium,
        max_fee=message.gas_fee_cap,
        gas_limit=message.gas_limit,
        to=_recipient_of(message),
        value=message.value,
        input=data,
    )


def _recipient_of(message: Message) -> bytes | None:
    if message.to == ADDRESS_MANAGER:
        if message.method != METHOD_CREATE_EXTERNAL:
            raise DecodeError(f"method {message.method} of the Ethereum address manager")
        return None
    if message.method != METHOD_INVOKE_CONTRACT:
        raise DecodeError(f"no Ethereum transaction calls method {message.method}")
    recipient = message.to.to_ethereum()
    if recipient is None:
        raise DecodeError(sentence("the recipient {} has no Ethereum address", message.to))
    return recipient


def _input_of(params: bytes) -> bytes:
    if not params:
        return b""
    data = dag_cbor.decode(params) if params[0] >> 5 == _BYTE_STRING else None
    if not isinstance(data, bytes):
        raise DecodeError("the parameters of an Ethereum transaction are a CBOR byte string")
    if not data:
        raise DecodeError("parameters that stand for no input are left out")
    return data


def _form_of(signature: bytes, chain_id: int) -> Form:
    length, mark = len(signature), signature[:1]
    if length == _EIP1559_SIGNATURE_LENGTH:
        return Form.EIP1559
    if mark == _HOMESTEAD_MARK and length in _signature_lengths(Form.HOMESTEAD, chain_id):
        return Form.HOMESTEAD
    if mark == _EIP155_MARK and length in _signature_lengths(Form.EIP155, chain_id):
        return Form.EIP155
    raise DecodeError(f"a delegated signature of {length} bytes that begins with {mark.hex()}")


def _first_v(form: Form, chain_id: int) -> int:
    """Return the lower of the two values of v; the other is one more."""
    if form is Form.EIP1559:
        return 0
    return _HOMESTEAD_V if form is Form.HOMESTEAD else _EIP155_V + 2 * chain_id


def _check_v(transaction: EthereumTransaction) -> None:
    form, chain_id = transaction.form, transaction.chain_id
    first = _first_v(form, chain_id)
    # Quirk: an EIP-1559 message may carry any byte here; recovering the key refuses above 3.
    last = 0xFF if form is Form.EIP1559 else first + 1
    if not first <= transaction.v <= last:
        raise DecodeError(
            f"v is {transaction.v}, which no signature of form {form.value} has on chain {chain_id}"
        )


def _signature_lengths(form: Form, chain_id: int) -> tuple[int, ...]:
    if form is Form.EIP1559:
        return (_EIP1559_SIGNATURE_LENGTH,)
    if form is Form.HOMESTEAD:
        return (_HOMESTEAD_SIGNATURE_LENGTH,)
    first_v = _first_v(form, chain_id)
    lengths = (len(rlp.encode_integer(v)) for v in (first_v, first_v + 1))
    return tuple(_HOMESTEAD_SIGNATURE_LENGTH - 1 + length for length in lengths)


def _read_eip1559(data: bytes, chain_id: int) -> EthereumTransaction:
    items = _list_of(data, _EIP1559_FIELDS)
    if items[8] != []:
        raise DecodeError("an EIP-1559 transaction has an empty access list here")
    transaction = EthereumTransaction(
        form=Form.EIP1559,
        chain_id=_number(items[0], _MAX_U64),
        nonce=_number(items[1], _MAX_U64),
        max_priority_fee=rlp.decode_integer(items[2]),
        max_fee=rlp.decode_integer(items[3]),
        gas_limit=_number(items[4], _MAX_I64),
        to=_address(items[5]),
        value=rlp.decode_integer(items[6]),
        input=_bytes(items[7]),
        v=_number(items[9], 1),
        r=rlp.decode_integer(items[10]),
        s=rlp.decode_integer(items[11]),
    )
    if transaction.chain_id != chain_id:
        raise DecodeError(f"a transaction for chain {transaction.chain_id}, not {chain_id}")
    return transaction


def _read_legacy(data: bytes, chain_id: int) -> EthereumTransaction:
    items = _list_of(data, _LEGACY_FIELDS)
    price, v = rlp.decode_integer(items[1]), rlp.decode_integer(items[6])
    homestead = v in (_HOMESTEAD_V, _HOMESTEAD_V + 1)
    transaction = EthereumTransaction(
        form=Form.HOMESTEAD if homestead else Form.EIP155,
        chain_id=0 if homestead else chain_id,
        nonce=_number(items[0], _MAX_U64),
        max_priority_fee=price,
        max_fee=price,
        gas_limit=_number(items[2], _MAX_I64),
        to=_address(items[3]),
        value=rlp.decode_integer(items[4]),
        input=_bytes(items[5]),
        v=v,
        r=rlp.decode_integer(items[7]),
        s=rlp.decode_integer(items[8]),
    )
    _check_v(transaction)
    return transaction


def _list_of(data: bytes, count: int) -> list[rlp.Item]:
    items = rlp.decode(data)
    if not isinstance(items, list) or len(items) != count:
        raise DecodeError(f"the transaction is not an RLP list of {count} items")
    return items


def _number(item: rlp.Item, most: int) -> int:
    number = rlp.decode_integer(item)
    if number > most:
        raise DecodeError(f"a number of the transaction is {number}, {most} at most")
    return number


def _bytes(item: rlp.Item) -> bytes:
    if not isinstance(item, bytes):
        raise DecodeError("the transaction has a list where bytes are expected")
    return item


def _address(item: rlp.Item) -> bytes | None:
    address = _bytes(item)
    if len(address) not in (0, ETHEREUM_ADDRESS_LENGTH):
        raise DecodeError(f"the transaction's recipient has {len(address)} bytes, not 20")
    return address or None


def _word(number: int) -> bytes:
    if number.bit_length() > 8 * _WORD:
        raise DecodeError("r and s of a signature take 32 bytes")
    return number.to_bytes(_WORD, "big")
