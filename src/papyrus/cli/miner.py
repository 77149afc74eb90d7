"""`papyrus miner`: storage providers on the chain: their sectors, windows, funds and keys.

Sealing and proving are other programs' work. On a devnet sectors are added by simulation, and say
so.
"""

from typing import Annotated, Any

import typer

from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.cli import miner_actor, miner_proving, miner_sectors
from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import fil, human_power, read_size
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    Landed,
    Sent,
    WaitOption,
    new_message,
    report,
    send,
    sender_of,
)
from papyrus.cli.miner_proving import members
from papyrus.cli.node_output import show
from papyrus.cli.output import JsonOption
from papyrus.cli.state_miners import info_fields, power_fields
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.proofs.proof_types import post_sector_size
from papyrus.rpc.errors import RpcError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Look after storage providers on the chain.

    Whatever changes a miner is sent by its owner or worker, whose keys the node must hold.""",
)
app.add_typer(miner_sectors.app, name="sectors")
app.add_typer(miner_proving.app, name="proving")
app.add_typer(miner_actor.app, name="actor")

MinerArgument = Annotated[str, typer.Argument(metavar="MINER", help="For instance f01000.")]

_WINDOW_POST_TYPES = range(10, 15)
"""The registered types of window proofs of today (V1_1), one for each sector size."""


@app.command(no_args_is_help=True)
def info(miner: MinerArgument, api: ApiOption = None, json: JsonOption = False) -> None:
    r"""Show a miner on one screen: who it is, its power, sectors and funds.

    \b
    Examples:
      papyrus miner info f01000
    """
    named = address_text(miner)
    with connected(api) as node:
        found = {
            "miner": node.ask("StateLookupID", named, None),
            "info": node.ask("StateMinerInfo", named, None),
            "power": node.ask("StateMinerPower", named, None),
            "sectors": node.ask("StateMinerSectorCount", named, None),
            "balance": node.ask("StateGetActor", named, None)["Balance"],
            "available": node.ask("StateMinerAvailableBalance", named, None),
            "faults": members(node.ask("StateMinerFaults", named, None)),
        }
    counts = found["sectors"]
    show(
        found,
        [
            ("miner", found["miner"]),
            *info_fields(found["info"]),
            *power_fields(found["power"], with_miner=True)[:3],
            (
                "sectors",
                f"{counts['Live']} live, {counts['Active']} active, {counts['Faulty']} faulty",
            ),
            ("balance", fil(found["balance"])),
            ("to withdraw", fil(found["available"])),
        ],
        json,
    )


@app.command()
def create(
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="ADDRESS", help="Who sends it, if not given.")
    ] = None,
    worker: Annotated[
        str | None, typer.Option("--worker", metavar="ADDRESS", help="A BLS key; the owner.")
    ] = None,
    sector_size: Annotated[str, typer.Option("--sector-size", metavar="SIZE")] = "32GiB",
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make a new miner, put down its deposit, and print its address.

    The worker's key signs blocks and must be a BLS one.

    \b
    Examples:
      papyrus miner create --worker f3... --sector-size 32GiB
      papyrus miner create --owner f1... --worker f3... --sector-size 2KiB
    """
    proof = _window_post_type(sector_size)
    with connected(api) as node:
        own = sender_of(node, sender or owner)
        owning = read_address(owner or own)
        working = read_address(worker or str(owning))
        for role, address in (("owner", owning), ("worker", working)):
            _expect_on_chain(node, role, address)
        params = CreateMinerParams(owning, working, proof, b"", ())
        deposit = TokenAmount(int(node.ask("StateMinerCreationDeposit", None)))
        power = str(STORAGE_POWER)
        message = new_message(own, power, deposit, CREATE_MINER, params.to_cbor())
        report(node, send(node, message), wait=wait, json=json, result=_created)


def _expect_on_chain(node: NodeClient, role: str, address: Address) -> None:
    """Raise LocalFault where an address has no actor, which nobody can be made a miner's with."""
    named = address.to_string(node.letter)
    try:
        node.ask("StateLookupID", named, None)
    except RpcError as error:
        raise LocalFault(
            f"the {role} {named} is not on the chain ({error}): send it something first, for "
            f"instance `papyrus send {named} 0.1`"
        ) from error


def _created(sent: Sent, landed: Landed) -> dict[str, Any]:
    id_address, robust = dag_cbor.decode(landed.returned)
    return {
        "miner": Address.from_bytes(id_address).to_string(sent.letter),
        "robust": Address.from_bytes(robust).to_string(sent.letter),
    }


def _window_post_type(size: str) -> int:
    """Return the registered type of the window proofs of a sector size; DecodeError."""
    wanted = read_size(size)
    sizes = {post_sector_size(proof): proof for proof in _WINDOW_POST_TYPES}
    if wanted not in sizes:
        known = ", ".join(human_power(one).replace(" ", "") for one in sizes)
        raise DecodeError(f"there are no sectors of {size}: there are {known}")
    return sizes[wanted]
