"""Templates of small networks, and their genesis on any engine."""

from functools import cache

from actor_vm import ActorVm, released_code

from papyrus.actors.engine import ChosenActors, EngineChoice, NativeActors
from papyrus.conformance.environment import shared_environment
from papyrus.crypto.signatures import SignatureType
from papyrus.genesis.build import build_genesis
from papyrus.genesis.keys import key_from
from papyrus.genesis.sectors import simulated_sector
from papyrus.genesis.template import Account, Miner, Multisig, Template
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore
from papyrus.primitives.amounts import TokenAmount
from papyrus.rules.policy import policy_of

KIB = 1 << 10


@cache
def key(name, kind=SignatureType.SECP256K1):
    """Return the key of someone of this name."""
    return key_from(kind, name.encode().ljust(32, b"."))


def worker(place):
    """Return the key of the worker of the miner at a place."""
    return key(f"worker {place}", SignatureType.BLS)


def devnet(count=2, sectors=3, **changes):
    """Return the template of a 2 KiB devnet: some miners, each with some simulated sectors."""
    workers = [worker(place) for place in range(count)]
    fields = {
        "network": "devnet",
        "network_version": 28,
        "network_name": "tiny",
        "timestamp": 1_700_000_000,
        "ticket": bytes(range(32)),
        "first_verifier": key("verifier", SignatureType.BLS).address,
        "root": Multisig((key("root").address,), 1),
        "remainder": Multisig((key("rest").address,), 1, vesting_duration=1),
        "accounts": tuple(
            Account(one.address, TokenAmount.from_fil(50_000_000)) for one in workers
        ),
        "miners": tuple(
            Miner(
                owner=one.address,
                worker=one.address,
                client=one.address,
                sector_size=2 * KIB,
                sectors=tuple(
                    simulated_sector(place, number, 2 * KIB) for number in range(sectors)
                ),
            )
            for place, one in enumerate(workers)
        ),
        "keys": tuple(workers),
    }
    return Template(**(fields | changes))


def build(template, choice="native"):
    """Return the genesis of a template, made without released code where nothing is to run it."""
    network, parsed = template.constants(), EngineChoice.parse(choice)
    store, engine = MemoryBlockstore(), None
    if parsed.needs_wasm:
        environment = shared_environment()
        store, engine = environment.over(store), environment.engine
    actors = ChosenActors(parsed, NativeActors(policy_of(network.actors_bundle)), engine)
    return build_genesis(template, store, actors, lambda _amount, _what: None)


def vm_at(genesis, choice):
    """Return a devnet's machine at the state of its genesis."""
    vm = ActorVm(choice, bundle="devnet")
    vm.base = genesis.store
    vm.store = LayeredBlockstore(genesis.store, released_code())
    vm.root = genesis.header.parent_state_root
    return vm
