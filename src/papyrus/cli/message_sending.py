"""Sending a message from a command: filling it in, pushing it, waiting for what becomes of it.

The CID goes to stdout alone, as `lotus send` prints it, so that a script can take it. Whoever does
not wait is told on stderr how to.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from json import JSONDecodeError, loads
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import read_amount, read_atto
from papyrus.cli.connection import NodeClient
from papyrus.cli.node_output import cid_text, exit_code_text
from papyrus.cli.output import fail, note, progress, say, say_fields, say_json
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault, PapyrusError

FromOption = Annotated[
    str | None,
    typer.Option("--from", metavar="ADDRESS", help="Who sends it: the node's default address."),
]
WaitOption = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Whether to wait until it is executed.")
]
ConfidenceOption = Annotated[
    int, typer.Option("--confidence", metavar="N", min=0, help="Epochs to wait on top of it.")
]

NO_LIMIT = -1
"""Of the epochs that a search goes back."""

_EMPTY = b""


@dataclass(frozen=True, slots=True)
class Gas:
    """What a sender wants to say of gas and nonce; what is left out is estimated."""

    limit: int | None = None
    fee_cap: str | None = None
    """In attoFIL."""
    premium: str | None = None
    """In attoFIL."""
    max_fee: str | None = None
    """In FIL; what all of the gas may cost."""
    nonce: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that waits for a block."""

    cid: str
    message: dict[str, Any]
    """As Lotus writes it."""

    @property
    def letter(self) -> str:
        """With which the node's network begins addresses."""
        return str(self.message["From"])[0]


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a message."""

    lookup: dict[str, Any]
    """Lotus' MsgLookup."""

    @property
    def height(self) -> int:
        """The epoch of the tipset after the one that has it, which tells what became of it."""
        return int(self.lookup["Height"])

    @property
    def exit_code(self) -> int:
        """0 where all went well."""
        return int(self.lookup["Receipt"]["ExitCode"])

    @property
    def returned(self) -> bytes:
        """What the method returned, as CBOR."""
        return base64.b64decode(self.lookup["Receipt"]["Return"] or _EMPTY)

    def fields(self) -> list[tuple[str, object]]:
        """Return what people want to know of it."""
        return [
            ("height", self.height),
            ("exit code", exit_code_text(self.exit_code)),
            ("gas used", f"{self.lookup['Receipt']['GasUsed']:,}"),
        ]


def sender_of(node: NodeClient, given: str | None) -> str:
    """Return who sends: the address that was given, or the node's default one."""
    if given is not None:
        return address_text(given)
    try:
        return str(node.ask("WalletDefaultAddress"))
    except PapyrusError as error:
        raise LocalFault(f"{error}; name a sender with --from") from error


def new_message(
    sender: str, to: str, value: TokenAmount = ZERO, method: int = 0, params: bytes = b""
) -> dict[str, Any]:
    """Return a message as Lotus writes it, its gas and nonce left open."""
    return {
        "Version": 0,
        "To": to,
        "From": sender,
        "Nonce": 0,
        "Value": str(value),
        "GasLimit": 0,
        "GasFeeCap": "0",
        "GasPremium": "0",
        "Method": method,
        "Params": base64.b64encode(params).decode(),
    }


def send(node: NodeClient, message: dict[str, Any], gas: Gas | None = None) -> Sent:
    """Fill a message in, let the node sign it, and push it; RpcError where it is refused."""
    gas = gas or Gas()
    priced = {
        **message,
        "GasLimit": gas.limit or 0,
        "GasFeeCap": str(read_atto(gas.fee_cap or "0", "--gas-feecap")),
        "GasPremium": str(read_atto(gas.premium or "0", "--gas-premium")),
    }
    limit = ZERO if gas.max_fee is None else read_amount(gas.max_fee, "--max-fee")
    spec = {"MaxFee": str(limit)}
    if gas.nonce is None:
        signed = node.ask("MpoolPushMessage", priced, spec)
        return Sent(cid_text(signed["CID"]), signed["Message"])
    filled = node.ask("GasEstimateMessageGas", {**priced, "Nonce": gas.nonce}, spec, None)
    filled["Nonce"] = gas.nonce
    signed = node.ask("WalletSignMessage", filled["From"], filled)
    return Sent(cid_text(node.ask("MpoolPush", signed)), signed["Message"])


def expect_funds(node: NodeClient, sender: str, value: TokenAmount) -> None:
    """Raise LocalFault where a sender has less than it is to send."""
    balance = TokenAmount(int(node.ask("WalletBalance", sender)))
    if balance < value:
        raise LocalFault(
            f"{sender} has {balance.to_fil()}, which is less than {value.to_fil()}: send less, or "
            "name another sender with --from"
        )


def wait_for(
    node: NodeClient, cid: str, confidence: int = 0, seconds: float | None = None
) -> Landed:
    """Return what became of a message once it is executed, or of the one that took its place."""
    with progress(f"waiting for {cid}", bytes_unit=False):
        lookup = node.ask("StateWaitMsg", {"/": cid}, confidence, NO_LIMIT, True, seconds=seconds)
    taken = cid_text(lookup["Message"])
    if taken != cid:
        note(f"message {taken} took its place, with the same nonce")
    return Landed(lookup)


def report(
    node: NodeClient,
    sent: Sent,
    *,
    wait: bool,
    json: bool,
    confidence: int = 0,
    result: Callable[[Sent, Landed], dict[str, Any]] | None = None,
) -> None:
    """Tell of a message that was sent and, where it is waited for, of its end.

    `result` gives what else is known once it has succeeded, by name. Ends with exit code 1 where
    the message failed.
    """
    if not json:
        say(sent.cid)
    if not wait:
        if json:
            say_json({"cid": sent.cid, "message": sent.message, "lookup": None})
        else:
            note(f"wait for it with `papyrus state wait-msg {sent.cid}`")
        return
    landed = wait_for(node, sent.cid, confidence)
    more = result(sent, landed) if result is not None and landed.exit_code == 0 else {}
    if json:
        exact = {
            name: str(value) if isinstance(value, TokenAmount) else value
            for name, value in more.items()
        }
        say_json({"cid": sent.cid, "message": sent.message, "lookup": landed.lookup, **exact})
    else:
        say_fields([*landed.fields(), *((_words(name), _plain(v)) for name, v in more.items())])
    expect_success(node, sent.cid, landed)


def expect_success(node: NodeClient, cid: str, landed: Landed) -> None:
    """End with exit code 1 and the reason where a message failed."""
    if landed.exit_code == 0:
        return
    fail(
        f"message {cid} failed with exit code {exit_code_text(landed.exit_code)}"
        f"{_reason(node, cid)}; `papyrus state replay {cid}` shows how"
    )


def first_reason(error: str) -> str:
    """Return the first line of a machine's error that says something, not its heading."""
    lines = [line.strip() for line in error.splitlines() if not line.rstrip().endswith(":")]
    return lines[0] if lines else ""


def read_params(text: str | None) -> bytes:
    """Return parameters that were given in hexadecimal; DecodeError where they are not."""
    try:
        return bytes.fromhex((text or "").removeprefix("0x"))
    except ValueError:
        raise DecodeError(f"the parameters {text!r} are not hexadecimal") from None


def encoded_params(node: NodeClient, to: str, method: int, text: str) -> bytes:
    """Return the parameters of an actor's method that JSON stands for, encoded by the node."""
    try:
        value = loads(text)
    except JSONDecodeError as error:
        raise DecodeError(f"the parameters are not JSON: {error}") from error
    code = node.ask("StateGetActor", to, None)["Code"]
    return base64.b64decode(node.ask("StateEncodeParams", code, method, value))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: object) -> object:
    """Return what a person reads: yes and no, and amounts in FIL."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.to_fil() if isinstance(value, TokenAmount) else value


def _reason(node: NodeClient, cid: str) -> str:
    """Return what the machine said of a failed message, where the node can still tell."""
    try:
        told = node.ask("StateReplay", None, {"/": cid})["Error"]
    except (PapyrusError, KeyError, TypeError):
        return ""
    return f": {reason}" if (reason := first_reason(str(told))) else ""
