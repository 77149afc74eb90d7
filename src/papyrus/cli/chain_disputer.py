"""`papyrus chain disputer`: proofs of spacetime that were accepted unchecked and are wrong.

A window proof is checked only when somebody disputes it (FIP-0010). Whoever disputes a wrong one
has its sectors declared faulty and their miner fined, and gets a reward; disputing a right one only
costs gas. So each is tried by a call first, and sent where that goes well.
"""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    Gas,
    Sent,
    WaitOption,
    first_reason,
    new_message,
    report,
    send,
    sender_of,
)
from papyrus.cli.node_output import exit_code_text
from papyrus.cli.output import JsonOption, fail, note, progress, say, say_json
from papyrus.primitives.amounts import ZERO

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Dispute proofs of spacetime that are wrong.",
)

MaxFeeOption = Annotated[
    str | None, typer.Option("--max-fee", metavar="FIL", help="What a dispute may cost.")
]

CONFIDENCE = 10
"""Epochs after a deadline has closed, when its proofs are looked at, as Lotus waits."""

_NEW_MINERS_EVERY = 120
"""Epochs after which the miners are listed anew: an hour."""


@app.command(no_args_is_help=True)
def dispute(
    miner: Annotated[str, typer.Argument(metavar="MINER")],
    deadline: Annotated[int, typer.Argument(metavar="DEADLINE", min=0)],
    post: Annotated[int, typer.Argument(metavar="PROOF", min=0, help="Its place, from 0.")],
    sender: FromOption = None,
    max_fee: MaxFeeOption = None,
    wait: WaitOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Dispute one proof of a deadline that has closed, if that would succeed.

    \b
    Examples:
      papyrus chain disputer dispute f01000 3 0
    """
    with connected(api) as node:
        message = _dispute(sender_of(node, sender), address_text(miner), deadline, post)
        receipt = (called := node.ask("StateCall", message, None))["MsgRct"]
        if receipt["ExitCode"]:
            why = exit_code_text(receipt["ExitCode"])
            fail(f"it would fail with exit code {why}: {first_reason(called['Error'])}")
        sent = send(node, message, Gas(max_fee=max_fee))
        report(node, sent, wait=wait, json=json)


@app.command()
def start(
    first_epoch: Annotated[
        int, typer.Option("--start-epoch", min=0, help="Dispute nothing before this epoch.")
    ] = 0,
    once: Annotated[
        bool, typer.Option("--once", help="Look at every deadline's proofs now, and end.")
    ] = False,
    sender: FromOption = None,
    max_fee: MaxFeeOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Look at the proofs of each deadline after it closes, and dispute what is wrong.

    It prints the CID of each dispute, with --json one document of all with --once, and otherwise
    one a line, and runs until it is interrupted.

    \b
    Examples:
      papyrus chain disputer start --from f1... --max-fee 0.5
      papyrus chain disputer start --once
    """
    with connected(api) as node:
        own = sender_of(node, sender)
        gas = Gas(max_fee=max_fee)
        if once:
            _look_once(node, own, gas, json)
            return
        for sent in _watch(node, own, gas, first_epoch):
            say(f'{{"cid": "{sent.cid}"}}' if json else sent.cid)


def _look_once(node: NodeClient, sender: str, gas: Gas, json: bool) -> None:
    miners = node.ask("StateListMiners", None) or []
    sent, looked = [], 0
    with progress("looking at miners", len(miners), bytes_unit=False) as drawn:
        for miner in miners:
            deadlines = node.ask("StateMinerDeadlines", miner, None)
            for index, deadline in enumerate(deadlines):
                looked += deadline["DisputableProofCount"]
                sent += _disputed(node, sender, miner, index, deadline, gas)
            drawn.advance(1)
    if json:
        say_json({"proofs": looked, "disputes": [one.cid for one in sent]})
        return
    for one in sent:
        say(one.cid)
    note(f"looked at {looked} proofs of {len(miners)} miners, disputed {len(sent)}")


def _watch(node: NodeClient, sender: str, gas: Gas, first_epoch: int) -> Iterator[Sent]:
    """Yield each dispute that is sent as deadlines close."""
    from papyrus.cli.subscribing import subscribe  # noqa: PLC0415 - slow to import

    listed = -_NEW_MINERS_EVERY
    closing: dict[str, tuple[int, int]] = {}
    for steps in subscribe(node, "ChainNotify"):
        applied = [step["Val"] for step in steps if step["Type"] != "revert"]
        if not applied:
            continue
        height = max(tipset["Height"] for tipset in applied)
        if height - listed >= _NEW_MINERS_EVERY:
            listed = height
            for miner in node.ask("StateListMiners", None) or []:
                closing.setdefault(miner, _closing(node, miner))
        for miner, (close, index) in closing.items():
            if height < close + CONFIDENCE:
                continue
            closing[miner] = _closing(node, miner)
            if close >= first_epoch:
                deadline = node.ask("StateMinerDeadlines", miner, None)[index]
                yield from _disputed(node, sender, miner, index, deadline, gas)


def _closing(node: NodeClient, miner: str) -> tuple[int, int]:
    """Return when a miner's deadline of now closes, and which it is."""
    found = node.ask("StateMinerProvingDeadline", miner, None)
    return found["Close"], found["Index"]


def _disputed(
    node: NodeClient, sender: str, miner: str, index: int, deadline: dict[str, Any], gas: Gas
) -> list[Sent]:
    """Dispute the wrong proofs of a deadline, unless the miner has nothing to be fined."""
    count = deadline["DisputableProofCount"]
    if not count or not int(node.ask("WalletBalance", miner)):
        return []
    sent = []
    for post in range(count):
        message = _dispute(sender, miner, index, post)
        if not node.ask("StateCall", message, None)["MsgRct"]["ExitCode"]:
            sent.append(send(node, message, gas))
    return sent


def _dispute(sender: str, miner: str, deadline: int, post: int) -> dict[str, Any]:
    from papyrus.actors.miner.params.numbers import (  # noqa: PLC0415 - slow to import
        DISPUTE_WINDOWED_POST,
    )
    from papyrus.actors.miner.params.proving import (  # noqa: PLC0415 - slow to import
        DisputeWindowedPoStParams,
    )

    params = DisputeWindowedPoStParams(deadline, post).to_cbor()
    return new_message(sender, miner, ZERO, DISPUTE_WINDOWED_POST, params)
