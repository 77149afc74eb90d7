"""Whether a message is signed by its sender (node.md 3.8.5, FIP-0055, FIP-0091).

A key signs a message's CID. An Ethereum account signs an Ethereum transaction, so the message must
be exactly what the transaction rebuilt from it stands for, and the signature be the transaction's.
"""

from papyrus.consensus.verdicts import Fault
from papyrus.crypto.signatures import Signature, SignatureType, verify
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.versions import Rules
from papyrus.types.ethereum_transaction import EthereumTransaction, Form, transaction_of
from papyrus.types.message import SignedMessage


def check_signature(
    signed: SignedMessage, key_address: Address, rules: Rules, chain_id: int
) -> None:
    """Raise Invalid unless a message is signed by a key, in a way the rules know.

    `key_address` is the sender's, or what its ID stands for; `chain_id` the network's EIP-155
    number. BLS is good here: it is blocks that keep such signatures apart.
    """
    check_signature_form(signed, rules, chain_id)
    check_signer(signed, key_address, chain_id)


def check_signature_form(signed: SignedMessage, rules: Rules, chain_id: int) -> None:
    """Raise Invalid where a delegated signature covers no transaction that the rules know."""
    if signed.signature.type != SignatureType.DELEGATED:
        return
    transaction = _transaction(signed, chain_id)
    if transaction.form is not Form.EIP1559 and not rules.legacy_ethereum_transactions:
        raise Invalid(
            Fault.ETHEREUM_TRANSACTION,
            f"{transaction.form.value} transactions are not known at network version "
            f"{rules.network_version}",
        )


def check_signer(signed: SignedMessage, key_address: Address, chain_id: int) -> None:
    """Raise Invalid unless a message is signed by a key, and is what was signed."""
    signature, data = signed.signature, bytes(signed.message.cid)
    if signature.type == SignatureType.DELEGATED:
        transaction = _transaction(signed, chain_id)
        try:
            rebuilt = transaction.to_message(signed.message.sender)
            data = transaction.signing_bytes
            recoverable = transaction.recoverable_signature
        except DecodeError as error:
            raise Invalid(Fault.ETHEREUM_TRANSACTION, error) from error
        if rebuilt != signed.message:
            raise Invalid(
                Fault.ETHEREUM_TRANSACTION,
                f"message {signed.message.cid} is not what its transaction stands for",
            )
        signature = Signature(signature.type, recoverable)
    if not verify(signature, key_address, data):
        raise Invalid(
            Fault.MESSAGE_SIGNATURE,
            sentence("message {} is not signed by {}", signed.message.cid, key_address),
        )


def _transaction(signed: SignedMessage, chain_id: int) -> EthereumTransaction:
    try:
        return transaction_of(signed, chain_id)
    except DecodeError as error:
        raise Invalid(Fault.ETHEREUM_TRANSACTION, error) from error
