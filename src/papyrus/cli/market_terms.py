"""The terms of a deal that a command was given: made whole, checked, and signed by the client.

The market says of a deal that it is invalid, and no more; so what it would look at is looked at
here first, and said in words.
"""

import base64
from dataclasses import dataclass
from typing import Any

from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.market.bounds import MAX_DURATION, MIN_DURATION, is_piece_size
from papyrus.actors.market.deals import ClientDealProposal, DealProposal, is_piece_cid
from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import fil, human_power, read_amount, read_size
from papyrus.cli.connection import NodeClient
from papyrus.crypto.signatures import VM_TYPES, SignatureType
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.policy import EPOCHS_IN_DAY

DEFAULT_DELAY = 2 * EPOCHS_IN_DAY
"""Epochs from now until a deal begins, where nothing is said: time to seal the data."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was said of a deal; what is left out is filled in."""

    client: str
    provider: str
    piece_cid: str
    piece_size: str
    """Padded bytes."""
    start: int | None
    end: int | None
    price: str
    """In FIL, an epoch."""
    collateral: str | None
    """In FIL; the provider's."""
    client_collateral: str
    verified: bool
    label: str


def proposal_of(node: NodeClient, terms: Terms) -> DealProposal:
    """Return the terms made whole; DecodeError or LocalFault where the market would refuse them."""
    size = read_size(terms.piece_size)
    start, end = _term(node, terms)
    cid = Cid.from_string(terms.piece_cid)
    if not is_piece_cid(cid):
        raise LocalFault(f"{cid} is no commitment to a piece: those begin with baga6ea4seaq")
    if not is_piece_size(size):
        raise LocalFault(f"a piece of {size} bytes: padded it has 128, 256, 512 and so on")
    client = address_text(terms.client)
    proposal = DealProposal(
        piece_cid=cid,
        piece_size=size,
        verified_deal=terms.verified,
        client=read_address(node.ask("StateAccountKey", client, None)),
        provider=read_address(node.ask("StateLookupID", address_text(terms.provider), None)),
        label=terms.label,
        start_epoch=start,
        end_epoch=end,
        storage_price_per_epoch=read_amount(terms.price, "--price"),
        provider_collateral=_collateral(node, size, terms),
        client_collateral=read_amount(terms.client_collateral, "--client-collateral"),
    )
    _expect_escrow(node, proposal.client, proposal.client_balance_requirement)
    _expect_escrow(node, proposal.provider, proposal.provider_collateral)
    if terms.verified:
        _expect_datacap(node, client, size)
    return proposal


def signed_by_client(node: NodeClient, proposal: DealProposal) -> ClientDealProposal:
    """Return a proposal with its client's signature, whose key the node must hold."""
    data = base64.b64encode(proposal.to_cbor()).decode()
    found = node.ask("WalletSign", str(proposal.client), data)
    if found["Type"] not in VM_TYPES:
        client = proposal.client.to_string(node.letter)
        raise LocalFault(
            f"{client} signs as Ethereum does, which the market cannot check: name a client with "
            "an f1 or f3 address"
        )
    signature = GivenSignature(SignatureType(found["Type"]), base64.b64decode(found["Data"]))
    return ClientDealProposal(proposal, signature)


def _term(node: NodeClient, terms: Terms) -> tuple[int, int]:
    """Return the epochs from which and up to which a deal is paid for."""
    now = int(node.ask("ChainHead")["Height"])
    start = now + DEFAULT_DELAY if terms.start is None else terms.start
    end = start + MIN_DURATION if terms.end is None else terms.end
    if start <= now:
        raise LocalFault(f"the deal would begin at epoch {start}, and it is {now} already")
    if not MIN_DURATION <= end - start <= MAX_DURATION:
        raise LocalFault(
            f"the deal would be paid for {end - start} epochs: from {MIN_DURATION} to "
            f"{MAX_DURATION} are allowed"
        )
    return start, end


def _collateral(node: NodeClient, size: int, terms: Terms) -> TokenAmount:
    """Return what the provider puts down, a fifth above the least, which grows with time."""
    if terms.collateral is not None:
        return read_amount(terms.collateral, "--collateral")
    bounds = node.ask("StateDealProviderCollateralBounds", size, terms.verified, None)
    return TokenAmount(int(bounds["Min"]) * 6 // 5)


def _expect_escrow(node: NodeClient, whose: Address, needed: TokenAmount) -> None:
    if needed == ZERO:
        return
    owner = whose.to_string(node.letter)
    free = free_escrow(node.ask("StateMarketBalance", owner, None))
    if free < needed:
        raise LocalFault(
            f"{owner} has {fil(free)} free in the market, and the deal takes {fil(needed)}: "
            f"`papyrus market add {fil(needed - free).removesuffix(' FIL')} --address {owner}` "
            "adds what is missing"
        )


def free_escrow(balance: dict[str, Any]) -> TokenAmount:
    """Return what of a balance in the market backs no deal."""
    return TokenAmount(int(balance["Escrow"]) - int(balance["Locked"]))


def _expect_datacap(node: NodeClient, client: str, size: int) -> None:
    left = int(node.ask("StateVerifiedClientStatus", client, None) or 0)
    if left < size:
        raise LocalFault(
            f"{client} has {human_power(left)} of DataCap, and the deal takes {human_power(size)}: "
            f"`papyrus filplus grant-datacap {client} {size}`, as a verifier, gives it more"
        )
