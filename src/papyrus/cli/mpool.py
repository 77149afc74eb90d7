"""`papyrus mpool`: messages that wait, why they wait, and what to do about it."""

from collections import defaultdict
from json import JSONDecodeError, loads
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import fil, read_amount, read_atto
from papyrus.cli.chain import message_fields
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.input import read_bytes
from papyrus.cli.message_sending import Sent, WaitOption, report
from papyrus.cli.mpool_watch import gas_perf, sub
from papyrus.cli.node_output import cid_json, cid_text, show, show_value
from papyrus.cli.output import JsonOption, fail, note, say, say_fields, say_json, say_table
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import DecodeError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See which messages wait for a block and why, and replace those that are stuck.",
)

app.command()(sub)
app.command("gas-perf")(gas_perf)

MessageArgument = Annotated[str, typer.Argument(metavar="CID", help="Of a message.")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="ADDRESS")]
SenderOption = Annotated[str | None, typer.Option("--from", metavar="ADDRESS")]
LocalOption = Annotated[bool, typer.Option("--local", help="Of the node's own wallet alone.")]

PAPYRUS = "Papyrus"


@app.command()
def pending(
    local: LocalOption = False,
    cids: Annotated[bool, typer.Option("--cids", help="The CIDs alone.")] = False,
    to: ToOption = None,
    sender: SenderOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the messages that wait.

    \b
    Examples:
      papyrus mpool pending
      papyrus mpool pending --local --cids
    """
    with connected(api) as node:
        found = _matching(node, to, sender, None, local=local)
    if json:
        say_json([cid_text(one["CID"]) for one in found] if cids else found)
    elif cids:
        for one in found:
            say(cid_text(one["CID"]))
    else:
        _say_messages(found)


@app.command()
def find(
    sender: SenderOption = None,
    to: ToOption = None,
    method: Annotated[int | None, typer.Option("--method", min=0)] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List those of the messages that wait which match.

    \b
    Examples:
      papyrus mpool find --from f1... --method 0
    """
    with connected(api) as node:
        found = _matching(node, to, sender, method, local=False)
    if json:
        say_json(found)
    else:
        _say_messages(found)


@app.command()
def stat(local: LocalOption = False, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Count what waits by sender: what can come next, what is behind a missing nonce.

    \b
    Examples:
      papyrus mpool stat --local
    """
    with connected(api) as node:
        by_sender = defaultdict(list)
        for one in _matching(node, None, None, None, local=local):
            by_sender[one["Message"]["From"]].append(one["Message"])
        base_fee = int(node.ask("ChainHead")["Blocks"][0]["ParentBaseFee"])
        rows = [
            _sender_row(node, sender, messages, base_fee)
            for sender, messages in sorted(by_sender.items())
        ]
    if json:
        say_json(rows)
        return
    say_table(
        ("SENDER", "NONCE", "NEXT", "BEHIND A GAP", "BELOW BASE FEE", "GAS LIMIT"),
        [
            (
                row["sender"],
                row["nonce"],
                row["next"],
                row["behind_gap"],
                row["below_base_fee"],
                f"{row['gas_limit']:,}",
            )
            for row in rows
        ],
    )


@app.command(no_args_is_help=True)
def why(cid: MessageArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Say in one sentence why a message is not on the chain, and the command that helps.

    \b
    Examples:
      papyrus mpool why bafy2bza...
    """
    named = cid_json(cid)
    with connected(api) as node:
        advice = node.ask("MpoolWhy", named, namespace=PAPYRUS)
    if json:
        say_json(advice)
        return
    say(advice["Sentence"])
    if advice["Command"]:
        say(f"  {advice['Command']}")


@app.command(no_args_is_help=True)
def fix(
    cid: MessageArgument,
    fee_limit: Annotated[
        str | None, typer.Option("--fee-limit", metavar="FIL", help="What all gas may cost.")
    ] = None,
    wait: WaitOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Replace a message that waits by one that pays what is needed now.

    \b
    Examples:
      papyrus mpool fix bafy2bza...
      papyrus mpool fix bafy2bza... --fee-limit 0.1 --wait
    """
    limit = ZERO if fee_limit is None else read_amount(fee_limit, "--fee-limit")
    with connected(api) as node:
        spec = {"MaxFee": str(limit)}
        signed = node.ask("MpoolFix", cid_json(cid), spec, namespace=PAPYRUS)
        report(node, Sent(cid_text(signed["CID"]), signed["Message"]), wait=wait, json=json)


@app.command(no_args_is_help=True)
def replace(
    which: Annotated[
        list[str], typer.Argument(metavar="CID | FROM NONCE", help="The message that waits.")
    ],
    auto: Annotated[bool, typer.Option("--auto", help="Offer what is needed now.")] = False,
    gas_feecap: Annotated[str | None, typer.Option("--gas-feecap", metavar="ATTOFIL")] = None,
    gas_premium: Annotated[str | None, typer.Option("--gas-premium", metavar="ATTOFIL")] = None,
    gas_limit: Annotated[int | None, typer.Option("--gas-limit", metavar="GAS", min=1)] = None,
    fee_limit: Annotated[str | None, typer.Option("--fee-limit", metavar="FIL")] = None,
    wait: WaitOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Replace a message that waits by one with the same nonce and other gas.

    \b
    Examples:
      papyrus mpool replace --auto bafy2bza...
      papyrus mpool replace f1... 7 --gas-feecap 2000000000 --gas-premium 150000
    """
    if auto == (gas_feecap is not None):
        raise typer.BadParameter("either --auto, or --gas-feecap and --gas-premium")
    if auto:
        with connected(api) as node:
            cid = cid_text(_named(node, which)["CID"])
        fix(cid, fee_limit, wait=wait, api=api, json=json)
        return
    with connected(api) as node:
        message = dict(_named(node, which)["Message"])
        message.pop("CID", None)
        message["GasFeeCap"] = str(read_atto(gas_feecap or "0", "--gas-feecap"))
        if gas_premium is not None:
            message["GasPremium"] = str(read_atto(gas_premium, "--gas-premium"))
        message["GasLimit"] = gas_limit or message["GasLimit"]
        signed = node.ask("WalletSignMessage", message["From"], message)
        sent = Sent(cid_text(node.ask("MpoolPush", signed)), signed["Message"])
        report(node, sent, wait=wait, json=json)


@app.command(no_args_is_help=True)
def push(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="A signed message as JSON; - is stdin.")
    ],
    wait: WaitOption = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Hand in a message that was signed elsewhere, as JSON in Lotus' form.

    \b
    Examples:
      papyrus mpool push signed.json --wait
    """
    try:
        signed = loads(read_bytes(source))
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise DecodeError(f"{source} holds no JSON: {error}") from error
    if not isinstance(signed, dict) or not {"Message", "Signature"} <= signed.keys():
        raise DecodeError(f"{source} holds no signed message: it has a Message and a Signature")
    with connected(api) as node:
        cid = cid_text(node.ask("MpoolPush", signed))
        report(node, Sent(cid, signed["Message"]), wait=wait, json=json)


@app.command(no_args_is_help=True)
def nonce(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print the nonce of an address' next message, after those that wait.

    \b
    Examples:
      papyrus mpool nonce f1...
    """
    with connected(api) as node:
        show_value(node.ask("MpoolGetNonce", address_text(address)), json)


@app.command()
def clear(
    local: Annotated[
        bool, typer.Option("--local", help="Also those of the node's wallet.")
    ] = False,
    really: Annotated[bool, typer.Option("--really-do-it", help="It cannot be undone.")] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Forget the messages that wait, but not the node's own unless --local says so.

    \b
    Examples:
      papyrus mpool clear --really-do-it
    """
    if not really:
        fail("messages that are cleared are lost here: say --really-do-it")
    with connected(api) as node:
        before = len(node.ask("MpoolPending", None) or [])
        node.ask("MpoolClear", local)
        after = len(node.ask("MpoolPending", None) or [])
    if json:
        say_json({"cleared": before - after, "left": after})
    else:
        note(f"{before - after} messages were cleared, {after} are left")


@app.command()
def config(
    new: Annotated[
        str | None, typer.Argument(metavar="[JSON]", help="Settings, in Lotus' form.")
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the settings of the pool, or change some until the node stops.

    \b
    Examples:
      papyrus mpool config
      papyrus mpool config '{"ReplaceByFeeRatio":1.5}'
    """
    with connected(api) as node:
        found = node.ask("MpoolGetConfig")
        if new is not None:
            try:
                wanted = loads(new)
            except JSONDecodeError as error:
                raise DecodeError(f"the settings are not JSON: {error}") from error
            unknown = sorted(wanted.keys() - found.keys()) if isinstance(wanted, dict) else [new]
            if unknown:
                fail(f"there is no setting {unknown[0]}: there are {', '.join(found)}")
            found = {**found, **wanted}
            node.ask("MpoolSetConfig", found)
    show(found, found.items(), json)


def _matching(
    node: NodeClient, to: str | None, sender: str | None, method: int | None, *, local: bool
) -> list[dict[str, Any]]:
    """Return the messages that wait and match, in the order of senders and nonces."""
    wanted_to = None if to is None else read_address(to)
    wanted_from = None if sender is None else read_address(sender)
    own = {read_address(one) for one in node.ask("WalletList") or []} if local else None
    found = []
    for one in node.ask("MpoolPending", None) or []:
        message = one["Message"]
        from_address = read_address(message["From"])
        if (
            (wanted_to is None or read_address(message["To"]) == wanted_to)
            and (wanted_from is None or from_address == wanted_from)
            and (own is None or from_address in own)
            and (method is None or message["Method"] == method)
        ):
            found.append(one)
    return sorted(found, key=lambda one: (one["Message"]["From"], one["Message"]["Nonce"]))


def _named(node: NodeClient, which: list[str]) -> dict[str, Any]:
    """Return the message that waits and is named by its CID, or by sender and nonce."""
    if len(which) == 1:
        cid = cid_json(which[0])["/"]
        waiting = node.ask("MpoolPending", None) or []
        found = [one for one in waiting if cid in _names(one)]
        missing = f"message {cid} does not wait here; `papyrus mpool why {cid}` tells why"
    elif len(which) == 2 and which[1].isdecimal():
        waiting = _matching(node, None, which[0], None, local=False)
        found = [one for one in waiting if one["Message"]["Nonce"] == int(which[1])]
        missing = f"no message of {which[0]} with nonce {which[1]} waits here"
    else:
        raise typer.BadParameter("name a message by its CID, or by its sender and nonce")
    if not found:
        fail(missing)
    return dict(found[0])


def _names(signed: dict[str, Any]) -> tuple[str, str]:
    """Return the CIDs that a message is known by, with its signature and without."""
    return cid_text(signed["CID"]), cid_text(signed["Message"].get("CID", ""))


def _sender_row(
    node: NodeClient, sender: str, messages: list[dict[str, Any]], base_fee: int
) -> dict[str, Any]:
    on_chain = node.ask("StateGetActor", sender, None)["Nonce"]
    nonces = {message["Nonce"] for message in messages}
    reached = on_chain
    while reached in nonces:
        reached += 1
    return {
        "sender": sender,
        "nonce": on_chain,
        "next": sum(on_chain <= one < reached for one in nonces),
        "behind_gap": sum(one > reached for one in nonces),
        "below_base_fee": sum(int(message["GasFeeCap"]) < base_fee for message in messages),
        "gas_limit": sum(message["GasLimit"] for message in messages),
    }


def _say_messages(found: list[dict[str, Any]]) -> None:
    if len(found) == 1:
        say_fields(
            [("message", cid_text(found[0]["CID"])), *message_fields(found[0]["Message"])[1:]]
        )
        return
    say_table(
        ("MESSAGE", "FROM", "NONCE", "TO", "VALUE", "METHOD"),
        [
            (
                cid_text(one["CID"]),
                one["Message"]["From"],
                one["Message"]["Nonce"],
                one["Message"]["To"],
                fil(one["Message"]["Value"]),
                one["Message"]["Method"],
            )
            for one in found
        ],
    )
