"""`papyrus info`, `status`, `version`, `wait-api` and `stop`: a running node as a whole."""

import time
from importlib.metadata import version as installed
from typing import Annotated, Any

import typer

from papyrus.cli.amounts import ago, fil, when
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.node_output import show
from papyrus.cli.output import JsonOption, fail, note, progress, say, say_json
from papyrus.primitives.errors import LocalFault, PapyrusError

_POLL_SECONDS = 0.2


def info(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show a running node on one screen: its network, head, wallet and messages.

    \b
    Examples:
      papyrus info
    """
    with connected(api) as node:
        found = _info(node)
        at = node.info.base
    head = found["head"]
    fields: list[tuple[str, object]] = [
        ("network", found["network"]),
        ("network version", found["network_version"]),
        ("node", f"{found['agent']} at {at}"),
        ("started", f"{found['started'][:19].replace('T', ' ')} UTC"),
        ("head", f"{head['height']}, {when(head['timestamp'])} ({ago(head['timestamp'])})"),
        ("ready", "yes" if found["ready"] else f"no: {found['unready']}"),
        ("base fee", f"{int(head['base_fee']):,} attoFIL a unit of gas"),
        ("waiting messages", found["pending"]),
        ("peers", found["peers"]),
    ]
    if found["default_address"]:
        balance = fil(found["default_balance"])
        fields.append(("default address", f"{found['default_address']}, with {balance}"))
    show(found, fields, json)


def status(
    chain: Annotated[
        bool, typer.Option("--chain", help="With the blocks that tipsets have on the mean.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Say how far a node is behind the clock, and how many peers take what it publishes.

    \b
    Examples:
      papyrus status
      papyrus status --chain
    """
    with connected(api) as node:
        found = node.ask("NodeStatus", chain)
    synced, peers, blocks = found["SyncStatus"], found["PeerStatus"], found["ChainStatus"]
    fields: list[tuple[str, object]] = [
        ("epoch", synced["Epoch"]),
        ("epochs behind", synced["Behind"]),
        ("peers for messages", peers["PeersToPublishMsgs"]),
        ("peers for blocks", peers["PeersToPublishBlocks"]),
    ]
    if chain and blocks["BlocksPerTipsetLast100"]:
        fields += [
            ("blocks a tipset, last 100", f"{blocks['BlocksPerTipsetLast100']:.2f}"),
            ("blocks a tipset, last 900", f"{blocks['BlocksPerTipsetLastFinality']:.2f}"),
        ]
    elif chain:
        fields.append(("blocks a tipset", "known from epoch 901 on"))
    show(found, fields, json)


def version(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Print the version of this program, and of the node that runs.

    \b
    Examples:
      papyrus version
    """
    own = installed("papyrus-filecoin")
    try:
        with connected(api) as node:
            agent = node.ask("Version")["Version"]
    except LocalFault:
        if api is not None:
            raise
        agent = None
    if json:
        say_json({"papyrus": own, "node": agent})
        return
    say(f"papyrus {own}")
    say(f"node {agent}" if agent else "no node runs here")


def wait_api(
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0, help="How long to wait.")
    ] = 30.0,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Wait until a node answers.

    \b
    Examples:
      papyrus wait-api --timeout 60
    """
    end = time.monotonic() + timeout
    with progress("waiting for a node", bytes_unit=False):
        while True:
            try:
                with connected(api) as node:
                    agent = node.ask("Version", seconds=max(1.0, timeout))["Version"]
                break
            except LocalFault as error:
                if time.monotonic() >= end:
                    fail(f"no node answered within {timeout:g} s: {error}")
            time.sleep(_POLL_SECONDS)
    if json:
        say_json({"node": agent})
    else:
        note(f"{agent} answers")


def stop(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Let a running node end well, a devnet too.

    \b
    Examples:
      papyrus stop
    """
    with connected(api) as node:
        node.ask("Shutdown")
        at = node.info.base
    if json:
        say_json({"stopping": at})
    else:
        note(f"the node at {at} stops")


def _info(node: NodeClient) -> dict[str, Any]:
    head = node.ask("ChainHead")
    first = head["Blocks"][0]
    default = balance = None
    unready = node.unready()
    try:
        default = node.ask("WalletDefaultAddress")
        balance = node.ask("WalletBalance", default)
    except PapyrusError:
        pass  # there is no wallet to show, or the token does not allow to look
    return {
        "network": node.ask("StateNetworkName"),
        "network_version": node.ask("StateNetworkVersion", None),
        "agent": node.ask("Version")["Version"],
        "started": node.ask("StartTime"),
        "head": {
            "height": head["Height"],
            "key": [cid["/"] for cid in head["Cids"]],
            "timestamp": first["Timestamp"],
            "base_fee": first["ParentBaseFee"],
        },
        "ready": not unready,
        "unready": unready,
        "behind": node.ask("NodeStatus", False)["SyncStatus"]["Behind"],
        "pending": len(node.ask("MpoolPending", None) or []),
        "peers": len(node.ask("NetPeers") or []),
        "default_address": default,
        "default_balance": balance,
    }
