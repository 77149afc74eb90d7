"""`papyrus chain slash-consensus`: blocks that their miner should never have signed."""

import base64
from typing import Annotated

import typer

from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    WaitOption,
    new_message,
    report,
    send,
    sender_of,
)
from papyrus.cli.node_output import cid_json
from papyrus.cli.output import JsonOption, fail
from papyrus.primitives.amounts import ZERO


def slash_consensus(
    first: Annotated[str, typer.Argument(metavar="CID1", help="A block.")],
    second: Annotated[str, typer.Argument(metavar="CID2", help="Another block of its miner.")],
    extra: Annotated[
        str | None,
        typer.Option("--extra", metavar="CID", help="For parent grinding: what proves it."),
    ] = None,
    sender: FromOption = None,
    wait: WaitOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Report a consensus fault to the miner's actor, for a share of its penalty.

    Two blocks of one height, two on the same parents, or one that leaves out the miner's own block
    beside its parents, which is then the extra one.

    \b
    Examples:
      papyrus chain slash-consensus bafy2bza... bafy2bza...
    """
    from papyrus.actors.miner.params import numbers  # noqa: PLC0415 - slow to import
    from papyrus.actors.miner.params.proving import (  # noqa: PLC0415 - slow to import
        ReportConsensusFaultParams,
    )
    from papyrus.types.block import BlockHeader  # noqa: PLC0415 - slow to import

    with connected(api) as node:
        one, other = _header(node, first), _header(node, second)
        miner, named = (BlockHeader.from_cbor(data).miner for data in (one, other))
        if miner != named:
            both = f"{miner.to_string(node.letter)} and {named.to_string(node.letter)}"
            fail(f"the blocks are of two miners, {both}: a fault is one miner's")
        proof = b"" if extra is None else _header(node, extra)
        params = ReportConsensusFaultParams(one, other, proof).to_cbor()
        own = sender_of(node, sender)
        message = new_message(own, str(miner), ZERO, numbers.REPORT_CONSENSUS_FAULT, params)
        report(node, send(node, message), wait=wait, json=json)


def _header(node: NodeClient, cid: str) -> bytes:
    """Return a block's header as the chain has it."""
    return base64.b64decode(node.ask("ChainReadObj", cid_json(cid)))
