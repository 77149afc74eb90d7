"""Wallet: keys, balances and signatures.

An address that is an ID stands for the key that the actor has at the head. Secrets cross only by
WalletExport and WalletImport, which need the permission admin.
"""

import asyncio
from typing import Annotated, Any, Protocol

from papyrus.consensus.senders import key_address
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.address import Protocol as AddressProtocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.declarations import ADMIN, HEAD, READ, SIGN, WRITE, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError, invalid_parameters
from papyrus.rpc.json_values import Codec, Definitions, Schema
from papyrus.rpc.methods.looking import StateNode, state_at
from papyrus.types.message import Message, SignedMessage
from papyrus.wallet.forms import key_from_info, key_to_info
from papyrus.wallet.keys import KIND_NAMES, Key, kind_named
from papyrus.wallet.wallet import Wallet, is_signed


class WalletNode(StateNode, Protocol):
    """What the group needs of the node."""

    @property
    def wallet(self) -> Wallet:
        """Its keys."""
        ...


def _read_kind(value: Any) -> SignatureType:
    # Quirk: Lotus still reads the numbers of signature types (chain/types/keystore.go).
    if type(value) is int and value in set(SignatureType):
        return SignatureType(value)
    if not isinstance(value, str):
        raise DecodeError("a key is of the kind secp256k1, bls or delegated")
    return kind_named(value)


def _key_schema(_definitions: Definitions) -> Schema:
    members = {"Type": {"type": "string"}, "PrivateKey": {"type": "string"}}
    return {"type": "object", "properties": members, "required": list(members)}


KeyKind = Annotated[
    SignatureType,
    Codec(
        lambda kind, _: KIND_NAMES[kind],
        _read_kind,
        lambda _: {"type": "string", "enum": list(KIND_NAMES.values())},
    ),
]
"""What kind of key: "secp256k1", "bls" or "delegated"."""

KeyInfo = Annotated[Key, Codec(lambda key, _: key_to_info(key), key_from_info, _key_schema)]
"""A key with its secret, in Lotus' KeyInfo."""


async def key_of(context: Context[StateNode], address: Address) -> Address:
    """Return the key address that an address stands for at the head, itself where it is one."""
    if address.protocol not in (AddressProtocol.ID, AddressProtocol.ACTOR):
        return address
    return await asyncio.to_thread(key_address, state_at(context.node, HEAD).tree, address)


@method("WalletNew", WRITE)
async def wallet_new(context: Context[WalletNode], kind: KeyKind) -> Address:
    """Make a key and return its address; the first one becomes the default."""
    return context.node.wallet.new(kind)


@method("WalletHas", WRITE)
async def wallet_has(context: Context[WalletNode], address: Address) -> bool:
    """Return whether the wallet has the key of an address."""
    return context.node.wallet.has(address)


@method("WalletList", WRITE)
async def wallet_list(context: Context[WalletNode]) -> list[Address]:
    """Return the addresses of all keys."""
    return context.node.wallet.list()


@method("WalletBalance", READ)
async def wallet_balance(context: Context[WalletNode], address: Address) -> TokenAmount:
    """Return the balance of an address at the head; zero where nobody has it yet."""
    state = state_at(context.node, HEAD)
    try:
        return (await asyncio.to_thread(state.actor, address)).balance
    except RpcError as error:
        if error.code != ErrorCode.ACTOR_NOT_FOUND:
            raise
        return ZERO


@method("WalletSign", SIGN)
async def wallet_sign(context: Context[WalletNode], address: Address, data: bytes) -> Signature:
    """Return the signature of some bytes."""
    return context.node.wallet.sign(await key_of(context, address), data)


@method("WalletSignMessage", SIGN)
async def wallet_sign_message(
    context: Context[WalletNode], address: Address, message: Message
) -> SignedMessage:
    """Return a message, as it is, with the signature of an address."""
    return context.node.wallet.sign_message(message, await key_of(context, address))


@method("WalletVerify", READ)
async def wallet_verify(
    _context: Context[WalletNode], address: Address, data: bytes, signature: Signature
) -> bool:
    """Return whether a signature of some bytes is that of a key address."""
    return await asyncio.to_thread(is_signed, address, data, signature)


@method("WalletDefaultAddress", WRITE)
async def wallet_default_address(context: Context[WalletNode]) -> Address:
    """Return the address that commands use where none is named."""
    return context.node.wallet.default()


@method("WalletSetDefault", WRITE)
async def wallet_set_default(context: Context[WalletNode], address: Address) -> None:
    """Have commands use an address where none is named."""
    context.node.wallet.set_default(address)


@method("WalletExport", ADMIN)
async def wallet_export(context: Context[WalletNode], address: Address) -> KeyInfo:
    """Return a key with its secret."""
    return context.node.wallet.export(address)


@method("WalletImport", ADMIN)
async def wallet_import(context: Context[WalletNode], key: KeyInfo) -> Address:
    """Keep a key and return its address."""
    return context.node.wallet.import_(key)


@method("WalletDelete", ADMIN)
async def wallet_delete(context: Context[WalletNode], address: Address) -> None:
    """Put a key into the trash."""
    context.node.wallet.delete(address)


@method("WalletValidateAddress", READ)
async def wallet_validate_address(_context: Context[WalletNode], text: str) -> Address:
    """Return the address that text stands for, or an error where it is none."""
    try:
        return Address.from_string(text)
    except DecodeError as error:
        raise invalid_parameters(str(error)) from error


class WalletMethods:
    """The group, as a server registers and a client has it."""

    wallet_new = wallet_new
    wallet_has = wallet_has
    wallet_list = wallet_list
    wallet_balance = wallet_balance
    wallet_sign = wallet_sign
    wallet_sign_message = wallet_sign_message
    wallet_verify = wallet_verify
    wallet_default_address = wallet_default_address
    wallet_set_default = wallet_set_default
    wallet_export = wallet_export
    wallet_import = wallet_import
    wallet_delete = wallet_delete
    wallet_validate_address = wallet_validate_address
