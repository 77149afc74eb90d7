"""`papyrus miner sectors`: what a miner stores: to see it, to give it up, and to simulate it.

Sealing is other programs' work. On a devnet sectors are added, break down and recover by
SIMULATION: no data is kept, while all messages and their proofs go the way that any would.
"""

from typing import Annotated, Any

import typer

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    TerminateSectorsParams,
    TerminateSectorsReturn,
    TerminationDeclaration,
)
from papyrus.cli.address import address_text
from papyrus.cli.amounts import fil
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import Landed, Sent, WaitOption, new_message, report, send
from papyrus.cli.miner_proving import members
from papyrus.cli.node_output import cid_text, show
from papyrus.cli.output import JsonOption, fail, progress, say, say_json, say_table
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.bitfield import BitField

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""See a miner's sectors, give some up, and on a devnet add some and break some.

    A devnet's sectors hold nothing: their sealing and their proofs are SIMULATED.""",
)

MinerArgument = Annotated[str, typer.Argument(metavar="MINER", help="For instance f01000.")]
SectorsArgument = Annotated[list[int], typer.Argument(metavar="SECTOR...", min=0)]


@app.command("list", no_args_is_help=True)
def list_sectors(
    miner: MinerArgument,
    active: Annotated[bool, typer.Option("--active", help="Those that count for power.")] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List a miner's sectors.

    One that is over, expired or given up, stays listed until its miner compacts its partition.

    \b
    Examples:
      papyrus miner sectors list f01000 --active
    """
    named = address_text(miner)
    with connected(api) as node:
        found = (
            node.ask("StateMinerActiveSectors", named, None)
            if active
            else node.ask("StateMinerSectors", named, None, None)
        )
        states = {} if json else sector_states(node, named)
    if json:
        say_json(found or [])
    else:
        say_table(
            ("SECTOR", "STATE", "ACTIVATED", "EXPIRES", "PLEDGE"),
            [
                (
                    one["SectorNumber"],
                    states.get(one["SectorNumber"], "over"),
                    one["Activation"],
                    one["Expiration"],
                    fil(one["InitialPledge"]),
                )
                for one in found or []
            ],
        )


def sector_states(node: NodeClient, miner: str) -> dict[int, str]:
    """Return of each of a miner's sectors that is not over whether it counts, by its number."""
    states: dict[int, str] = {}
    for index in range(len(node.ask("StateMinerDeadlines", miner, None))):
        for partition in node.ask("StateMinerPartitions", miner, index, None) or []:
            states |= dict.fromkeys(members(partition["LiveSectors"]), "unproven")
            states |= dict.fromkeys(members(partition["ActiveSectors"]), "active")
            states |= dict.fromkeys(members(partition["FaultySectors"]), "faulty")
            states |= dict.fromkeys(members(partition["RecoveringSectors"]), "recovering")
    return states


@app.command("status", no_args_is_help=True)
def status(
    miner: MinerArgument,
    number: Annotated[int, typer.Argument(metavar="SECTOR", min=0)],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show a sector: proven, announced, or neither.

    \b
    Examples:
      papyrus miner sectors status f01000 0
    """
    named = address_text(miner)
    with connected(api) as node:
        proven = node.ask("StateSectorGetInfo", named, number, None)
        announced = node.ask("StateSectorPreCommitInfo", named, number, None)
        end = node.ask("StateSectorExpiration", named, number, None) if proven else None
    state = "proven" if proven else "announced" if announced else "unknown"
    fields: list[tuple[str, object]] = [("sector", number), ("state", state)]
    if proven:
        fields += [("expires", proven["Expiration"]), ("pledge", fil(proven["InitialPledge"]))]
    elif announced:
        deposit = fil(announced["PreCommitDeposit"])
        fields += [("announced at", announced["PreCommitEpoch"]), ("deposit", deposit)]
    found = {"state": state, "proven": proven, "announced": announced, "expiration": end}
    show(found, fields, json)


@app.command("add", no_args_is_help=True)
def add(
    miner: MinerArgument,
    count: Annotated[int, typer.Option("--count", min=1, help="How many.")] = 1,
    deals: Annotated[
        list[int] | None,
        typer.Option("--deal", metavar="ID", min=0, help="Whose data it is to hold; repeatable."),
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Add sectors to a miner of a devnet, whose sealing is SIMULATED.

    The devnet proves them from then on, and makes the miner's blocks. It must have the key of the
    miner's worker.

    \b
    Examples:
      papyrus miner sectors add f01000 --count 2
      papyrus miner sectors add f01000 --deal 3 --deal 4
    """
    named = address_text(miner)
    with connected(api) as node, progress("sealing, simulated", bytes_unit=False):
        asked = ("AddSector", named, count, deals or [])
        found = node.ask(*asked, namespace="Papyrus", seconds=None)
    if json:
        say_json({"miner": named, "sectors": found, "sealing": "SIMULATED"})
    else:
        say(f"sectors {', '.join(map(str, found))}, by SIMULATED sealing")


@app.command("pledge", no_args_is_help=True)
def pledge(
    miner: MinerArgument,
    count: Annotated[int, typer.Option("--count", min=1, help="How many.")] = 1,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Add sectors without deals to a miner of a devnet, whose sealing is SIMULATED.

    \b
    Examples:
      papyrus miner sectors pledge f01000 --count 2
    """
    add(miner, count, None, api, json)


@app.command("fault", no_args_is_help=True)
def fault(
    miner: MinerArgument,
    chosen: SectorsArgument,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Let a miner of a devnet declare sectors faulty; time passes where it must.

    \b
    Examples:
      papyrus miner sectors fault f01000 0 1
    """
    _declare("Fault", miner, chosen, "faulty", api, json)


@app.command("recover", no_args_is_help=True)
def recover(
    miner: MinerArgument,
    chosen: SectorsArgument,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Let a miner of a devnet declare that faulty sectors will be proven in their next window.

    \b
    Examples:
      papyrus miner sectors recover f01000 0 1
    """
    _declare("Recover", miner, chosen, "recovering", api, json)


@app.command("set-expiration", no_args_is_help=True)
def set_expiration(
    miner: MinerArgument,
    chosen: SectorsArgument,
    epoch: Annotated[int, typer.Option("--epoch", metavar="EPOCH", min=1, help="When they end.")],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Let sectors of a devnet expire at an epoch, sooner than any message could.

    The state is changed by hand, which is SIMULATED. They must hold no data.

    \b
    Examples:
      papyrus miner sectors set-expiration f01000 0 1 --epoch 5000
    """
    named = address_text(miner)
    with connected(api) as node:
        node.ask("SetExpiration", named, chosen, epoch, namespace="Papyrus")
        found = [
            {"sector": number, "expiration": node.ask("StateSectorExpiration", named, number, None)}
            for number in chosen
        ]
    if json:
        say_json({"miner": named, "sectors": found, "change": "SIMULATED"})
    else:
        rows = [(one["sector"], one["expiration"]["OnTime"]) for one in found]
        # The network takes sectors out as the window closes in which they are proven.
        say_table(("SECTOR", "TAKEN OUT AT"), rows)


@app.command("terminate", no_args_is_help=True)
def terminate(
    miner: MinerArgument,
    chosen: SectorsArgument,
    really: Annotated[
        bool, typer.Option("--really-do-it", help="It costs a fee, and cannot be undone.")
    ] = False,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Give sectors up before their time, at the price of a fee.

    \b
    Examples:
      papyrus miner sectors terminate f01000 0 1 --really-do-it
    """
    if not really:
        fail("a terminated sector is gone for good, and costs a fee: say --really-do-it")
    named = address_text(miner)
    with connected(api) as node:
        worker = node.ask("StateMinerInfo", named, None)["Worker"]
        params = TerminateSectorsParams(_places(node, named, chosen)).to_cbor()
        message = new_message(worker, named, ZERO, numbers.TERMINATE_SECTORS, params)
        report(node, send(node, message), wait=wait, json=json, result=_terminated)


def _declare(
    method: str, miner: str, chosen: list[int], word: str, api: str | None, json: bool
) -> None:
    named = address_text(miner)
    with connected(api) as node, progress("waiting for the window", bytes_unit=False):
        found = node.ask(method, named, chosen, namespace="Papyrus", seconds=None)
    cid = cid_text(found)
    if json:
        say_json({"miner": named, "sectors": chosen, "declared": word, "cid": cid})
    else:
        say(cid)


def _places(node: NodeClient, miner: str, chosen: list[int]) -> tuple[TerminationDeclaration, ...]:
    """Return where sectors are proven, which is how the miner knows them."""
    found: dict[tuple[int, int], list[int]] = {}
    for number in chosen:
        place = node.ask("StateSectorPartition", miner, number, None)
        found.setdefault((place["Deadline"], place["Partition"]), []).append(number)
    return tuple(
        TerminationDeclaration(*place, BitField.from_bits(those))
        for place, those in sorted(found.items())
    )


def _terminated(_sent: Sent, landed: Landed) -> dict[str, Any]:
    return {"all_paid": TerminateSectorsReturn.from_cbor(landed.returned).done}
