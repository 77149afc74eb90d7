"""`papyrus msig`: wallets of which several keys decide together."""

import base64
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import fil, read_amount
from papyrus.cli.chain_params import read_encoded
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    Landed,
    Sent,
    WaitOption,
    report,
    send,
    sender_of,
)
from papyrus.cli.msig_proposals import PROPOSALS, proposed
from papyrus.cli.output import JsonOption, note, say, say_fields, say_json, say_table
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Keep funds of which several keys decide together.

    One signer proposes a message, others approve it, and with the last approval that is needed it
    is sent.""",
)

MultisigArgument = Annotated[str, typer.Argument(metavar="MULTISIG")]
TransactionArgument = Annotated[
    int, typer.Argument(metavar="ID", min=0, help="Of the proposal, as inspect shows it.")
]
DetailsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[DETAILS]...", help="Of what it must be, so that no other is meant by mistake."
    ),
]


@app.command(no_args_is_help=True)
def create(
    signers: Annotated[list[str], typer.Argument(metavar="SIGNER...")],
    required: Annotated[
        int, typer.Option("--required", min=0, help="Approvals that are needed; 0 is all.")
    ] = 0,
    value: Annotated[str, typer.Option("--value", metavar="FIL", help="To begin with.")] = "0",
    duration: Annotated[
        int, typer.Option("--duration", metavar="EPOCHS", min=0, help="To release it over.")
    ] = 0,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make a multisig, and print its address once it is there.

    \b
    Examples:
      papyrus msig create --required 2 --value 10 f1... f1... f3...
    """
    addresses = [address_text(signer) for signer in signers]
    amount = str(read_amount(value, "--value"))
    with connected(api) as node:
        own = sender_of(node, sender)
        prototype = node.ask("MsigCreate", required, addresses, duration, amount, own, "0")
        sent = send(node, prototype["Message"])
        report(node, sent, wait=wait, json=json, result=_created)


@app.command(no_args_is_help=True)
def inspect(
    multisig: MultisigArgument,
    vesting: Annotated[bool, typer.Option("--vesting", help="With what is locked.")] = False,
    decode_params: Annotated[
        bool, typer.Option("--decode-params", help="Show parameters as JSON.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show a multisig: its signers, what it holds, and what waits for approval.

    \b
    Examples:
      papyrus msig inspect f2...
    """
    named = address_text(multisig)
    with connected(api) as node:
        found = _inspected(node, named)
        if decode_params:
            for one in found["transactions"]:
                one["Decoded"] = _decoded(node, one)
    if json:
        say_json(found)
        return
    lock = found["vesting"]
    fields: list[tuple[str, object]] = [
        ("address", named),
        ("id", found["id"]),
        ("balance", fil(found["balance"])),
        ("spendable", fil(found["spendable"])),
        ("threshold", f"{found['threshold']} of {len(found['signers'])}"),
        ("signers", ", ".join(found["signers"])),
    ]
    if vesting:
        fields += [
            ("locked at first", fil(lock["InitialBalance"])),
            ("released", f"from {lock['StartEpoch']} over {lock['UnlockDuration']} epochs"),
        ]
    say_fields(fields)
    if found["transactions"]:
        say()
        _say_transactions(found["transactions"])
    else:
        note("nothing waits for approval")


@app.command(no_args_is_help=True)
def propose(
    multisig: MultisigArgument,
    to: Annotated[str, typer.Argument(metavar="TO")],
    value: Annotated[str, typer.Argument(metavar="FIL")],
    method: Annotated[int, typer.Argument(metavar="[METHOD]", min=0)] = 0,
    params: Annotated[str, typer.Argument(metavar="[PARAMS]", help="In hexadecimal.")] = "",
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Propose a message of the multisig, and print the ID that it waits under.

    \b
    Examples:
      papyrus msig propose f2... f1... 2.5
      papyrus msig propose f2... f01000 0 16 8140 --from f1...
    """
    target, amount = address_text(to), str(read_amount(value))
    data = base64.b64encode(read_encoded(params, "hex")).decode()
    named = address_text(multisig)
    with connected(api) as node:
        own = sender_of(node, sender)
        prototype = node.ask("MsigPropose", named, target, amount, own, method, data)
        report(node, send(node, prototype["Message"]), wait=wait, json=json, result=proposed)


@app.command(no_args_is_help=True)
def approve(
    multisig: MultisigArgument,
    transaction: TransactionArgument,
    details: DetailsArgument = None,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Approve a proposal; with the last approval that is needed it is sent.

    Details are PROPOSER TO FIL [METHOD PARAMS]: with them, nothing else is approved by mistake.

    \b
    Examples:
      papyrus msig approve f2... 0 --from f1...
      papyrus msig approve f2... 0 f0101 f1... 2.5 --from f1...
    """
    named = address_text(multisig)
    proposer, proposal = _details(details, with_proposer=True)
    with connected(api) as node:
        own = sender_of(node, sender)
        if proposal is None:
            prototype = node.ask("MsigApprove", named, transaction, own)
        else:
            to, value, method, params = proposal
            prototype = node.ask(
                "MsigApproveTxnHash", named, transaction, proposer, to, value, own, method, params
            )
        report(node, send(node, prototype["Message"]), wait=wait, json=json, result=_approved)


@app.command(no_args_is_help=True)
def cancel(
    multisig: MultisigArgument,
    transaction: TransactionArgument,
    details: DetailsArgument = None,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take back a proposal of one's own.

    Details are TO FIL [METHOD PARAMS]: with them, nothing else is taken back by mistake.

    \b
    Examples:
      papyrus msig cancel f2... 0
    """
    named = address_text(multisig)
    _, proposal = _details(details, with_proposer=False)
    with connected(api) as node:
        own = sender_of(node, sender)
        if proposal is None:
            prototype = node.ask("MsigCancel", named, transaction, own)
        else:
            to, value, method, params = proposal
            prototype = node.ask(
                "MsigCancelTxnHash", named, transaction, to, value, own, method, params
            )
        report(node, send(node, prototype["Message"]), wait=wait, json=json)


@app.command(no_args_is_help=True)
def vested(
    multisig: MultisigArgument,
    start: Annotated[int, typer.Option("--start-epoch", min=0)] = 0,
    end: Annotated[int | None, typer.Option("--end-epoch", min=0)] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show what was released between two epochs.

    \b
    Examples:
      papyrus msig vested f2... --start-epoch 100 --end-epoch 200
    """
    with connected(api) as node:
        first = node.ask("ChainGetTipSetByHeight", start, None)["Cids"]
        last = (
            node.ask("ChainHead") if end is None else node.ask("ChainGetTipSetByHeight", end, None)
        )
        amount = node.ask("MsigGetVested", address_text(multisig), first, last["Cids"])
    if json:
        say_json(amount)
    else:
        say(fil(amount))


for _name, _command in PROPOSALS.items():
    app.command(_name, no_args_is_help=True)(_command)


def _created(sent: Sent, landed: Landed) -> dict[str, Any]:
    id_address, robust = dag_cbor.decode(landed.returned)
    return {
        "multisig": Address.from_bytes(robust).to_string(sent.letter),
        "id": Address.from_bytes(id_address).to_string(sent.letter),
    }


def _approved(_sent: Sent, landed: Landed) -> dict[str, Any]:
    applied, code, _ = dag_cbor.decode(landed.returned)
    return {"applied": applied, "applied_exit_code": code} if applied else {"applied": applied}


def _inspected(node: NodeClient, named: str) -> dict[str, Any]:
    state = node.ask("StateReadState", named, None)
    own = state["State"]
    if not isinstance(own, dict) or "NumApprovalsThreshold" not in own:
        raise DecodeError(f"{named} is no multisig: `papyrus state get-actor {named}` tells what")
    return {
        "id": node.ask("StateLookupID", named, None),
        "balance": state["Balance"],
        "spendable": node.ask("MsigGetAvailableBalance", named, None),
        "threshold": own["NumApprovalsThreshold"],
        "signers": own["Signers"],
        "vesting": node.ask("MsigGetVestingSchedule", named, None),
        "transactions": node.ask("MsigGetPending", named, None) or [],
    }


def _decoded(node: NodeClient, one: dict[str, Any]) -> Any:
    if not one["Params"]:
        return None
    return node.ask("StateDecodeParams", one["To"], one["Method"], one["Params"], None)


def _say_transactions(found: list[dict[str, Any]]) -> None:
    say_table(
        ("ID", "APPROVALS", "TO", "VALUE", "METHOD", "PARAMS"),
        [
            (
                one["ID"],
                len(one["Approved"]),
                one["To"],
                fil(one["Value"]),
                one["Method"],
                str(one.get("Decoded") or base64.b64decode(one["Params"] or "").hex()),
            )
            for one in found
        ],
    )


def _details(
    given: list[str] | None, *, with_proposer: bool
) -> tuple[str, tuple[str, str, int, str] | None]:
    """Return who proposed what, as an approval names it; nothing where nothing is given."""
    rest = list(given or ())
    if not rest:
        return "", None
    proposer = address_text(rest.pop(0)) if with_proposer else ""
    if len(rest) not in (2, 4) or (len(rest) == 4 and not rest[2].isdecimal()):
        names = "PROPOSER TO FIL" if with_proposer else "TO FIL"
        raise typer.BadParameter(f"details are {names}, and then METHOD and PARAMS or nothing")
    method, params = (int(rest[2]), read_encoded(rest[3], "hex")) if rest[2:] else (0, b"")
    to, value = address_text(rest[0]), str(read_amount(rest[1]))
    return proposer, (to, value, method, base64.b64encode(params).decode())
