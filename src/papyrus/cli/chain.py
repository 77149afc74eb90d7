"""`papyrus chain`: tipsets, blocks and messages of a node's chain."""

import base64
from typing import Annotated, Any

import typer

from papyrus.cli import chain_disputer, chain_params
from papyrus.cli.amounts import ago, fil, when
from papyrus.cli.chain_bisect import bisect
from papyrus.cli.chain_fault import slash_consensus
from papyrus.cli.chain_objects import get, read_obj, stat_obj
from papyrus.cli.chain_usage import inspect_usage
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.node_output import cid_json, cid_text, key_text, show, show_value
from papyrus.cli.output import JsonOption, note, say, say_fields, say_json, say_table
from papyrus.cli.tipset_option import TipsetOption, tipset_key, tipset_named

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Look into a node's chain: tipsets, blocks, messages, and any data by its CID.",
)
app.command(no_args_is_help=True)(get)
app.command("read-obj", no_args_is_help=True)(read_obj)
app.command("stat-obj", no_args_is_help=True)(stat_obj)
app.command("inspect-usage")(inspect_usage)
app.command("slash-consensus", no_args_is_help=True)(slash_consensus)
app.command(no_args_is_help=True, context_settings={"allow_interspersed_args": False})(bisect)
app.add_typer(chain_params.decode_app, name="decode")
app.add_typer(chain_params.encode_app, name="encode")
app.add_typer(chain_disputer.app, name="disputer")

CidArgument = Annotated[str, typer.Argument(metavar="CID")]

_MOST_LISTED = 10_000


@app.command()
def head(
    height: Annotated[bool, typer.Option("--height", help="Its epoch alone.")] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the tipset that the chain ends in.

    \b
    Examples:
      papyrus chain head
      papyrus chain head --height
    """
    with connected(api) as node:
        tipset = node.ask("ChainHead")
    if height:
        show_value(tipset["Height"], json)
    elif json:
        say_json(tipset)
    else:
        say_fields(_tipset_fields(tipset))


@app.command("list")
def list_tipsets(
    epoch: Annotated[
        int | None, typer.Option("--epoch", "--height", min=0, help="The highest one.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=_MOST_LISTED, help="How many.")] = 30,
    gas_stats: Annotated[
        bool, typer.Option("--gas-stats", help="With base fee and messages.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List tipsets, the highest last; epochs without one were null rounds.

    \b
    Examples:
      papyrus chain list --count 10
      papyrus chain list --epoch 100 --gas-stats
    """
    with connected(api) as node:
        found = _back_from(node, epoch, count)
        rows = [_row(node, tipset, gas_stats) for tipset in reversed(found)]
    if json:
        say_json(rows)
        return
    heads = ["HEIGHT", "TIME", "BLOCKS", "MINERS"] + (["BASE FEE", "MESSAGES"] if gas_stats else [])
    say_table(heads, [[_cell(name, row) for name in _names(gas_stats)] for row in rows])


@app.command("get-block", no_args_is_help=True)
def get_block(cid: CidArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show a block: its header and the messages in it.

    \b
    Examples:
      papyrus chain get-block bafy2bza...
    """
    named = cid_json(cid)
    with connected(api) as node:
        header = node.ask("ChainGetBlock", named)
        messages = node.ask("ChainGetBlockMessages", named)
    if json:
        say_json({"header": header, "messages": messages})
        return
    say_fields(_block_fields(header))
    bls = messages["BlsMessages"] or []
    signed = [one["Message"] for one in messages["SecpkMessages"] or []]
    if bls or signed:
        say()
        _say_messages([*bls, *signed], messages["Cids"])


@app.command(no_args_is_help=True)
def getmessage(cid: CidArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show a message of the chain by its CID.

    \b
    Examples:
      papyrus chain getmessage bafy2bza...
    """
    named = cid_json(cid)
    with connected(api) as node:
        message = node.ask("ChainGetMessage", named)
    show(message, message_fields(message), json)


@app.command()
def sethead(
    key: Annotated[str | None, typer.Argument(metavar="[TIPSET]", help="CIDs, or @HEIGHT.")] = None,
    genesis: Annotated[bool, typer.Option("--genesis", help="Back to the very first.")] = False,
    epoch: Annotated[int | None, typer.Option("--epoch", min=0, help="Back to an epoch.")] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make a tipset the head, whatever its weight; what is above it is forgotten.

    \b
    Examples:
      papyrus chain sethead --epoch 100
      papyrus chain sethead --genesis
    """
    if sum((key is not None, genesis, epoch is not None)) != 1:
        raise typer.BadParameter("name one tipset: by CIDs, --epoch, or --genesis")
    with connected(api) as node:
        tipset = tipset_named(node, "@0" if genesis else key or f"@{epoch}")
        node.ask("ChainSetHead", tipset["Cids"])
    if json:
        say_json(tipset)
    else:
        note(f"the head is now {key_text(tipset['Cids'])} at height {tipset['Height']}")


@app.command("gas-price")
def gas_price(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show the base fee, and premiums by which a message is taken within some epochs.

    \b
    Examples:
      papyrus chain gas-price
    """
    with connected(api) as node:
        tipset = node.ask("ChainHead")
        premiums = {
            str(epochs): node.ask("GasEstimateGasPremium", epochs, "f01", 10_000, None)
            for epochs in (1, 2, 3, 5, 10, 20, 50, 100, 300)
        }
    base_fee = tipset["Blocks"][0]["ParentBaseFee"]
    if json:
        say_json({"base_fee": base_fee, "premiums": premiums})
        return
    say_fields([("base fee", f"{int(base_fee):,} attoFIL a unit of gas")])
    say()
    say_table(("EPOCHS", "PREMIUM (attoFIL)"), premiums.items())


@app.command(no_args_is_help=True)
def export(
    path: Annotated[str, typer.Argument(metavar="FILE", help="A new file, .car or .car.zst.")],
    tipset: TipsetOption = None,
    recent: Annotated[
        int, typer.Option("--recent-stateroots", min=0, help="Epochs with states; 0 is all.")
    ] = 0,
    skip_old: Annotated[
        bool, typer.Option("--skip-old-msgs", help="Leave out older messages.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Write a snapshot of a running node's chain to a file here, through the node.

    Beside the node's folder, `papyrus snapshot export` is faster.

    \b
    Examples:
      papyrus chain export chain.car --recent-stateroots 900 --skip-old-msgs
    """
    from papyrus.cli.chain_export import download  # noqa: PLC0415 - slow to import

    with connected(api) as node:
        key = tipset_key(node, tipset)
        size = download(node.info, path, recent, key, skip_old=skip_old)
    if json:
        say_json({"file": path, "size": size})
    else:
        note(f"wrote {path}, {size:,} bytes")


def message_fields(message: dict[str, Any]) -> list[tuple[str, object]]:
    """Return what people want to know of a message, of Lotus' JSON."""
    params = base64.b64decode(message["Params"] or "")
    fields: list[tuple[str, object]] = [
        ("cid", cid_text(message["CID"]) if "CID" in message else "unknown"),
        ("from", message["From"]),
        ("to", message["To"]),
        ("value", fil(message["Value"])),
        ("nonce", message["Nonce"]),
        ("method", message["Method"]),
        ("gas limit", f"{message['GasLimit']:,}"),
        ("fee cap", f"{int(message['GasFeeCap']):,} attoFIL a unit of gas"),
        ("premium", f"{int(message['GasPremium']):,} attoFIL a unit of gas"),
    ]
    return [*fields, ("params", params.hex())] if params else fields


def _say_messages(messages: list[dict[str, Any]], cids: list[Any]) -> None:
    say_table(
        ("MESSAGE", "FROM", "TO", "VALUE", "METHOD"),
        [
            (cid_text(cid), one["From"], one["To"], fil(one["Value"]), one["Method"])
            for cid, one in zip(cids, messages, strict=True)
        ],
    )


def _tipset_fields(tipset: dict[str, Any]) -> list[tuple[str, object]]:
    first = tipset["Blocks"][0]
    return [
        ("height", tipset["Height"]),
        ("time", f"{when(first['Timestamp'])} ({ago(first['Timestamp'])})"),
        ("key", key_text(tipset["Cids"])),
        ("miners", ", ".join(block["Miner"] for block in tipset["Blocks"])),
        ("parents", key_text(first["Parents"])),
        ("state before it", cid_text(first["ParentStateRoot"])),
        ("base fee", f"{int(first['ParentBaseFee']):,} attoFIL a unit of gas"),
    ]


def _block_fields(header: dict[str, Any]) -> list[tuple[str, object]]:
    won = header["ElectionProof"]
    return [
        ("height", header["Height"]),
        ("miner", header["Miner"]),
        ("time", f"{when(header['Timestamp'])} ({ago(header['Timestamp'])})"),
        ("wins", won["WinCount"] if won else 0),
        ("parents", key_text(header["Parents"] or [])),
        ("parents' weight", header["ParentWeight"]),
        ("base fee", f"{int(header['ParentBaseFee']):,} attoFIL a unit of gas"),
        ("state before it", cid_text(header["ParentStateRoot"])),
        ("receipts of parents", cid_text(header["ParentMessageReceipts"])),
        ("messages", cid_text(header["Messages"])),
    ]


def _back_from(node: NodeClient, epoch: int | None, count: int) -> list[dict[str, Any]]:
    tipset = tipset_named(node, None if epoch is None else f"@{epoch}")
    found = [tipset]
    while len(found) < count and tipset["Height"] > 0:
        tipset = node.ask("ChainGetTipSet", tipset["Blocks"][0]["Parents"])
        found.append(tipset)
    return found


def _row(node: NodeClient, tipset: dict[str, Any], gas_stats: bool) -> dict[str, Any]:
    first = tipset["Blocks"][0]
    row: dict[str, Any] = {
        "height": tipset["Height"],
        "timestamp": first["Timestamp"],
        "key": [cid_text(cid) for cid in tipset["Cids"]],
        "miners": [block["Miner"] for block in tipset["Blocks"]],
    }
    if gas_stats:
        row["base_fee"] = first["ParentBaseFee"]
        row["messages"] = len(node.ask("ChainGetMessagesInTipset", tipset["Cids"]) or [])
    return row


def _names(gas_stats: bool) -> tuple[str, ...]:
    names = ("height", "timestamp", "key", "miners")
    return (*names, "base_fee", "messages") if gas_stats else names


def _cell(name: str, row: dict[str, Any]) -> object:
    value = row[name]
    if name == "timestamp":
        return when(value)
    if name == "key":
        return len(value)
    return ", ".join(value) if name == "miners" else value
