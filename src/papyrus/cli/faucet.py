"""`papyrus faucet`: funds of a devnet, for anybody."""

from typing import Annotated

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import fil, read_amount
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.message_sending import (
    WaitOption,
    expect_success,
    new_message,
    send,
    sender_of,
    wait_for,
)
from papyrus.cli.output import JsonOption, fail, say, say_json


def faucet(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="f/t or 0x address.")],
    amount: Annotated[str, typer.Option("--amount", metavar="FIL")] = "100",
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Send an address funds of a devnet, from its first account.

    \b
    Examples:
      papyrus faucet 0xd388ab098ed3e84c0d808776440b48f685198498
      papyrus faucet t1... --amount 5
    """
    to, value = address_text(address), read_amount(amount)
    with connected(api) as node:
        agent = node.ask("Version")["Version"]
        if "devnet" not in agent:
            fail(f"{agent} is no devnet, and its funds are not for everybody")
        sent = send(node, new_message(sender_of(node, None), to, value))
        landed = wait_for(node, sent.cid) if wait else None
        if landed is not None:
            expect_success(node, sent.cid, landed)
        balance = node.ask("WalletBalance", to) if wait else None
    to = sent.message["To"]
    if json:
        say_json({"cid": sent.cid, "to": to, "amount": str(value), "balance": balance})
    else:
        say(sent.cid)
        if balance is not None:
            say(f"{to} has {fil(balance)} now")
