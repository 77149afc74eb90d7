"""What a genesis is made from (Lotus genesis/types.go).

A template says everything, also what is drawn at random when it is made: the same template is the
same genesis, to the byte. All amounts are attoFIL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import Network
from papyrus.rules.networks import network_named
from papyrus.rules.versions import Rules, rules_for

FIRST_ACCOUNT_ID = 100
FIRST_MINER_ID = 1000
"""Accounts, and the multisigs among them, have IDs below; the first miner has this one."""

TICKET_LENGTH = 32
_OLDEST_ACTORS = 17
"""Before these, miners were made in another way."""

_KEY_PROTOCOLS = (Protocol.SECP256K1, Protocol.BLS)


@dataclass(frozen=True, slots=True)
class Account:
    """Someone with a key."""

    address: Address
    """f1 or f3."""
    balance: TokenAmount = ZERO


@dataclass(frozen=True, slots=True)
class Multisig:
    """Several people who spend together."""

    signers: tuple[Address, ...]
    """Their key addresses."""
    threshold: int
    """How many of them must agree."""
    balance: TokenAmount = ZERO
    vesting_start: int = 0
    """The epoch from which the balance is released."""
    vesting_duration: int = 0
    """Over how many epochs; 0 where nothing is locked."""


Holder: TypeAlias = Account | Multisig


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector that is sealed before the network begins, full of the data of one deal."""

    number: int
    sealed_cid: Cid
    """The commitment to the replica (CommR)."""
    unsealed_cid: Cid
    """The commitment to the data (CommD), which is the deal's piece as well."""
    label: str
    """What the client calls the deal."""
    seal_proof: int
    """The registered seal proof."""


@dataclass(frozen=True, slots=True)
class Miner:
    """A miner, whose ID follows from its place."""

    owner: Address
    """The key address that pays for its creation; Lotus makes the worker its owner."""
    worker: Address
    """f3; it pays the pledges, and owns the miner afterwards."""
    client: Address
    """Whose data its sectors hold; a key address."""
    sector_size: int
    """In bytes."""
    sectors: tuple[Sector, ...]
    peer_id: bytes = b""
    """Where it is found on the network, if that is known; it can say so later."""
    market_balance: TokenAmount = ZERO
    """What the worker puts in escrow for it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A secret, so that what the template asks for can be signed."""

    address: Address
    secret: bytes


@dataclass(frozen=True, slots=True)
class Template:
    """A network before it begins."""

    network: str
    """Whose constants hold, by the name they go by here."""
    network_version: int
    network_name: str
    """What the init actor calls it, and nodes on the wire."""
    timestamp: int
    """Unix seconds of epoch 0."""
    ticket: bytes
    """The genesis block's, from which the first randomness is drawn: 32 bytes."""
    first_verifier: Address
    """f081, who hands out the DataCap of the deals and has none left."""
    root: Holder
    """f080, who appoints verifiers."""
    remainder: Holder
    """f090, who has what nobody else has; its own balance is of no account."""
    accounts: tuple[Holder, ...] = ()
    miners: tuple[Miner, ...] = ()
    keys: tuple[Key, ...] = ()
    trusts_deals: bool = False
    """Whether deals count as signed by their clients although nobody has the keys.

    A template that was recovered from a genesis has lost them.
    """

    def constants(self) -> Network:
        """Return the network's constants; LocalFault where it is unknown."""
        return network_named(self.network)

    def rules(self) -> Rules:
        """Return the rules that hold from the start."""
        return rules_for(self.network_version)


def signers_of(holder: Holder) -> tuple[Address, ...]:
    """Return the key addresses that a holder needs IDs for."""
    return (holder.address,) if isinstance(holder, Account) else holder.signers


def check_template(template: Template) -> None:
    """Raise LocalFault, in words for the template's author, where no genesis can be made of it."""
    if template.rules().actors_version < _OLDEST_ACTORS:
        raise LocalFault(
            f"network version {template.network_version} is too old for a new network: "
            "it takes 27 or later"
        )
    template.constants()
    if len(template.ticket) != TICKET_LENGTH:
        raise LocalFault(f"the ticket has {len(template.ticket)} bytes, not {TICKET_LENGTH}")
    check_holders(template)
    _require_key(template.first_verifier, "the first verifier")
    if not template.miners:
        raise LocalFault("no network begins without a miner: `papyrus genesis add-miner` adds one")
    owners = [miner.owner for miner in template.miners]
    for place, miner in enumerate(template.miners):
        name = f"miner f0{FIRST_MINER_ID + place}"
        if owners.index(miner.owner) != place:
            raise LocalFault(f"{name} has the owner of another: a miner needs an owner of its own")
        _require_key(miner.owner, f"the owner of {name}")
        _require_key(miner.client, f"the client of {name}")
        if miner.worker.protocol is not Protocol.BLS:
            raise LocalFault(f"{name} has the worker {miner.worker}: a worker's key is BLS, f3")
        if not miner.sectors:
            raise LocalFault(f"{name} has no sectors, and so no power to begin with")
        numbers = {sector.number for sector in miner.sectors}
        if len(numbers) < len(miner.sectors):
            raise LocalFault(f"{name} has two sectors with the same number")


def check_holders(template: Template) -> None:
    """Raise LocalFault where the accounts and multisigs do not go together."""
    seen: set[Address] = set()
    reserved = {
        holder.address
        for holder in (template.root, template.remainder)
        if isinstance(holder, Account)
    }
    for holder in _all_accounts(template):
        for address in signers_of(holder):
            _require_key(address, "an account or signer")
        if holder.balance < 0:
            raise LocalFault(f"a balance of {holder.balance.to_fil()} is less than nothing")
        if isinstance(holder, Multisig):
            _check_multisig(holder, reserved)
        elif holder.address in seen:
            raise LocalFault(f"{holder.address} has two accounts")
        else:
            seen.add(holder.address)


def _check_multisig(multisig: Multisig, reserved: set[Address]) -> None:
    if multisig.vesting_duration < 0:
        raise LocalFault(f"a multisig cannot vest over {multisig.vesting_duration} epochs")
    if not 1 <= multisig.threshold <= len(multisig.signers):
        raise LocalFault(
            f"a multisig of {len(multisig.signers)} signers cannot ask for {multisig.threshold}"
        )
    for signer in multisig.signers:
        if signer in reserved:
            raise LocalFault(f"{signer} is f080 or f090 and cannot sign for a multisig")


def _all_accounts(template: Template) -> Iterator[Holder]:
    yield from template.accounts
    yield template.root
    yield template.remainder


def _require_key(address: Address, what: str) -> None:
    if address.protocol not in _KEY_PROTOCOLS:
        raise LocalFault(f"{what} is {address}, which is no key address, f1 or f3")
