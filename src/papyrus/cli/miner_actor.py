"""`papyrus miner actor`: a miner's funds, and the keys that may act for it."""

from typing import Annotated, Any

import typer

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeWorkerAddressParams
from papyrus.actors.miner.params.payments import WithdrawBalanceParams
from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import fil, read_amount
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import Landed, Sent, WaitOption, new_message, report, send
from papyrus.cli.output import JsonOption, fail, say_json, say_table
from papyrus.ipld import dag_cbor
from papyrus.primitives.amounts import ZERO, TokenAmount, decode_bigint
from papyrus.primitives.errors import PapyrusError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Look after a miner's funds and keys.",
)
control = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See and choose who acts for a miner.",
)
app.add_typer(control, name="control")

MinerArgument = Annotated[str, typer.Argument(metavar="MINER", help="For instance f01000.")]


@app.command(no_args_is_help=True)
def withdraw(
    miner: MinerArgument,
    amount: Annotated[
        str | None, typer.Argument(metavar="[FIL]", help="All, if not given.")
    ] = None,
    beneficiary: Annotated[
        bool, typer.Option("--beneficiary", help="Sent by the beneficiary, not the owner.")
    ] = False,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take what a miner does not need; it goes to the beneficiary.

    \b
    Examples:
      papyrus miner actor withdraw f01000
      papyrus miner actor withdraw f01000 1.5
    """
    named = address_text(miner)
    with connected(api) as node:
        available = TokenAmount(int(node.ask("StateMinerAvailableBalance", named, None)))
        wanted = available if amount is None else read_amount(amount)
        if wanted > available:
            fail(f"{named} has {fil(available)} to withdraw, which is less than {fil(wanted)}")
        info = node.ask("StateMinerInfo", named, None)
        sender = info["Beneficiary" if beneficiary else "Owner"]
        params = WithdrawBalanceParams(wanted).to_cbor()
        message = new_message(sender, named, ZERO, numbers.WITHDRAW_BALANCE, params)
        report(node, send(node, message), wait=wait, json=json, result=_withdrawn)


@app.command("repay-debt", no_args_is_help=True)
def repay_debt(
    miner: MinerArgument,
    amount: Annotated[str, typer.Argument(metavar="FIL", help="What is sent along to pay with.")],
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Pay what a miner owes the network.

    \b
    Examples:
      papyrus miner actor repay-debt f01000 0.5
    """
    named, value = address_text(miner), read_amount(amount)
    with connected(api) as node:
        sender = node.ask("StateMinerInfo", named, None)["Owner"]
        message = new_message(sender, named, value, numbers.REPAY_DEBT)
        report(node, send(node, message), wait=wait, json=json)


@control.command("list", no_args_is_help=True)
def control_list(miner: MinerArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List the addresses that act for a miner, and what they have to pay gas with.

    \b
    Examples:
      papyrus miner actor control list f01000
    """
    named = address_text(miner)
    with connected(api) as node:
        info = node.ask("StateMinerInfo", named, None)
        listed = [("owner", info["Owner"]), ("worker", info["Worker"])]
        listed += [("control", one) for one in info["ControlAddresses"] or []]
        listed.append(("beneficiary", info["Beneficiary"]))
        rows = [_key_row(node, role, address) for role, address in listed]
    if json:
        say_json(rows)
        return
    say_table(
        ("ROLE", "ID", "KEY", "BALANCE"),
        [(row["role"], row["id"], row["key"], fil(row["balance"])) for row in rows],
    )


@control.command("set", no_args_is_help=True)
def control_set(
    miner: MinerArgument,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS...")],
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Name the addresses that may send a miner's proofs, beside its worker.

    \b
    Examples:
      papyrus miner actor control set f01000 f1... f3...
    """
    named = address_text(miner)
    chosen = tuple(map(read_address, addresses))
    with connected(api) as node:
        info = node.ask("StateMinerInfo", named, None)
        params = ChangeWorkerAddressParams(read_address(info["Worker"]), chosen).to_cbor()
        method = numbers.CHANGE_WORKER_ADDRESS
        message = new_message(info["Owner"], named, ZERO, method, params)
        report(node, send(node, message), wait=wait, json=json)


def _key_row(node: NodeClient, role: str, address: str) -> dict[str, Any]:
    try:
        key = node.ask("StateAccountKey", address, None)
    except PapyrusError:  # a multisig, which has none
        key = address
    return {
        "role": role,
        "id": address,
        "key": key,
        "balance": node.ask("WalletBalance", address),
    }


def _withdrawn(_sent: Sent, landed: Landed) -> dict[str, Any]:
    return {"withdrawn": TokenAmount(decode_bigint(dag_cbor.decode(landed.returned)))}
