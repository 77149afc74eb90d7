"""Running a message on the head to see what it does, and keeping nothing of it.

The message runs where it would stand: after the messages of the head's blocks and after those of
its sender that wait, at the head's own epoch and without cron, as in Lotus (`stmgr.CallWithGas`).
An upgrade that rewrites the state is not run for a trial; the trial goes to the last tipset before
it instead. It is a pure function over a store, so a worker process can run it.
"""

from dataclasses import dataclass, replace

from papyrus.chain.calls import machine_on, without_migration
from papyrus.consensus.selection import ChainMessage, select_messages
from papyrus.consensus.senders import key_address
from papyrus.consensus.transition import World
from papyrus.consensus.verdicts import Fault
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.blockstore import BufferedBlockstore
from papyrus.primitives.address import Protocol
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset
from papyrus.vm.executor import ApplyResult, execute_explicit
from papyrus.vm.state_tree import StateTree

_SIGNATURE_LENGTH = 65
"""Bytes of every signature but BLS."""


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """What a trial did."""

    message: Message
    """As it ran: with the nonce that was its turn."""
    result: ApplyResult
    tipset: Tipset
    """On which it ran."""


def run_trial(
    world: World, tipset: Tipset, prior: tuple[ChainMessage, ...], message: Message
) -> TrialOutcome:
    """Return what a message does on a tipset after others of its sender.

    With a fee cap of 0 its gas is free. Invalid where its sender does not exist or a message is
    malformed; whether it may be sent otherwise shows in the exit code.
    """
    tipset = without_migration(world, tipset)
    store = BufferedBlockstore(world.store)
    base_fee = tipset.parent_base_fee
    machine = machine_on(world, store, tipset, tipset.parent_state_root, base_fee=base_fee)
    taken = select_messages(world.store, tipset, machine.tree, world.network)
    for earlier in (*(one for block in taken for one in block.messages), *prior):
        execute_explicit(machine, earlier.unsigned, earlier.chain_length)
    root = machine.flush()

    base_fee = base_fee if message.gas_fee_cap else ZERO
    machine = machine_on(world, store, tipset, root, base_fee=base_fee)
    actor_id = machine.tree.resolve(message.sender)
    actor = None if actor_id is None else machine.tree.get(actor_id)
    if actor is None:
        raise Invalid(
            Fault.SENDER_NOT_FOUND, sentence("sender {} not found on chain", message.sender)
        )
    turn = replace(message, nonce=actor.nonce)
    result = execute_explicit(machine, turn, _length(machine.tree, turn))
    return TrialOutcome(turn, result, tipset)


def _length(tree: StateTree, message: Message) -> int:
    """Return the bytes a message takes on chain with its sender's kind of signature."""
    try:
        protocol = key_address(tree, message.sender).protocol
    except LookupError:  # it cannot send at all, as its exit code will say
        return message.chain_length
    if protocol is Protocol.BLS:
        return message.chain_length
    signature = Signature(SignatureType.SECP256K1, bytes(_SIGNATURE_LENGTH))
    return SignedMessage(message, signature).chain_length
