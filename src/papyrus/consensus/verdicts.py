"""Every rule that a block, tipset or message can break, each with its reason (node.md 3).

Whoever finds a rule broken raises `Invalid` with the member for it, so that a verdict has one name
in logs, tests and answers. Most verdicts are permanent: the same bytes break the rule on every
machine for ever, so a node may remember the block as bad. A temporary one depends on this
node's clock or on what it has seen; the same block may be judged again later.
"""

from enum import StrEnum
from typing import Self

from papyrus.primitives.errors import Invalid


class Fault(StrEnum):
    """A rule, named for what is wrong where it is broken."""

    explanation: str
    """Why there is such a rule, or what it says, in a sentence for people."""
    is_temporary: bool
    """Whether the same bytes may pass later, or on another machine."""

    def __new__(cls, value: str, explanation: str, is_temporary: bool = False) -> Self:
        """Make a member of its name and what is known of the rule."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.explanation = explanation
        member.is_temporary = is_temporary
        member.__doc__ = explanation
        return member

    # A block as it is announced (3.1).

    BLOCK_MALFORMED = (
        "block-malformed",
        "An announced block is a header and two lists of message CIDs, and not a byte more.",
    )
    TOO_MANY_MESSAGES = ("too-many-messages", "A block may name 10,000 messages at most.")
    EPOCH_OUT_OF_RANGE = (
        "epoch-out-of-range",
        "A block is at most a finality older than the head, and five epochs ahead of time.",
        True,
    )
    CHAIN_NOT_KNOWN = (
        "chain-not-known",
        "What is known of the chain here does not yet tell whether the block is good.",
        True,
    )
    ALREADY_SEEN = ("already-seen", "The same block was announced before.", True)

    # A tipset and the chain it belongs to (3.2).

    TIPSET_EMPTY = ("tipset-empty", "A tipset has at least one block.")
    TIPSET_HEIGHTS = ("tipset-heights", "All blocks of a tipset have one height.")
    TIPSET_PARENTS = ("tipset-parents", "All blocks of a tipset have the same parents.")
    TIPSET_BEACON_ENTRIES = (
        "tipset-beacon-entries",
        "All blocks of a tipset carry the same beacon entries.",
    )
    TIPSET_BEACON_ORDER = (
        "tipset-beacon-order",
        "The beacon entries of a tipset stand in the order of their rounds.",
    )
    DUPLICATE_MINER = (
        "duplicate-miner",
        "A miner has one block in a tipset: two at one height are an equivocation.",
    )
    CHAIN_BROKEN = (
        "chain-broken",
        "The tipset that a chain continues with is the one its child names as parents.",
    )
    OTHER_GENESIS = (
        "other-genesis",
        "Every chain of a network begins with the network's own genesis block.",
    )
    FORK_TOO_LONG = (
        "fork-too-long",
        "A fork that leaves the chain more than a finality (900 epochs) below the head is refused.",
    )
    FORK_BEFORE_CHECKPOINT = (
        "fork-before-checkpoint",
        "A fork that leaves the chain before a checkpoint is refused.",
    )
    KNOWN_BAD = ("known-bad", "A block that was found bad once is bad.")
    BAD_ANCESTOR = ("bad-ancestor", "A block that descends from a bad block is bad.")

    # A block's own fields and its place after its parent (3.3).

    NO_ELECTION_PROOF = ("no-election-proof", "A block carries the proof that its miner won.")
    NO_TICKET = ("no-ticket", "A block carries a ticket.")
    NO_BLOCK_SIGNATURE = ("no-block-signature", "A block is signed by its miner's worker.")
    NO_BLS_AGGREGATE = (
        "no-bls-aggregate",
        "A block carries an aggregate of its BLS signatures, also where there are none.",
    )
    MINER_NOT_AN_ID = ("miner-not-an-id", "A block names its miner by an ID address.")
    NO_PARENTS = ("no-parents", "Every block but the genesis block has parents.")
    PARENTS_NO_TIPSET = (
        "parents-no-tipset",
        "The parents of a block are blocks of one height with the same parents.",
    )
    HEIGHT_NOT_ABOVE_PARENT = (
        "height-not-above-parent",
        "A block is higher than its parent tipset.",
    )
    TIMESTAMP = (
        "timestamp",
        "A block's timestamp is its parent tipset's and one epoch's seconds for each epoch since.",
    )
    TIMESTAMP_IN_FUTURE = (
        "timestamp-in-future",
        "A block is not from the future, clocks differing by a second at most.",
        True,
    )
    PARENT_WEIGHT = (
        "parent-weight",
        "A block states the weight of the chain up to its parent tipset.",
    )
    NO_LOOKBACK = (
        "no-lookback",
        "A block is judged by the state a finality before it, which lies before its parent.",
    )
    WORKER_KEY = ("worker-key", "The miner has a worker with a key in the lookback state.")
    MINER_WITHOUT_CLAIM = (
        "miner-without-claim",
        "The miner has a claim in the power table of the parent state.",
    )
    TICKET = (
        "ticket",
        "The ticket is the worker's VRF proof for the beacon and the parent's ticket.",
    )
    BLOCK_SIGNATURE = ("block-signature", "The block's signature is the worker's.")
    WINNING_POST = (
        "winning-post",
        "The winning proof of spacetime shows that the miner holds the sectors challenged.",
    )
    WIN_COUNT_NOT_POSITIVE = ("win-count-not-positive", "A block claims at least one win.")
    MINER_BELOW_MINIMUM_POWER = (
        "miner-below-minimum-power",
        "The miner's power reaches the network's minimum for making blocks.",
    )
    MINER_WITHOUT_POWER = (
        "miner-without-power",
        "The miner has quality-adjusted power in the parent state.",
    )
    MINER_IN_FEE_DEBT = ("miner-in-fee-debt", "The miner owes no fees in the parent state.")
    MINER_IN_CONSENSUS_FAULT = (
        "miner-in-consensus-fault",
        "The time is over for which the miner is barred for a consensus fault.",
    )
    ELECTION_PROOF = (
        "election-proof",
        "The election proof is the worker's VRF proof for the beacon.",
    )
    WIN_COUNT = (
        "win-count",
        "The wins claimed are those that the election proof gives for the miner's share of power.",
    )
    BASE_FEE = ("base-fee", "A block states the base fee that follows from its parent tipset.")
    STATE_ROOT = (
        "state-root",
        "A block states the state root that executing its parent tipset gives.",
    )
    RECEIPTS_ROOT = (
        "receipts-root",
        "A block states the receipts that executing its parent tipset gives.",
    )

    # Beacon entries (3.5).

    BEACON_SWITCH = (
        "beacon-switch",
        "The first block after a network turned to another chained beacon carries two entries.",
    )
    BEACON_UNEXPECTED = (
        "beacon-unexpected",
        "A block carries no beacon entries where no round was published since its parent.",
    )
    BEACON_MISSING = (
        "beacon-missing",
        "A block carries the beacon entries published since its parent.",
    )
    BEACON_LAST_ROUND = (
        "beacon-last-round",
        "The last beacon entry is the round that belongs to the block's epoch.",
    )
    BEACON_ROUNDS = (
        "beacon-rounds",
        "An unchained beacon's entries are those of each epoch since the parent, in order.",
    )
    BEACON_SIGNATURE = (
        "beacon-signature",
        "A beacon entry is the beacon's signature of its round.",
    )
    BEACON_NOT_FOUND = (
        "beacon-not-found",
        "One of the twenty tipsets up to the parent carries a beacon entry.",
    )

    # The messages of a block (3.8).

    BLOCK_MESSAGES = (
        "block-messages",
        "What a block names as its messages is two lists of messages, well encoded.",
    )
    MESSAGES_ROOT = ("messages-root", "The root in the header is that of the block's messages.")
    BLS_AGGREGATE = (
        "bls-aggregate",
        "The aggregate in the header is that of the signatures of the block's BLS messages.",
    )
    BLOCK_GAS_LIMIT = (
        "block-gas-limit",
        "The gas limits of a block's messages sum up to the block's limit at most.",
    )
    MESSAGE_VERSION = ("message-version", "A message has version 0.")
    MESSAGE_RECIPIENT = (
        "message-recipient",
        "A message goes to an address of a protocol the network knows.",
    )
    MESSAGE_TO_ZERO_ADDRESS = (
        "message-to-zero-address",
        "No message goes to the BLS address of the point at infinity.",
    )
    MESSAGE_SENDER = (
        "message-sender",
        "A message comes from an address of a protocol the network knows.",
    )
    MESSAGE_VALUE = (
        "message-value",
        "A message sends no negative amount and not more than all FIL.",
    )
    MESSAGE_FEE_CAP = ("message-fee-cap", "A message's fee cap is not negative.")
    MESSAGE_PREMIUM = (
        "message-premium",
        "A message's premium is not negative and not above its fee cap.",
    )
    MESSAGE_GAS_LIMIT = (
        "message-gas-limit",
        "A message's gas limit is positive and not above a block's.",
    )
    MESSAGE_MINIMUM_GAS = (
        "message-minimum-gas",
        "A message's gas limit pays at least for putting it on the chain.",
    )
    MESSAGE_FEES = ("message-fees", "What a message pays for gas can be taken from its sender.")
    SENDER_NOT_FOUND = (
        "sender-not-found",
        "A message's sender exists in the state after the parent tipset.",
    )
    SENDER_NOT_AN_ACCOUNT = (
        "sender-not-an-account",
        "A message's sender is an account, or a placeholder for an Ethereum one that never sent.",
    )
    SENDER_KEY = (
        "sender-key",
        "The key that a message's sender signs with is known where the block builds on.",
    )
    MESSAGE_NONCE = (
        "message-nonce",
        "A sender's messages follow one another without a gap from its nonce in the state.",
    )
    SIGNATURE_TYPE = (
        "signature-type",
        "A signed message is signed in a way the network knows, and not with BLS.",
    )
    MESSAGE_SIGNATURE = ("message-signature", "A message's signature is its sender's.")
    ETHEREUM_TRANSACTION = (
        "ethereum-transaction",
        "A message with a delegated signature is exactly what an Ethereum transaction stands for.",
    )


def fault_of(error: Invalid) -> Fault:
    """Return the rule that was broken; KeyError for a name that is none of these."""
    return _BY_NAME[error.fault]


def is_temporary(error: Invalid) -> bool:
    """Return whether what broke the rule may pass later, or on another machine."""
    fault = _BY_NAME.get(error.fault)
    return fault is not None and fault.is_temporary


_BY_NAME: dict[str, Fault] = {fault.value: fault for fault in Fault}
