"""The messages of a block, against the state they will run on (node.md 3.8, spec 4.3).

Each message is one a block may carry, the block's gas suffices for all of them, every sender can
pay with a nonce that goes on where the state and the messages before it left off, and all are
signed: the BLS ones by the aggregate in the header, the others each by itself. The header names
exactly these. Balances, fees against the base fee and receivers are not asked for: such messages
are carried, and fail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.consensus.message_signatures import check_signature_form, check_signer
from papyrus.consensus.message_validity import check_message
from papyrus.consensus.selection import ChainMessage
from papyrus.consensus.senders import key_address_at, manifest_in, may_send
from papyrus.consensus.verdicts import Fault
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore, MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import DecodeError, Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.message import Message, SignedMessage
from papyrus.vm.manifest import Manifest
from papyrus.vm.state_tree import StateTree


def check_block_messages(
    header: BlockHeader,
    bls_messages: Sequence[Message],
    signed_messages: Sequence[SignedMessage],
    parent: StateTree,
    tree: StateTree,
    network: Network,
) -> None:
    """Raise Invalid unless a block may carry these messages, and its header names them.

    `parent` is the state before the block's parent tipset, `tree` the one after it. LocalFault
    where a part of them is missing.
    """
    rules = network.rules_at(header.height)
    states = _States(parent, tree)
    check_aggregate(
        header.bls_aggregate,
        [states.bls_key(message.sender) for message in bls_messages],
        [message.cid for message in bls_messages],
    )
    prices = network.inclusion_prices_at(header.height)
    sequence = _Sequence(tree, manifest_in(tree), prices)
    for message in bls_messages:
        sequence.take(message)
    for signed in signed_messages:
        if signed.signature.type == SignatureType.BLS:
            raise Invalid(Fault.SIGNATURE_TYPE, "a BLS signature among those that stand alone")
        check_signature_form(signed, rules, network.ethereum_chain_id)
        sequence.take(signed)
        check_signer(signed, states.key(signed.message.sender), network.ethereum_chain_id)
    found = messages_root(
        MemoryBlockstore(),
        [message.cid for message in bls_messages],
        [signed.cid for signed in signed_messages],
    )
    if found != header.messages:
        raise Invalid(
            Fault.MESSAGES_ROOT, f"the header names {header.messages}, the messages make {found}"
        )


def check_aggregate(
    aggregate: Signature | None, keys: Sequence[bytes], messages: Sequence[Cid]
) -> None:
    """Raise Invalid unless an aggregate is that of the keys' BLS signatures of the messages.

    Quirk: what type it has, and what follows its first 96 bytes, is not asked; and where there
    are no messages it may be any 96 bytes (chain/consensus/utils.go).
    """
    if aggregate is None:
        raise Invalid(Fault.NO_BLS_AGGREGATE, "the header has no aggregate")
    signature = aggregate.data[: bls.SIGNATURE_LENGTH]
    if len(signature) < bls.SIGNATURE_LENGTH:
        raise Invalid(Fault.BLS_AGGREGATE, f"an aggregate of {len(signature)} bytes")
    try:
        valid = bls.verify_aggregate(signature, keys, messages)
    except DecodeError as error:
        raise Invalid(Fault.BLS_AGGREGATE, error) from error
    if not valid:
        raise Invalid(
            Fault.BLS_AGGREGATE, f"the aggregate is not that of the {len(messages)} messages"
        )


def messages_root(
    store: Blockstore, bls_messages: Sequence[Cid], signed_messages: Sequence[Cid]
) -> Cid:
    """Store the two lists of a block's messages, by their CIDs, and return what a header holds."""
    meta = MsgMeta(amt_root(store, bls_messages), amt_root(store, signed_messages))
    cid = meta.cid
    store.put(cid, meta.to_cbor())
    return cid


@dataclass(frozen=True, slots=True)
class _States:
    """The two states in which senders' keys are looked for."""

    parent: StateTree
    tree: StateTree

    def key(self, sender: Address) -> Address:
        try:
            return key_address_at(self.parent, self.tree, sender)
        except LookupError as error:
            raise Invalid(Fault.SENDER_KEY, error) from error

    def bls_key(self, sender: Address) -> bytes:
        address = self.key(sender)
        if address.protocol is not Protocol.BLS:
            raise Invalid(
                Fault.SENDER_KEY, sentence("{} signs with no BLS key, as its message must", sender)
            )
        return address.payload


@dataclass(slots=True)
class _Sequence:
    """The messages of a block so far: their gas, and the nonce each sender goes on with."""

    tree: StateTree
    manifest: Manifest
    prices: GasPrices
    gas: int = 0
    nonces: dict[int, int] = field(default_factory=dict)

    def take(self, chain_message: ChainMessage) -> None:
        """Add the next message; Invalid where it cannot follow."""
        message = chain_message.unsigned
        check_message(message, chain_message.chain_length, self.prices)
        self.gas += message.gas_limit
        if self.gas > BLOCK_GAS_LIMIT:
            raise Invalid(
                Fault.BLOCK_GAS_LIMIT,
                f"the messages up to {message.cid} may use {self.gas} gas, "
                f"{BLOCK_GAS_LIMIT} at most",
            )
        sender = self._sender(message)
        expected = self.nonces[sender]
        if message.nonce != expected:
            raise Invalid(
                Fault.MESSAGE_NONCE,
                sentence(
                    "{} goes on with nonce {}, not {}", message.sender, expected, message.nonce
                ),
            )
        self.nonces[sender] = expected + 1

    def _sender(self, message: Message) -> int:
        """Return the sender's ID, after finding its nonce where it is new to the block."""
        sender = self.tree.resolve(message.sender)
        if sender is not None and sender in self.nonces:
            return sender
        actor = None if sender is None else self.tree.get(sender)
        if sender is None or actor is None:
            raise Invalid(Fault.SENDER_NOT_FOUND, sentence("no actor {}", message.sender))
        if not may_send(actor, self.manifest):
            raise Invalid(
                Fault.SENDER_NOT_AN_ACCOUNT,
                sentence("{} is an actor that no message can come from", message.sender),
            )
        self.nonces[sender] = actor.nonce
        return sender
