"""What a devnet begins with: the genesis of a template, and then what its people need at once.

The template gives money to key addresses and sectors to miners, as that of any network does
(`papyrus.genesis`). Templates know no Ethereum accounts and no DataCap that is left to spend, so
more messages follow at epoch 0: f090 sends the f410 addresses their balance, which makes each a
placeholder, as a first payment does on every network (FIP-0048) and for which no contract need
run; f080 appoints a verifier; the verifier gives a client DataCap; the client puts money into the
market.

The same settings and people are the same genesis, to the byte.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from papyrus.actors.market.params import ADD_BALANCE
from papyrus.actors.singletons import STORAGE_MARKET, VERIFIED_REGISTRY
from papyrus.actors.verifreg.params import ADD_VERIFIED_CLIENT, ADD_VERIFIER, VerifierParams
from papyrus.crypto.hashing import blake2b_256
from papyrus.devnet.people import People
from papyrus.devnet.settings import DevnetSettings, devnet_network
from papyrus.genesis.build import Genesis, build_genesis
from papyrus.genesis.initial_state import REMAINDER_ID, ROOT_ID
from papyrus.genesis.messages import genesis_machine, send
from papyrus.genesis.sectors import simulated_sector
from papyrus.genesis.template import Account, Key, Miner, Multisig, Template
from papyrus.ipld.blockstore import Blockstore, put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.network import Network
from papyrus.rules.private_networks import DEVNET
from papyrus.types.message import METHOD_SEND
from papyrus.vm.machine import ActorEngine, Machine
from papyrus.vm.payloads import encoded

SECTOR_SIZE = 2 << 10

WORKER_BALANCE = TokenAmount.from_fil(1_000_000)
"""What each miner's worker has to pay pledges with, of which those of genesis take a little."""

MARKET_BALANCE = TokenAmount.from_fil(1_000)
"""What the client has in escrow for deals."""

VERIFIER_DATACAP = 1 << 50
CLIENT_DATACAP = 1 << 40
"""Bytes. The client's come out of the verifier's."""

MOST_FOR_ACCOUNTS = TokenAmount.from_fil(500_000_000)
"""More than this cannot be given to accounts: of all FIL, 1,100 million are to be mined."""

Progress = Callable[[int, str], None]
"""Hears how many more sectors are done, and of which miner."""


@dataclass(frozen=True, slots=True)
class Devnet:
    """A devnet at its beginning."""

    network: Network
    """Its rules, which name its genesis."""
    genesis: Genesis
    people: People


def build_devnet(
    settings: DevnetSettings,
    people: People,
    store: Blockstore,
    engine: ActorEngine,
    progress: Progress = lambda _amount, _miner: None,
) -> Devnet:
    """Make the genesis of a devnet in an empty store.

    LocalFault in words for people where the settings cannot be met.
    """
    template = devnet_template(settings, people)
    genesis = build_genesis(template, store, engine, progress)
    network = devnet_network(settings, people)
    machine = genesis_machine(
        store, genesis.header.parent_state_root, network, template.rules(), engine
    )
    _fund_ethereum_accounts(machine, people.ethereum_addresses, settings.balance)
    _grant_datacap(machine, people)
    _fill_escrow(machine, people)
    header = replace(genesis.header, parent_state_root=machine.flush())
    cid = put_cbor(store, header.to_ipld())
    return Devnet(
        network.with_genesis(cid, settings.timestamp), Genesis(header, cid, store), people
    )


def devnet_template(settings: DevnetSettings, people: People) -> Template:
    """Return the template of a devnet: key addresses with money, and miners with sectors."""
    if settings.balance < 0:
        raise LocalFault(f"a balance of {settings.balance.to_fil()} is less than nothing")
    given = settings.balance * (2 * len(people.accounts) + 5)
    workers = WORKER_BALANCE * len(people.workers)
    if given + workers > MOST_FOR_ACCOUNTS:
        raise LocalFault(
            f"{settings.balance.to_fil()} for each of {len(people.accounts)} accounts comes to "
            f"more than the {MOST_FOR_ACCOUNTS.to_fil()} a devnet can give away"
        )
    if settings.sectors < 1:
        raise LocalFault(f"{settings.sectors} sectors: a miner begins with one or more")
    holders = [account.key.address for account in people.accounts]
    others = (people.bls, people.verifier, people.root, people.remainder)
    holders += [other.address for other in others]
    return Template(
        network=DEVNET.name,
        network_version=settings.network_version,
        network_name=settings.network_name,
        timestamp=settings.timestamp,
        ticket=blake2b_256(
            b"papyrus devnet ticket\0"
            + settings.timestamp.to_bytes(8, "big", signed=True)
            + people.bls.address
        ),
        first_verifier=people.first_verifier.address,
        root=Multisig((people.root.address,), 1),
        remainder=Multisig((people.remainder.address,), 1, vesting_duration=1),
        accounts=(
            *(Account(address, settings.balance) for address in holders),
            Account(people.client.address, settings.balance + MARKET_BALANCE),
            *(Account(worker.address, WORKER_BALANCE) for worker in people.workers),
        ),
        miners=tuple(
            _miner(place, worker.address, settings.sectors)
            for place, worker in enumerate(people.workers)
        ),
        keys=tuple(Key(worker.address, worker.secret) for worker in people.workers),
    )


def _miner(place: int, worker: Address, sectors: int) -> Miner:
    return Miner(
        owner=worker,
        worker=worker,
        client=worker,
        sector_size=SECTOR_SIZE,
        sectors=tuple(simulated_sector(place, number, SECTOR_SIZE) for number in range(sectors)),
    )


def _fund_ethereum_accounts(
    machine: Machine, addresses: Sequence[Address], balance: TokenAmount
) -> None:
    for address in addresses:
        send(machine, Address.from_id(REMAINDER_ID), address, METHOD_SEND, b"", balance)


def _grant_datacap(machine: Machine, people: People) -> None:
    verifier, client = people.verifier.address, people.client.address
    root = Address.from_id(ROOT_ID)
    everything = VerifierParams(verifier, VERIFIER_DATACAP)
    send(machine, root, VERIFIED_REGISTRY, ADD_VERIFIER, everything)
    part = VerifierParams(client, CLIENT_DATACAP)
    send(machine, verifier, VERIFIED_REGISTRY, ADD_VERIFIED_CLIENT, part)


def _fill_escrow(machine: Machine, people: People) -> None:
    client = people.client.address
    params = encoded(Address, client)
    send(machine, client, STORAGE_MARKET, ADD_BALANCE, params, MARKET_BALANCE)
