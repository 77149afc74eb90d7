"""`papyrus sync`: how far the chain is, and what a node refuses or never leaves."""

import time
from typing import Annotated, Any

import typer

from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.node_output import cid_json, key_text, show
from papyrus.cli.output import JsonOption, note, progress, say, say_fields, say_json, say_table
from papyrus.cli.tipset_option import tipset_named

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See how far a node is, and say which blocks it refuses or never leaves.",
)

BlockArgument = Annotated[str, typer.Argument(metavar="BLOCK", help="The CID of a block.")]

_STAGES = ("idle", "headers", "persist headers", "messages", "complete", "error", "fetching")
_POLL_SECONDS = 1.0


@app.command()
def status(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show how far behind the clock a node is, and what came in lately.

    \b
    Examples:
      papyrus sync status
    """
    with connected(api) as node:
        unready = node.unready()
        found = {
            "ready": not unready,
            "unready": unready,
            "behind": _behind(node),
            "state": node.ask("SyncState"),
        }
    if json:
        say_json(found)
        return
    say_fields(
        [
            ("head", found["behind"]["Epoch"]),
            ("ready", "yes" if found["ready"] else f"no: {found['unready']}"),
            ("age of it", f"{found['behind']['Behind']} epochs"),
            ("messages executed", f"{found['state']['VMApplied']:,}"),
        ]
    )
    active = found["state"]["ActiveSyncs"] or []
    if active:
        say()
        say_table(("TARGET", "STAGE", "ERROR"), [_sync_row(one) for one in active])


@app.command()
def wait(
    watch: Annotated[bool, typer.Option("--watch", help="Go on once it is there.")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="For ever.")
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Wait until a node has come to the head of the chain.

    A network that makes a block only when a message waits, as a devnet may, is always there.

    \b
    Examples:
      papyrus sync wait --timeout 60
    """
    started = time.monotonic()
    with connected(api) as node, progress("catching up", bytes_unit=False) as bar:
        first = None
        while True:
            behind = _behind(node)
            first = behind["Behind"] if first is None else max(first, behind["Behind"])
            bar.reach(first - behind["Behind"], first)
            if not watch and (not behind["Behind"] or not node.unready()):
                break
            if timeout is not None and time.monotonic() - started >= timeout:
                note(f"papyrus: it is still {behind['Behind']} epochs behind")
                raise typer.Exit(1)
            time.sleep(_POLL_SECONDS)
    if json:
        say_json(behind)
    else:
        note(f"it is there, at height {behind['Epoch']}")


@app.command("mark-bad", no_args_is_help=True)
def mark_bad(block: BlockArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Refuse a block from now on, and whatever builds on it.

    \b
    Examples:
      papyrus sync mark-bad bafy2bza...
    """
    _about_block("SyncMarkBad", block, "is refused from now on", api, json)


@app.command("unmark-bad")
def unmark_bad(
    block: Annotated[str | None, typer.Argument(metavar="[BLOCK]")] = None,
    every: Annotated[bool, typer.Option("--all", help="All blocks.")] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Judge a block again when it comes.

    \b
    Examples:
      papyrus sync unmark-bad bafy2bza...
      papyrus sync unmark-bad --all
    """
    if every == (block is not None):
        raise typer.BadParameter("name a block, or --all")
    if block is not None:
        _about_block("SyncUnmarkBad", block, "is judged again when it comes", api, json)
        return
    with connected(api) as node:
        node.ask("SyncUnmarkAllBad")
    if json:
        say_json({"blocks": "all"})
    else:
        note("every block is judged again when it comes")


@app.command("check-bad", no_args_is_help=True)
def check_bad(block: BlockArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Say why a block is refused, if it is.

    \b
    Examples:
      papyrus sync check-bad bafy2bza...
    """
    named = cid_json(block)
    with connected(api) as node:
        reason = node.ask("SyncCheckBad", named)
    if json:
        say_json({"block": named["/"], "bad": bool(reason), "reason": reason})
    else:
        say(reason or "it is not known to be bad")


@app.command()
def checkpoint(
    key: Annotated[str | None, typer.Argument(metavar="[TIPSET]", help="@HEIGHT, or CIDs.")] = None,
    epoch: Annotated[int | None, typer.Option("--epoch", min=0)] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Never leave a tipset again, whatever chain is heavier.

    \b
    Examples:
      papyrus sync checkpoint --epoch 100
    """
    if (key is None) == (epoch is None):
        raise typer.BadParameter("name one tipset: by CIDs, or by --epoch")
    with connected(api) as node:
        tipset = tipset_named(node, key or f"@{epoch}")
        node.ask("SyncCheckpoint", tipset["Cids"])
    fields = [("height", tipset["Height"]), ("key", key_text(tipset["Cids"]))]
    show({"height": tipset["Height"], "key": tipset["Cids"]}, fields, json)


def _behind(node: NodeClient) -> dict[str, Any]:
    found: dict[str, Any] = node.ask("NodeStatus", False)["SyncStatus"]
    return found


def _sync_row(sync: dict[str, Any]) -> tuple[object, ...]:
    target = sync["Target"]
    stage = sync["Stage"]
    return (
        target["Height"] if target else "none",
        _STAGES[stage] if 0 <= stage < len(_STAGES) else stage,
        sync["Message"] or "",
    )


def _about_block(method: str, block: str, told: str, api: str | None, json: bool) -> None:
    named = cid_json(block)
    with connected(api) as node:
        node.ask(method, named)
    if json:
        say_json({"block": named["/"]})
    else:
        note(f"{named['/']} {told}")
