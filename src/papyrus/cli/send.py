"""`papyrus send`: moving funds, and calling any method of any actor."""

from typing import Annotated

import typer

from papyrus.cli.address import read_address
from papyrus.cli.amounts import AmountArgument, read_amount
from papyrus.cli.connection import ApiOption, NodeClient, connected
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
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import ETHEREUM_NAMESPACE, Address, Protocol
from papyrus.primitives.errors import DecodeError
from papyrus.types.ethereum_transaction import (
    ADDRESS_MANAGER,
    METHOD_CREATE_EXTERNAL,
    METHOD_INVOKE_CONTRACT,
)


def send(
    to: Annotated[str, typer.Argument(metavar="TO", help="f/t or 0x address.")],
    amount: AmountArgument,
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
    wait: WaitOption = False,
    confidence: ConfidenceOption = 0,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Send funds, or call a method of an actor, and print the message's CID.

    To a 0x address, or from an f410 one, the method is InvokeEVM, as Ethereum's tools send.

    \b
    Examples:
      papyrus send f1... 1.5
      papyrus send 0xd388ab098ed3e84c0d808776440b48f685198498 0.1 --wait
      papyrus send f01000 0 --method 16 --params-json '{"AmountRequested":"1"}'
    """
    if params_json is not None and params_hex is not None:
        raise typer.BadParameter("--params-json and --params-hex say the same: give one of them")
    value = read_amount(amount)
    target = read_address(to)
    with connected(api) as node:
        own = sender_of(node, sender)
        expect_funds(node, own, value)
        params = read_params(params_hex)
        number = method or 0
        if to.strip().lower().startswith("0x") or _is_ethereum(read_address(own)):
            if method is not None or params_json is not None:
                raise DecodeError(
                    "an Ethereum account chooses no method: leave --method and --params-json out"
                )
            number, params = _as_ethereum(target, params)
            target = _reachable(node, target)
        elif params_json is not None:
            params = encoded_params(node, str(target), number, params_json)
        message = new_message(own, str(target), value, number, params)
        gas = Gas(gas_limit, gas_feecap, gas_premium, max_fee, nonce)
        sent = push(node, message, gas)
        report(node, sent, wait=wait, json=json, confidence=confidence)


def _as_ethereum(to: Address, params: bytes) -> tuple[int, bytes]:
    """Return the method and the parameters by which an Ethereum account sends."""
    number = METHOD_CREATE_EXTERNAL if to == ADDRESS_MANAGER else METHOD_INVOKE_CONTRACT
    return number, dag_cbor.encode(params) if params else b""


def _is_ethereum(address: Address) -> bool:
    return address.protocol is Protocol.DELEGATED and address.namespace == ETHEREUM_NAMESPACE


def _reachable(node: NodeClient, to: Address) -> Address:
    """Return an address that an Ethereum account can send to: an f410 one, or an ID."""
    if to.protocol in (Protocol.ID, Protocol.DELEGATED):
        return to
    return read_address(node.ask("StateLookupID", str(to), None))
