"""Beacon entries and messages of every block that Lotus made (chains/README.md)."""

from collections import Counter
from pathlib import Path

import pytest

from papyrus.conformance.chain_files import ChainFile, ChainRules
from papyrus.consensus.beacon import check_beacon_entries, expected_rounds
from papyrus.consensus.block_messages import check_block_messages
from papyrus.consensus.selection import messages_of
from papyrus.crypto.signatures import SignatureType
from papyrus.types.ethereum_transaction import read_transaction, transaction_of
from papyrus.types.message import Message, SignedMessage
from papyrus.vm.state_tree import StateTree

FOLDERS = (
    "consensus-fault",
    "eth-contract-invocation",
    "fevm",
    "fevm-basic",
    "fevm-bls",
    "fevm-recursive",
    "fevm-recursive-actor",
    "fevm-selfdestruct",
    "ledger",
    "market",
    "migration-nv21-nv22",
    "migration-nv22-nv23",
    "migration-nv24-nv26",
    "miner",
    "multisig",
    "niporep-65",
    "onboard-piece",
    "paych-long",
    "paych-vouchers",
    "pledge",
    "pledge-100",
    "real-proofs-pledge",
    "remove-datacap",
)


@pytest.mark.parametrize("name", FOLDERS)
def test_beacon_entries_and_messages_of_every_block(shared: Path, name: str) -> None:
    chain = ChainFile.open(shared / "chains" / name / "chain.car.zst", ChainRules())
    blocks = 0
    latest = chain.tipsets[0].blocks[0].beacon_entries[-1]
    for base, tipset in zip(chain.tipsets, chain.tipsets[1:], strict=False):
        latest = next(reversed(base.blocks[0].beacon_entries), latest)
        parent = StateTree(chain.car, base.parent_state_root)
        tree = StateTree(chain.car, tipset.parent_state_root)
        rounds = expected_rounds(chain.network, tipset.height, base.height, latest.round)
        for block in tipset.blocks:
            entries = block.beacon_entries
            check_beacon_entries(chain.network, block.height, base.height, latest, entries)
            assert tuple(entry.round for entry in entries) == rounds
            messages = messages_of(chain.car, block)
            plain = [message for message in messages if isinstance(message, Message)]
            signed = [message for message in messages if isinstance(message, SignedMessage)]
            check_block_messages(block, plain, signed, parent, tree, chain.network)
            blocks += 1
    assert blocks >= len(chain.tipsets) - 1 > 0


def test_ethereum_transactions_on_a_chain_can_be_sent_again(shared: Path) -> None:
    chain = ChainFile.open(shared / "chains" / "fevm" / "chain.car.zst", ChainRules())
    found: Counter[str] = Counter()
    for tipset in chain.tipsets[1:]:
        tree = StateTree(chain.car, tipset.parent_state_root)
        for block in tipset.blocks:
            for message in messages_of(chain.car, block):
                if not isinstance(message, SignedMessage):
                    continue
                if message.signature.type is not SignatureType.DELEGATED:
                    continue
                transaction = transaction_of(message, chain.network.ethereum_chain_id)
                again = read_transaction(transaction.signed_bytes, chain.network.ethereum_chain_id)
                assert again == transaction
                assert again.to_signed_message().signature == message.signature
                assert tree.resolve(again.sender) == tree.resolve(message.message.sender)
                found[transaction.form.value] += 1
    assert found == {"EIP-1559": 291, "legacy": 128, "EIP-155": 170}
