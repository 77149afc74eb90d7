"""`papyrus filplus extend-claim` and `remove-expired-claims`: the terms of what was claimed.

The client whose claim it is may lengthen its term to five years from its start. Anyone else may
lengthen it to five years from now, and spends as much DataCap as the claim is large (FIP-0045).
"""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from papyrus.actors.datacap.params import TOKEN_PRECISION, TRANSFER, TransferParams
from papyrus.actors.singletons import DATACAP, VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import (
    EXTEND_CLAIM_TERMS,
    REMOVE_EXPIRED_CLAIMS,
    AllocationRequests,
    ClaimExtensionRequest,
    ClaimTerm,
    ExtendClaimTermsParams,
    RemoveExpiredClaimsParams,
)
from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import human_power
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.message_sending import (
    FromOption,
    WaitOption,
    expect_success,
    new_message,
    report,
    send,
    sender_of,
    wait_for,
)
from papyrus.cli.output import JsonOption, fail, note, say, say_json
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.epochs import EPOCHS_IN_YEAR
from papyrus.primitives.errors import DecodeError

LONGEST_TERM = 5 * EPOCHS_IN_YEAR
"""Epochs (`Policy.maximum_verified_allocation_term`, the same on every network)."""

_BATCH = 100
"""Claims that one message extends, as Lotus does unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Extension:
    """A claim whose term is to be longer."""

    provider: int
    claim: int
    term_max: int
    """Epochs from the beginning of its term."""
    size: int
    is_own: bool
    """Whether the sender is the client whose claim it is."""


def remove_expired_claims(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER")],
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", help="All expired, if not given.")
    ] = None,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take a provider's claims whose terms are over out of the registry; anyone may.

    \b
    Examples:
      papyrus filplus remove-expired-claims f01000
      papyrus filplus remove-expired-claims f01000 7 8
    """
    with connected(api) as node:
        identity = _id(node, provider)
        params = RemoveExpiredClaimsParams(identity, tuple(numbers or ())).to_cbor()
        own = sender_of(node, sender)
        message = new_message(own, str(VERIFIED_REGISTRY), ZERO, REMOVE_EXPIRED_CLAIMS, params)
        report(node, send(node, message), wait=wait, json=json)


def extend_claim(
    claims: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID | PROVIDER=ID]...", help="IDs alone take --miner."),
    ] = None,
    client: Annotated[
        str | None,
        typer.Option("--client", metavar="ADDRESS", help="Who sends it: the default address."),
    ] = None,
    miners: Annotated[
        list[str] | None,
        typer.Option("--miner", "--provider", "-m", metavar="PROVIDER", help="Whose claims."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Whatever can be extended of --miner.")
    ] = False,
    term_max: Annotated[
        int, typer.Option("--term-max", metavar="EPOCHS", min=1, max=LONGEST_TERM)
    ] = LONGEST_TERM,
    assume_yes: Annotated[
        bool, typer.Option("--assume-yes", "-y", help="Spend DataCap where that is needed.")
    ] = False,
    batch_size: Annotated[
        int, typer.Option("--batch-size", metavar="N", min=1, help="Claims in one message.")
    ] = _BATCH,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Lengthen the terms of claims: from their start for their client, from now for others.

    Who is not the client of a claim spends DataCap for it. Claims that have ended, or have so long
    a term already, are left out.

    \b
    Examples:
      papyrus filplus extend-claim --client f1... --miner f01000 --all
      papyrus filplus extend-claim --client f1... f01000=7 f01001=8 --assume-yes
    """
    wanted = _wanted(claims or [], miners or [], every=every)
    with connected(api) as node:
        own = sender_of(node, client)
        found = _extensions(node, own, wanted, term_max)
        spent = sum(one.size for one in found if not one.is_own)
        if spent:
            _expect_datacap(node, own, spent, assume_yes=assume_yes)
        sent = [send(node, message) for message in _messages(own, found, batch_size)]
        landed = [wait_for(node, one.cid) for one in sent]
        if json:
            say_json(
                {
                    "claims": [one.claim for one in found],
                    "datacap": str(spent),
                    "messages": [one.cid for one in sent],
                }
            )
        elif not found:
            note("no claim could be extended: all have ended, or have so long a term already")
        else:
            for one in sent:
                say(one.cid)
            note(f"extended {len(found)} claims, for {human_power(spent)} of DataCap")
        for one, end in zip(sent, landed, strict=True):
            expect_success(node, one.cid, end)


def _wanted(claims: list[str], miners: list[str], *, every: bool) -> list[tuple[str, int | None]]:
    """Return provider and claim of each that was named; None stands for all of a provider."""
    if every:
        if claims or not miners:
            raise typer.BadParameter("--all takes --miner, and no claims")
        return [(miner, None) for miner in miners]
    if not claims or len(miners) > 1:
        raise typer.BadParameter("name claims, as PROVIDER=ID or with one --miner, or say --all")
    found: list[tuple[str, int | None]] = []
    for text in claims:
        provider, equals, number = text.rpartition("=")
        if bool(equals) == bool(miners) or not (number.isascii() and number.isdigit()):
            raise typer.BadParameter(f"{text!r}: write PROVIDER=ID, or ID with one --miner")
        found.append((provider or miners[0], int(number)))
    return found


def _extensions(
    node: NodeClient, sender: str, wanted: list[tuple[str, int | None]], term_max: int
) -> list[Extension]:
    """Return what is to be extended of what was named; DecodeError where there is no such claim."""
    height = node.ask("ChainHead")["Height"]
    client = _id(node, sender)
    of_provider = {
        provider: (
            _id(node, provider),
            node.ask("StateGetClaims", address_text(provider), None),
        )
        for provider in dict.fromkeys(provider for provider, _ in wanted)
    }
    found = {}
    for provider, number in wanted:
        identity, there = of_provider[provider]
        for each in there if number is None else [str(number)]:
            if each not in there:
                raise DecodeError(
                    f"{provider} has no claim {each}: `papyrus filplus list-claims {provider}`"
                )
            extension = _extension(there[each], identity, int(each), client, height, term_max)
            if extension is not None:
                found[identity, int(each)] = extension
    return list(found.values())


def _extension(
    claim: dict[str, Any], provider: int, number: int, client: int, height: int, term_max: int
) -> Extension | None:
    """Return how a claim is extended, or None where it has ended or its term is as long."""
    is_own = claim["Client"] == client
    longest = term_max if is_own else height + term_max - claim["TermStart"]
    if claim["TermStart"] + claim["TermMax"] <= height or longest <= claim["TermMax"]:
        return None
    return Extension(provider, number, longest, claim["Size"], is_own)


def _messages(sender: str, found: list[Extension], batch: int) -> list[dict[str, Any]]:
    """Return the messages that extend claims: of the client's own, and those that take DataCap."""
    messages = []
    own = [one for one in found if one.is_own]
    for start in range(0, len(own), batch):
        terms = [ClaimTerm(one.provider, one.claim, one.term_max) for one in own[start:][:batch]]
        params = ExtendClaimTermsParams(tuple(terms)).to_cbor()
        messages.append(
            new_message(sender, str(VERIFIED_REGISTRY), ZERO, EXTEND_CLAIM_TERMS, params)
        )
    paid = [one for one in found if not one.is_own]
    for start in range(0, len(paid), batch):
        part = paid[start:][:batch]
        requests = [ClaimExtensionRequest(one.provider, one.claim, one.term_max) for one in part]
        amount = TokenAmount(sum(one.size for one in part) * TOKEN_PRECISION)
        wishes = AllocationRequests((), tuple(requests)).to_cbor()
        params = TransferParams(VERIFIED_REGISTRY, amount, wishes).to_cbor()
        messages.append(new_message(sender, str(DATACAP), ZERO, TRANSFER, params))
    return messages


def _expect_datacap(node: NodeClient, sender: str, spent: int, *, assume_yes: bool) -> None:
    """End the command where DataCap is needed that is not there, or that nobody agreed to spend."""
    there = int(node.ask("StateVerifiedClientStatus", sender, None) or 0)
    if there < spent:
        fail(
            f"{sender} has {human_power(there)} of DataCap, and claims of others take "
            f"{human_power(spent)}: `papyrus filplus grant-datacap {sender} SIZE`"
        )
    if not assume_yes:
        fail(f"claims of others take {human_power(spent)} of DataCap: say --assume-yes")


def _id(node: NodeClient, address: str) -> int:
    return int(read_address(node.ask("StateLookupID", address_text(address), None)).id)
