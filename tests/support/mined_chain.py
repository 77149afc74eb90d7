"""A chain in memory that devnet miners make: each block is produced, judged and executed."""

from dataclasses import dataclass, replace
from functools import cache

from papyrus.actors.checks.state import check_state
from papyrus.actors.engine import NativeActors
from papyrus.consensus.block_validity import BlockWorld, TipsetState, validate_block
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.transition import World, apply_tipset
from papyrus.devnet.beacon import DevnetBeacon
from papyrus.devnet.genesis import build_devnet
from papyrus.devnet.people import people_of
from papyrus.devnet.settings import DevnetSettings
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.mining.base_info import MiningWorld
from papyrus.mining.post_scheduler import ChainView, due_proofs, proof_message
from papyrus.mining.producer import MiningBase, produce
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.proofs.simulated import SimulatedProver, SimulatedVerifier
from papyrus.rules.policy import DEVNET_POLICY
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree
from papyrus.wallet.errors import UnknownAddress

GAS_LIMIT = 200_000_000
FEE_CAP = TokenAmount(10**9)
PREMIUM = TokenAmount(10**5)

MINER = Address.from_id(1000)

SETTINGS = DevnetSettings(timestamp=1_700_000_000)


class Keys:
    """A wallet of some keys."""

    def __init__(self, keys):
        self._keys = {key.address: key for key in keys}

    def sign(self, address, data):
        if address not in self._keys:
            raise UnknownAddress(address)
        return self._keys[address].sign(data)


@cache
def genesis(settings=SETTINGS, accounts=3, miners=1):
    """Return the devnet of some settings; its store is copied by whoever goes on from it."""
    people = people_of(accounts=accounts, miners=miners)
    return build_devnet(settings, people, MemoryBlockstore(), NativeActors(DEVNET_POLICY))


@dataclass(frozen=True)
class Mined:
    """What one epoch brought."""

    tipset: Tipset
    receipts: tuple


class MinedChain:
    """A chain from the genesis of a devnet."""

    def __init__(self, devnet=None):
        self.devnet = devnet or genesis()
        self.people = self.devnet.people
        self.network = self.devnet.network
        self.store = MemoryBlockstore(dict(self.devnet.genesis.store.blocks))
        self.source = StoredChain(self.store)
        self.verifier, self.prover = SimulatedVerifier(), SimulatedProver()
        self.keys = Keys(self.people.keys)
        self.engine = NativeActors(DEVNET_POLICY)
        self.outcomes = {}
        self.head = Tipset.of([self.devnet.genesis.header])
        self.world = MiningWorld(
            network=self.network,
            source=self.source,
            store=self.store,
            state_after=self.state_after,
            beacons=DevnetBeacon(self.people.beacon_secret),
        )

    def fork(self):
        """Return another chain that goes on from here on its own."""
        other = MinedChain(self.devnet)
        other.store.blocks.update(self.store.blocks)
        other.outcomes.update(self.outcomes)
        other.head = self.head
        return other

    # The chain.

    def outcome(self, tipset):
        """Return what executing a tipset gave."""
        if tipset.key not in self.outcomes:
            world = World(self.network, self.source, self.store, self.verifier, self.engine)
            self.outcomes[tipset.key] = apply_tipset(tipset, world)
        return self.outcomes[tipset.key]

    def state_after(self, tipset):
        outcome = self.outcome(tipset)
        return TipsetState(outcome.state_root, outcome.receipts_root)

    @property
    def tree(self):
        """The state after the head."""
        return StateTree(self.store, self.state_after(self.head).state_root)

    def judge(self, header):
        """Validate a block whose messages are in the store, at its own time."""
        world = BlockWorld(
            self.network, self.source, self.store, self.verifier, self.state_after,
            header.timestamp,
        )  # fmt: skip
        validate_block(header, world)

    def produce(self, base, messages=(), miner=MINER):
        """Return a miner's block over a base, judged and stored, or None where it has not won."""
        made = produce(
            miner, base, self.world, self.keys, self.prover, lambda _base, _quality: messages
        )
        if made is not None:
            made.put(self.store)
            self.judge(made.header)
        return made

    def mine(self, *messages, null_rounds=0, miners=(MINER,)):
        """Make the next tipset after some null rounds, and more of them where nobody wins."""
        while True:
            base = MiningBase(self.head, null_rounds)
            made = [self.produce(base, messages, miner) for miner in miners]
            headers = [one.header for one in made if one is not None]
            if headers:
                break
            null_rounds += 1
        self.head = Tipset.of(headers)
        return Mined(self.head, self.outcome(self.head).receipts)

    def findings(self):
        """Return what is wrong with the state after the head."""
        root = self.state_after(self.head).state_root
        report = check_state(self.store, root, epoch=self.head.height, total=TOTAL_SUPPLY)
        assert report.is_whole
        return report.findings

    # Messages.

    def nonce(self, address):
        return self.tree.get(self.tree.resolve(address)).nonce

    def message(self, key, to, value=ZERO, method=0, params=b"", later=0):
        """Return a signed message of a key, `later` messages after its next one."""
        message = Message(
            0, to, key.address, self.nonce(key.address) + later, value, GAS_LIMIT, FEE_CAP,
            PREMIUM, method, params,
        )  # fmt: skip
        return self.signed(message, key)

    def signed(self, message, key):
        return SignedMessage(message, key.sign(bytes(message.cid)))

    def balance(self, address):
        return self.tree.get(self.tree.resolve(address)).balance

    # Proofs.

    @property
    def view(self):
        return ChainView(
            self.network, self.source, self.store, self.head,
            self.state_after(self.head).state_root,
        )  # fmt: skip

    def proofs(self, place=0, prover=None, **how):
        """Return the signed messages of the proofs that are due for the miner at a place."""
        worker = self.people.workers[place]
        due = due_proofs(self.view, 1000 + place, prover or self.prover, **how)
        nonce = self.nonce(worker.address)
        return [
            self.signed(
                replace(
                    proof_message(1000 + place, worker.address, one),
                    nonce=nonce + number, gas_limit=GAS_LIMIT, gas_fee_cap=FEE_CAP,
                    gas_premium=PREMIUM,
                ),
                worker,
            )
            for number, one in enumerate(due)
        ]  # fmt: skip
