"""`papyrus chain bisect`: the first tipset from which something in the state holds."""

import subprocess
from dataclasses import dataclass
from json import dumps
from typing import Annotated, Any

import typer

from papyrus.cli.chain_objects import dag_cbor_to_json
from papyrus.cli.chain_paths import value_at
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.node_output import cid_text
from papyrus.cli.output import JsonOption, fail, note, say, say_json
from papyrus.primitives.errors import LocalFault

_FALSE = "false"


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of a state."""

    path: str
    """From its root."""
    command: tuple[str, ...]
    """Gets what is at the path as DAG-JSON on stdin; true if it ends well and prints no false."""


def bisect(
    lowest: Annotated[int, typer.Argument(metavar="LOWEST", min=0, help="It does not hold here.")],
    highest: Annotated[int, typer.Argument(metavar="HIGHEST", min=1, help="It holds here.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Within the state, as `chain get`.")],
    command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="Tells if it holds.")],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Find the first tipset before which something in the state holds, and print its height.

    The state is the one that a tipset was executed on, before its own messages. COMMAND gets what
    is at PATH on stdin, and answers by its exit code, or by printing false. Options of this
    command stand before LOWEST.

    \b
    Examples:
      papyrus chain bisect 1 3000 '1/@Ha:f05/1/5' jq -e '. > 100'
    """
    if lowest >= highest:
        raise typer.BadParameter("LOWEST is to be lower than HIGHEST")
    condition = Condition(path, tuple(command))
    with connected(api) as node:
        if not _holds(node, condition, top := _tipset(node, highest)):
            fail(f"it does not hold at {highest} yet: name a later tipset")
        if _holds(node, condition, _tipset(node, lowest)):
            fail(f"it holds at {lowest} already: name an earlier tipset")
        tried = 2
        while highest - lowest > 1:
            middle = (lowest + highest) // 2
            tipset = _tipset(node, middle)
            tried += 1
            if _holds(node, condition, tipset):
                highest, top = middle, tipset
            else:
                lowest = middle
    if json:
        say_json({"height": top["Height"], "key": [cid_text(cid) for cid in top["Cids"]]})
    else:
        note(f"asked of {tried} tipsets")
        say(str(top["Height"]))


def _tipset(node: NodeClient, height: int) -> dict[str, Any]:
    found: dict[str, Any] = node.ask("ChainGetTipSetByHeight", height, None)
    return found


def _holds(node: NodeClient, condition: Condition, tipset: dict[str, Any]) -> bool:
    root = cid_text(tipset["Blocks"][0]["ParentStateRoot"])
    value = dumps(dag_cbor_to_json(value_at(node, f"{root}/{condition.path}")))
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command
            condition.command, input=value, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise LocalFault(f"cannot run {condition.command[0]}: {error.strerror}") from error
    if done.returncode and done.stderr.strip():
        why = done.stderr.strip().splitlines()[-1]
        raise LocalFault(f"{condition.command[0]} failed at {tipset['Height']}: {why}")
    return done.returncode == 0 and done.stdout.strip() != _FALSE
