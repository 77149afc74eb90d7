"""How fast the actors in Python are: against the released code, and with many sectors and miners.

The mix is what a devnet sees: the next messages of Lotus' chains, put into one block on the state
before them, executed on either engine. Large miners are built by the actors' own functions on the
state of a chain; a thousand miners are one miner's state under a thousand IDs, each with a claim
and a cron event of its own. Needs the chains beside the checkout, and the released code for the
mix.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from time import perf_counter

from benchmarks.conformance import MIXED_CHAINS, SHARED, _large_tipset
from papyrus.actors.common.collections import RecordShape
from papyrus.actors.engine import ALL_WASM, EngineChoice, NativeActors
from papyrus.actors.miner.deadlines import DEADLINE
from papyrus.actors.miner.info import MINER_INFO
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import (
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    SectorActivationManifest,
)
from papyrus.actors.miner.params.proving import (
    CronEventPayload,
    PoStPartition,
    SubmitWindowedPoStParams,
)
from papyrus.actors.miner.placement import assign_sectors_to_deadlines
from papyrus.actors.miner.proving_period import deadline_info
from papyrus.actors.miner.sectors import (
    SIMPLE_QUALITY_POWER,
    SectorOnChainInfo,
    SectorPreCommitInfo,
)
from papyrus.actors.miner.state import (
    ALLOCATED_SECTORS,
    AllocatedSectors,
    State,
    load_deadlines,
    load_info,
    new_state,
    open_sectors,
)
from papyrus.actors.power.state import CLAIMS, CRON_QUEUE, Claim, CronEvent
from papyrus.actors.power.state import State as PowerState
from papyrus.conformance.chain_files import ChainFile, ChainRules
from papyrus.conformance.environment import shared_environment
from papyrus.consensus.transition import World, apply_tipset
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.blockstore import LayeredBlockstore, MemoryBlockstore
from papyrus.ipld.cid import FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, Cid
from papyrus.ipld.tuples import Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.statements import PoStProof
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY
from papyrus.rules.versions import NV28
from papyrus.types.message import Message
from papyrus.vm.executor import execute_implicit
from papyrus.vm.externs import AcceptAllProofs
from papyrus.vm.machine import Machine, NetworkContext
from papyrus.vm.runtime import RandomnessPurpose

MINERS, SECTORS_OF_EACH = 1_000, 10
FEW_SECTORS, MANY_SECTORS = 1_000, 100_000
_REPEATS = 5
_REPEATS_OF_A_MESSAGE = 20

SEAL_PROOF_32GIB, WINDOW_POST_32GIB = 8, 13
SECTOR_SIZE, PARTITION_SECTORS = 32 << 30, 2349
MINER, POWER, CRON, SYSTEM = 1000, 4, 3, 0
EPOCH_TICK, GAS_LIMIT = 2, 10**14
LIFE = 1_000_000
FIRST_OF_MANY = 100_000
"""The first ID of the miners that are all alike."""

HYBRID = EngineChoice.parse("hybrid:eam=wasm,evm=wasm")

Row = tuple[str, float, str, str, float | None]


def bench() -> Iterator[Row]:
    """Yield every row; LookupError where there are no chains."""
    if not (SHARED / "chains").is_dir():
        raise LookupError(f"no chains at {SHARED}: set PAPYRUS_SHARED to their folder")
    yield from growth_rows()
    yield from cron_rows()
    try:
        yield from mix_rows()
    except LocalFault as error:
        raise LookupError(str(error)) from error


def mix_rows() -> Iterator[Row]:
    """Yield the time of a large tipset with actors in Python, as a ratio to that with Wasm."""
    environment = shared_environment()
    for name in MIXED_CHAINS:
        chain = ChainFile.open(SHARED / "chains" / name / "chain.car.zst", ChainRules())
        store = LayeredBlockstore(MemoryBlockstore(), chain.car, environment.code)
        tipset = _large_tipset(chain, store)
        best = {"python": float("inf"), "wasm": float("inf")}
        for _ in range(_REPEATS):
            for name_of_engine, choice in (("python", HYBRID), ("wasm", ALL_WASM)):
                world = World(
                    network=chain.network,
                    source=chain.source,
                    store=store,
                    verifier=environment.verifier,
                    engine=environment.engine_for(choice, chain.network),
                )
                started = perf_counter()
                apply_tipset(tipset, world)
                best[name_of_engine] = min(best[name_of_engine], perf_counter() - started)
        seconds, ratio = best["python"], best["python"] / best["wasm"]
        yield f"{name}, 300 messages natively", seconds, "s", "the Wasm engine", ratio


def growth_rows() -> Iterator[Row]:
    """Yield what a large miner's messages take, as a ratio to those of a small one."""
    few, many = life_of_a_sector(FEW_SECTORS), life_of_a_sector(MANY_SECTORS)
    for what, seconds in many.items():
        label = f"{what}, {MANY_SECTORS:,} sectors"
        yield label, seconds * 1000, "ms", f"the same with {FEW_SECTORS:,}", seconds / few[what]


def cron_rows() -> Iterator[Row]:
    """Yield what the end of an epoch takes at which a deadline of every miner ends."""
    network = Network()
    state = network.miner_with(SECTORS_OF_EACH)
    tree, store = network.machine.tree, network.machine.store
    actor = tree.get(POWER)
    power = RecordShape(PowerState).load(store, actor.head)
    claims = CLAIMS.open(store, power.claims)
    queue = CRON_QUEUE.open(store, power.cron_event_queue)
    payload = CronEventPayload(numbers.CRON_EVENT_PROVING_DEADLINE).to_cbor()
    for actor_id in range(FIRST_OF_MANY, FIRST_OF_MANY + MINERS):
        network.put_miner(actor_id, state, TokenAmount.from_fil(10**4))
        address = Address.from_id(actor_id)
        claims.set(address, Claim(WINDOW_POST_32GIB, 0, 0))
        queue.append(network.epoch, CronEvent(address, payload))
    changed = replace(power, claims=claims.flush(), cron_event_queue=queue.flush())
    tree.set(POWER, replace(actor, head=RecordShape(PowerState).save(store, changed)))
    network.keep()
    seconds = network.send(SYSTEM, CRON, EPOCH_TICK)
    label = f"cron, {MINERS:,} deadlines of miners with {SECTORS_OF_EACH} sectors"
    yield label, seconds, "s", "an epoch of 30 s", seconds / 30


class Network:
    """A state with large miners, on actors in Python."""

    def __init__(self) -> None:
        """Begin with the state at the end of a chain."""
        chain = ChainFile.open(SHARED / "chains" / "miner" / "chain.car.zst", ChainRules())
        head = chain.tipsets[-1]
        self.store = LayeredBlockstore(MemoryBlockstore(), chain.car)
        self.epoch = head.height
        self.root = head.parent_state_root
        self.machine = self.at(self.epoch)
        worker = load_info(self.store, self._miner_state()).worker
        self.worker = self.machine.tree.resolve(worker)

    def at(self, epoch: int) -> Machine:
        """Return a machine on the state at an epoch."""
        self.epoch = epoch
        context = NetworkContext(
            epoch, 1_700_000_000 + 30 * epoch, ZERO, TokenAmount.from_fil(10**8), NV28, 314
        )
        return Machine(
            self.store, self.root, context, Externs(), AcceptAllProofs(), NativeActors(POLICY)
        )

    def put_miner(self, actor_id: int, state: State, balance: TokenAmount) -> None:
        """Give an actor ID a miner with a state and a balance."""
        head = RecordShape(State).save(self.machine.store, state)
        present = self.machine.tree.get(MINER)
        self.machine.tree.set(actor_id, replace(present, head=head, balance=balance))

    def keep(self) -> None:
        """Make the state of the machine the one to begin with."""
        self.root = self.machine.flush()
        self.machine = self.at(self.epoch)

    def miner_with(self, count: int) -> State:
        """Return the state of a miner with so many sectors of 32 GiB."""
        store, epoch = self.machine.store, self.epoch
        info = replace(
            load_info(store, self._miner_state()),
            window_post_proof_type=WINDOW_POST_32GIB,
            sector_size=SECTOR_SIZE,
            window_post_partition_sectors=PARTITION_SECTORS,
        )
        # The window of the last deadline is open, so that most others take sectors.
        start = epoch - 47 * POLICY.challenge_window
        state = new_state(POLICY, store, MINER_INFO.save(store, info), start, 47)
        made = [_sector(number, epoch) for number in range(count)]
        sectors = open_sectors(store, state)
        sectors.put(made)
        state = replace(
            state,
            sectors=sectors.flush(),
            initial_pledge=TokenAmount(sum(sector.initial_pledge for sector in made)),
            allocated_sectors=ALLOCATED_SECTORS.save(
                store, AllocatedSectors(BitField.from_ranges([(0, count)]))
            ),
            deadline_cron_active=True,
        )
        return assign_sectors_to_deadlines(
            store, state, POLICY, epoch, made, PARTITION_SECTORS, SECTOR_SIZE
        )

    def send(self, sender: int, to: int, method: int, params: bytes = b"") -> float:
        """Send a message that must succeed, and return the seconds it took."""
        message = Message(
            version=0,
            to=Address.from_id(to),
            sender=Address.from_id(sender),
            nonce=0,
            value=ZERO,
            gas_limit=GAS_LIMIT,
            gas_fee_cap=ZERO,
            gas_premium=ZERO,
            method=method,
            params=params,
        )
        started = perf_counter()
        result = execute_implicit(self.machine, message)
        seconds = perf_counter() - started
        if not result.receipt.is_success:
            raise LocalFault(f"method {method} of f0{to} failed: {result.failure}")
        return seconds

    def first_window(self) -> tuple[int, int]:
        """Return the first deadline that has sectors, and an epoch of its next window."""
        store, state = self.machine.store, self._miner_state()
        for index, root in enumerate(load_deadlines(store, state).due):
            if DEADLINE.load(store, root).live_sectors:
                window = deadline_info(POLICY, state.proving_period_start, index, self.epoch)
                return index, window.next_not_elapsed().open + 1
        raise LocalFault("no deadline has a sector")

    def _miner_state(self) -> State:
        return RecordShape(State).load(self.machine.store, self.machine.tree.get(MINER).head)


class Externs:
    """A chain that has randomness at every epoch."""

    def chain_randomness(self, epoch: int) -> bytes:
        """Return a digest for the ticket of an epoch."""
        return blake2b_256(f"ticket {epoch}".encode())

    def beacon_randomness(self, epoch: int) -> bytes:
        """Return a digest for the beacon entry of an epoch."""
        return blake2b_256(f"beacon {epoch}".encode())

    def tipset_cid(self, epoch: int) -> Cid:
        """Return a CID for the tipset of an epoch."""
        return Cid.of(f"tipset {epoch}".encode())

    def verify_consensus_fault(self, _first: bytes, _second: bytes, _extra: bytes) -> None:
        """Find no fault."""


def life_of_a_sector(count: int) -> dict[str, float]:
    """Return the best time of each step of one more sector of a miner with so many."""
    network = Network()
    network.put_miner(MINER, network.miner_with(count), TokenAmount.from_fil(10**6))
    network.keep()
    announced = network.epoch
    number = count + 1
    pre_commit = SectorPreCommitInfo(
        seal_proof=SEAL_PROOF_32GIB,
        sector_number=number,
        sealed_cid=_sealed(number),
        seal_randomness_epoch=announced - 1,
        deal_ids=(),
        expiration=announced + LIFE,
        unsealed_cid=None,
    )
    best: dict[str, float] = {}

    def timed(what: str, epoch: int, method: int, params: Record) -> None:
        for _ in range(_REPEATS_OF_A_MESSAGE):
            network.machine = network.at(epoch)
            seconds = network.send(network.worker, MINER, method, params.to_cbor())
            best[what] = min(best.get(what, seconds), seconds)
        network.keep()

    timed(
        "pre-commit of a sector",
        announced,
        numbers.PRE_COMMIT_SECTOR_BATCH_2,
        PreCommitSectorBatch2Params((pre_commit,)),
    )
    activation = SectorActivationManifest(number, ())
    timed(
        "prove-commit of it",
        announced + POLICY.pre_commit_challenge_delay + 1,
        numbers.PROVE_COMMIT_SECTORS_3,
        ProveCommitSectors3Params((activation,), (bytes(1920),), b"", None, True, False),
    )
    index, proven = network.first_window()
    ticket = blake2b_256(
        RandomnessPurpose.POST_CHAIN_COMMIT.to_bytes(8, "big")
        + Externs().chain_randomness(proven - 1)
        + (proven - 1).to_bytes(8, "big")
    )
    timed(
        "window proof of a deadline",
        proven,
        numbers.SUBMIT_WINDOWED_POST,
        SubmitWindowedPoStParams(
            index,
            (PoStPartition(0, BitField()),),
            (PoStProof(WINDOW_POST_32GIB, bytes(192)),),
            proven - 1,
            ticket,
        ),
    )
    return best


def _sector(number: int, epoch: int) -> SectorOnChainInfo:
    return SectorOnChainInfo(
        sector_number=number,
        seal_proof=SEAL_PROOF_32GIB,
        sealed_cid=_sealed(number),
        deprecated_deal_ids=(),
        activation=epoch,
        expiration=epoch + LIFE + number % 7 * EPOCHS_IN_DAY,
        deal_weight=0,
        verified_deal_weight=0,
        initial_pledge=TokenAmount(10**15),
        expected_day_reward=None,
        expected_storage_pledge=None,
        power_base_epoch=epoch,
        replaced_day_reward=None,
        sector_key_cid=None,
        flags=SIMPLE_QUALITY_POWER,
        daily_fee=TokenAmount(10**9),
    )


@cache
def _sealed(number: int) -> Cid:
    digest = number.to_bytes(32, "little")
    return Cid.of_digest(digest, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)
