"""`papyrus market`: storage deals, and the money that backs them.

A client signs the terms of a deal and the provider publishes them. Here both is done at once, for
whoever has both keys on one node, as on a devnet; between strangers the signed terms would travel.
"""

from typing import Annotated, Any

import typer

from papyrus.actors.market.deals import EPOCH_UNDEFINED
from papyrus.actors.market.params import (
    PUBLISH_STORAGE_DEALS,
    PublishStorageDealsParams,
    PublishStorageDealsReturn,
)
from papyrus.actors.singletons import STORAGE_MARKET
from papyrus.cli import wallet_node
from papyrus.cli.address import address_text
from papyrus.cli.amounts import AmountArgument, fil, human_power
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.market_terms import Terms, free_escrow, proposal_of, signed_by_client
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
from papyrus.cli.node_output import cid_text, show
from papyrus.cli.output import JsonOption, say_json, say_table
from papyrus.primitives.amounts import ZERO

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make storage deals, and keep the money that backs them.",
)

OwnerOption = Annotated[
    str | None,
    typer.Option("--address", metavar="ADDRESS", help="Whose: the sender's, if not given."),
]


@app.command(no_args_is_help=True)
def publish(
    client: Annotated[str, typer.Option("--client", metavar="ADDRESS", help="Who pays.")],
    provider: Annotated[str, typer.Option("--provider", metavar="MINER", help="Who stores.")],
    piece_cid: Annotated[
        str, typer.Option("--piece-cid", metavar="CID", help="The commitment to the data (CommP).")
    ],
    piece_size: Annotated[
        str, typer.Option("--piece-size", metavar="SIZE", help="Padded: 128, 2KiB, 32GiB.")
    ],
    start: Annotated[
        int | None, typer.Option("--start", metavar="EPOCH", help="Two days from now.")
    ] = None,
    end: Annotated[
        int | None, typer.Option("--end", metavar="EPOCH", help="As early as is allowed.")
    ] = None,
    price: Annotated[str, typer.Option("--price", metavar="FIL", help="For each epoch.")] = "0",
    collateral: Annotated[
        str | None,
        typer.Option("--collateral", metavar="FIL", help="The provider's; little above the least."),
    ] = None,
    client_collateral: Annotated[str, typer.Option("--client-collateral", metavar="FIL")] = "0",
    verified: Annotated[bool, typer.Option("--verified", help="Spend the client's DataCap.")] = (
        False
    ),
    label: Annotated[str, typer.Option("--label", metavar="TEXT")] = "",
    sender: Annotated[
        str | None,
        typer.Option("--from", metavar="ADDRESS", help="Who publishes it: the provider's worker."),
    ] = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Publish a deal, signed by the client, and print its ID.

    \b
    Examples:
      papyrus market publish --client f1... --provider f01000 --piece-cid baga... --piece-size 2KiB
      papyrus market publish --client f1... --provider f01000 --piece-cid baga... \
          --piece-size 32GiB --price 0.000001 --verified --label backup
    """
    terms = Terms(
        client, provider, piece_cid, piece_size, start, end, price, collateral, client_collateral,
        verified, label,
    )  # fmt: skip
    with connected(api) as node:
        proposal = proposal_of(node, terms)
        params = PublishStorageDealsParams((signed_by_client(node, proposal),)).to_cbor()
        worker = node.ask("StateMinerInfo", str(proposal.provider), None)["Worker"]
        own = str(worker) if sender is None else address_text(sender)
        message = new_message(own, str(STORAGE_MARKET), ZERO, PUBLISH_STORAGE_DEALS, params)

        def result(_sent: Sent, landed: Landed) -> dict[str, Any]:
            [deal] = PublishStorageDealsReturn.from_cbor(landed.returned).ids
            return {"deal": deal, **_allocation(node, deal)}

        report(node, send(node, message), wait=wait, json=json, result=result)


@app.command()
def balance(
    address: Annotated[str | None, typer.Argument(metavar="[ADDRESS]")] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show what someone has in the market, and what of it backs deals.

    \b
    Examples:
      papyrus market balance f1...
      papyrus market balance f01000 --json
    """
    with connected(api) as node:
        named = sender_of(node, address)
        found = node.ask("StateMarketBalance", named, None)
        reserved = node.ask("MarketGetReserved", named)
    show(
        {**found, "Reserved": reserved},
        [
            ("escrow", fil(found["Escrow"])),
            ("locked", fil(found["Locked"])),
            ("free", fil(free_escrow(found))),
            ("reserved", fil(reserved)),
        ],
        json,
    )


@app.command(no_args_is_help=True)
def add(
    amount: AmountArgument,
    owner: OwnerOption = None,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Put funds into the market, for oneself or for another.

    \b
    Examples:
      papyrus market add 10
      papyrus market add 1.5 --address f01000 --from f1...
    """
    wallet_node.add(amount, sender, owner, wait, api, json)


@app.command()
def withdraw(
    amount: Annotated[
        str | None, typer.Argument(metavar="[FIL]", help="All, if not given.")
    ] = None,
    owner: OwnerOption = None,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take funds out of the market that no deal needs; a miner's go to its owner.

    \b
    Examples:
      papyrus market withdraw
      papyrus market withdraw 1 --address f01000 --from f3...
    """
    wallet_node.withdraw(amount, sender, owner, wait, api, json)


@app.command()
def deals(
    client: Annotated[str | None, typer.Option("--client", metavar="ADDRESS")] = None,
    provider: Annotated[str | None, typer.Option("--provider", metavar="MINER")] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the deals that are not over, all or someone's.

    \b
    Examples:
      papyrus market deals
      papyrus market deals --provider f01000 --json
    """
    with connected(api) as node:
        wanted = {
            side: node.ask("StateLookupID", address_text(one), None)
            for side, one in (("Client", client), ("Provider", provider))
            if one is not None
        }
        found = {
            number: deal
            for number, deal in node.ask("StateMarketDeals", None).items()
            if all(deal["Proposal"][side] == one for side, one in wanted.items())
        }
    if json:
        say_json(found)
        return
    say_table(
        ("DEAL", "CLIENT", "PROVIDER", "SIZE", "PIECE", "START", "END", "STATE"),
        [
            (
                number,
                terms["Client"],
                terms["Provider"],
                human_power(terms["PieceSize"]),
                cid_text(terms["PieceCID"]),
                terms["StartEpoch"],
                terms["EndEpoch"],
                _state(one["State"]),
            )
            for number, one in sorted(found.items(), key=lambda item: int(item[0]))
            for terms in (one["Proposal"],)
        ],
    )


@app.command(no_args_is_help=True)
def deal(
    number: Annotated[int, typer.Argument(metavar="DEAL", min=0)],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show a deal: its terms, and what has become of it.

    \b
    Examples:
      papyrus market deal 3
    """
    with connected(api) as node:
        found = node.ask("StateMarketStorageDeal", number, None)
        found.update(_allocation(node, number))
    terms = found["Proposal"]
    fields: list[tuple[str, object]] = [
        ("client", terms["Client"]),
        ("provider", terms["Provider"]),
        ("piece", cid_text(terms["PieceCID"])),
        ("size", human_power(terms["PieceSize"])),
        ("label", terms["Label"] or "none"),
        ("paid", f"{fil(terms['StoragePricePerEpoch'])} an epoch"),
        ("from", terms["StartEpoch"]),
        ("until", terms["EndEpoch"]),
        ("verified", "yes" if terms["VerifiedDeal"] else "no"),
        ("collateral", fil(terms["ProviderCollateral"])),
        ("state", _state(found["State"])),
    ]
    if "allocation" in found:
        fields.append(("allocation", found["allocation"]))
    show(found, fields, json)


def _allocation(node: NodeClient, deal: int) -> dict[str, int]:
    """Return the DataCap set aside for a deal that is not in a sector yet, if there is some."""
    number = node.ask("StateGetAllocationIdForPendingDeal", deal, None)
    return {"allocation": number} if number else {}


def _state(state: dict[str, Any]) -> str:
    if state["SectorStartEpoch"] == EPOCH_UNDEFINED:
        return "published"
    return f"in sector {state['SectorNumber']} since {state['SectorStartEpoch']}"
