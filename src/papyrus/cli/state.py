"""`papyrus state`: look into states, compare them, check them and move them to new rules.

Half of the commands read a chain file, the other half, with the names that Lotus gives them, ask a
running node.
"""

from collections.abc import Callable

import typer

from papyrus.cli import state_actors, state_messages, state_miners
from papyrus.cli.state_check import check
from papyrus.cli.state_diff import diff
from papyrus.cli.state_get import actor, get, tree
from papyrus.cli.state_migrate import migrate

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Look into states: those of a chain file, and that of a running node.

    tree, actor, get, diff, check and migrate read a chain file. There a state is named by the CID
    of its root or by the height of the tipset that was executed on it; without either it is that
    of the file's head. All others ask a running node, and name a tipset with --tipset.""",
)

for command in (tree, actor, get, diff, check, migrate):
    app.command(no_args_is_help=True)(command)

_OF_A_NODE: dict[str, Callable[..., None]] = {
    "get-actor": state_actors.get_actor,
    "lookup": state_actors.lookup,
    "read-state": state_actors.read_state,
    "list-actors": state_actors.list_actors,
    "list-miners": state_actors.list_miners,
    "network-version": state_actors.network_version,
    "actor-cids": state_actors.actor_cids,
    "circulating-supply": state_actors.circulating_supply,
    "get-deal": state_actors.get_deal,
    "miner-info": state_miners.miner_info,
    "power": state_miners.power,
    "sectors": state_miners.sectors,
    "sector": state_miners.sector,
    "sector-size": state_miners.sector_size,
    "miner-proving-deadline": state_miners.miner_proving_deadline,
    "wait-msg": state_messages.wait_msg,
    "search-msg": state_messages.search_msg,
    "list-messages": state_messages.list_messages,
    "call": state_messages.call,
    "replay": state_messages.replay,
    "exec-trace": state_messages.exec_trace,
    "compute-state": state_messages.compute_state,
}

for name, asking in _OF_A_NODE.items():
    app.command(name)(asking)
app.add_typer(state_actors.market, name="market")
