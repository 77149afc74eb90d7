"""`papyrus mpool sub` and `gas-perf`: what comes and goes, and what messages are worth."""

import sys
from itertools import islice
from json import dumps
from typing import Annotated, Any

import typer

from papyrus.cli.address import read_address
from papyrus.cli.amounts import fil
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import cid_text
from papyrus.cli.output import JsonOption, say, say_json, say_table
from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT

_CHANGES = {0: "added", 1: "removed"}
"""How Lotus numbers them (api MpoolChange)."""


def sub(
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", min=1, help="End after so many changes.")
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Tell of each message that comes to wait, or waits no more, until it is interrupted.

    With --json each change is one JSON document on a line of its own.

    \b
    Examples:
      papyrus mpool sub
      papyrus mpool sub --json | jq -r .Message.CID
    """
    from papyrus.cli.subscribing import subscribe  # noqa: PLC0415 - slow to import

    with connected(api) as node:
        for change in islice(subscribe(node, "MpoolSub"), count):
            say(dumps(change, ensure_ascii=False) if json else _change_line(change))
            sys.stdout.flush()  # whoever reads the other end of a pipe waits for it


def gas_perf(
    all_messages: Annotated[
        bool, typer.Option("--all", help="Of everyone, not of the node's wallet alone.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show what messages that wait pay who makes a block, and for a whole block of their gas.

    The reward counts what the fee cap leaves above the base fee, as blocks are filled by.

    \b
    Examples:
      papyrus mpool gas-perf
      papyrus mpool gas-perf --all
    """
    with connected(api) as node:
        waiting = [one["Message"] for one in node.ask("MpoolPending", None) or []]
        if not all_messages:
            own = {read_address(one) for one in node.ask("WalletList") or []}
            waiting = [one for one in waiting if read_address(one["From"]) in own]
        base_fee = int(node.ask("ChainHead")["Blocks"][0]["ParentBaseFee"])
    rows = [_worth(one, base_fee) for one in waiting]
    rows.sort(key=lambda row: int(row["performance"]), reverse=True)
    if json:
        say_json(rows)
        return
    say_table(
        ("SENDER", "NONCE", "REWARD (attoFIL)", "FOR A WHOLE BLOCK"),
        [
            (row["sender"], row["nonce"], f"{int(row['reward']):,}", fil(row["performance"]))
            for row in rows
        ],
    )


def _change_line(change: dict[str, Any]) -> str:
    signed = change["Message"]
    message = signed["Message"]
    return (
        f"{_CHANGES.get(change['Type'], change['Type']):<7}  {cid_text(signed['CID'])}  "
        f"{message['From']} {message['Nonce']} -> {message['To']}  {fil(message['Value'])}"
    )


def _worth(message: dict[str, Any], base_fee: int) -> dict[str, Any]:
    """Return what a message pays who makes the block, in attoFIL (messagepool.getGasReward).

    Lotus' own gas-perf takes the larger of premium and what the cap leaves, which no block pays.
    """
    left = int(message["GasFeeCap"]) - base_fee
    reward = min(int(message["GasPremium"]), left) * message["GasLimit"]
    return {
        "sender": message["From"],
        "nonce": message["Nonce"],
        "reward": str(reward),
        "performance": str(reward * BLOCK_GAS_LIMIT // message["GasLimit"]),
    }
