"""`papyrus net`: a node's name, its peers, and where it listens."""

import typer

from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import show_value
from papyrus.cli.output import JsonOption, note, say, say_json, say_table

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See a node's name and its peers. This version connects to none.",
)


@app.command("id")
def node_id(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Print the node's name in the network, its peer ID.

    \b
    Examples:
      papyrus net id
    """
    with connected(api) as node:
        show_value(node.ask("ID"), json)


@app.command()
def peers(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List who is connected.

    \b
    Examples:
      papyrus net peers
    """
    with connected(api) as node:
        found = node.ask("NetPeers") or []
    if json:
        say_json(found)
    elif found:
        say_table(("PEER", "ADDRESSES"), [(one["ID"], ", ".join(one["Addrs"])) for one in found])
    else:
        note("no peers: this node is connected to nobody")


@app.command()
def listen(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List the addresses at which peers reach the node.

    \b
    Examples:
      papyrus net listen
    """
    with connected(api) as node:
        found = node.ask("NetAddrsListen")
    addresses = found["Addrs"] or []
    if json:
        say_json(found)
    elif addresses:
        for address in addresses:
            say(f"{address}/p2p/{found['ID']}")
    else:
        note("it listens for no peers")
