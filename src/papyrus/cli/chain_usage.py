"""`papyrus chain inspect-usage`: who takes the room in blocks."""

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.node_output import cid_text
from papyrus.cli.output import JsonOption, say, say_json, say_table
from papyrus.cli.tipset_option import TipsetOption, tipset_named
from papyrus.conformance.method_names import method_name
from papyrus.primitives.errors import PapyrusError

_GROUPS = (("senders", "SENDER"), ("receivers", "RECEIVER"), ("methods", "METHOD"))


def inspect_usage(
    tipset: TipsetOption = None,
    length: Annotated[
        int, typer.Option("--length", min=1, max=10_000, help="How many tipsets, going back.")
    ] = 1,
    num_results: Annotated[
        int, typer.Option("--num-results", min=1, help="How many of each kind.")
    ] = 10,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show by sender, receiver and method how much gas messages reserved (their gas limits).

    The messages are those that the tipset's parents hold, which it executed.

    \b
    Examples:
      papyrus chain inspect-usage
      papyrus chain inspect-usage --tipset @1000 --length 100
    """
    with connected(api) as node:
        named = tipset_named(node, tipset)
        messages = _messages(node, named, length)
        method = _method_namer(node, named)
        usage = {
            "senders": _ranked(messages, lambda one: str(one["From"])),
            "receivers": _ranked(messages, lambda one: str(one["To"])),
            "methods": _ranked(messages, lambda one: method(one["To"], one["Method"])),
        }
    total = sum(one["GasLimit"] for one in messages)
    if json:
        say_json({"gas_limit": total, "messages": len(messages), **usage})
        return
    say(f"{len(messages)} messages, {total:,} gas")
    for name, head in _GROUPS if messages else ():
        say()
        say_table(
            (head, "OF ALL", "GAS LIMIT", "MESSAGES"),
            [
                (row["name"], f"{100 * row['gas_limit'] / total:.2f}%", f"{row['gas_limit']:,}",
                 row["messages"])
                for row in usage[name][:num_results]
            ],
        )  # fmt: skip


def _messages(node: NodeClient, tipset: dict[str, Any], length: int) -> list[dict[str, Any]]:
    """Return the messages that a tipset and those below it executed."""
    found: list[dict[str, Any]] = []
    for _ in range(length):
        if tipset["Height"] == 0:
            break
        found += node.ask("ChainGetParentMessages", tipset["Cids"][0]) or []
        tipset = node.ask("ChainGetTipSet", tipset["Blocks"][0]["Parents"])
    return [one["Message"] for one in found]


def _ranked(
    messages: list[dict[str, Any]], name_of: Callable[[dict[str, Any]], str]
) -> list[dict[str, Any]]:
    gas: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for one in messages:
        gas[name_of(one)] += one["GasLimit"]
        count[name_of(one)] += 1
    return [
        {"name": name, "gas_limit": limit, "messages": count[name]}
        for name, limit in gas.most_common()
    ]


def _method_namer(node: NodeClient, tipset: dict[str, Any]) -> Callable[[str, int], str]:
    """Return how a method is called, asked of the node once for each actor."""
    version = node.ask("StateNetworkVersion", tipset["Cids"])
    actors = {cid_text(cid): name for name, cid in node.ask("StateActorCodeCIDs", version).items()}

    @cache
    def actor_of(address: str) -> str:
        try:
            code = node.ask("StateGetActor", address, tipset["Cids"])["Code"]
        except PapyrusError:
            return "?"  # nobody had sent anything there yet
        return str(actors.get(cid_text(code), "?"))

    def name(address: str, number: int) -> str:
        actor = actor_of(address)
        return f"{actor} {method_name(actor, number) or number}"

    return name
