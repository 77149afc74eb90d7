"""A small network on which blocks can be made, right or wrong in one thing.

Its states are made by hand from one genesis: four of them, so that whoever reads power, workers or
sectors from the wrong one is noticed. The block in question stands at epoch 906, on a chain of
tipsets at 0, 5, 6, 7 and 905, so it looks back to the tipset at 6.

    tipset      state before it     state after it
    5
    6           BEFORE_PAST         PAST                the lookback tipset
    7           PAST
    905         BASE                AFTER               the parents
    906                                                 the block

Nothing is executed: what executing the parents gave is said to be AFTER.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache

from genesis import build, devnet, worker

from papyrus.actors.common.collections import RecordShape
from papyrus.actors.miner import state as miner_state
from papyrus.actors.miner.deadlines import DEADLINE, DEADLINES, Deadlines
from papyrus.actors.miner.partition import PARTITIONS
from papyrus.actors.power.state import CLAIMS
from papyrus.actors.power.state import State as PowerState
from papyrus.consensus.base_fee import base_fee_after
from papyrus.consensus.beacon import expected_rounds, mock_entry
from papyrus.consensus.block_messages import messages_root
from papyrus.consensus.block_validity import BlockWorld, TipsetState
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.election import win_count
from papyrus.consensus.lookback import lookback
from papyrus.consensus.miner_states import MinerState
from papyrus.consensus.power_table import PowerTable
from papyrus.consensus.randomness import drawn_for_block, latest_beacon_entry
from papyrus.consensus.weight import weight
from papyrus.consensus.winning_sectors import as_scalar, winning_sectors
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType, sign
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.simulated import SimulatedProver, SimulatedVerifier
from papyrus.rules.beacons import LOTUS_MOCK, BeaconPoint
from papyrus.rules.policy import policy_of
from papyrus.types.block import BlockHeader
from papyrus.types.message import Message
from papyrus.types.ticket import BeaconEntry, ElectionProof, PoStProof, Ticket
from papyrus.types.tipset import Tipset
from papyrus.vm.runtime import RandomnessPurpose
from papyrus.vm.state_tree import StateTree

MINERS = 5
"""One more than must reach the minimum for those below it to count for nothing."""
FIRST_MINER = 1000
SECTORS = 3

GENESIS_TIME = 1_700_000_000
BLOCK_DELAY = 4
HEIGHT = 906
TIMESTAMP = GENESIS_TIME + BLOCK_DELAY * HEIGHT
"""When the block in question is made."""

WINNING_POST = 0
"""The registered proof of blocks' producers with 2 KiB sectors."""

POWER_ACTOR = 4


class Moment(Enum):
    """The states that judging a block reads."""

    BEFORE_PAST = auto()
    """Before the lookback tipset: the minimum of power is asked of it."""
    PAST = auto()
    """After the lookback tipset: worker, power and sectors."""
    BASE = auto()
    """Before the parents: whether the miner is in good standing."""
    AFTER = auto()
    """After the parents: what the block states, and its senders."""


Change = Callable[["Editor"], None]


@cache
def genesis():
    """Return the genesis of a network of five miners with three sectors each."""
    return build(devnet(count=MINERS, sectors=SECTORS))


@cache
def network():
    """Return the rules of the network, whose beacon anybody can make."""
    rules = devnet().constants()
    made = genesis()
    return replace(rules, beacons=(BeaconPoint(0, LOTUS_MOCK),)).with_genesis(
        made.cid, GENESIS_TIME
    )


@dataclass
class Editor:
    """A state being changed by hand."""

    tree: StateTree

    def set_head(self, actor_id, head):
        """Give an actor another state."""
        self.tree.set(actor_id, self.tree.get(actor_id).with_head(head))

    def power(self, **fields):
        """Change the power actor's state."""
        shape = RecordShape(PowerState)
        state = shape.load(self.tree.store, self.tree.get(POWER_ACTOR).head)
        self.set_head(POWER_ACTOR, shape.save(self.tree.store, replace(state, **fields)))

    def claim(self, miner, **fields):
        """Change a miner's claim of power."""
        self._claims(lambda claims, key: claims.set(key, replace(claims.get(key), **fields)), miner)

    def drop_claim(self, miner):
        """Take a miner's claim away."""
        self._claims(lambda claims, key: claims.delete(key), miner)

    def _claims(self, change, miner):
        shape = RecordShape(PowerState)
        state = shape.load(self.tree.store, self.tree.get(POWER_ACTOR).head)
        claims = CLAIMS.open(self.tree.store, state.claims)
        change(claims, Address.from_id(miner))
        self.power(claims=claims.flush())

    def miner(self, miner, **fields):
        """Change a miner's state."""
        shape = RecordShape(miner_state.State)
        state = shape.load(self.tree.store, self.tree.get(miner).head)
        self.set_head(miner, shape.save(self.tree.store, replace(state, **fields)))

    def info(self, miner, **fields):
        """Change who a miner is."""
        shape = RecordShape(miner_state.State)
        store = self.tree.store
        state = shape.load(store, self.tree.get(miner).head)
        info = replace(miner_state.load_info(store, state), **fields)
        self.set_head(miner, shape.save(store, miner_state.with_info(store, state, info)))

    def forget_sectors(self, miner):
        """Leave a miner without deadlines that hold a sector."""
        shape = RecordShape(miner_state.State)
        store = self.tree.store
        state = shape.load(store, self.tree.get(miner).head)
        empty = miner_state.new_state(
            policy_of(network().actors_bundle), store, state.info, state.proving_period_start, 0
        )
        self.miner(miner, deadlines=empty.deadlines)

    def mark_sectors(self, miner, **fields):
        """Change the sets of sectors in each partition of a miner that has any."""
        shape = RecordShape(miner_state.State)
        store = self.tree.store
        state = shape.load(store, self.tree.get(miner).head)
        due = []
        for root in miner_state.load_deadlines(store, state).due:
            deadline = DEADLINE.load(store, root)
            partitions = PARTITIONS.open(store, deadline.partitions)
            for index, partition in list(partitions.items()):
                marked = {
                    name: BitField.from_bits(numbers) & partition.sectors
                    for name, numbers in fields.items()
                }
                partitions.set(index, replace(partition, **marked))
            due.append(DEADLINE.save(store, replace(deadline, partitions=partitions.flush())))
        deadlines = DEADLINES.save(store, Deadlines(tuple(due)))
        self.miner(miner, deadlines=deadlines)

    def delete(self, actor_id):
        """Take an actor away."""
        self.tree.delete(actor_id)


class SmallChain:
    """The chain up to the parents of the block in question."""

    def __init__(self, changes: dict[Moment, Change] | None = None, **header):
        """Make the chain, with changes to some of its states and to its parents' header."""
        self.store = LayeredBlockstore(MemoryBlockstore(), genesis().store)
        self.source = StoredChain(self.store)
        self.network = network()
        self.genesis = Tipset.of([genesis().header])
        self.states = {moment: self._state(moment, changes or {}) for moment in Moment}
        self.no_receipts = amt_root(self.store, [])
        at_five = self.add(self.genesis, 5, Moment.BEFORE_PAST)
        self.past = self.add(at_five, 6, Moment.BEFORE_PAST)
        between = self.add(self.past, 7, Moment.PAST)
        self.base = self.add(between, 905, Moment.BASE, **header)
        self.outcomes = {self.base.key: TipsetState(self.states[Moment.AFTER], self.no_receipts)}

    def _state(self, moment, changes):
        tree = StateTree(self.store, genesis().header.parent_state_root)
        if moment in changes:
            changes[moment](Editor(tree))
        # Every state is told from the others by what the burnt funds hold.
        tree.deposit(99, TokenAmount(moment.value))
        return tree.flush()

    def add(self, parents, height, moment, **header):
        """Store a tipset of one block, whose miner's rights nobody will ask for."""
        fields = {
            "miner": Address.from_id(FIRST_MINER),
            "ticket": Ticket(b"ticket %d" % height),
            "election_proof": ElectionProof(1, b"proof %d" % height),
            "beacon_entries": (mock_entry(LOTUS_MOCK.first_round + height),),
            "win_post_proof": (),
            "parents": parents.key.cids,
            "parent_weight": 1000 * height,
            "height": height,
            "parent_state_root": self.states[moment],
            "parent_message_receipts": self.no_receipts,
            "messages": messages_root(self.store, [], []),
            "bls_aggregate": Signature(SignatureType.BLS, bls.ZERO_SIGNATURE),
            "timestamp": GENESIS_TIME + BLOCK_DELAY * height,
            "block_sig": None,
            "fork_signaling": 0,
            "parent_base_fee": TokenAmount(1_000_000),
        }
        return self.put(BlockHeader(**(fields | header)))

    def put(self, *headers):
        """Store headers and return their tipset."""
        for header in headers:
            self.store.put(header.cid, header.to_cbor())
        return Tipset.of(headers)

    def world(self, **changes):
        """Return what a block is judged with, at the block's own time."""
        fields = {
            "network": self.network,
            "source": self.source,
            "store": self.store,
            "verifier": SimulatedVerifier(),
            "state_after": lambda tipset: self.outcomes[tipset.key],
            "now": TIMESTAMP,
        }
        return BlockWorld(**(fields | changes))

    def drawn(self, purpose, epoch, miner, entry, entropy=b""):
        """Return what a miner draws for a purpose."""
        return drawn_for_block(entry, purpose, epoch, Address.from_id(miner), entropy)

    def block(self, miner=None, height=HEIGHT, base=None, **changes):
        """Return a signed block that is right but for what is changed.

        Proofs and the signature are made after fields change that they depend on. A change that is
        a function is applied to the right value.
        """
        base = base or self.base
        miner = winner() if miner is None else miner
        secret = worker(miner - FIRST_MINER).secret
        previous = latest_beacon_entry(self.source, base)
        entries = changes.get(
            "beacon_entries",
            tuple(
                mock_entry(number)
                for number in expected_rounds(self.network, height, base.height, previous.round)
            ),
        )
        entries = entries(previous) if callable(entries) else entries
        entry = entries[-1] if entries else previous
        fields = {
            "miner": Address.from_id(miner),
            "ticket": Ticket(self.ticket(secret, miner, height, entry, base)),
            "election_proof": self.election_proof(secret, miner, height, entry, base),
            "beacon_entries": entries,
            "win_post_proof": self.win_post_proof(miner, height, entry, base),
            "parents": base.key.cids,
            "parent_weight": weight(base, self.store),
            "height": height,
            "parent_state_root": self.outcomes[base.key].state_root,
            "parent_message_receipts": self.outcomes[base.key].receipts_root,
            "messages": messages_root(self.store, [], []),
            "bls_aggregate": Signature(SignatureType.BLS, bls.ZERO_SIGNATURE),
            "timestamp": base.min_timestamp + BLOCK_DELAY * (height - base.height),
            "block_sig": None,
            "fork_signaling": 0,
            "parent_base_fee": base_fee_after(base, self.store, self.network),
        }
        for name, change in changes.items():
            if name != "beacon_entries":
                fields[name] = change(fields[name]) if callable(change) else change
        header = BlockHeader(**fields)
        return header if "block_sig" in changes else signed(header, secret)

    def ticket(self, secret, miner, height, entry, base):
        """Return the proof in a miner's ticket."""
        entropy = base.blocks[0].ticket.vrf_proof
        drawn = self.drawn(RandomnessPurpose.TICKET_PRODUCTION, height - 1, miner, entry, entropy)
        return bls.sign(secret, drawn)

    def election_proof(self, secret, miner, height, entry, base):
        """Return a miner's election proof, for its power in the lookback state."""
        drawn = self.drawn(RandomnessPurpose.ELECTION_PROOF_PRODUCTION, height, miner, entry)
        proof = bls.sign(secret, drawn)
        try:
            root = lookback(self.source, base, height).state_root
        except LookupError:
            return ElectionProof(1, proof)
        table = PowerTable.of(StateTree(self.store, root))
        claim = table.claim(miner)
        total = table.total_quality_adjusted_power
        if claim is None or not total:
            return ElectionProof(1, proof)
        return ElectionProof(win_count(proof, claim.quality_adjusted_power, total), proof)

    def win_post_proof(self, miner, height, entry, base):
        """Return the simulated proof for the sector that a miner is asked for."""
        drawn = self.drawn(RandomnessPurpose.WINNING_POST_CHALLENGE_SEED, height, miner, entry)
        try:
            root = lookback(self.source, base, height).state_root
            state = MinerState.of(StateTree(self.store, root), miner)
        except LookupError:
            return ()
        return winning_proof(miner, drawn, winning_sectors(state, miner, drawn))

    def message(self, nonce=0, **changes):
        """Return a message from the first worker to itself."""
        sender = worker(0).address
        fields = {
            "version": 0,
            "to": sender,
            "sender": sender,
            "nonce": nonce,
            "value": ZERO,
            "gas_limit": 2_000_000,
            "gas_fee_cap": TokenAmount(10**9),
            "gas_premium": TokenAmount(10**5),
            "method": 0,
            "params": b"",
        }
        return Message(**(fields | changes))

    def carrying(self, *messages, **changes):
        """Return a block with messages of the first worker, rightly signed."""
        for message in messages:
            self.store.put(message.cid, message.to_cbor())
        aggregate = bls.aggregate(
            [bls.sign(worker(0).secret, bytes(message.cid)) for message in messages]
        )
        fields = {
            "messages": messages_root(self.store, [message.cid for message in messages], []),
            "bls_aggregate": Signature(SignatureType.BLS, aggregate),
        }
        return self.block(**(fields | changes))


def signed(header, secret, kind=SignatureType.BLS):
    """Return a header with a signature of its own."""
    return replace(header, block_sig=sign(kind, secret, header.signing_bytes))


def winning_proof(miner, drawn, sectors):
    """Return the simulated proof of some sectors, as a block carries it."""
    made = SimulatedProver().prove_winning_post(WINNING_POST, as_scalar(drawn), sectors, miner)
    return tuple(PoStProof(proof.post_proof, proof.proof_bytes) for proof in made)


@cache
def winner():
    """Return the first miner that wins at the epoch in question."""
    chain = SmallChain()
    entry = mock_entry(LOTUS_MOCK.first_round + HEIGHT)
    return next(
        miner
        for miner in range(FIRST_MINER, FIRST_MINER + MINERS)
        if chain.election_proof(
            worker(miner - FIRST_MINER).secret, miner, HEIGHT, entry, chain.base
        ).win_count
        > 0
    )


def other_miner():
    """Return a miner that is not the winner."""
    return FIRST_MINER + (winner() - FIRST_MINER + 1) % MINERS


def wrong_entry(entry: BeaconEntry) -> BeaconEntry:
    """Return the round with data that is not the beacon's."""
    return replace(entry, data=bytes(32))
