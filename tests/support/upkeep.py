"""Miners with sectors in a test's state, and messages that keep, prove and end the sectors.

The world is a whole network: what drives it, market, registry and DataCap. Sectors are of 2 KiB,
two to a partition. Proofs of replication are not checked by the actors that are tested; proofs of
spacetime are, and `honest` makes ones that hold.
"""

from dataclasses import dataclass, replace
from hashlib import sha256

from network import BURNT, WINDOW_POST_2KIB, claims_of, put_drivers, put_power
from people import RICH, people, put_people

from papyrus.actors.common.findings import Findings
from papyrus.actors.cron.actor import EPOCH_TICK
from papyrus.actors.datacap import params as datacap
from papyrus.actors.datacap import state as datacap_state
from papyrus.actors.datacap.params import TransferParams, TransferReturn
from papyrus.actors.market import state as market_state
from papyrus.actors.miner.deadline import POST_SUBMISSIONS, open_partitions
from papyrus.actors.miner.deadlines import load_deadline
from papyrus.actors.miner.invariants import check_state_invariants
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.onboarding import (
    PieceActivationManifest,
    PreCommitSectorBatch2Params,
    ProveCommitSectors3Params,
    ProveCommitSectorsNonInteractiveParams,
    SectorActivationManifest,
    SectorNonInteractiveActivation,
    VerifiedAllocationKey,
)
from papyrus.actors.miner.params.proving import (
    CronEventPayload,
    PoStPartition,
    SubmitWindowedPoStParams,
)
from papyrus.actors.miner.params.upkeep import (
    ExpirationExtension2,
    ExtendSectorExpiration2Params,
)
from papyrus.actors.miner.placement import find_sector
from papyrus.actors.miner.proving_period import deadline_info
from papyrus.actors.miner.sectors import SectorPreCommitInfo, Sectors
from papyrus.actors.miner.state import State, get_sector, load_deadlines, open_sectors
from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams
from papyrus.actors.power.state import CRON_QUEUE, CronEvent
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import DATACAP, STORAGE_POWER, SYSTEM, VERIFIED_REGISTRY
from papyrus.actors.verifreg import params as verifreg
from papyrus.actors.verifreg import state as verifreg_state
from papyrus.actors.verifreg.params import (
    AllocationRequest,
    AllocationRequests,
    AllocationsResponse,
    VerifierParams,
)
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import (
    FIL_COMMITMENT_SEALED,
    FIL_COMMITMENT_UNSEALED,
    POSEIDON_BLS12_381_A2_FC1,
    SHA2_256_TRUNC254_PADDED,
    Cid,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.commitments import unsealed_sector_cid
from papyrus.proofs.proof_types import SNARK_PACK_V2
from papyrus.proofs.statements import PieceInfo, PoStProof, SectorInfo
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.rules.policy import TESTING_FAKE_PROOFS_POLICY as POLICY
from papyrus.vm.payloads import encoded
from papyrus.vm.runtime import RandomnessPurpose

PEOPLE = people(8)
OWNER, WORKER, CLIENT, OTHER_WORKER, ROOT, VERIFIER, NOBODY, CONTROLLER = PEOPLE
"""Workers sign with BLS keys, as they must."""

SECTOR_SIZE = 2048
SEAL_2KIB, NON_INTERACTIVE_SEAL_2KIB = 5, 15
PROOF = bytes(192)
SEALING = POLICY.pre_commit_challenge_delay + 1
FIRST_EPOCH = 1000
LIFETIME = 220 * EPOCHS_IN_DAY
SUPPLY = TokenAmount(3 * 10**26)
CONTRACT = 300
"""An actor that is a contract only by its code: what is sent to it fails."""

MINER_FUNDS = 10**21
POWER, CRON = 4, 3
NOWHERE = BitField()


# The world.


def put_world(one):
    """Put a network without miners into a state, people with funds, and DataCap to give."""
    store = one.base
    put_drivers(one)
    # Deposits of new miners are not counted when they are locked, but are when they are drawn on.
    put_power(one, total_pledge_collateral=TokenAmount(RICH))
    put_people(one, PEOPLE, 10 * RICH)
    one.put_actor(5, "storagemarket", market_state.empty(store))
    one.put_actor(6, "verifiedregistry", verifreg_state.empty(store, ROOT.address))
    one.put_actor(7, "datacap", datacap_state.empty(store, VERIFIED_REGISTRY))
    one.put_actor(BURNT, "account")
    one.put_actor(CONTRACT, "evm")
    one.context = replace(one.context, epoch=FIRST_EPOCH, circulating_supply=SUPPLY)


def world(vm):
    """Fill a machine, and return it."""
    vm.each(put_world)
    return vm


def go_to(vm, epoch):
    """Let it be another epoch."""
    vm.each(lambda one: one.change(epoch=epoch))


def wait(vm, epochs):
    """Let some epochs pass without cron."""
    go_to(vm, vm.one.epoch + epochs)


def tick(vm):
    """Tick cron, as at the end of the epoch."""
    vm.ok(SYSTEM, CRON, EPOCH_TICK)


_stages = {}


def once(vm, stage, build):
    """Bring a fresh machine to a stage, named for what it holds; build it the first time only."""
    machines = []
    vm.each(machines.append)
    key = type(vm), stage
    if key not in _stages:
        build(vm)
        kept = [(one.flush(), one.nonce, one.context, one.base, one.store) for one in machines]
        _stages[key] = kept
    for one, kept in zip(machines, _stages[key], strict=True):
        one.flush()
        one.root, one.nonce, one.context, one.base, one.store = kept
    return vm


def new_miner(vm, *, owner=OWNER, worker=WORKER, funds=MINER_FUNDS):
    """Have the power actor make a miner, and return its ID."""
    params = CreateMinerParams(owner.key, worker.key, WINDOW_POST_2KIB, b"peer", ())
    vm.ok(owner.id, STORAGE_POWER, CREATE_MINER, params, value=funds)
    return max(claims_of(vm.one))


# Data.


def piece_cid(number):
    """Return the CID of a piece."""
    digest = bytearray(sha256(b"piece %d" % number).digest())
    digest[-1] &= 0x3F
    return Cid.of_digest(bytes(digest), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)


def piece(number, size=512, key=None):
    """Return a piece of a sector, with the allocation that it claims, if any."""
    return PieceActivationManifest(piece_cid(number), size, key, ())


def give_datacap(vm, size):
    """Let the client have some bytes of DataCap."""
    params = VerifierParams(VERIFIER.address, size)
    vm.ok(ROOT.id, VERIFIED_REGISTRY, verifreg.ADD_VERIFIER, params)
    params = VerifierParams(CLIENT.address, size)
    vm.ok(VERIFIER.id, VERIFIED_REGISTRY, verifreg.ADD_VERIFIED_CLIENT, params)


def verified_pieces(vm, miner, *sizes, number=0, term_max=POLICY.maximum_verified_allocation_term):
    """Have the client allocate DataCap to pieces, and return the pieces, each with its claim."""
    requests = tuple(
        AllocationRequest(
            provider=miner,
            data=piece_cid(number + place),
            size=size,
            term_min=POLICY.minimum_verified_allocation_term,
            term_max=term_max,
            expiration=vm.one.epoch + POLICY.maximum_verified_allocation_expiration,
        )
        for place, size in enumerate(sizes)
    )
    amount = TokenAmount(sum(sizes) * 10**18)
    payload = AllocationRequests(requests, ()).to_cbor()
    params = TransferParams(VERIFIED_REGISTRY, amount, payload)
    answer = TransferReturn.from_cbor(vm.ok(CLIENT.id, DATACAP, datacap.TRANSFER, params))
    ids = AllocationsResponse.from_cbor(answer.recipient_data).new_allocations
    return [
        piece(number + place, size, VerifiedAllocationKey(CLIENT.id, allocation))
        for place, (size, allocation) in enumerate(zip(sizes, ids, strict=True))
    ]


# Sectors.


def sealed_cid(miner, number):
    """Return the CommR of a sector."""
    digest = blake2b_256(b"sealed %d of %d" % (number, miner))
    return Cid.of_digest(digest, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1)


def announce(vm, miner, sectors, expiration=None, worker=WORKER):
    """Pre-commit sectors, given with their pieces, and return the outcome."""
    epoch = vm.one.epoch
    infos = tuple(
        SectorPreCommitInfo(
            seal_proof=SEAL_2KIB,
            sector_number=number,
            sealed_cid=sealed_cid(miner, number),
            seal_randomness_epoch=epoch - 1,
            deal_ids=(),
            expiration=epoch + LIFETIME if expiration is None else expiration,
            unsealed_cid=unsealed_sector_cid(
                SECTOR_SIZE, [PieceInfo(each.size, each.cid) for each in pieces]
            )
            if pieces
            else None,
        )
        for number, pieces in sectors.items()
    )
    method = numbers.PRE_COMMIT_SECTOR_BATCH_2
    return vm.send(worker.id, miner, method, PreCommitSectorBatch2Params(infos))


def prove(vm, miner, sectors, worker=WORKER):
    """Prove announced sectors, given with their pieces, and return the outcome."""
    params = ProveCommitSectors3Params(
        tuple(SectorActivationManifest(number, tuple(sectors[number])) for number in sectors),
        (PROOF,) * len(sectors),
        b"",
        None,
        require_activation_success=True,
        require_notification_success=True,
    )
    return vm.send(worker.id, miner, numbers.PROVE_COMMIT_SECTORS_3, params)


def onboard(vm, miner, sectors, expiration=None):
    """Announce and prove sectors, given with their pieces, or by number alone."""
    with_pieces = sectors if isinstance(sectors, dict) else {number: [] for number in sectors}
    assert announce(vm, miner, with_pieces, expiration).code == 0
    wait(vm, SEALING)
    outcome = prove(vm, miner, with_pieces)
    assert outcome.code == 0, outcome.failure


def commit(vm, miner, sectors, index, expiration=None, worker=WORKER):
    """Commit sectors without data to a deadline, unannounced (FIP-0092); return the outcome."""
    epoch = vm.one.epoch
    params = ProveCommitSectorsNonInteractiveParams(
        sectors=tuple(
            SectorNonInteractiveActivation(
                sealing_number=number,
                sealer_id=miner,
                sealed_cid=sealed_cid(miner, number),
                sector_number=number,
                seal_randomness_epoch=epoch - 1,
                expiration=epoch + LIFETIME if expiration is None else expiration,
            )
            for number in sectors
        ),
        aggregate_proof=PROOF,
        seal_proof_type=NON_INTERACTIVE_SEAL_2KIB,
        aggregate_proof_type=SNARK_PACK_V2,
        proving_deadline=index,
        require_activation_success=True,
    )
    return vm.send(worker.id, miner, numbers.PROVE_COMMIT_SECTORS_NI, params)


def extension(index, number, expiration, *sectors, claims=()):
    """Return sectors of a partition that are to last until an epoch."""
    named = BitField.from_bits(sectors)
    return ExpirationExtension2(index, number, named, tuple(claims), expiration)


def extend(vm, miner, *extensions, sender=WORKER):
    """Let sectors last longer and return the outcome."""
    params = ExtendSectorExpiration2Params(extensions)
    return vm.send(sender.id, miner, numbers.EXTEND_SECTOR_EXPIRATION_2, params)


def ends(vm, miner, number):
    """Return when a sector is to expire."""
    return sector(vm, miner, number).expiration


# Looking at a miner.


def miner_state(vm, miner):
    """Return the state of a miner."""
    return vm.one.state(miner, State)


def store_of(vm):
    """Return where states are read from."""
    return vm.one.machine.store


def sector(vm, miner, number):
    """Return a proven sector, or None."""
    return get_sector(store_of(vm), miner_state(vm, miner), number)


def place(vm, miner, number):
    """Return the deadline and the partition of a sector."""
    return find_sector(store_of(vm), miner_state(vm, miner), number)


def deadline(vm, miner, index):
    """Return a deadline."""
    store = store_of(vm)
    return load_deadline(store, load_deadlines(store, miner_state(vm, miner)), index)


def partition(vm, miner, index, number=0):
    """Return a partition of a deadline."""
    return open_partitions(store_of(vm), deadline(vm, miner, index)).get(number)


def window(vm, miner, epoch=None):
    """Return the window that is open now, or at an epoch."""
    epoch = vm.one.epoch if epoch is None else epoch
    return miner_state(vm, miner).deadline_info(POLICY, epoch)


def next_window(vm, miner, index, epoch=None):
    """Return a deadline's window that is open now or opens next."""
    epoch = vm.one.epoch if epoch is None else epoch
    start = miner_state(vm, miner).current_proving_period_start(POLICY, epoch)
    return deadline_info(POLICY, start, index, epoch).next_not_elapsed()


def go_to_window(vm, miner, index):
    """Let it be two epochs into a deadline's window."""
    found = next_window(vm, miner, index)
    if vm.one.epoch < found.open + 2:
        go_to(vm, found.open + 2)
    return found


def end_window(vm, miner, index):
    """Let a deadline's window end, with cron at its last epoch only."""
    go_to(vm, next_window(vm, miner, index).last)
    tick(vm)
    wait(vm, 1)


def findings_of(vm, miner):
    """Return what the invariants find wrong with a miner."""
    findings = Findings()
    one = vm.one
    check_state_invariants(
        one.machine.store, one.state(miner, State), POLICY, one.balance(miner), findings
    )
    return findings.sentences


# Changing a state by hand, for what no message leads to any more.


def put_state(vm, actor_id, change, kind=State):
    """Replace the state of a miner, or of another kind of actor, by what a function returns.

    It is given the store and the state.
    """

    def put(one):
        state = change(one.machine.store, one.state(actor_id, kind))
        root = put_cbor(one.machine.store, state.to_ipld())
        actor = one.machine.tree.get(actor_id)
        one.machine.tree.set(actor_id, replace(actor, head=root))

    vm.each(put)


def leap(vm, days):
    """Let days pass in which cron does nothing, and is then as far behind as it was before."""
    epochs = days * EPOCHS_IN_DAY

    def later(store, state):
        queue = CRON_QUEUE.open(store, None)
        for epoch, events in CRON_QUEUE.open(store, state.cron_event_queue).items():
            for _, event in events.items():  # noqa: PERF102 - no dict
                queue.append(epoch + epochs, event)
        first = state.first_cron_epoch + epochs
        return replace(state, first_cron_epoch=first, cron_event_queue=queue.flush())

    def later_in_market(_, state):
        return replace(state, last_cron=state.last_cron + epochs)

    def later_rewards(_, state):
        return replace(state, epoch=state.epoch + epochs)

    put_state(vm, POWER, later, PowerState)
    put_state(vm, 2, later_rewards, RewardState)
    if vm.one.actor(5).code == vm.one.codes["storagemarket"]:
        put_state(vm, 5, later_in_market, market_state.State)
    wait(vm, epochs)


def put_event(vm, miner, epoch, kind):
    """Have a miner woken at an epoch for an event of a kind."""

    def enroll(store, state):
        queue = CRON_QUEUE.open(store, state.cron_event_queue)
        queue.append(epoch, CronEvent(Address.from_id(miner), CronEventPayload(kind).to_cbor()))
        return replace(state, cron_event_queue=queue.flush())

    put_state(vm, POWER, enroll, PowerState)


def put_sector(vm, miner, number, **fields):
    """Change fields of a sector that is in the state."""

    def change(store, state):
        sectors = open_sectors(store, state)
        sectors.put([replace(sectors.must_get(number), **fields)])
        return replace(state, sectors=sectors.flush())

    put_state(vm, miner, change)


# Window proofs.


@dataclass(frozen=True)
class Claimed:
    """What a window proof is said to show."""

    deadline: int
    partitions: tuple[PoStPartition, ...]
    proof: bytes = PROOF


def drawn(one, purpose, epoch, entropy=b"", *, beacon=False):
    """Return randomness as actors draw it."""
    of = one.externs.beacon_randomness if beacon else one.externs.chain_randomness
    head = purpose.to_bytes(8, "big") + of(epoch) + epoch.to_bytes(8, "big", signed=True)
    return blake2b_256(head + entropy)


def post(vm, claimed, **fields):
    """Return parameters with a window proof, committed to the last epoch unless told otherwise."""
    commit = fields.pop("chain_commit_epoch", vm.one.epoch - 1)
    given = {
        "deadline": claimed.deadline,
        "partitions": claimed.partitions,
        "proofs": (PoStProof(WINDOW_POST_2KIB, claimed.proof),),
        "chain_commit_epoch": commit,
        "chain_commit_randomness": drawn(vm.one, RandomnessPurpose.POST_CHAIN_COMMIT, commit),
    }
    return SubmitWindowedPoStParams(**{**given, **fields})


def skipping(index, *skipped):
    """Return a partition to prove, without some of its sectors."""
    return PoStPartition(index, BitField.from_bits(skipped))


def submit(vm, miner, claimed, sender=WORKER, **fields):
    """Submit a window proof and return the outcome."""
    params = post(vm, claimed, **fields)
    return vm.send(sender.id, miner, numbers.SUBMIT_WINDOWED_POST, params)


def prove_window(vm, miner, index, *partitions):
    """Submit a proof that need not hold for partitions of a deadline, when its window is open."""
    go_to_window(vm, miner, index)
    claimed = Claimed(index, tuple(map(skipping, partitions or (0,))))
    outcome = submit(vm, miner, claimed)
    assert outcome.code == 0, outcome.failure


def _proof_that_holds(vm, miner, challenge, sectors):
    """Return the one proof that holds for sectors challenged at an epoch."""
    entropy = encoded(Address, Address.from_id(miner))
    purpose = RandomnessPurpose.WINDOWED_POST_CHALLENGE_SEED
    randomness = bytearray(drawn(vm.one, purpose, challenge, entropy, beacon=True))
    randomness[-1] &= 0x3F
    shown = b"".join(
        SectorInfo(each.seal_proof, each.sector_number, each.sealed_cid).to_cbor()
        for each in sectors
    )
    return sha256(bytes(randomness) + shown).digest()


def honest(vm, miner, claimed):
    """Return what is claimed with a proof that holds, if that can be."""
    all_sectors, ignored = [], []
    for each in claimed.partitions:
        found = partition(vm, miner, claimed.deadline, each.index)
        if found is None:
            return claimed
        all_sectors.append(found.sectors)
        ignored += [(found.faults - found.recoveries) | each.skipped, found.terminated]
    sectors = Sectors(store_of(vm), miner_state(vm, miner).sectors)
    challenged = sectors.load_for_proof(BitField.union(all_sectors), BitField.union(ignored))
    challenge = next_window(vm, miner, claimed.deadline).challenge
    return replace(claimed, proof=_proof_that_holds(vm, miner, challenge, challenged))


def submissions_to_dispute(vm, miner, index):
    """Return the proofs of a deadline's last window that can be disputed, by index."""
    root = deadline(vm, miner, index).optimistic_post_submissions_snapshot
    return dict(POST_SUBMISSIONS.open(store_of(vm), root).items())
