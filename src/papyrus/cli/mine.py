"""`papyrus mine`: letting time pass on a devnet, as fast as it can."""

from typing import Annotated

import typer

from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import key_text
from papyrus.cli.output import JsonOption, progress, say_fields, say_json

_MOST_AT_ONCE = 1_000
"""Epochs or tipsets of one question, so that progress is seen and an end can be put to it."""


def mine(
    count: Annotated[int, typer.Argument(metavar="[COUNT]", min=1, help="Of tipsets.")] = 1,
    null_rounds: Annotated[
        int, typer.Option("--null-rounds", metavar="N", min=0, help="Epochs without blocks first.")
    ] = 0,
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", min=1, help="Let so much time pass instead."),
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make tipsets on a devnet, or let epochs pass, and print the head.

    With --epochs most epochs have no blocks, but there is a tipset often enough that every sector
    is proven in time.

    \b
    Examples:
      papyrus mine
      papyrus mine 3 --null-rounds 2
      papyrus mine --epochs 2880
    """
    if epochs is not None and (count != 1 or null_rounds):
        raise typer.BadParameter("--epochs goes without a count of tipsets or null rounds")
    with connected(api) as node, progress("mining", epochs or count, bytes_unit=False) as bar:
        left = epochs or count
        while left > 0:
            step = min(left, _MOST_AT_ONCE)
            if epochs is not None:
                head = node.ask("AdvanceEpochs", step, namespace="Papyrus", seconds=None)
            else:
                nulls = null_rounds if left == count else 0
                head = node.ask("MineTipset", step, nulls, namespace="Papyrus", seconds=None)
            bar.advance(step)
            left -= step
    if json:
        say_json(head)
    else:
        say_fields([("head", key_text(head["Cids"])), ("epoch", head["Height"])])
