"""`papyrus filplus`: DataCap: who gives it, who has it, what it is set aside for."""

from typing import Annotated, Any

import typer

from papyrus.actors.singletons import VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import (
    ADD_VERIFIED_CLIENT,
    REMOVE_EXPIRED_ALLOCATIONS,
    RemoveExpiredAllocationsParams,
    VerifierParams,
)
from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import human_power, read_size
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.filplus_claims import extend_claim, remove_expired_claims
from papyrus.cli.message_sending import (
    FromOption,
    WaitOption,
    new_message,
    report,
    send,
    sender_of,
)
from papyrus.cli.node_output import cid_text
from papyrus.cli.output import JsonOption, fail, note, say, say_json, say_table
from papyrus.primitives.amounts import ZERO
from papyrus.primitives.errors import PapyrusError

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Give DataCap to clients, and see who has it and what it is set aside for.",
)

ClientArgument = Annotated[str, typer.Argument(metavar="CLIENT")]

_REGISTRY = str(VERIFIED_REGISTRY)
_DATACAP = "f07"
_TOKEN = 10**18
"""Parts of a token, which is a byte of DataCap."""


@app.command("grant-datacap", no_args_is_help=True)
def grant_datacap(
    client: ClientArgument,
    datacap: Annotated[str, typer.Argument(metavar="SIZE", help="In bytes, or as 32GiB.")],
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Give a client DataCap, as a verifier (notary) that has some.

    On a devnet the sender is its verifier unless another is named.

    \b
    Examples:
      papyrus filplus grant-datacap f1... 1TiB --from f1...
    """
    size, named = read_size(datacap), read_address(client)
    with connected(api) as node:
        own = sender_of(node, sender or _devnet_verifier(node))
        left = node.ask("StateVerifierStatus", own, None)
        if left is None:
            fail(f"{own} is no verifier: name one with --from; `papyrus filplus list-notaries`")
        if int(left) < size:
            fail(f"the verifier {own} has {human_power(left)} left to give")
        params = VerifierParams(named, size).to_cbor()
        message = new_message(own, _REGISTRY, ZERO, ADD_VERIFIED_CLIENT, params)
        report(node, send(node, message), wait=wait, json=json)


@app.command("check-client-datacap", no_args_is_help=True)
def check_client_datacap(
    client: ClientArgument, api: ApiOption = None, json: JsonOption = False
) -> None:
    r"""Print how much DataCap a client has.

    \b
    Examples:
      papyrus filplus check-client-datacap f1...
    """
    _status("StateVerifiedClientStatus", client, "has no DataCap", api, json)


@app.command("check-notary-datacap", no_args_is_help=True)
def check_notary_datacap(
    notary: Annotated[str, typer.Argument(metavar="NOTARY")],
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print how much DataCap a verifier (notary) can still give.

    \b
    Examples:
      papyrus filplus check-notary-datacap f1...
    """
    _status("StateVerifierStatus", notary, "is no verifier", api, json)


@app.command("list-clients")
def list_clients(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List all clients with DataCap.

    \b
    Examples:
      papyrus filplus list-clients
    """
    from papyrus.cli.filplus_maps import datacap_balances  # noqa: PLC0415 - slow to import

    with connected(api) as node:
        found = {client: amount // _TOKEN for client, amount in datacap_balances(node, _DATACAP)}
    _say_sizes("CLIENT", found, json)


@app.command("list-notaries")
def list_notaries(api: ApiOption = None, json: JsonOption = False) -> None:
    r"""List all verifiers (notaries), with what they can still give.

    \b
    Examples:
      papyrus filplus list-notaries
    """
    from papyrus.cli.filplus_maps import verifiers  # noqa: PLC0415 - slow to import

    with connected(api) as node:
        found = dict(verifiers(node, _REGISTRY))
    _say_sizes("NOTARY", found, json)


@app.command("list-allocations")
def list_allocations(
    client: Annotated[str | None, typer.Argument(metavar="[CLIENT]")] = None,
    expired: Annotated[
        bool, typer.Option("--expired", help="Those that can be taken back.")
    ] = False,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List what DataCap is set aside for, by a client or by all.

    \b
    Examples:
      papyrus filplus list-allocations f1...
    """
    with connected(api) as node:
        found = _allocations(node, client)
        height = node.ask("ChainHead")["Height"]
    kept = {
        number: one for number, one in found.items() if not expired or one["Expiration"] < height
    }
    if json:
        say_json(kept)
        return
    say_table(
        ("ID", "CLIENT", "PROVIDER", "SIZE", "PIECE", "EXPIRES"),
        [
            (
                number,
                one["Client"],
                one["Provider"],
                human_power(one["Size"]),
                cid_text(one["Data"]),
                one["Expiration"],
            )
            for number, one in sorted(kept.items(), key=lambda item: int(item[0]))
        ],
    )


@app.command("list-claims")
def list_claims(
    provider: Annotated[str | None, typer.Argument(metavar="[PROVIDER]")] = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List what providers have claimed, one of them or all.

    \b
    Examples:
      papyrus filplus list-claims f01000
    """
    with connected(api) as node:
        if provider is None:
            found = node.ask("StateGetAllClaims", None)
        else:
            found = node.ask("StateGetClaims", address_text(provider), None)
    if json:
        say_json(found)
        return
    say_table(
        ("ID", "PROVIDER", "CLIENT", "SIZE", "SECTOR", "TERM"),
        [
            (
                number,
                one["Provider"],
                one["Client"],
                human_power(one["Size"]),
                one["Sector"],
                f"{one['TermStart']} + {one['TermMin']} to {one['TermMax']}",
            )
            for number, one in sorted(found.items(), key=lambda item: int(item[0]))
        ],
    )


@app.command("remove-expired-allocations", no_args_is_help=True)
def remove_expired_allocations(
    client: ClientArgument,
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="All expired, if not given.")
    ] = None,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Give DataCap back to a client that was set aside and never claimed.

    \b
    Examples:
      papyrus filplus remove-expired-allocations f1...
    """
    with connected(api) as node:
        named = address_text(client)
        identity = read_address(node.ask("StateLookupID", named, None)).id
        params = RemoveExpiredAllocationsParams(identity, tuple(numbers or ())).to_cbor()
        own = sender_of(node, sender)
        message = new_message(own, _REGISTRY, ZERO, REMOVE_EXPIRED_ALLOCATIONS, params)
        report(node, send(node, message), wait=wait, json=json)


def _allocations(node: NodeClient, client: str | None) -> dict[str, Any]:
    found: dict[str, Any]
    if client is None:
        found = node.ask("StateGetAllAllocations", None)
    else:
        found = node.ask("StateGetAllocations", address_text(client), None)
    return found


def _devnet_verifier(node: NodeClient) -> str | None:
    """Return the verifier of a devnet whose key the node holds, None on any other network."""
    if "devnet" not in node.ask("Version")["Version"]:
        return None
    for address in node.ask("WalletList") or []:
        # Who is not on the chain, or is no verifier, has nothing to give.
        left = _verifier_left(node, address)
        if left:
            return str(address)
    return None


def _verifier_left(node: NodeClient, address: str) -> int:
    try:
        return int(node.ask("StateVerifierStatus", address, None) or 0)
    except PapyrusError:
        return 0


def _status(method: str, address: str, otherwise: str, api: str | None, json: bool) -> None:
    named = address_text(address)
    with connected(api) as node:
        found = node.ask(method, named, None)
    if json:
        say_json(found)
    elif found is None:
        note(f"{named} {otherwise}")
        say("0 B")
    else:
        say(human_power(found))


def _say_sizes(head: str, found: dict[str, int], json: bool) -> None:
    if json:
        say_json({address: str(size) for address, size in found.items()})
    else:
        say_table((head, "DATACAP"), [(one, human_power(size)) for one, size in found.items()])


app.command("remove-expired-claims", no_args_is_help=True)(remove_expired_claims)
app.command("extend-claim", no_args_is_help=True)(extend_claim)
