"""`papyrus send`: moving funds, and calling any method of any actor."""

from typing import Annotated

import typer

from papyrus.cli.address import read_address
from papyrus.cli.amounts import read_amount
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.ethereum_senders import ethereum_call, is_ethereum_call
from papyrus.cli.message_sending import (
    ConfidenceOption,
    FromOption,
    Gas,
    WaitOption,
    encoded_params,
    expect_funds,
    new_message,
    read_params,
    report,
    sender_of,
)
from papyrus.cli.message_sending import send as push
from papyrus.cli.output import JsonOption
from papyrus.cli.send_many import send_many
from papyrus.primitives.errors import DecodeError


def send(
    to: Annotated[str | None, typer.Argument(metavar="TO", help="f/t or 0x address.")] = None,
    amount: Annotated[
        str | None, typer.Argument(metavar="AMOUNT", help="In FIL, or with a unit: 10attofil.")
    ] = None,
    sender: FromOption = None,
    nonce: Annotated[
        int | None, typer.Option("--nonce", metavar="N", min=0, help="The next one if not given.")
    ] = None,
    gas_limit: Annotated[
        int | None,
        typer.Option("--gas-limit", metavar="GAS", min=0, help="Estimated if not given."),
    ] = None,
    gas_feecap: Annotated[
        str | None, typer.Option("--gas-feecap", metavar="ATTOFIL", help="A unit of gas at most.")
    ] = None,
    gas_premium: Annotated[
        str | None,
        typer.Option("--gas-premium", metavar="ATTOFIL", help="To who makes the block, a unit."),
    ] = None,
    max_fee: Annotated[
        str | None, typer.Option("--max-fee", metavar="FIL", help="What all gas may cost.")
    ] = None,
    method: Annotated[
        int | None, typer.Option("--method", metavar="N", min=0, help="0 moves funds alone.")
    ] = None,
    params_json: Annotated[
        str | None, typer.Option("--params-json", metavar="JSON", help="What the method takes.")
    ] = None,
    params_hex: Annotated[
        str | None, typer.Option("--params-hex", metavar="HEX", help="The same, as CBOR in hex.")
    ] = None,
    csv: Annotated[
        str | None,
        typer.Option(
            "--csv", metavar="FILE", help="Send many: lines of Recipient,FIL,Method,Params."
        ),
    ] = None,
    wait: WaitOption = False,
    confidence: ConfidenceOption = 0,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Send funds, or call a method of an actor, and print the message's CID.

    To a 0x address, or from an f410 one, the method is InvokeEVM, as Ethereum's tools send.
    With --csv every line is checked, and its gas estimated, before anything is sent; - is stdin,
    and Params are hexadecimal, or nil.

    \b
    Examples:
      papyrus send f1... 1.5
      papyrus send 0xd388ab098ed3e84c0d808776440b48f685198498 0.1 --wait
      papyrus send f01000 0 --method 16 --params-json '{"AmountRequested":"1"}'
      papyrus send --csv payments.csv --from f1... --wait
    """
    if params_json is not None and params_hex is not None:
        raise typer.BadParameter("--params-json and --params-hex say the same: give one of them")
    if csv is not None:
        alone = (to, amount, nonce, gas_limit, gas_feecap, gas_premium, method, params_json)
        if any(one is not None for one in (*alone, params_hex)) or confidence:
            raise typer.BadParameter("only --from, --max-fee and --wait go with --csv")
        with connected(api) as node:
            send_many(node, sender_of(node, sender), csv, max_fee, wait=wait, json=json)
        return
    if to is None or amount is None:
        raise typer.BadParameter(f"Missing argument '{'TO' if to is None else 'AMOUNT'}'.")
    value = read_amount(amount)
    target = read_address(to)
    with connected(api) as node:
        own = sender_of(node, sender)
        expect_funds(node, own, value)
        params = read_params(params_hex)
        number = method or 0
        if is_ethereum_call(own, to):
            if method is not None or params_json is not None:
                raise DecodeError(
                    "an Ethereum account chooses no method: leave --method and --params-json out"
                )
            target, number, params = ethereum_call(node, target, params)
        elif params_json is not None:
            params = encoded_params(node, str(target), number, params_json)
        message = new_message(own, str(target), value, number, params)
        gas = Gas(gas_limit, gas_feecap, gas_premium, max_fee, nonce)
        sent = push(node, message, gas)
        report(node, sent, wait=wait, json=json, confidence=confidence)
