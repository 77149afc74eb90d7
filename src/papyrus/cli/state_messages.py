"""`papyrus state wait-msg`, `search-msg`, `replay` and more: what became of messages."""

import base64
from collections.abc import Iterator
from json import dumps
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import fil, read_amount
from papyrus.cli.chain_objects import dag_cbor_to_json
from papyrus.cli.chain_params import read_encoded, written
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.message_sending import NO_LIMIT, ConfidenceOption, Landed, expect_success, wait_for
from papyrus.cli.node_output import cid_json, cid_text, exit_code_text, key_text
from papyrus.cli.output import JsonOption, fail, say, say_fields, say_json, say_table
from papyrus.cli.tipset_option import TipsetOption, tipset_key, tipset_named
from papyrus.ipld import dag_cbor

MessageArgument = Annotated[str, typer.Argument(metavar="CID", help="Of a message.")]
EncodingOption = Annotated[str, typer.Option("--encoding", help="Of PARAMS: base64 or hex.")]

_ZERO_ADDRESS = "f00"
_DEFAULT_WAIT = 600.0


def wait_msg(
    cid: MessageArgument,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long to wait.")
    ] = _DEFAULT_WAIT,
    confidence: ConfidenceOption = 0,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Wait until a message is executed, and show what became of it.

    Ends with exit code 1 where the message failed.

    \b
    Examples:
      papyrus state wait-msg bafy2bza...
      papyrus state wait-msg bafy2bza... --confidence 5 --timeout 300
    """
    named = cid_json(cid)["/"]
    with connected(api) as node:
        landed = wait_for(node, named, confidence, timeout)
        _show_landed(landed, json)
        expect_success(node, named, landed)


def search_msg(cid: MessageArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show what became of a message, if it is on the chain: exit code 1 where it is not.

    \b
    Examples:
      papyrus state search-msg bafy2bza...
    """
    named = cid_json(cid)
    with connected(api) as node:
        found = node.ask("StateSearchMsg", None, named, NO_LIMIT, True)
    if found is None:
        fail(
            f"message {named['/']} is not on the chain; `papyrus mpool why {named['/']}` tells why"
        )
    _show_landed(Landed(found), json)


def replay(
    cid: MessageArgument,
    show_trace: Annotated[
        bool, typer.Option("--show-trace", help="With every call that it made.")
    ] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Execute a message of the chain again, and show what it did.

    \b
    Examples:
      papyrus state replay bafy2bza...
      papyrus state replay bafy2bza... --show-trace
    """
    _replay(cid, tipset, api, json, show_trace=show_trace)


def exec_trace(
    cid: MessageArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show every call that a message of the chain made.

    \b
    Examples:
      papyrus state exec-trace bafy2bza...
    """
    _replay(cid, tipset, api, json, show_trace=True)


def call(
    to: Annotated[str, typer.Argument(metavar="TO")],
    method: Annotated[int, typer.Argument(metavar="METHOD", min=0)],
    params: Annotated[str, typer.Argument(metavar="[PARAMS]")] = "",
    sender: Annotated[str, typer.Option("--from", metavar="ADDRESS")] = _ZERO_ADDRESS,
    value: Annotated[str, typer.Option("--value", metavar="FIL")] = "0",
    returned: Annotated[
        str, typer.Option("--ret", help="How to show the answer: decoded, hex or base64.")
    ] = "decoded",
    encoding: EncodingOption = "base64",
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Call a method of an actor without sending anything, and show what it answers.

    \b
    Examples:
      papyrus state call f02 3
      papyrus state call f04 9 --ret hex
    """
    message = {
        "Version": 0,
        "To": address_text(to),
        "From": address_text(sender),
        "Nonce": 0,
        "Value": str(read_amount(value, "--value")),
        "GasLimit": 0,
        "GasFeeCap": "0",
        "GasPremium": "0",
        "Method": method,
        "Params": base64.b64encode(read_encoded(params, encoding)).decode(),
    }
    with connected(api) as node:
        key = tipset_key(node, tipset)
        result = node.ask("StateCall", message, key)
    code = result["MsgRct"]["ExitCode"]
    data = base64.b64decode(result["MsgRct"]["Return"] or "")
    if json:
        say_json(result)
    elif code == 0:
        say(_shown(data, returned))
    if code:
        fail(f"the call failed with exit code {exit_code_text(code)}: {result['Error']}")


def list_messages(
    to: Annotated[str | None, typer.Option("--to", metavar="ADDRESS")] = None,
    sender: Annotated[str | None, typer.Option("--from", metavar="ADDRESS")] = None,
    lowest: Annotated[
        int, typer.Option("--toheight", min=0, help="Look no further down than this epoch.")
    ] = 0,
    cids: Annotated[bool, typer.Option("--cids", help="The CIDs alone.")] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the messages of the chain to or from an address, the latest first.

    \b
    Examples:
      papyrus state list-messages --from f1...
      papyrus state list-messages --to f01000 --toheight 100 --json
    """
    if to is None and sender is None:
        raise typer.BadParameter("name the address with --to or --from")
    match = {
        "To": None if to is None else address_text(to),
        "From": None if sender is None else address_text(sender),
    }
    with connected(api) as node:
        key = tipset_key(node, tipset)
        found = node.ask("StateListMessages", match, key, lowest) or []
        if cids or json:
            rows = [{"cid": cid_text(cid)} for cid in found]
        else:
            rows = [node.ask("ChainGetMessage", cid) for cid in found]
    if json:
        say_json([row["cid"] for row in rows])
    elif cids:
        for row in rows:
            say(row["cid"])
    else:
        say_table(
            ("MESSAGE", "FROM", "TO", "VALUE", "METHOD"),
            [
                (cid_text(cid), row["From"], row["To"], fil(row["Value"]), row["Method"])
                for cid, row in zip(found, rows, strict=True)
            ],
        )


def compute_state(
    height: Annotated[
        int | None, typer.Option("--vm-height", min=0, help="The epoch that the machine sees.")
    ] = None,
    show_trace: Annotated[
        bool, typer.Option("--show-trace", help="With every call that was made.")
    ] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Execute a tipset again, and show the state it gives and what each message did.

    \b
    Examples:
      papyrus state compute-state --tipset @100
      papyrus state compute-state --tipset @100 --show-trace --json
    """
    with connected(api) as node:
        found = tipset_named(node, tipset)
        epoch = found["Height"] if height is None else height
        result = node.ask("StateCompute", epoch, [], found["Cids"], seconds=None)
    if json:
        say_json(result)
        return
    say_fields([("height", epoch), ("state", cid_text(result["Root"]))])
    for one in result["Trace"] or []:
        say()
        say_fields(_outcome(one))
        if show_trace:
            for line in trace_lines(one["ExecutionTrace"]):
                say(line)


def trace_lines(trace: dict[str, Any], indent: str = "  ") -> Iterator[str]:
    """Yield the calls of a trace, each further in than its caller."""
    message, receipt = trace["Msg"], trace["MsgRct"]
    yield (
        f"{indent}{message['From']} -> {message['To']}  method {message['Method']}"
        f"  {fil(message['Value'])}  {exit_code_text(receipt['ExitCode'])}"
    )
    for inner in trace["Subcalls"] or []:
        yield from trace_lines(inner, indent + "  ")


def _replay(cid: str, tipset: str | None, api: str | None, json: bool, *, show_trace: bool) -> None:
    named = cid_json(cid)
    with connected(api) as node:
        result = node.ask("StateReplay", tipset_key(node, tipset), named)
    if json:
        say_json(result)
        return
    say_fields(_outcome(result))
    if show_trace:
        say()
        for line in trace_lines(result["ExecutionTrace"]):
            say(line)


def _outcome(result: dict[str, Any]) -> list[tuple[str, object]]:
    receipt, gas = result["MsgRct"], result["GasCost"]
    returned = base64.b64decode(receipt["Return"] or "")
    fields: list[tuple[str, object]] = [
        ("message", cid_text(result["MsgCid"])),
        ("exit code", exit_code_text(receipt["ExitCode"])),
        ("gas used", f"{receipt['GasUsed']:,}"),
        ("cost", fil(gas["TotalCost"])),
    ]
    if returned:
        fields.append(("returned", returned.hex()))
    if result["Error"]:
        fields.append(("error", result["Error"]))
    return fields


def _shown(data: bytes, form: str) -> str:
    """Return what a method answered: its CBOR as JSON, or in a form that was asked for."""
    if form != "decoded":
        return written(data, form)
    return dumps(dag_cbor_to_json(dag_cbor.decode(data))) if data else "nothing"


def _show_landed(landed: Landed, json: bool) -> None:
    if json:
        say_json(landed.lookup)
        return
    fields = [("message", cid_text(landed.lookup["Message"])), *landed.fields()]
    fields.append(("tipset", key_text(landed.lookup["TipSet"])))
    if landed.returned:
        fields.append(("returned", landed.returned.hex()))
    say_fields(fields)
