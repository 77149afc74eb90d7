"""`papyrus paych voucher`: making, checking, keeping and handing in vouchers.

A voucher goes from hand to hand as text: its CBOR in base64, as Lotus writes it.
"""

import base64
import binascii
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import AmountArgument, fil, read_amount
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import Landed, expect_success, wait_for
from papyrus.cli.node_output import cid_text
from papyrus.cli.output import JsonOption, fail, note, say, say_fields, say_json
from papyrus.primitives.errors import DecodeError

app = typer.Typer(
    rich_markup_mode=None, no_args_is_help=True, help="Make vouchers, and hand them in."
)

ChannelArgument = Annotated[str, typer.Argument(metavar="CHANNEL")]
VoucherArgument = Annotated[str, typer.Argument(metavar="VOUCHER", help="As create prints it.")]
ExportOption = Annotated[bool, typer.Option("--export", help="With the text of each voucher.")]


@app.command(no_args_is_help=True)
def create(
    channel: ChannelArgument,
    amount: AmountArgument,
    lane: Annotated[
        int, typer.Option("--lane", metavar="N", min=0, help="Payments apart from others.")
    ] = 0,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make a voucher by which a lane has paid an amount, all its earlier vouchers included.

    \b
    Examples:
      papyrus paych voucher create f2... 1.5
      papyrus paych voucher create f2... 2 --lane 1
    """
    named, value = address_text(channel), str(read_amount(amount))
    with connected(api) as node:
        made = node.ask("PaychVoucherCreate", named, value, lane)
    if made["Voucher"] is None:
        fail(
            f"the channel holds {fil(made['Shortfall'])} too little for this voucher: "
            "`papyrus paych add-funds` puts more in"
        )
    text = voucher_text(made["Voucher"])
    if json:
        say_json({"voucher": made["Voucher"], "text": text})
    else:
        say(text)


@app.command(no_args_is_help=True)
def check(
    channel: ChannelArgument,
    voucher: VoucherArgument,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Check that a voucher is good: signed by the payer, new, and covered by the channel.

    \b
    Examples:
      papyrus paych voucher check f2... i1UC...
    """
    given = read_voucher(voucher)
    with connected(api) as node:
        node.ask("PaychVoucherCheckValid", address_text(channel), given)
    if json:
        say_json({"valid": True})
    else:
        say("voucher is valid")


@app.command(no_args_is_help=True)
def add(
    channel: ChannelArgument,
    voucher: VoucherArgument,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Let the node keep a voucher that was given to its payee.

    \b
    Examples:
      papyrus paych voucher add f2... i1UC...
    """
    given = read_voucher(voucher)
    with connected(api) as node:
        added = node.ask("PaychVoucherAdd", address_text(channel), given, None, "0")
    if json:
        say_json({"added": added})
    else:
        note(f"it adds {fil(added)}" if int(added) else "the node had it already")


@app.command("list", no_args_is_help=True)
def list_(
    channel: ChannelArgument,
    export: ExportOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the vouchers of a channel, lane by lane.

    \b
    Examples:
      papyrus paych voucher list f2... --export
    """
    with connected(api) as node:
        _show(node.ask("PaychVoucherList", address_text(channel)) or [], export, json)


@app.command("best-spendable", no_args_is_help=True)
def best_spendable(
    channel: ChannelArgument,
    export: ExportOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the voucher of each lane that is worth most and can be handed in now.

    \b
    Examples:
      papyrus paych voucher best-spendable f2... --export
    """
    named = address_text(channel)
    with connected(api) as node:
        best: dict[int, dict[str, Any]] = {}
        worth_most_first = sorted(
            node.ask("PaychVoucherList", named) or [], key=lambda each: -int(each["Amount"])
        )
        for each in worth_most_first:
            if each["Lane"] in best:
                continue
            if node.ask("PaychVoucherCheckSpendable", named, each, None, None):
                best[each["Lane"]] = each
    _show(list(best.values()), export, json)


@app.command(no_args_is_help=True)
def submit(
    channel: ChannelArgument,
    voucher: VoucherArgument,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Hand a voucher in, as its payee: the channel notes what it is worth.

    \b
    Examples:
      papyrus paych voucher submit f2... i1UC...
    """
    given = read_voucher(voucher)
    with connected(api) as node:
        cid = cid_text(node.ask("PaychVoucherSubmit", address_text(channel), given, None, None))
        landed = ended(node, cid)
    if json:
        say_json({"cid": cid, "lookup": landed.lookup})
    else:
        say(cid)
        say_fields(landed.fields())


def ended(node: NodeClient, cid: str) -> Landed:
    """Return what became of a message; ends with exit code 1 and the reason where it failed."""
    landed = wait_for(node, cid)
    expect_success(node, cid, landed)
    return landed


def voucher_text(voucher: dict[str, Any]) -> str:
    """Return a voucher of JSON as people hand it on."""
    from papyrus.actors.paych.params import SignedVoucher  # noqa: PLC0415 - keeps the help quick
    from papyrus.rpc.views.record_forms import form_of  # noqa: PLC0415 - keeps the help quick

    found: SignedVoucher = form_of(SignedVoucher).read(voucher)
    return base64.urlsafe_b64encode(found.to_cbor()).decode().rstrip("=")


def read_voucher(text: str) -> Any:
    """Return the JSON of a voucher that was handed on; DecodeError where it is none."""
    from papyrus.actors.paych.params import SignedVoucher  # noqa: PLC0415 - keeps the help quick
    from papyrus.rpc.views.record_forms import form_of  # noqa: PLC0415 - keeps the help quick

    bare = text.strip().rstrip("=")
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
        return form_of(SignedVoucher).write(SignedVoucher.from_cbor(data), "f")
    except (DecodeError, binascii.Error, ValueError) as error:
        raise DecodeError(
            f"this is no voucher ({error}): give what `papyrus paych voucher create` printed"
        ) from error


def _show(vouchers: list[dict[str, Any]], export: bool, json: bool) -> None:
    ordered = sorted(vouchers, key=lambda each: (each["Lane"], each["Nonce"]))
    if json:
        say_json([{**each, "Text": voucher_text(each)} for each in ordered])
        return
    for each in ordered:
        text = f"; {voucher_text(each)}" if export else ""
        say(f"Lane {each['Lane']}, Nonce {each['Nonce']}: {fil(each['Amount'])}{text}")
