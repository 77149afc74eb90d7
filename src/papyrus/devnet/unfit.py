"""Messages that this machine cannot execute, and that its blocks must leave out.

An actor may be missing here: without the released code, those that are not written in Python. That
is no fault of a message, so it has no receipt; a block with it would be one that this devnet cannot
go on from, and a devnet has nobody else to go on. So what its miners made is executed before they
sign it, which has to be done at any rate.
"""

from collections.abc import Sequence

from papyrus.mining.block_template import ProducedBlock
from papyrus.node.logging import part
from papyrus.node.node import Node
from papyrus.node.tipset_work import try_message
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.storage.chain_notes import StateAfter
from papyrus.types.message import Message
from papyrus.types.tipset import Tipset

_log = part("devnet")


async def executed_or_none(
    node: Node, base: Tipset, blocks: Sequence[ProducedBlock]
) -> StateAfter | None:
    """Return what executing blocks on a base gives, whose parts are kept.

    None where messages in them cannot be executed here: these no longer wait then. LocalFault where
    they cannot be executed for another reason.
    """
    try:
        return await node.states.after(Tipset.of(block.header for block in blocks))
    except LocalFault:
        unfit = await _unfit(node, base, blocks)
        if not unfit:
            raise
    for message, why in unfit:
        _log.error("a message cannot be executed here", message=str(message.cid), why=why)
        node.pool.remove(message.sender, message.nonce)
    return None


async def _unfit(
    node: Node, base: Tipset, blocks: Sequence[ProducedBlock]
) -> list[tuple[Message, LocalFault]]:
    """Return the messages that fail even alone, each with the reason."""
    messages = dict.fromkeys(
        message
        for block in blocks
        for message in (
            *block.bls_messages,
            *(signed.message for signed in block.signed_messages),
        )
    )
    found = []
    for message in messages:
        try:
            await node.workers.run(try_message, base, (), message)
        except LocalFault as error:
            found.append((message, error))
        except PapyrusError:
            continue
    return found
