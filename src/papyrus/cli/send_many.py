"""`papyrus send --csv`: many messages from one file, in Lotus' columns.

Every line is read, and its gas estimated, before the first message is sent, so that a file with a
mistake in it sends nothing.
"""

import csv
from dataclasses import dataclass
from io import StringIO
from typing import Any

from papyrus.cli.address import read_address
from papyrus.cli.amounts import read_amount
from papyrus.cli.connection import NodeClient
from papyrus.cli.ethereum_senders import ethereum_call, is_ethereum_call
from papyrus.cli.input import read_bytes
from papyrus.cli.message_sending import (
    Landed,
    Sent,
    expect_funds,
    new_message,
    read_params,
    wait_for,
)
from papyrus.cli.node_output import cid_text, exit_code_text
from papyrus.cli.output import fail, note, progress, say, say_json, say_table
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault, PapyrusError

COLUMNS = ("Recipient", "FIL", "Method", "Params")

_NO_PARAMS = ("", "nil")


@dataclass(frozen=True, slots=True)
class Row:
    """One message that is to be sent."""

    line: int
    to: str
    value: TokenAmount
    method: int
    params: bytes


def read_rows(source: str) -> list[Row]:
    """Return the messages of a file, or of stdin for `-`; DecodeError names a wrong line."""
    try:
        records = csv.reader(StringIO(read_bytes(source).decode("utf-8-sig")), strict=True)
        lines = [(records.line_num, fields) for fields in records if fields]
    except (csv.Error, UnicodeDecodeError) as error:
        raise DecodeError(f"{source} is no CSV file: {error}") from error
    if not lines or tuple(name.strip() for name in lines[0][1]) != COLUMNS:
        raise DecodeError(f"{source} is to begin with the line {','.join(COLUMNS)}")
    rows, wrong = [], []
    for line, fields in lines[1:]:
        try:
            rows.append(_row(line, fields))
        except DecodeError as error:
            wrong.append(f"line {line}: {error}")
    if wrong:
        more = f"; more lines that are wrong: {len(wrong) - 1}" if len(wrong) > 1 else ""
        raise DecodeError(f"{source}, {wrong[0]}{more}; nothing was sent")
    if not rows:
        raise DecodeError(f"{source} has no line below its heads: there is nothing to send")
    return rows


def send_many(
    node: NodeClient, sender: str, source: str, max_fee: str | None, *, wait: bool, json: bool
) -> None:
    """Send every message of a file, or none, and print their CIDs.

    Ends with exit code 1 where one is refused all the same, and then says which were sent, and
    where one that is waited for failed.
    """
    rows = read_rows(source)
    limit = ZERO if max_fee is None else read_amount(max_fee, "--max-fee")
    total = TokenAmount(sum(row.value for row in rows))
    try:
        expect_funds(node, sender, total)
    except LocalFault as error:
        raise LocalFault(f"{source}: {error}; nothing was sent") from error
    messages = _estimated(node, sender, source, rows, limit)
    _expect_gas(node, sender, total, messages)
    note(f"{_counted(len(rows))} from {sender}, {total.to_fil()} in all")
    done: list[Sent] = []
    refused = ""
    for row, message in zip(rows, messages, strict=True):
        try:
            signed = node.ask("MpoolPushMessage", message, {"MaxFee": str(limit)})
        except PapyrusError as error:
            refused = (
                f"{source}, line {row.line}: {error}; {_counted(len(done))} of the lines above it "
                "went out: take those out before you try again"
            )
            break
        done.append(Sent(cid_text(signed["CID"]), signed["Message"]))
        if not json:
            say(done[-1].cid)
    landed = [wait_for(node, sent.cid) for sent in done] if wait else []
    _show(rows, done, landed, json)
    failed = sum(one.exit_code != 0 for one in landed)
    if refused:
        fail(refused)
    if failed:
        fail(f"{failed} of {_counted(len(done))} failed; `papyrus state replay CID` shows how")


def _show(rows: list[Row], done: list[Sent], landed: list[Landed], json: bool) -> None:
    if json:
        lookups: list[dict[str, Any] | None] = [one.lookup for one in landed]
        say_json(
            [
                {"line": row.line, "cid": sent.cid, "message": sent.message, "lookup": lookup}
                for row, sent, lookup in zip(
                    rows, done, lookups or [None] * len(done), strict=False
                )
            ]
        )
    elif landed:
        say_table(
            ("LINE", "HEIGHT", "GAS USED", "EXIT CODE"),
            [
                (
                    row.line,
                    one.height,
                    f"{one.lookup['Receipt']['GasUsed']:,}",
                    exit_code_text(one.exit_code),
                )
                for row, one in zip(rows, landed, strict=False)
            ],
        )


def _counted(number: int) -> str:
    return f"{number} message{'' if number == 1 else 's'}"


def _row(line: int, fields: list[str]) -> Row:
    if len(fields) != len(COLUMNS):
        raise DecodeError(f"it has {len(fields)} fields, and {len(COLUMNS)} are needed")
    to, amount, method, params = (field.strip() for field in fields)
    read_address(to)
    if not (method.isascii() and method.isdigit()):
        raise DecodeError(f"the method {method!r} is no number: 0 moves funds alone")
    data = read_params(None if params in _NO_PARAMS else params)
    return Row(line, to, read_amount(amount), int(method), data)


def _estimated(
    node: NodeClient, sender: str, source: str, rows: list[Row], limit: TokenAmount
) -> list[dict[str, Any]]:
    """Return the messages with their gas; LocalFault names the line of one that would fail."""
    spec = {"MaxFee": str(limit)}
    found = []
    with progress("estimating gas", len(rows), bytes_unit=False) as drawn:
        for row in rows:
            try:
                message = _message(node, sender, row)
                found.append(node.ask("GasEstimateMessageGas", message, spec, None))
            except PapyrusError as error:
                raise LocalFault(f"{source}, line {row.line}: {error}; nothing was sent") from error
            drawn.advance(1)
    return found


def _message(node: NodeClient, sender: str, row: Row) -> dict[str, Any]:
    target, method, params = read_address(row.to), row.method, row.params
    if is_ethereum_call(sender, row.to):
        if method:
            raise DecodeError("an Ethereum account chooses no method: write 0")
        target, method, params = ethereum_call(node, target, params)
    return new_message(sender, str(target), row.value, method, params)


def _expect_gas(
    node: NodeClient, sender: str, total: TokenAmount, messages: list[dict[str, Any]]
) -> None:
    """Raise LocalFault where a sender cannot pay all of the messages and their gas."""
    gas = TokenAmount(sum(int(one["GasFeeCap"]) * one["GasLimit"] for one in messages))
    balance = TokenAmount(int(node.ask("WalletBalance", sender)))
    if balance < total + gas:
        raise LocalFault(
            f"{sender} has {balance.to_fil()}, and the messages send {total.to_fil()} and may "
            f"take {gas.to_fil()} of gas; nothing was sent"
        )
