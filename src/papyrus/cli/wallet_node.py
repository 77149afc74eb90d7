"""`papyrus wallet balance`, `unlock`, `lock` and `market`: the wallet of a running node."""

from typing import Annotated, Any

import typer

from papyrus.actors.market.params import ADD_BALANCE, WITHDRAW_BALANCE, WithdrawBalanceParams
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import fil, read_amount
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    Landed,
    Sent,
    WaitOption,
    expect_funds,
    new_message,
    report,
    send,
    sender_of,
)
from papyrus.cli.output import JsonOption, advice, fail, note, say, say_json, say_table
from papyrus.cli.wallet_access import ChainOption, known_password
from papyrus.ipld import dag_cbor
from papyrus.primitives.amounts import ZERO, TokenAmount, decode_bigint
from papyrus.primitives.errors import PapyrusError

market = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Put funds into the storage market, and take them out.",
)

WhoseOption = Annotated[
    str | None,
    typer.Option("--address", "-a", metavar="ADDRESS", help="Whose funds: the sender's."),
]


def balance(
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="All of the node's, if not given.")
    ] = None,
    chain: ChainOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print what an address has, or each of those whose keys a running node holds.

    \b
    Examples:
      papyrus wallet balance f1...
      papyrus wallet balance
    """
    with connected(api, chain) as node:
        if address is None:
            rows = [_row(node, one) for one in node.ask("WalletList") or []]
        else:
            named = address_text(address)
            amount = node.ask("WalletBalance", named)
    if address is not None:
        if json:
            say_json({"address": named, "balance": amount})
        else:
            say(fil(amount))
    elif json:
        say_json(rows)
    elif rows:
        say_table(
            ("ADDRESS", "ID", "BALANCE", "NONCE"),
            [(row["address"], row["id"] or "", fil(row["balance"]), row["nonce"]) for row in rows],
        )
    else:
        note(advice("the node holds no keys; `papyrus wallet new` makes one"))


def unlock(
    seconds: Annotated[
        float | None,
        typer.Option("--for", metavar="SECONDS", min=1, help="Until the node stops, if not given."),
    ] = None,
    chain: ChainOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Let a running node sign with the keys of its wallet.

    \b
    Examples:
      papyrus wallet unlock --for 600
    """
    with connected(api, chain) as node:
        node.ask("WalletUnlock", known_password(), seconds, namespace="Papyrus")
    if json:
        say_json({"unlocked": True, "seconds": seconds})
    else:
        note("the wallet is unlocked" + (f" for {seconds:g} s" if seconds else ""))


def lock(chain: ChainOption = None, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Let a running node sign no more, until its wallet is unlocked again.

    \b
    Examples:
      papyrus wallet lock
    """
    with connected(api, chain) as node:
        node.ask("WalletLock", namespace="Papyrus")
    if json:
        say_json({"unlocked": False})
    else:
        note("the wallet is locked")


@market.command("add", no_args_is_help=True)
def add(
    amount: Annotated[str, typer.Argument(metavar="FIL")],
    sender: FromOption = None,
    address: WhoseOption = None,
    wait: WaitOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Put funds into the market, where deals are paid from.

    \b
    Examples:
      papyrus wallet market add 5
      papyrus wallet market add 1 --address f01000 --wait
    """
    value = read_amount(amount)
    with connected(api) as node:
        own = sender_of(node, sender)
        expect_funds(node, own, value)
        params = bytes(dag_cbor.encode(bytes(read_address(address or own))))
        message = new_message(own, str(STORAGE_MARKET), value, ADD_BALANCE, params)
        report(node, send(node, message), wait=wait, json=json)


@market.command("withdraw")
def withdraw(
    amount: Annotated[
        str | None, typer.Argument(metavar="[FIL]", help="All, if not given.")
    ] = None,
    sender: Annotated[
        str | None,
        typer.Option("--wallet", "-w", "--from", metavar="ADDRESS", help="Who sends it."),
    ] = None,
    address: WhoseOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take funds out of the market that no deal needs, and that nobody has set aside for one.

    \b
    Examples:
      papyrus wallet market withdraw
      papyrus wallet market withdraw 2.5 --from f1...
    """
    with connected(api) as node:
        own = sender_of(node, sender)
        whose = read_address(address or own)
        found = node.ask("StateMarketBalance", str(whose), None)
        reserved = int(node.ask("MarketGetReserved", str(whose)))
        free = TokenAmount(max(int(found["Escrow"]) - int(found["Locked"]) - reserved, 0))
        wanted = free if amount is None else read_amount(amount)
        if wanted > free or not free:
            fail(f"{whose.to_string(node.letter)} has {fil(free)} in the market that no deal needs")
        params = WithdrawBalanceParams(whose, wanted).to_cbor()
        message = new_message(own, str(STORAGE_MARKET), ZERO, WITHDRAW_BALANCE, params)
        report(node, send(node, message), wait=wait, json=json, result=_withdrawn)


def _row(node: NodeClient, address: str) -> dict[str, Any]:
    try:
        actor = node.ask("StateGetActor", address, None)
        identity = node.ask("StateLookupID", address, None)
    except PapyrusError:  # nobody has sent it anything yet
        return {"address": address, "id": None, "balance": "0", "nonce": 0}
    return {
        "address": address,
        "id": identity,
        "balance": actor["Balance"],
        "nonce": actor["Nonce"],
    }


def _withdrawn(_sent: Sent, landed: Landed) -> dict[str, Any]:
    return {"withdrawn": TokenAmount(decode_bigint(dag_cbor.decode(landed.returned)))}
