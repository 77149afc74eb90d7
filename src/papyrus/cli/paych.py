"""`papyrus paych`: channels in which one party pays another by vouchers, off the chain."""

from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import AmountArgument, fil, read_amount
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import cid_text
from papyrus.cli.output import JsonOption, progress, say, say_fields, say_json
from papyrus.cli.paych_vouchers import ChannelArgument, ended
from papyrus.cli.paych_vouchers import app as vouchers

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Pay by vouchers that only two parties see, and the chain in the end.

    The payer puts funds into a channel and signs vouchers. The payee hands the best of them in;
    once one of the two has asked to settle and half a day is over, the channel is collected: what
    vouchers came to goes to the payee, the rest back to the payer.""",
)
app.add_typer(vouchers, name="voucher")

PayerArgument = Annotated[str, typer.Argument(metavar="FROM", help="Who pays.")]
PayeeArgument = Annotated[str, typer.Argument(metavar="TO", help="Who is paid.")]


@app.command("add-funds", no_args_is_help=True)
def add_funds(
    payer: PayerArgument,
    payee: PayeeArgument,
    amount: AmountArgument,
    reserve: Annotated[
        bool, typer.Option("--reserve", help="Keep the amount, and use funds that are there.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Put funds into the channel between two addresses, and print the channel once they are there.

    The channel is made where there is none that is not being settled.

    \b
    Examples:
      papyrus paych add-funds f1... f1... 10
    """
    first, second = address_text(payer), address_text(payee)
    value = str(read_amount(amount))
    with connected(api) as node:
        if reserve:
            options = {"OffChain": False}
            found = node.ask("PaychGet", first, second, value, options, seconds=None)
        else:
            found = node.ask("PaychFund", first, second, value, seconds=None)
        sentinel = found["WaitSentinel"]
        channel = found["Channel"]
        if sentinel is not None:
            with progress(f"waiting for {cid_text(sentinel)}", bytes_unit=False):
                channel = node.ask("PaychGetWaitReady", sentinel, seconds=None)
    if json:
        message = None if sentinel is None else cid_text(sentinel)
        say_json({"channel": channel, "message": message})
    else:
        say(channel)


@app.command("list")
def list_(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List the channels that the node knows, those that were collected too.

    \b
    Examples:
      papyrus paych list
    """
    with connected(api) as node:
        found = node.ask("PaychList") or []
    if json:
        say_json(found)
    else:
        for channel in found:
            say(channel)


@app.command(no_args_is_help=True)
def status(channel: ChannelArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show what a channel holds, and what is on its way there.

    \b
    Examples:
      papyrus paych status f2...
    """
    with connected(api) as node:
        _show(node.ask("PaychAvailableFunds", address_text(channel)), json)


@app.command("status-by-from-to", no_args_is_help=True)
def status_by_from_to(
    payer: PayerArgument,
    payee: PayeeArgument,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the channel by which one address pays another.

    \b
    Examples:
      papyrus paych status-by-from-to f1... f1...
    """
    first, second = address_text(payer), address_text(payee)
    with connected(api) as node:
        _show(node.ask("PaychAvailableFundsByFromTo", first, second), json)


@app.command(no_args_is_help=True)
def settle(channel: ChannelArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Ask to settle a channel: vouchers are taken for half a day more.

    \b
    Examples:
      papyrus paych settle f2...
    """
    named = address_text(channel)
    with connected(api) as node:
        cid = cid_text(node.ask("PaychSettle", named))
        landed = ended(node, cid)
        state = node.ask("StateReadState", named, None)["State"]
    if json:
        say_json({"cid": cid, "lookup": landed.lookup, "settling_at": state["SettlingAt"]})
    else:
        say(cid)
        say_fields([*landed.fields(), ("settles at", f"epoch {state['SettlingAt']}")])


@app.command(no_args_is_help=True)
def collect(channel: ChannelArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""End a channel that has settled: the payee gets what vouchers came to, the payer the rest.

    \b
    Examples:
      papyrus paych collect f2...
    """
    with connected(api) as node:
        cid = cid_text(node.ask("PaychCollect", address_text(channel)))
        landed = ended(node, cid)
    if json:
        say_json({"cid": cid, "lookup": landed.lookup})
    else:
        say(cid)
        say_fields(landed.fields())


def _show(found: dict[str, Any], json: bool) -> None:
    if json:
        say_json(found)
        return
    pending = found["PendingWaitSentinel"]
    parties: list[tuple[str, object]] = [("from", found["From"]), ("to", found["To"])]
    if found["Channel"] is None:
        is_coming = pending is not None or int(found["PendingAmt"])
        say("the channel is being made" if is_coming else "there is no channel")
        amounts = {"pending": "PendingAmt", "queued": "QueuedAmt"} if is_coming else {}
    else:
        parties.insert(0, ("channel", found["Channel"]))
        amounts = {
            "confirmed": "ConfirmedAmt",
            "available": "NonReservedAmt",
            "by vouchers": "VoucherReedeemedAmt",
            "pending": "PendingAmt",
            "pending, available": "PendingAvailableAmt",
            "queued": "QueuedAmt",
        }
    fields = [*parties, *((name, fil(found[key])) for name, key in amounts.items())]
    if pending is not None:
        fields.append(("waits for", cid_text(pending)))
    say_fields(fields)
