"""`papyrus state get-actor`, `lookup`, `read-state` and more: actors and the network, of a node."""

from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import fil
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import cid_json, cid_text, show, show_value
from papyrus.cli.output import JsonOption, say, say_fields, say_json
from papyrus.cli.tipset_option import TipsetOption, tipset_key

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="f/t or 0x form.")]

market = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="See funds in the market.",
)

_SUPPLY_PARTS = (
    ("circulating", "FilCirculating"),
    ("vested", "FilVested"),
    ("mined", "FilMined"),
    ("burnt", "FilBurnt"),
    ("locked", "FilLocked"),
    ("out of the reserve", "FilReserveDisbursed"),
)


@market.callback()
def _market() -> None:
    pass


def get_actor(
    address: AddressArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show an actor: its balance, nonce, code and the root of its state.

    \b
    Examples:
      papyrus state get-actor f02
    """
    with connected(api) as node:
        key = tipset_key(node, tipset)
        named = address_text(address)
        found = node.ask("StateGetActor", named, key)
        if json:
            say_json(found)
            return
        version = node.ask("StateNetworkVersion", key)
        names = {
            cid_text(code): name for name, code in node.ask("StateActorCodeCIDs", version).items()
        }
    code = cid_text(found["Code"])
    fields: list[tuple[str, object]] = [
        ("type", names.get(code, "unknown")),
        ("balance", fil(found["Balance"])),
        ("nonce", found["Nonce"]),
        ("code", code),
        ("state", cid_text(found["Head"])),
    ]
    if found.get("DelegatedAddress"):
        fields.append(("delegated address", found["DelegatedAddress"]))
    say_fields(fields)


def lookup(
    address: AddressArgument,
    reverse: Annotated[
        bool, typer.Option("--reverse", "-r", help="From the ID to another address.")
    ] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print the ID of an address, or with --reverse an address of an ID.

    \b
    Examples:
      papyrus state lookup f1...
      papyrus state lookup --reverse f01000
    """
    method = "StateLookupRobustAddress" if reverse else "StateLookupID"
    with connected(api) as node:
        found = node.ask(method, address_text(address), tipset_key(node, tipset))
    show_value(found, json)


def read_state(
    address: AddressArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show an actor's own state, as Lotus names its fields.

    \b
    Examples:
      papyrus state read-state f04
    """
    from papyrus.cli.state_get import outline  # noqa: PLC0415 - slow to import

    with connected(api) as node:
        found = node.ask("StateReadState", address_text(address), tipset_key(node, tipset))
    if json:
        say_json(found)
        return
    say_fields([("balance", fil(found["Balance"])), ("code", cid_text(found["Code"]))])
    for line in outline(found["State"]):
        say(line)


def list_actors(
    tipset: TipsetOption = None, api: ApiOption = None, json: JsonOption = False
) -> None:
    r"""List the IDs of all actors.

    \b
    Examples:
      papyrus state list-actors
    """
    _list("StateListActors", tipset, api, json)


def list_miners(
    tipset: TipsetOption = None, api: ApiOption = None, json: JsonOption = False
) -> None:
    r"""List the IDs of all miners.

    \b
    Examples:
      papyrus state list-miners
    """
    _list("StateListMiners", tipset, api, json)


def network_version(
    tipset: TipsetOption = None, api: ApiOption = None, json: JsonOption = False
) -> None:
    r"""Print the network version that rules.

    \b
    Examples:
      papyrus state network-version
    """
    with connected(api) as node:
        found = node.ask("StateNetworkVersion", tipset_key(node, tipset))
    show_value(found, json)


def actor_cids(
    version: Annotated[
        int | None, typer.Option("--network-version", min=0, help="That of the head if not given.")
    ] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the code of the built-in actors.

    \b
    Examples:
      papyrus state actor-cids
    """
    with connected(api) as node:
        chosen = node.ask("StateNetworkVersion", None) if version is None else version
        found = node.ask("StateActorCodeCIDs", chosen)
    show(found, sorted((name, cid_text(code)) for name, code in found.items()), json)


def circulating_supply(
    vm_supply: Annotated[
        bool, typer.Option("--vm-supply", help="What the machine tells actors, and its parts.")
    ] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show how much FIL circulates.

    \b
    Examples:
      papyrus state circulating-supply
      papyrus state circulating-supply --vm-supply
    """
    with connected(api) as node:
        key = tipset_key(node, tipset)
        if not vm_supply:
            found: Any = node.ask("StateCirculatingSupply", key)
            show_value(found if json else fil(found), json)
            return
        found = node.ask("StateVMCirculatingSupplyInternal", key)
    show(found, [(words, fil(found[name])) for words, name in _SUPPLY_PARTS], json)


def get_deal(
    deal: Annotated[int, typer.Argument(metavar="DEAL", min=0)],
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show a deal of the market.

    \b
    Examples:
      papyrus state get-deal 7
    """
    with connected(api) as node:
        found = node.ask("StateMarketStorageDeal", deal, tipset_key(node, tipset))
    terms, state = found["Proposal"], found["State"]
    show(
        found,
        [
            ("piece", cid_text(terms["PieceCID"])),
            ("size", f"{terms['PieceSize']:,}"),
            ("client", terms["Client"]),
            ("provider", terms["Provider"]),
            ("epochs", f"{terms['StartEpoch']} to {terms['EndEpoch']}"),
            ("price an epoch", fil(terms["StoragePricePerEpoch"])),
            ("verified", terms["VerifiedDeal"]),
            ("sector", state["SectorNumber"]),
            ("active since", state["SectorStartEpoch"]),
        ],
        json,
    )


@market.command(no_args_is_help=True)
def balance(
    address: AddressArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show what someone has in the market, and what of it is locked.

    \b
    Examples:
      papyrus state market balance f1...
    """
    with connected(api) as node:
        found = node.ask("StateMarketBalance", address_text(address), tipset_key(node, tipset))
    free = int(found["Escrow"]) - int(found["Locked"])
    fields = [
        ("escrow", fil(found["Escrow"])),
        ("locked", fil(found["Locked"])),
        ("free", fil(free)),
    ]
    show(found, fields, json)


@market.command("proposal-pending", no_args_is_help=True)
def proposal_pending(
    proposal: Annotated[str, typer.Argument(metavar="CID", help="Of a deal's proposal.")],
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Say whether a deal was published and has not begun.

    \b
    Examples:
      papyrus state market proposal-pending bafyrei...
    """
    named = cid_json(proposal)
    with connected(api) as node:
        found = node.ask("StateMarketProposalPending", named, tipset_key(node, tipset))
    show_value(found if json else "yes" if found else "no", json)


def _list(method: str, tipset: str | None, api: str | None, json: bool) -> None:
    with connected(api) as node:
        found = node.ask(method, tipset_key(node, tipset)) or []
    if json:
        say_json(found)
        return
    for address in found:
        say(address)
